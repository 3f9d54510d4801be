import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { RunError } from "../errors.ts";
import { packageVersion } from "../version.ts";
import { type ArchivedFile, packArchive } from "./bundle-archive.ts";
import { secretLine, withoutSecrets } from "./bundle-secrets.ts";
import type { RunEvent, RunRecord } from "./events.ts";
import { hashOf } from "./hash.ts";
import { foldRun } from "./run-state.ts";
import type { RunRow, RunStore } from "./run-store.ts";
import type { RunTask } from "./run-task.ts";
import { digestOf, type SnapshotDigest } from "./snapshot-digest.ts";
import { rowOf } from "./stop-run.ts";

export const BUNDLE_FORMAT = "lepton-run@1";

/** What stands of a run besides its journal. */
export type BundledRun = Pick<RunRow, "id" | "status" | "createdAt" | "updatedAt" | "step" | "task" | "schedule">;

/** The file that describes the run, as it was when the bundle was made. */
export interface BundledConfig {
  readonly path: string;
  /** Absent where it could not be read. */
  readonly sha256?: string | undefined;
  readonly text?: string | undefined;
  /** Why the text is not there. */
  readonly withheld?: string | undefined;
}

/** A whole run: what it did, what came back, and what it needs to be done again without anybody else. */
export interface RunBundle {
  /** The version of Lepton that wrote it. */
  readonly writtenBy: string;
  readonly run: BundledRun;
  readonly config: BundledConfig | undefined;
  /** The whole journal, in order. */
  readonly records: readonly RunRecord[];
  /** Of every state that the journal names; without parts where the ledger had forgotten it. */
  readonly snapshots: ReadonlyMap<string, SnapshotDigest | undefined>;
  /**
   * By SHA-256: results of jobs, their compiled circuits, the run's result, the state before the first step and the last one.
   */
  readonly blobs: ReadonlyMap<string, Uint8Array>;
}

/** Larger files describe no run. */
const MAX_CONFIG = 1_000_000;

/**
 * One file with a whole run: a gzip'd tar archive of JSON, JSON Lines and safetensors files, so that it can be looked into with
 * nothing but `tar` and any text editor, and read from Python, without Lepton. The same run gives the same archive. It has the
 * journal with all job ids, usage, calibrations and seeds, results, circuits as the devices got them (OpenQASM 3), versions, and
 * the text of the run's file; of the states between the first and the last step hashes alone, so that it stays small.
 *
 * Secrets are not in a ledger. Should a message hold one, it is hidden, and a file that may hold one is left out but for its
 * SHA-256.
 * @throws RunError RUN_UNKNOWN, BUNDLE_SIZE, LEDGER_*
 * @example await writeFile("run.lepton.tgz", await exportRun(store, "digits-1"));
 */
export async function exportRun(store: RunStore, id: string): Promise<Uint8Array> {
  const { task, schedule } = await rowOf(store, id);
  const records = (await store.read(id)).map(hideInRecord);
  const { status, createdAt, updatedAt, step } = foldRun(records);
  const run: BundledRun = {
    ...{ id, status, createdAt, updatedAt, step },
    task: task === undefined ? undefined : hideInTask(task),
    schedule,
  };
  const { text, ...config } = (await configOf(task)) ?? {};
  const configFile = text === undefined ? undefined : `config${extensionOf(task!.config)}`;
  const head = {
    format: BUNDLE_FORMAT,
    writtenBy: packageVersion(),
    run,
    ...(task === undefined ? {} : { config: { ...config, file: configFile } }),
  };
  const digests: string[] = [];
  for (const sha256 of snapshotsOf(records))
    digests.push(JSON.stringify({ sha256, parts: await digestIn(store, sha256) }));
  const files: ArchivedFile[] = [
    { name: "bundle.json", data: encode(`${JSON.stringify(head, null, 2)}\n`) },
    ...(configFile === undefined ? [] : [{ name: configFile, data: encode(text!) }]),
    { name: "events.jsonl", data: encode(linesOf(records.map((record) => JSON.stringify(record)))) },
    { name: "snapshots.jsonl", data: encode(linesOf(digests)) },
  ];
  for (const hash of blobsOf(records)) files.push({ name: blobName(hash), data: await store.blob(hash) });
  return packArchive(files, Math.floor(updatedAt / 1000));
}

/** Where a blob lies in the archive. */
export function blobName(hash: string): string {
  return `blobs/${hash}.safetensors`;
}

/** All states that a journal names, in order. */
export function snapshotsOf(records: readonly RunRecord[]): ReadonlySet<string> {
  return new Set(
    records.flatMap(({ event }) => ("snapshot" in event && event.snapshot !== undefined ? [event.snapshot] : [])),
  );
}

/** What a bundle has besides the journal. */
export function blobsOf(records: readonly RunRecord[]): ReadonlySet<string> {
  const hashes = new Set<string>();
  const first = firstSnapshot(records);
  const { snapshot: last } = foldRun(records);
  if (first !== undefined) hashes.add(first);
  for (const { event } of records)
    if (event.type === "result") {
      hashes.add(event.result);
      if (event.record !== undefined) hashes.add(event.record);
    } else if (event.type === "finished") hashes.add(event.result);
  if (last !== undefined) hashes.add(last);
  return hashes;
}

/** The state before the first step that was this run's own: that of a forked run is the one it was forked from. */
export function firstSnapshot(records: readonly RunRecord[]): string | undefined {
  // Settings that were put right before anything was done are written down again.
  const described = records.findLastIndex(({ event }) => event.type === "described");
  return described < 0 ? undefined : foldRun(records.slice(0, described + 1)).snapshot;
}

async function digestIn(store: RunStore, hash: string): Promise<SnapshotDigest | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await store.blob(hash);
  } catch (error) {
    // Of large states the ledger keeps the last few.
    if (error instanceof RunError && error.code === "LEDGER_BLOB") return undefined;
    throw error;
  }
  return digestOf(bytes);
}

async function configOf(task: RunTask | undefined): Promise<BundledConfig | undefined> {
  if (task === undefined) return undefined;
  const { config: path } = task;
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    return { path, withheld: `It could not be read (${(cause as NodeJS.ErrnoException).code ?? "unknown"}).` };
  }
  const sha256 = hashOf(bytes);
  if (bytes.length > MAX_CONFIG) return { path, sha256, withheld: `It has more than ${MAX_CONFIG} bytes.` };
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return { path, sha256, withheld: "It is no UTF-8." };
  }
  const line = secretLine(text);
  return line === undefined
    ? { path, sha256, text }
    : { path, sha256, withheld: `Line ${line} may hold a secret, such as a token.` };
}

function extensionOf(path: string): string {
  const extension = extname(path);
  return /^\.\w{1,8}$/.test(extension) ? extension : ".txt";
}

function hideInRecord(record: RunRecord): RunRecord {
  const { event } = record;
  return { ...record, event: hideInEvent(event) };
}

/** Messages come from services and from users' programs; all else is Lepton's own. */
function hideInEvent(event: RunEvent): RunEvent {
  if (event.type === "failed") {
    const { error } = event;
    return { ...event, error: { ...error, message: withoutSecrets(error.message) } };
  }
  if (event.type === "task") return { ...event, task: hideInTask(event.task) };
  return "words" in event ? { ...event, words: withoutSecrets(event.words) } : event;
}

function hideInTask(task: RunTask): RunTask {
  const options = Object.entries(task.options).map(([name, value]) => [
    name,
    typeof value === "string" ? withoutSecrets(value) : value,
  ]);
  return { ...task, options: Object.fromEntries(options) };
}

function linesOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
