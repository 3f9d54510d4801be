import { deflateSync, inflateSync } from "node:zlib";
import { Rng } from "../../circuits/index.ts";
import { taggedArray } from "../../providers/emulator/program/ndarray-text.ts";

/** The body of a result that is not as it was answered. */
export interface Mutant {
  readonly name: string;
  readonly body: string;
  /**
   * It may differ from what was answered in numbers alone, each as good as the true one: nobody can see that, unless the numbers
   * cannot be.
   */
  readonly maySeemRight?: boolean;
}

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
type Path = readonly (string | number)[];

/** Stands for what JSON has no word for. */
const BARE = /"@bare:(-?\w+)@"/g;
const bare = (word: string): string => `@bare:${word}@`;
const textOf = (value: Json): string => JSON.stringify(value).replaceAll(BARE, "$1");

/** What stands at one place instead, beside what was there and where. */
const REPLACEMENTS: Readonly<Record<string, (value: Json) => Json | undefined>> = {
  null: () => null,
  true: () => true,
  "a text": () => "x",
  "an empty text": () => "",
  "an empty list": () => [],
  "an empty object": () => ({}),
  "a number": (value) => (typeof value === "number" ? undefined : 0.5),
  "far too large": () => 1e9,
  "far too small": () => -1e9,
  "the largest number": () => Number.MAX_VALUE,
  NaN: () => bare("NaN"),
  Infinity: () => bare("Infinity"),
  "-Infinity": () => bare("-Infinity"),
  "a number as a text": (value) => (typeof value === "number" ? String(value) : undefined),
  "a level deeper": (value) => [value],
  "in an object": (value) => ({ value }),
  "one more of the last": (value) => (Array.isArray(value) ? [...value, value.at(-1) ?? 0] : undefined),
  "twice as long": (value) => (Array.isArray(value) ? [...value, ...value] : undefined),
  "without the last": (value) => (Array.isArray(value) && value.length > 0 ? value.slice(0, -1) : undefined),
  "without the first": (value) => (Array.isArray(value) && value.length > 1 ? value.slice(1) : undefined),
  "without a level": (value) => (Array.isArray(value) && value.length === 1 ? value[0]! : undefined),
  "cut in half": (value) => (typeof value === "string" ? value.slice(0, value.length >> 1) : undefined),
  "another letter in the middle": (value) =>
    typeof value === "string" && value.length > 8 ? otherLetter(value) : undefined,
};

/** Every place of a body with everything else that may stand there, and without what stands there. */
export function* placeMutants(body: unknown): Generator<Mutant> {
  for (const path of pathsOf(body as Json)) {
    const at = path.length === 0 ? "the body" : path.join(".");
    for (const [name, replace] of Object.entries(REPLACEMENTS)) {
      const value = replace(valueAt(body as Json, path));
      if (value !== undefined) yield { name: `${at}: ${name}`, body: textOf(changed(body as Json, path, () => value)) };
    }
    if (path.length > 0) yield { name: `${at}: missing`, body: textOf(changed(body as Json, path, () => undefined)) };
  }
}

/** Texts that are cut, or hold more, or of which a byte is another. */
export function* textMutants(body: unknown, seed: number, count: number): Generator<Mutant> {
  const rng = Rng.seed(seed).fork("text");
  const text = JSON.stringify(body);
  for (let index = 0; index < count; index++) {
    const at = rng.integer(text.length);
    yield { name: `cut after ${at} characters`, body: text.slice(0, at) };
    const code = text.charCodeAt(at) ^ (1 << rng.integer(7));
    const flipped = text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1);
    yield { name: `another bit in character ${at}`, body: flipped, maySeemRight: true };
    const [from, to] = [at, rng.integer(text.length)].sort((a, b) => a - b) as [number, number];
    yield {
      name: `without characters ${from} to ${to}`,
      body: text.slice(0, from) + text.slice(to),
      maySeemRight: true,
    };
  }
  yield { name: "nothing", body: "" };
  yield { name: "spaces", body: "   " };
  yield { name: "a page", body: "<!doctype html><title>502</title>Bad gateway" };
  yield { name: "something after it", body: `${text}${text}` };
  yield { name: "brackets without end", body: "[".repeat(200_000) };
  yield { name: "lists in lists", body: `${"[".repeat(200_000)}${"]".repeat(200_000)}` };
  yield { name: "objects in objects", body: `${'{"results":'.repeat(50_000)}1${"}".repeat(50_000)}` };
}

/** PUBs that stand in each other's place, are missing, or are there twice. Their shapes differ. */
export function* pubMutants(body: unknown): Generator<Mutant> {
  for (const path of pathsOf(body as Json)) {
    const list = valueAt(body as Json, path);
    if (!/(^|\.)(results|pub_results)$/.test(path.join(".")) || !Array.isArray(list)) continue;
    const orders: readonly (readonly number[])[] = [
      [1, 0],
      [0, 0],
      [1, 1],
      [0],
      [1],
      [0, 1, 1],
      [0, 1, 0],
      [0, 0, 1],
      [],
    ];
    for (const order of orders) {
      const pubs = order.map((index) => list[index]!);
      yield { name: `PUBs ${order.join()}`, body: textOf(changed(body as Json, path, () => pubs)) };
    }
  }
}

/** Packed arrays that are cut, spoiled, of another type or shape, or unpack to far more. */
export function* arrayMutants(body: unknown, seed: number): Generator<Mutant> {
  const rng = Rng.seed(seed).fork("arrays");
  for (const path of pathsOf(body as Json)) {
    const value = valueAt(body as Json, path);
    if (path.at(-1) !== "__value__" || typeof value !== "string") continue;
    const at = path.join(".");
    const packed = Buffer.from(value, "base64");
    const file = inflateSync(packed);
    const mutant = (name: string, bytes: Uint8Array | string, more: Partial<Mutant> = {}): Mutant => ({
      name: `${at}: ${name}`,
      body: textOf(
        changed(body as Json, path, () => (typeof bytes === "string" ? bytes : Buffer.from(bytes).toString("base64"))),
      ),
      ...more,
    });
    for (let cut = 0; cut < packed.length; cut += 1 + (packed.length >> 4))
      yield mutant(`${cut} of its packed bytes`, packed.subarray(0, cut));
    for (let flip = 0; flip < 20; flip++) yield mutant(`a packed bit flipped ${flip}`, flipped(packed, rng));
    for (let cut = 0; cut < file.length; cut += 1 + (file.length >> 4))
      yield mutant(`${cut} of its bytes`, deflateSync(file.subarray(0, cut)));
    for (let flip = 0; flip < 20; flip++)
      yield mutant(`a bit flipped ${flip}`, deflateSync(flipped(file, rng)), { maySeemRight: true });
    for (const [from, to] of [
      ["<f8", ">f8"],
      ["<f8", "<f4"],
      ["<f8", "<i8"],
      ["<f8", "|O "],
      ["False", "True "],
    ] as const) {
      const other = Buffer.from(file.toString("latin1").replace(from, to), "latin1");
      yield mutant(`${to.trim()} instead of ${from}`, deflateSync(other), { maySeemRight: true });
    }
    yield mutant("gzip inside", deflateSync(packed));
    yield mutant("no base64", "%%%%");
    yield mutant(
      "an array of nothing",
      (taggedArray(new Float64Array(), [0]) as { readonly __value__: string }).__value__,
    );
  }
}

/** The same result as the Python client has it: plain lists of numbers become tagged arrays. */
export function taggedBody(body: unknown): unknown {
  const { results, metadata } = body as {
    results: { data: Record<string, number[][]>; metadata: Json }[];
    metadata: Json;
  };
  const tag = (type: string, value: unknown) => ({ __type__: type, __value__: value });
  return tag("PrimitiveResult", {
    pub_results: results.map(({ data, metadata: own }) => {
      const shape = [data.evs!.length, data.evs![0]!.length];
      const fields = Object.entries(data).map(([name, rows]) => [
        name,
        taggedArray(Float64Array.from(rows.flat()), shape),
      ]);
      const names = Object.keys(data);
      return tag("PubResult", {
        data: tag("DataBin", {
          field_names: names,
          field_types: names.map(() => "numpy.ndarray"),
          shape,
          fields: Object.fromEntries(fields),
        }),
        metadata: own,
      });
    }),
    metadata,
  });
}

function* pathsOf(value: Json, at: Path = []): Generator<Path> {
  yield at;
  if (typeof value !== "object" || value === null) return;
  for (const key of Object.keys(value)) {
    const name = Array.isArray(value) ? Number(key) : key;
    yield* pathsOf((value as Record<string, Json>)[key]!, [...at, name]);
  }
}

function valueAt(value: Json, path: Path): Json {
  return path.reduce<Json>((inner, key) => (inner as Record<string | number, Json>)[key]!, value);
}

/** A copy with another value at a path, or none. */
function changed(value: Json, [key, ...rest]: Path, change: () => Json | undefined): Json {
  if (key === undefined) return change() ?? null;
  const copy = Array.isArray(value) ? [...value] : { ...(value as Record<string, Json>) };
  const inner = copy as Record<string | number, Json>;
  const next = rest.length === 0 ? change() : changed(inner[key]!, rest, change);
  if (next !== undefined) inner[key] = next;
  else if (Array.isArray(copy)) copy.splice(Number(key), 1);
  else delete inner[key];
  return copy;
}

function otherLetter(text: string): string {
  const at = text.length >> 1;
  return `${text.slice(0, at)}${text[at] === "A" ? "B" : "A"}${text.slice(at + 1)}`;
}

function flipped(bytes: Uint8Array, rng: Rng): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[rng.integer(copy.length)]! ^= 1 << rng.integer(8);
  return copy;
}
