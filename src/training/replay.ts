import { createHash } from "node:crypto";
import { LeptonError } from "../../circuits/index.ts";
import type { Backend } from "../../providers/index.ts";
import { RunError } from "../errors.ts";
import {
  foldRun,
  type RunBundle,
  type RunDescription,
  type RunState,
  type RunStore,
  readBundle,
  unpackState,
} from "../runs/index.ts";
import { replayBackend } from "./replay-backend.ts";
import { ReplayStore } from "./replay-store.ts";

/** What a replay needs in place of a run's own: give it last, as `{ ...options, ...kept }`. */
export interface ReplayKeeping {
  readonly store: RunStore;
  readonly id: string;
  /** In place of the backend at a service; absent where the run was computed by a simulator of its own process. */
  readonly provider?: Backend;
  /** Nothing is paid. */
  readonly budget: undefined;
  readonly schedule: undefined;
}

export interface ReplayOptions {
  /** Starts the run as it was started at first; called again where it stops and the run did so, too, and was resumed. */
  readonly run: (kept: ReplayKeeping) => PromiseLike<unknown>;
  /** Told of each step that was the same, and how many there are. */
  readonly onStep?: (step: number, total: number) => void;
}

/** A replay that came to the same. */
export interface Replayed {
  readonly run: string;
  readonly kind: RunDescription["kind"];
  /** How far the run had come. */
  readonly status: RunState["status"];
  /** Steps that were taken again; those that a forked run began with are not. */
  readonly steps: number;
  /** Jobs whose values came from the record. */
  readonly jobs: number;
  /** SHA-256 over the values of all weights in order, as they lie in memory. */
  readonly weights: string;
}

/**
 * Does a run again, without a network: from the state before its first step every step is taken anew, with the values of its jobs
 * from the record, and compared bit for bit with the recorded one, as are the weights at the end. What a simulator of the
 * run's own process has computed is computed again. A run that had not ended is done again as far as it had come.
 * @param recorded what `exportRun` wrote, or what `readBundle` read
 * @throws RunError BUNDLE_FORMAT, BUNDLE_NEWER; REPLAY_CHANGED naming the settings that are others; REPLAY_DIFFERS naming the
 * first step that is another, and what of it; REPLAY_MISSING for a job that the record does not have; REPLAY_NOTHING;
 * REPLAY_RUN; what `run` throws
 * @example const { weights } = await replayRun(await readFile("run.lepton.tgz"), {
 *            run: (kept) => train(model, data, { optimizer: tf.train.adam(0.01), epochs: 3, ...kept }),
 *          });
 */
export async function replayRun(recorded: Uint8Array | RunBundle, { run, onStep }: ReplayOptions): Promise<Replayed> {
  const bundle = recorded instanceof Uint8Array ? readBundle(recorded) : recorded;
  const replay = await ReplayStore.open(bundle, (step) => onStep?.(step, replay.total));
  const { id } = bundle.run;
  const provider = replayBackend(bundle);
  try {
    do
      await run({
        store: replay.store,
        id,
        ...(provider === undefined ? {} : { provider }),
        budget: undefined,
        schedule: undefined,
      });
    while (await replay.isToGoOn());
  } catch (error) {
    if (!replay.cutOff) throw replay.failure ?? reasonOf(error, replay);
  }
  if (replay.failure !== undefined) throw replay.failure;
  if (!replay.begun)
    throw new RunError(
      "REPLAY_RUN",
      `Nothing was replayed of run ${id}: \`run\` has to start it in the store that it is given, and wait for it, such as (kept) => train(model, data, { ...options, ...kept }).`,
    );
  replay.checkEnd();
  const { status, description } = foldRun(bundle.records);
  const { kind } = description!;
  const { steps, jobs } = replay;
  return { run: id, kind, status, steps, jobs, weights: hashOfWeights(kind, replay) };
}

/** Errors that tell what to do go out as they are; with any other the run would not have come so far. */
function reasonOf(error: unknown, replay: ReplayStore): unknown {
  if (error instanceof RunError && error.code === "RUN_NOT_DETERMINISTIC") return replay.asksForOthers(error);
  return error instanceof LeptonError || !replay.begun ? error : replay.failed(error);
}

function hashOfWeights(kind: RunDescription["kind"], { snapshot, result }: ReplayStore): string {
  const hash = createHash("sha256");
  for (const { buffer, byteOffset, byteLength } of weightsOf(kind, snapshot, result))
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  return hash.digest("hex");
}

function weightsOf(
  kind: RunDescription["kind"],
  snapshot: Uint8Array | undefined,
  result: Uint8Array | undefined,
): readonly ArrayBufferView[] {
  if (kind === "minimize" && result !== undefined)
    return [(unpackState(result) as { readonly weights: Float64Array }).weights];
  const state = unpackState(snapshot!) as {
    readonly checkpoint: { readonly weights: readonly number[] };
    readonly training: { readonly weights: readonly { readonly values: ArrayBufferView }[] };
  };
  return kind === "minimize"
    ? [Float64Array.from(state.checkpoint.weights)]
    : state.training.weights.map(({ values }) => values);
}
