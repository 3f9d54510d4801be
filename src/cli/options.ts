import { InvalidArgumentError } from "commander";
import type { NamedValues } from "../../circuits/index.ts";
import type { RunConfigOptions } from "../training/run-config.ts";
import { UsageError } from "./errors.ts";
import { type Io, readText } from "./io.ts";

/** Collects an option that may be given many times. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

/** The value of an option that may be given once: the last of several would win in silence. */
export function once(value: string, before: string | undefined): string {
  if (before !== undefined) throw new InvalidArgumentError("It can be given once.");
  return value;
}

/** An integer from `minimum` on. */
export function integer(minimum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < minimum)
      throw new InvalidArgumentError(`It must be an integer of ${minimum} or more.`);
    return value;
  };
}

/** Options of a run's own file: `name=value` pairs, whose values are numbers, true, false or texts. @throws UsageError USAGE */
export function ownOptions(assignments: readonly string[] = []): RunConfigOptions {
  const options: Record<string, string | number | boolean> = {};
  for (const assignment of assignments) {
    const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(assignment) ?? [];
    if (name === undefined || value === undefined || name === "__proto__")
      throw new UsageError("USAGE", `--set takes name=value, not "${assignment}".`);
    if (Object.hasOwn(options, name)) throw new UsageError("USAGE", `--set gives ${name} twice.`);
    options[name] = optionValue(value);
  }
  return options;
}

/** A finite number, true or false where the text is one, otherwise the text. */
export function optionValue(text: string): string | number | boolean {
  if (text === "true" || text === "false") return text === "true";
  const value = Number(text);
  return /^[-+.\d]/.test(text) && Number.isFinite(value) ? value : text;
}

/** A finite number of 0 or more. */
export function nonNegative(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0) || !Number.isFinite(value))
    throw new InvalidArgumentError("It must be a number of 0 or more.");
  return value;
}

/** A finite number above zero. */
export function positive(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value > 0) || !Number.isFinite(value))
    throw new InvalidArgumentError("It must be a positive number.");
  return value;
}

/** `name=value` pairs over a parameters file, as values for a circuit. @throws UsageError PARAMS_FILE, PARAM_OPTION, FILE_READ */
export async function readParameters(
  io: Io,
  file: string | undefined,
  assignments: readonly string[] = [],
): Promise<Readonly<Record<string, GivenValue>>> {
  const values: Record<string, GivenValue> = file === undefined ? {} : await readParametersFile(io, file);
  const assigned = new Set<string>();
  for (const assignment of assignments) {
    if (assignment.endsWith(".json") && !assignment.includes("=")) {
      Object.assign(values, await readParametersFile(io, assignment));
      continue;
    }
    const [, name, list] = /^([^=]+)=(.+)$/s.exec(assignment) ?? [];
    if (name === undefined || list === undefined)
      throw new UsageError(
        "PARAM_OPTION",
        `--param takes name=value, name=1,2,3 or a .json file, not "${assignment}".`,
      );
    if (assigned.has(name.trim()))
      throw new UsageError(
        "PARAM_OPTION",
        `--param gives ${name.trim()} twice; a vector is --param ${name.trim()}=1,2,3.`,
      );
    assigned.add(name.trim());
    const numbers = list.split(",").map((text) => {
      const value = parseAngle(text.trim());
      if (value === undefined)
        throw new UsageError(
          "PARAM_OPTION",
          `"${text}" in --param ${assignment} is not a number such as 0.1, 1e-3 or 3*pi/4.`,
        );
      return value;
    });
    values[name.trim()] = numbers.length === 1 ? numbers[0]! : numbers;
  }
  return values;
}

/** A finite number, or a multiple or fraction of pi (`pi`, `-pi/2`, `3*pi/4`). */
function parseAngle(text: string): number | undefined {
  const ofPi = /^([+-]?)(?:(\d+\.?\d*|\.\d+)\s*\*?\s*)?pi(?:\s*\/\s*(\d+\.?\d*|\.\d+))?$/i.exec(text);
  const value =
    ofPi === null
      ? text === ""
        ? Number.NaN
        : Number(text)
      : ((ofPi[1] === "-" ? -1 : 1) * Number(ofPi[2] ?? 1) * Math.PI) / Number(ofPi[3] ?? 1);
  return Number.isFinite(value) ? value : undefined;
}

/** A number, or numbers in lists of any depth. */
type GivenValue = number | readonly GivenValue[];

async function readParametersFile(io: Io, file: string): Promise<Record<string, GivenValue>> {
  const text = (await readText(io, file)).replace(/^\uFEFF/, "");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new UsageError("PARAMS_FILE", `${file} is not JSON: ${(cause as Error).message}`, { cause });
  }
  const fits = (value: unknown): boolean =>
    typeof value === "number" ||
    (Array.isArray(value) && value.flat(Number.POSITIVE_INFINITY).every((v) => typeof v === "number"));
  if (typeof json !== "object" || json === null || Array.isArray(json) || !Object.values(json).every(fits))
    throw new UsageError("PARAMS_FILE", `${file} must hold {"name": number or array of numbers}.`);
  return json as Record<string, GivenValue>;
}

/**
 * Values that `Circuit.bind` takes: a vector of one element may be given as a plain number, a vector of several dimensions
 * nested in its shape or as one flat list.
 * @throws UsageError PARAMS_SHAPE
 */
export function fitToVectors(
  values: Readonly<Record<string, GivenValue>>,
  vectors: readonly { readonly name: string; readonly shape: readonly number[] }[],
): NamedValues {
  const shapes = new Map(vectors.map(({ name, shape }) => [name, shape]));
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const shape = shapes.get(name) ?? [];
      if (typeof value === "number") return [name, shape.length > 0 ? [value] : value];
      if (value.some((item) => typeof item !== "number") && !hasShape(value, shape))
        throw new UsageError(
          "PARAMS_SHAPE",
          `The values of ${name} are nested, but not in its shape [${shape.join(", ")}]; nest them so, or give one flat list.`,
        );
      return [name, (value as readonly unknown[]).flat(Number.POSITIVE_INFINITY) as number[]];
    }),
  );
}

function hasShape(value: GivenValue, [size, ...rest]: readonly number[]): boolean {
  if (size === undefined) return typeof value === "number";
  return typeof value !== "number" && value.length === size && value.every((item) => hasShape(item, rest));
}
