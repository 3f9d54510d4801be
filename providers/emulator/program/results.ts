import { sizeOf } from "../../ndarray.ts";
import type { EstimatorPubResult, SamplerPubResult } from "../../primitives.ts";
import { taggedArray } from "./ndarray-text.ts";
import type { PreparedJob } from "./prepare.ts";
import { hexSamples, type Measured, nested } from "./run.ts";

/** When the job ran, ISO 8601. */
export interface ExecutionSpan {
  readonly start: string;
  readonly stop: string;
}

/**
 * The body of a result: plain JSON, or the tagged objects of the Python client (`RuntimeEncoder`) where the job asked for
 * them with `support_qiskit`.
 */
export async function resultBody(
  job: PreparedJob,
  measured: Measured,
  tagged: boolean,
  span: ExecutionSpan,
): Promise<Buffer> {
  const lepton = { emulator: true, not_emulated: job.notEmulated };
  const metadata = job.pubs.map((pub, index) =>
    job.program === "estimator"
      ? {
          shots: pub.shots,
          target_precision: job.pubs[index]!.precision,
          circuit_metadata: {},
          resilience: { measure_mitigation: job.mitigated },
          num_randomizations: 1,
        }
      : { circuit_metadata: {} },
  );
  const slices = job.pubs.map(({ values, rows, shots }) => [[...values.shape, shots], 0, rows, 0, shots] as const);
  const body =
    measured.program === "sampler"
      ? tagged
        ? taggedSampler(measured.results, metadata, taggedSpans(slices, span), lepton)
        : await plainSampler(measured.results, metadata, plainSpans(slices, span), lepton)
      : tagged
        ? taggedEstimator(measured.results, metadata, lepton)
        : plainEstimator(measured.results, metadata, lepton);
  return Buffer.from(JSON.stringify(body));
}

type Metadata = Readonly<Record<string, unknown>>;
type Slice = readonly [
  shape: readonly number[],
  firstRow: number,
  lastRow: number,
  firstShot: number,
  lastShot: number,
];

async function plainSampler(
  results: readonly SamplerPubResult[],
  metadata: readonly Metadata[],
  spans: unknown,
  lepton: Metadata,
): Promise<unknown> {
  const pubs: unknown[] = [];
  for (const [index, { shape, registers }] of results.entries()) {
    const fields: (readonly [name: string, value: unknown])[] = [];
    for (const [name, { bytes, numBits, shots }] of Object.entries(registers)) {
      const samples = nested(await hexSamples(bytes, numBits), [...shape, shots]);
      fields.push([name, { samples, num_bits: numBits }]);
    }
    // Assigning to a register's name would lose __proto__, which OpenQASM allows.
    pubs.push({ data: Object.fromEntries(fields), metadata: metadata[index] });
  }
  return { results: pubs, metadata: { execution: { execution_spans: spans }, version: 2, lepton } };
}

function plainEstimator(
  results: readonly EstimatorPubResult[],
  metadata: readonly Metadata[],
  lepton: Metadata,
): unknown {
  return {
    results: results.map(({ evs, stds, shape }, index) => ({
      data: { evs: nested(evs, shape), stds: nested(stds, shape), ensemble_standard_error: nested(stds, shape) },
      metadata: metadata[index],
    })),
    metadata: { dynamical_decoupling: { enable: false }, version: 2, lepton },
  };
}

function plainSpans(slices: readonly Slice[], { start, stop }: ExecutionSpan): unknown {
  const places = slices.map(([shape, a0, a1, s0, s1], index) => [index, [shape, [a0, a1], [s0, s1]]]);
  return [[{ date: start }, { date: stop }, Object.fromEntries(places)]];
}

function taggedSpans(slices: readonly Slice[], { start, stop }: ExecutionSpan): unknown {
  const dataSlices = Object.fromEntries(slices.map((slice, index) => [index, slice]));
  const date = (text: string) => tag("datetime", text);
  const span = tag("DoubleSliceSpan", { start: date(start), stop: date(stop), data_slices: dataSlices });
  return tag("ExecutionSpans", { spans: [span] });
}

function taggedSampler(
  results: readonly SamplerPubResult[],
  metadata: readonly Metadata[],
  spans: unknown,
  lepton: Metadata,
): unknown {
  const pubs = results.map(({ shape, registers }, index) =>
    tag("SamplerPubResult", {
      data: dataBin(
        Object.entries(registers).map(([name, { bytes, numBits, shots }]) => {
          const width = bytes.length / Math.max(1, sizeOf(shape) * shots);
          const array = taggedArray(bytes, [...shape, shots, width]);
          return [name, tag("BitArray", { array, num_bits: numBits })] as const;
        }),
        shape,
      ),
      metadata: metadata[index],
    }),
  );
  return primitiveResult(pubs, { execution: { execution_spans: spans }, version: 2, lepton });
}

function taggedEstimator(
  results: readonly EstimatorPubResult[],
  metadata: readonly Metadata[],
  lepton: Metadata,
): unknown {
  const pubs = results.map(({ shape, evs, stds }, index) => {
    const values = (data: Float64Array): unknown => taggedArray(data, shape);
    return tag("PubResult", {
      data: dataBin(
        [
          ["evs", values(evs)],
          ["stds", values(stds)],
          ["ensemble_standard_error", values(stds)],
        ],
        shape,
      ),
      metadata: metadata[index],
    });
  });
  return primitiveResult(pubs, { dynamical_decoupling: { enable: false }, version: 2, lepton });
}

function primitiveResult(pubs: readonly unknown[], metadata: Metadata): unknown {
  return tag("PrimitiveResult", { pub_results: pubs, metadata });
}

function dataBin(fields: readonly (readonly [name: string, value: unknown])[], shape: readonly number[]): unknown {
  return tag("DataBin", {
    field_names: fields.map(([name]) => name),
    field_types: fields.map(() => "numpy.ndarray"),
    shape,
    fields: Object.fromEntries(fields),
  });
}

function tag(type: string, value: unknown): unknown {
  return { __type__: type, __value__: value };
}
