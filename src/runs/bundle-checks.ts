import { describeValue } from "../../circuits/index.ts";
import type { BundledConfig, BundledRun } from "./bundle.ts";
import { bundleFault } from "./bundle-archive.ts";
import type { RunEvent, RunRecord } from "./events.ts";

type Check = (value: unknown) => boolean;
/** A check for each field; a field that is not named here is passed over. */
type Fields<Value> = { readonly [Name in keyof Value]-?: Check };

const anything: Check = () => true;
const text: Check = (value) => typeof value === "string";
const flag: Check = (value) => typeof value === "boolean";
const number: Check = (value) => Number.isFinite(value);
const count: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const hash: Check = (value) => typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
const id: Check = (value) => typeof value === "string" && /^[a-z0-9][a-z0-9-]{0,49}$/.test(value);
const record: Check = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const scalar: Check = (value) => value === null || ["string", "number", "boolean"].includes(typeof value);

const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const oneOf =
  (...values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const recordOf =
  (check: Check): Check =>
  (value) =>
    record(value) && Object.values(value as object).every(check);
const shape =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value) =>
    record(value) && wrongField(value as object, fields) === undefined;

const usage = { quantumSeconds: number, executions: number, final: optional(flag) };
const limits = { quantumSeconds: optional(number), money: optional(number), jobs: optional(number) };
const versions = recordOf(text);
const task = shape({ config: text, options: recordOf(scalar), budget: optional(record) });

/** Fields that an earlier version did not write are optional here. */
const EVENTS: { readonly [Type in RunEvent["type"]]: Omit<Fields<Extract<RunEvent, { type: Type }>>, "type"> } = {
  created: { versions, nonce: optional(text), parent: optional(shape({ run: id, step: count })) },
  described: {
    description: shape({
      kind: oneOf("train", "minimize"),
      parts: recordOf(scalar),
      versions: optional(versions),
      remote: optional(
        shape({ name: text, account: text, capabilities: shape({ local: flag, adjoint: flag, limits: record }) }),
      ),
    }),
    snapshot: optional(hash),
  },
  claimed: { owner: shape({ id: text, host: text, pid: number }), takeover: flag },
  budget: { budget: shape({ ...limits, currency: optional(text), perDay: optional(shape(limits)) }) },
  task: { task },
  intent: {
    key: text,
    partKey: text,
    part: count,
    parts: count,
    place: shape({ phase: text, index: count, attempt: count }),
    backend: text,
    bodyHash: text,
    serviceTime: number,
    split: optional(listOf(listOf(shape({ pub: count, from: count, to: count })))),
    reserved: shape({ quantumSeconds: number, money: number, jobs: number }),
    executions: number,
    quantumSeconds: number,
    record: optional(hash),
    calibration: optional(text),
    calibratedAt: optional(text),
  },
  refused: { key: text, partKey: text, words: text },
  submitted: { key: text, partKey: text, jobId: text, adopted: flag, surplus: listOf(text) },
  unknown: { key: text, words: text },
  result: {
    key: text,
    jobId: text,
    result: hash,
    record: optional(hash),
    calibration: optional(text),
    ...usage,
  },
  settled: { key: text, ...usage },
  rejected: {
    key: text,
    jobId: optional(text),
    code: text,
    words: text,
    quantumSeconds: number,
    final: optional(flag),
    replaced: flag,
  },
  orphan: { jobId: text, words: text, cancelled: flag, quantumSeconds: number },
  swept: { jobs: count, orphans: count },
  waiting: { words: text },
  parked: { words: text, wakeAt: number },
  step: { step: count, report: anything, snapshot: hash },
  epoch: { epoch: count, step: count, report: anything, snapshot: hash, isCut: optional(flag) },
  stopped: { words: text },
  failed: { error: shape({ name: text, code: optional(text), message: text }) },
  finished: { result: hash, snapshot: optional(hash) },
};

const RUN: Fields<BundledRun> = {
  id,
  status: oneOf("ready", "running", "parked", "stopped", "failed", "finished"),
  createdAt: number,
  updatedAt: number,
  step: count,
  task: optional(task),
  schedule: optional(shape({ id: text, tick: number })),
};

const CONFIG: Fields<Omit<BundledConfig, "text"> & { readonly file?: string }> = {
  path: text,
  sha256: optional(hash),
  file: optional(text),
  withheld: optional(text),
};

/** @throws RunError BUNDLE_FORMAT */
export function checkRecord(place: string, seq: number, value: unknown): RunRecord {
  checkFields(place, value, { seq: oneOf(seq), at: number, epoch: count, event: record });
  const { event } = value as { readonly event: { readonly type?: unknown } };
  if (typeof event.type !== "string" || !Object.hasOwn(EVENTS, event.type))
    throw bundleFault(place, `there is no event of type ${describeValue(event.type)}`);
  checkFields(`${place}, event ${event.type}`, event, EVENTS[event.type as RunEvent["type"]]);
  return value as RunRecord;
}

/** @throws RunError BUNDLE_FORMAT */
export function checkRun(place: string, value: unknown): BundledRun {
  checkFields(place, value, RUN);
  return value as BundledRun;
}

/** @throws RunError BUNDLE_FORMAT */
export function checkConfig(
  place: string,
  value: unknown,
): Omit<BundledConfig, "text"> & { readonly file?: string | undefined } {
  checkFields(place, value, CONFIG);
  return value as BundledConfig;
}

/** @throws RunError BUNDLE_FORMAT */
export function checkDigest(
  place: string,
  value: unknown,
): { readonly sha256: string; readonly parts?: Readonly<Record<string, string>> } {
  checkFields(place, value, { sha256: hash, parts: optional(recordOf(text)) });
  return value as { readonly sha256: string };
}

function checkFields(place: string, value: unknown, fields: Readonly<Record<string, Check>>): void {
  if (!record(value)) throw bundleFault(place, `an object must stand here, not ${describeValue(value)}`);
  const wrong = wrongField(value as object, fields);
  if (wrong !== undefined)
    throw bundleFault(place, `its field ${wrong} is ${describeValue((value as Record<string, unknown>)[wrong])}`);
}

function wrongField(value: object, fields: Readonly<Record<string, Check>>): string | undefined {
  const found = Object.entries(fields).find(
    ([name, check]) => !check(Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined),
  );
  return found?.[0];
}
