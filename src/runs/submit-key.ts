import { createHash } from "node:crypto";
import { type CheckedEstimatorPub, checkEstimatorPubs, type EstimatorPub } from "../../providers/index.ts";
import type { JobPlace } from "./events.ts";

/** What a submit key stands for: the same in every process that takes the same step of a run. */
export interface SubmitSubject {
  readonly runId: string;
  /** Of the run; absent in ledgers of versions that gave none. */
  readonly nonce?: string | undefined;
  readonly place: JobPlace;
  readonly backend: string;
  readonly account: string;
  readonly pubs: string;
  /** Of the estimator. */
  readonly options: Readonly<Record<string, unknown>>;
}

const LETTERS = "abcdefghijklmnopqrstuvwxyz234567";
const DIGITS = 26;

/** "lp1-" and 26 letters of base 32: 130 bits of a hash, short enough for a tag. */
export function submitKey({ runId, nonce, place, backend, account, pubs, options }: SubmitSubject): string {
  const { phase, index, attempt } = place;
  const sorted = Object.entries(options)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const digest = createHash("sha256")
    .update(
      JSON.stringify([
        nonce === undefined ? runId : [runId, nonce],
        phase,
        index,
        attempt,
        backend,
        account,
        pubs,
        sorted,
      ]),
    )
    .digest();
  let text = "";
  let bits = 0;
  let held = 0;
  for (const byte of digest) {
    bits = (bits << 8) | byte;
    held += 8;
    while (held >= 5 && text.length < DIGITS) {
      held -= 5;
      text += LETTERS[(bits >>> held) & 31];
    }
    bits &= (1 << held) - 1;
  }
  return `lp1-${text}`;
}

/** The tag by which all jobs of a run are found. */
export function runTag(runId: string): string {
  return `lp-run-${runId}`;
}

export interface HashedPubs {
  readonly checked: readonly CheckedEstimatorPub[];
  /** SHA-256 over circuits, observables, values and precisions as they were given, not as they are compiled. */
  readonly hash: string;
  /** The same without the values. */
  readonly circuits: string;
}

/** @throws as `checkEstimatorPubs` */
export function hashPubs(pubs: readonly EstimatorPub[], precision: number): HashedPubs {
  const checked = checkEstimatorPubs(pubs, precision);
  const circuits = createHash("sha256");
  const data = createHash("sha256");
  for (const { circuit, observables, values, shape, precision: own } of checked) {
    circuits.update(JSON.stringify([circuit.hash, observables.distinct, observables.shape, values.shape, shape, own]));
    circuits.update(bytesOf(observables.indices));
    data.update(bytesOf(values.data));
  }
  const form = circuits.digest("hex");
  return { checked, hash: data.update(form).digest("hex"), circuits: form };
}

function bytesOf({ buffer, byteOffset, byteLength }: Float64Array | Int32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
