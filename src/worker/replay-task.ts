import { readFile } from "node:fs/promises";
import { RunError } from "../errors.ts";
import type { RunBundle } from "../runs/bundle.ts";
import { hashOf } from "../runs/hash.ts";
import { type Replayed, type ReplayKeeping, type ReplayOptions, replayRun } from "../training/replay.ts";
import type { RunConfig } from "../training/run-config.ts";
import { readRunConfig } from "../training/run-config-file.ts";
import { executeRun } from "./execute-run.ts";

export interface ReplayTaskOptions extends Pick<ReplayOptions, "onStep"> {
  /** In place of the file that the run's task names; it may have changed since, and the replay shows whether that matters. */
  readonly config?: string;
}

/**
 * Replays a recorded run by the file that describes it, which is loaded and run: never anything out of the bundle.
 * @throws RunError REPLAY_CONFIG where the file is gone or has changed since, and none is given; as `replayRun`; TrainingError
 * CONFIG_FILE
 */
export async function replayTask(bundle: RunBundle, { config, onStep }: ReplayTaskOptions = {}): Promise<Replayed> {
  const { task } = bundle.run;
  const file = config ?? (await recordedFile(bundle));
  const { budget: _spent, ...options } = task?.options ?? {};
  let first: RunConfig | undefined = await readRunConfig(file, options);
  const run = async ({ store, id, provider }: ReplayKeeping) => {
    // A file that exports a function makes a model for each time.
    const read = first ?? (await readRunConfig(file, options));
    first = undefined;
    return executeRun(store, id, {
      // What the options call the provider is another one now.
      task: { config: file, options: provider === undefined ? options : { ...options, provider: provider.name } },
      config: { ...read, budget: undefined },
      ...(provider === undefined ? {} : { providers: async () => provider }),
    });
  };
  return replayRun(bundle, { run, ...(onStep === undefined ? {} : { onStep }) });
}

/** @throws RunError REPLAY_CONFIG */
async function recordedFile({ run, config }: RunBundle): Promise<string> {
  const refuse = (what: string): never => {
    throw new RunError("REPLAY_CONFIG", `${what} Name a file that describes the run: --config run.ts.`);
  };
  if (run.task === undefined || config === undefined)
    return refuse(`Run ${run.id} was started by a program, so no file that describes it is on record.`);
  const { path, sha256, text } = config;
  if (sha256 === undefined) return refuse(`${path} could not be read when run ${run.id} was exported.`);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    return refuse(`${path}, which describes run ${run.id}, cannot be read: ${(cause as Error).message}.`);
  }
  const now = hashOf(bytes);
  if (now === sha256) return path;
  const line = text === undefined ? undefined : firstOtherLine(text, new TextDecoder().decode(bytes));
  const where = line === undefined ? "" : `, first in line ${line}`;
  return refuse(
    `${path} has changed since run ${run.id} was exported${where}: its SHA-256 was ${sha256} and is ${now}. The bundle has the old text.`,
  );
}

/** From 1. */
function firstOtherLine(before: string, now: string): number {
  const [a, b] = [before.split("\n"), now.split("\n")];
  const at = a.findIndex((line, i) => line !== b[i]);
  return (at < 0 ? a.length : at) + 1;
}
