import { setImmediate } from "node:timers/promises";
import { bitArray } from "../../bit-array.ts";
import { sizeOf } from "../../ndarray.ts";
import type { Backend, EstimatorPubResult, NDArray, ObservablesLike, SamplerPubResult } from "../../primitives.ts";
import type { PreparedEstimatorPub, PreparedJob, PreparedSamplerPub } from "./prepare.ts";

export interface RunOptions {
  /** Decides all samples. */
  readonly seed: number;
  /** Expectation values without shot noise. */
  readonly exact: boolean;
  readonly signal: AbortSignal;
  /** What an Estimator measures in place of observables. */
  readonly measured: (observables: ObservablesLike) => ObservablesLike;
}

/** What a program measured, PUB by PUB. */
export type Measured =
  | { readonly program: "sampler"; readonly results: readonly SamplerPubResult[] }
  | { readonly program: "estimator"; readonly results: readonly EstimatorPubResult[] };

/** Runs a job on a simulator. Same job and seed, same numbers. @throws what the simulator throws, the signal's reason */
export async function runJob(job: PreparedJob, backend: Backend, options: RunOptions): Promise<Measured> {
  return job.program === "sampler"
    ? { program: "sampler", results: await sample(job.pubs, backend, options) }
    : { program: "estimator", results: await estimate(job.pubs, backend, options) };
}

async function sample(
  pubs: readonly PreparedSamplerPub[],
  backend: Backend,
  { seed, signal }: RunOptions,
): Promise<readonly SamplerPubResult[]> {
  const measuring = pubs.filter(({ circuit }) => circuit.count().measure !== undefined);
  const measured =
    measuring.length === 0
      ? []
      : await finished(backend.sampler({ seed }).run(measuring.map(({ pub }) => pub)), signal);
  let next = 0;
  return pubs.map((pub) => (measuring.includes(pub) ? measured[next++]! : unmeasured(pub)));
}

/** Registers that nothing is measured into read 0. */
function unmeasured({ circuit, values, shots }: PreparedSamplerPub): SamplerPubResult {
  const { shape } = values;
  return {
    shape,
    registers: Object.fromEntries(circuit.registers.map(({ name, size }) => [name, bitArray(size, shots, shape)])),
    metadata: { shots },
  };
}

async function estimate(
  pubs: readonly PreparedEstimatorPub[],
  backend: Backend,
  { seed, exact, signal, measured }: RunOptions,
): Promise<readonly EstimatorPubResult[]> {
  const asked = pubs.map(({ circuit, pub, precision }) => {
    const [, observables, values] = pub as readonly [typeof circuit, ObservablesLike, NDArray];
    return [circuit, measured(observables), values, exact ? 0 : precision] as const;
  });
  return finished(backend.estimator({ seed }).run(asked), signal);
}

async function finished<Result>(
  submitted: Promise<{ result(options: { signal: AbortSignal; cancelRemote: boolean }): Promise<readonly Result[]> }>,
  signal: AbortSignal,
): Promise<readonly Result[]> {
  return (await submitted).result({ signal, cancelRemote: true });
}

/** Values in nested lists of a shape; a number for the shape []. */
export function nested(values: ArrayLike<unknown>, shape: readonly number[], from = 0): unknown {
  const [length, ...rest] = shape;
  if (length === undefined) return values[from];
  const step = sizeOf(rest);
  return Array.from({ length }, (_, index) => nested(values, rest, from + index * step));
}

const SHOTS_PER_SLICE = 50_000;

/** The bits of a register as "0x1f", one text a shot, in order of rows and shots. Other work gets its turn in between. */
export async function hexSamples(bytes: Uint8Array, numBits: number): Promise<readonly string[]> {
  const width = Math.ceil(numBits / 8);
  const total = width === 0 ? 0 : bytes.length / width;
  const texts = new Array<string>(total);
  const digits = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let shot = 0; shot < total; shot++) {
    if (shot % SHOTS_PER_SLICE === SHOTS_PER_SLICE - 1) await setImmediate();
    const at = shot * width;
    texts[shot] =
      width <= 6
        ? `0x${digits.readUIntBE(at, width).toString(16)}`
        : `0x${digits.toString("hex", at, at + width).replace(/^0+(?=.)/, "")}`;
  }
  return texts;
}
