import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { LeptonError } from "../../circuits/index.ts";
import type { Backend } from "../../providers/index.ts";
import { TrainingError } from "../errors.ts";
import { oneLine } from "../runs/history.ts";
import {
  type Lazy,
  made,
  RUN_OPTIONS,
  type RunConfig,
  type RunConfigFile,
  type RunConfigOptions,
} from "./run-config.ts";

/**
 * The run that a file describes: the default export of a TypeScript or JavaScript module, or what that returns where it is a
 * function of options. A file that has changed since is loaded anew, and what it exports belongs to one caller alone, so
 * that no run starts from the model that another one has trained.
 * @param options for that function; a file without one takes none but `RUN_OPTIONS`, which are the caller's to apply
 * @throws TrainingError CONFIG_FILE when there is no such file, it cannot be loaded, exports no run, or knows no such options
 */
export async function readRunConfig(file: string, options: RunConfigOptions = {}): Promise<RunConfig> {
  return read(file, options, "own");
}

/**
 * The provider that a file names, for those who only look: nothing is loaded twice for it.
 * @throws as `readRunConfig` and `madeBy`
 */
export async function readProvider(file: string, options: RunConfigOptions = {}): Promise<Backend | undefined> {
  return madeBy(file, "provider", (await read(file, options, "shared")).provider);
}

async function read(file: string, options: RunConfigOptions, whose: "own" | "shared"): Promise<RunConfig> {
  const path = resolve(file);
  const exported = await load(file, path, whose);
  if (typeof exported !== "function") {
    const option = Object.keys(options).find((name) => !(RUN_OPTIONS as readonly string[]).includes(name));
    if (option !== undefined)
      throw new TrainingError(
        "CONFIG_FILE",
        `${file} exports a run, which has no option "${option}"; export a function (options) => ({ model, data, ... }) that uses options.${option}.`,
      );
    return checkRun(file, exported);
  }
  let config: unknown;
  try {
    config = await ended(file, (exported as Extract<RunConfigFile, CallableFunction>)(options));
  } catch (cause) {
    if (cause instanceof LeptonError) throw cause;
    throw new TrainingError("CONFIG_FILE", `The function of ${file} throws: ${faultIn(path, cause)}`, { cause });
  }
  return checkRun(file, config);
}

/**
 * A value of a run, made by the file's function where it is one.
 * @throws TrainingError CONFIG_FILE when that function throws; Lepton's own errors as they are
 */
export async function madeBy<Value>(file: string, what: string, lazy: Lazy<Value>): Promise<Value> {
  try {
    return await ended(file, made(lazy));
  } catch (cause) {
    if (cause instanceof LeptonError) throw cause;
    throw new TrainingError("CONFIG_FILE", `The ${what} of ${file} cannot be made: ${faultIn(resolve(file), cause)}`, {
      cause,
    });
  }
}

/** By address of a module that exports no function: how often it was loaded. */
const loads = new Map<string, number>();

/**
 * What a run does, of which a part is the file's own, such as callbacks.
 * @throws TrainingError CONFIG_FILE where the file's own part throws; whatever else the work does
 */
export async function drivenBy<Value>(file: string, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof LeptonError || !(cause instanceof Error)) throw cause;
    const path = resolve(file);
    const [thrownAt = ""] = /^ +at .*$/m.exec(cause.stack ?? "") ?? [];
    if (![path, pathToFileURL(path).href].some((place) => thrownAt.includes(place))) throw cause;
    throw new TrainingError("CONFIG_FILE", `${file} throws while its run is driven: ${faultIn(path, cause)}`, {
      cause,
    });
  }
}

async function load(file: string, path: string, whose: "own" | "shared"): Promise<unknown> {
  let content: Uint8Array;
  try {
    content = readFileSync(path);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const fault = code === "ENOENT" ? `There is no file ${file}.` : `${file} cannot be read: ${message}`;
    throw new TrainingError("CONFIG_FILE", fault, { cause });
  }
  const version = createHash("sha256").update(content).digest("hex").slice(0, 16);
  const address = `${pathToFileURL(path).href}?${version}`;
  const count = whose === "own" ? (loads.get(address) ?? 0) : 0;
  try {
    const { default: exported } = (await ended(file, import(count === 0 ? address : `${address}-${count}`))) as {
      default?: unknown;
    };
    if (typeof exported !== "function" && whose === "own") loads.set(address, count + 1);
    return exported;
  } catch (cause) {
    if (cause instanceof TrainingError && cause.code === "CONFIG_FILE") throw cause;
    throw new TrainingError("CONFIG_FILE", `${file} cannot be loaded: ${faultIn(path, cause)}`, { cause });
  }
}

function checkRun(file: string, config: unknown): RunConfig {
  const isRun =
    typeof config === "object" &&
    config !== null &&
    (("model" in config && "data" in config) || ("circuit" in config && "observable" in config));
  if (!isRun)
    throw new TrainingError(
      "CONFIG_FILE",
      `${file} exports no run; it needs export default { model, data, ... } with the options of train, or { circuit, observable, optimizer, steps, ... } with those of minimize, or a function of options that returns one.`,
    );
  return config as RunConfig;
}

/** A file may wait for something that never comes: where nothing else goes on in the process, that is found out. */
async function ended<Value>(file: string, work: Promise<Value> | Value): Promise<Value> {
  const { promise: never, reject } = Promise.withResolvers<never>();
  const idle = (): void =>
    reject(new TrainingError("CONFIG_FILE", `${file} waits for something that never comes, so it describes no run.`));
  process.once("beforeExit", idle);
  try {
    return await Promise.race([work, never]);
  } finally {
    process.off("beforeExit", idle);
  }
}

/** The message of what went wrong in a module, in one line, with the line of the file where there is one. */
function faultIn(path: string, cause: unknown): string {
  const { message: said = String(cause), stack = "" } = (cause ?? {}) as Partial<Error>;
  const message = oneLine(said);
  for (const place of [pathToFileURL(path).href, path]) {
    const line = /^(?:\?[\w-]+)?:(\d+)/.exec(stack.split(place)[1] ?? "")?.[1];
    if (line !== undefined) return `${message} (line ${line})`;
  }
  return message;
}
