import { describeValue } from "../../circuits/index.ts";
import { RunError } from "../errors.ts";
import { BUNDLE_FORMAT, type BundledConfig, blobName, blobsOf, type RunBundle, snapshotsOf } from "./bundle.ts";
import { bundleFault, unpackArchive } from "./bundle-archive.ts";
import { checkConfig, checkDigest, checkRecord, checkRun } from "./bundle-checks.ts";
import type { RunRecord } from "./events.ts";
import { hashOf } from "./hash.ts";
import { foldRun } from "./run-state.ts";
import { unpackState } from "./snapshot.ts";
import type { SnapshotDigest } from "./snapshot-digest.ts";

/** Of a text, a line of many, and how deeply one may be nested. */
const MAX_TEXT = 2 ** 26;
const MAX_DEPTH = 100;
const HEAD = "bundle.json";
const EVENTS = "events.jsonl";
const SNAPSHOTS = "snapshots.jsonl";
const NEWLINE = 0x0a;

/**
 * Reads what `exportRun` wrote, wherever it comes from: nothing in the bytes is trusted, every hash is compared, and nothing that
 * may have been a program is run.
 * @throws RunError BUNDLE_FORMAT with the place of what is wrong; BUNDLE_NEWER
 * @example const { run, records } = readBundle(await readFile("run.lepton.tgz"));
 */
export function readBundle(bytes: Uint8Array): RunBundle {
  const files = new Map(unpackArchive(bytes));
  const take = (name: string): Uint8Array => {
    const data = files.get(name);
    if (data === undefined) throw bundleFault("archive", `it has no file ${name}`);
    files.delete(name);
    return data;
  };
  const head = readHead(take(HEAD));
  const run = checkRun(`${HEAD}, run`, head.run);
  const config = head.config === undefined ? undefined : readConfig(head.config, take);
  const records = linesOf(EVENTS, take(EVENTS)).map((line, i) =>
    checkRecord(`${EVENTS}, line ${i + 1}`, i + 1, parseJson(`${EVENTS}, line ${i + 1}`, line)),
  );
  checkJournal(run, records);
  const snapshots = readSnapshots(take(SNAPSHOTS), records);
  const blobs = new Map<string, Uint8Array>();
  for (const hash of blobsOf(records)) blobs.set(hash, readBlob(hash, take));
  for (const name of files.keys()) throw bundleFault(name, "nothing in the run names this file");
  checkResults(records, blobs);
  return { writtenBy: String(head.writtenBy), run, config, records, snapshots, blobs };
}

interface Head {
  readonly writtenBy: unknown;
  readonly run: unknown;
  readonly config: unknown;
}

function readHead(data: Uint8Array): Head {
  const head = parseJson(HEAD, data) as { readonly format?: unknown } | null;
  const format = typeof head?.format === "string" ? head.format : describeValue(head?.format);
  if (format === BUNDLE_FORMAT) return head as unknown as Head;
  const version = /^lepton-run@(\d{1,9})$/.exec(format)?.[1];
  if (version !== undefined && Number(version) > 1)
    throw new RunError(
      "BUNDLE_NEWER",
      `The bundle has format ${format}, and this version of Lepton reads ${BUNDLE_FORMAT}; read it with the version that wrote it, or a later one.`,
    );
  throw bundleFault(HEAD, `its format is ${JSON.stringify(format.slice(0, 60))}, not ${BUNDLE_FORMAT}`);
}

function readConfig(value: unknown, take: (name: string) => Uint8Array): BundledConfig {
  const { file, ...config } = checkConfig(`${HEAD}, config`, value);
  if (file === undefined) return config;
  const data = take(file);
  if (hashOf(data) !== config.sha256) throw bundleFault(file, "its SHA-256 is not the one that stands in bundle.json");
  return { ...config, text: textOf(file, data) };
}

function checkJournal(run: RunBundle["run"], records: readonly RunRecord[]): void {
  if (records[0]?.event.type !== "created") throw bundleFault(EVENTS, "it does not begin with how the run was created");
  if (records.some(({ event }, i) => event.type === "created" && i > 0))
    throw bundleFault(EVENTS, "the run is created twice");
  const { step } = foldRun(records);
  if (run.step !== step)
    throw bundleFault(HEAD, `the run is said to be at step ${run.step}, but by its events it is at ${step}`);
}

function readSnapshots(
  data: Uint8Array,
  records: readonly RunRecord[],
): ReadonlyMap<string, SnapshotDigest | undefined> {
  const snapshots = new Map<string, SnapshotDigest | undefined>();
  for (const [i, line] of linesOf(SNAPSHOTS, data).entries()) {
    const place = `${SNAPSHOTS}, line ${i + 1}`;
    const { sha256, parts } = checkDigest(place, parseJson(place, line));
    snapshots.set(sha256, parts);
  }
  for (const hash of snapshotsOf(records))
    if (!snapshots.has(hash)) throw bundleFault(SNAPSHOTS, `state ${hash} of the journal is missing`);
  return snapshots;
}

function readBlob(hash: string, take: (name: string) => Uint8Array): Uint8Array {
  const name = blobName(hash);
  const data = take(name);
  if (hashOf(data) !== hash) throw bundleFault(name, "its bytes do not have the SHA-256 that names it");
  return data;
}

/** What a replay takes for the values of a job has their form. */
function checkResults(records: readonly RunRecord[], blobs: ReadonlyMap<string, Uint8Array>): void {
  for (const { seq, event } of records)
    if (event.type === "result" && !isResult(stateOf(event.result, blobs)))
      throw bundleFault(blobName(event.result), `it holds no values of a job, as event ${seq} says`);
}

function stateOf(hash: string, blobs: ReadonlyMap<string, Uint8Array>): unknown {
  try {
    return unpackState(blobs.get(hash)!);
  } catch (cause) {
    throw bundleFault(blobName(hash), "it cannot be read", cause);
  }
}

function isResult(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every((result: unknown) => {
      const { shape, evs, stds } = (result ?? {}) as { readonly [name: string]: unknown };
      return (
        Array.isArray(shape) &&
        shape.every((size) => Number.isSafeInteger(size) && size >= 0) &&
        evs instanceof Float64Array &&
        stds instanceof Float64Array &&
        evs.length === shape.reduce((product, size) => product * size, 1) &&
        stds.length === evs.length
      );
    })
  );
}

/** Each ends with a line feed. */
function linesOf(file: string, data: Uint8Array): readonly Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let from = 0; from < data.length; ) {
    const to = data.indexOf(NEWLINE, from);
    if (to < 0) throw bundleFault(file, `line ${lines.length + 1} is cut off`);
    lines.push(data.subarray(from, to));
    from = to + 1;
  }
  return lines;
}

function parseJson(place: string, data: Uint8Array): unknown {
  const text = textOf(place, data);
  checkDepth(place, text);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw bundleFault(place, `it is no JSON: ${(cause as Error).message}`, cause);
  }
}

/** `JSON.parse` reads what is nested without end, and whoever walks through it then comes to the end of the stack. */
function checkDepth(place: string, text: string): void {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const letter = text[i];
    if (letter === '"') {
      for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === "\\") i++;
    } else if (letter === "[" || letter === "{") {
      if (++depth > MAX_DEPTH) throw bundleFault(place, `it is nested more than ${MAX_DEPTH} levels deep`);
    } else if (letter === "]" || letter === "}") depth--;
  }
}

function textOf(place: string, data: Uint8Array): string {
  if (data.length > MAX_TEXT) throw bundleFault(place, `it has ${data.length} bytes; at most ${MAX_TEXT} are read`);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch (cause) {
    throw bundleFault(place, "it is no UTF-8", cause);
  }
}
