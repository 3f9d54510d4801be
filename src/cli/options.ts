import { InvalidArgumentError } from "commander";
import type { NamedValues } from "../../circuits/index.ts";
import { UsageError } from "./errors.ts";
import { type Io, readText } from "./io.ts";

/** Collects an option that may be given many times. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
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

/** `name=value` pairs over a parameters file, as values for a circuit. @throws UsageError PARAMS_FILE, PARAM_OPTION, FILE_READ */
export function readParameters(
  io: Io,
  file: string | undefined,
  assignments: readonly string[] = [],
): Record<string, number | readonly number[]> {
  const values: Record<string, number | readonly number[]> = file === undefined ? {} : readParametersFile(io, file);
  for (const assignment of assignments) {
    if (assignment.endsWith(".json") && !assignment.includes("=")) {
      Object.assign(values, readParametersFile(io, assignment));
      continue;
    }
    const [, name, list] = /^([^=]+)=(.+)$/s.exec(assignment) ?? [];
    if (name === undefined || list === undefined)
      throw new UsageError(
        "PARAM_OPTION",
        `--param takes name=value, name=1,2,3 or a .json file, not "${assignment}".`,
      );
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

function readParametersFile(io: Io, file: string): Record<string, number | readonly number[]> {
  const text = readText(io, file);
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
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => [
      name,
      Array.isArray(value) ? (value.flat(Number.POSITIVE_INFINITY) as number[]) : (value as number),
    ]),
  );
}

/** Values that `Circuit.bind` takes: a vector of one element may be given as a plain number. */
export function fitToVectors(
  values: Readonly<Record<string, number | readonly number[]>>,
  vectors: readonly { readonly name: string; readonly shape: readonly number[] }[],
): NamedValues {
  const shapes = new Map(vectors.map(({ name, shape }) => [name, shape]));
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === "number" && (shapes.get(name)?.length ?? 0) > 0 ? [value] : value,
    ]),
  );
}
