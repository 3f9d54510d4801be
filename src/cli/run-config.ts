import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { LeptonError } from "../../circuits/index.ts";
import { type Lazy, made, type RunConfig } from "../training/run-config.ts";
import { UsageError } from "./errors.ts";

/**
 * The run that a file describes: the default export of a TypeScript or JavaScript module.
 * @throws UsageError CONFIG_FILE when there is no such file, it cannot be loaded or exports no run
 */
export async function readRunConfig(file: string): Promise<RunConfig> {
  const path = resolve(file);
  if (!existsSync(path)) throw new UsageError("CONFIG_FILE", `There is no file ${file}.`);
  let loaded: { readonly default?: unknown };
  try {
    loaded = (await import(pathToFileURL(path).href)) as typeof loaded;
  } catch (cause) {
    throw new UsageError("CONFIG_FILE", `${file} cannot be loaded: ${faultIn(path, cause)}`, { cause });
  }
  const config = loaded.default;
  const isRun =
    typeof config === "object" &&
    config !== null &&
    (("model" in config && "data" in config) || ("circuit" in config && "observable" in config));
  if (!isRun)
    throw new UsageError(
      "CONFIG_FILE",
      `${file} exports no run; it needs export default { model, data, ... } with the options of train, or { circuit, observable, optimizer, steps, ... } with those of minimize.`,
    );
  return config as RunConfig;
}

/**
 * A value of a run, made by the file's function where it is one.
 * @throws UsageError CONFIG_FILE when that function throws; Lepton's own errors as they are
 */
export async function madeBy<Value>(file: string, what: string, lazy: Lazy<Value>): Promise<Value> {
  try {
    return await made(lazy);
  } catch (cause) {
    if (cause instanceof LeptonError) throw cause;
    throw new UsageError("CONFIG_FILE", `The ${what} of ${file} cannot be made: ${faultIn(resolve(file), cause)}`, {
      cause,
    });
  }
}

/** The message of what went wrong in a module, with the line of the file where there is one. */
function faultIn(path: string, cause: unknown): string {
  const { message = String(cause), stack = "" } = cause as Partial<Error>;
  const places = [pathToFileURL(path).href, path].map((place) => stack.split(`${place}:`)[1]);
  const line = /^\d+/.exec(places.find((rest) => rest !== undefined) ?? "")?.[0];
  return line === undefined ? message : `${message} (line ${line})`;
}
