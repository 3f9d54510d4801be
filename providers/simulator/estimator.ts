import type { Circuit, Rng, SparsePauliOp } from "../../circuits/index.ts";
import { PubError } from "../errors.ts";
import type { JobContext, LocalJobs } from "../job.ts";
import type { Estimator, EstimatorPub, EstimatorPubResult, Job, RunOptions } from "../primitives.ts";
import { type CheckedEstimatorPub, checkEstimatorPubs } from "../pub.ts";
import { assertFinite } from "./finite.ts";
import { GroupTally, type MeasurementGroup, measuredInBasis, measurementGroups } from "./measurement-groups.ts";
import type { Programs } from "./programs.ts";

/** A standard error needs two samples at least. */
const MIN_SHOTS = 2;
/** Rows evaluated between two chances for other work: about this many amplitudes. */
const AMPLITUDES_PER_SLICE = 1 << 17;

/** The shots that make the standard error of a ±1 observable at most `precision`. @throws PubError PUB_PRECISION */
export function shotsFor(precision: number, maxShots: number): number {
  // The slack keeps 1/precision² that should be an integer from being rounded up to the next one.
  const shots = Math.max(MIN_SHOTS, Math.ceil((1 / precision ** 2) * (1 - 1e-12)));
  if (shots <= maxShots) return shots;
  throw new PubError(
    "PUB_PRECISION",
    `precision ${precision} needs ${shots.toPrecision(3)} shots but at most ${maxShots} are possible; use ${(1 / Math.sqrt(maxShots)).toPrecision(3)} or more, or 0 for exact values.`,
  );
}

/** Exact (precision 0) and sampled expectation values on the local simulator. */
export class LocalEstimator implements Estimator {
  readonly #programs: Programs;
  readonly #jobs: LocalJobs;
  readonly #rng: Rng;
  readonly #precision: number;
  readonly #maxShots: number;
  #runs = 0;

  constructor(programs: Programs, jobs: LocalJobs, rng: Rng, precision: number, maxShots: number) {
    this.#programs = programs;
    this.#jobs = jobs;
    this.#rng = rng;
    this.#precision = precision;
    this.#maxShots = maxShots;
  }

  async run(pubs: readonly EstimatorPub[], options?: RunOptions): Promise<Job<EstimatorPubResult>> {
    const checked = checkEstimatorPubs(pubs, this.#precision);
    for (const { precision } of checked) if (precision > 0) shotsFor(precision, this.#maxShots);
    const rng = this.#rng.fork("job", this.#runs++);
    return this.#jobs.submit(async (context) => {
      const results: EstimatorPubResult[] = [];
      for (const [index, pub] of checked.entries())
        results.push(await this.#runPub(pub, rng.fork("pub", index), context));
      return results;
    }, options);
  }

  async #runPub(pub: CheckedEstimatorPub, rng: Rng, context: JobContext): Promise<EstimatorPubResult> {
    const evs = new Float64Array(pub.rowOf.length);
    const stds = new Float64Array(pub.rowOf.length);
    const metadata: Record<string, unknown> = { precision: pub.precision };
    for (const block of blocksOf(pub)) {
      if (pub.precision > 0) await this.#sampled(pub, block, rng, context, evs, stds, metadata);
      else await this.#exact(pub, block, context, evs, metadata);
    }
    return { shape: pub.shape, evs, stds, metadata };
  }

  async #exact(
    pub: CheckedEstimatorPub,
    block: Block,
    context: JobContext,
    evs: Float64Array,
    metadata: Record<string, unknown>,
  ): Promise<void> {
    const width = pub.circuit.parameters.length;
    const count = block.observables.length;
    const groups = measurementGroups(block.observables).length;
    const { unitary, branched } = this.#programs.expectation(pub.circuit, block.observables);
    if (branched !== undefined) {
      const out = new Float64Array(count);
      for (const row of block.rows) {
        const steps = branched.evaluate(pub.values.data.slice(row * width, (row + 1) * width), out);
        let step = steps.next();
        for (; !step.done; step = steps.next()) await context.checkpoint();
        metadata.branches = ((metadata.branches as number | undefined) ?? 0) + step.value.branches;
        metadata.prunedProbability =
          ((metadata.prunedProbability as number | undefined) ?? 0) + step.value.prunedProbability;
        assertFinite(sum(out), `Row ${row}`);
        context.charge(groups);
        block.scatter(row, out, 0, evs);
        await context.checkpoint();
      }
      return;
    }
    const rowsPerSlice = Math.max(1, Math.floor(AMPLITUDES_PER_SLICE / 2 ** Math.min(30, pub.circuit.numQubits)));
    for (let start = 0; start < block.rows.length; start += rowsPerSlice) {
      const rows = block.rows.slice(start, start + rowsPerSlice);
      const values = new Float64Array(rows.length * width);
      for (const [index, row] of rows.entries())
        values.set(pub.values.data.subarray(row * width, (row + 1) * width), index * width);
      const outputs = new Float64Array(rows.length * count);
      unitary.evaluate(values, rows.length, outputs);
      context.charge(rows.length * groups);
      for (const [index, row] of rows.entries()) {
        assertFinite(sum(outputs.subarray(index * count, (index + 1) * count)), `Row ${row}`);
        block.scatter(row, outputs, index * count, evs);
      }
      await context.checkpoint();
    }
  }

  async #sampled(
    pub: CheckedEstimatorPub,
    block: Block,
    rng: Rng,
    context: JobContext,
    evs: Float64Array,
    stds: Float64Array,
    metadata: Record<string, unknown>,
  ): Promise<void> {
    const shots = shotsFor(pub.precision, this.#maxShots);
    metadata.shots = shots;
    const width = pub.circuit.parameters.length;
    const count = block.observables.length;
    const groups = measurementGroups(block.observables);
    for (const row of block.rows) {
      const values = pub.values.data.slice(row * width, (row + 1) * width);
      const means = new Float64Array(count);
      const variances = new Float64Array(count);
      for (const [index, group] of groups.entries()) {
        if (group.basis.length === 0) {
          for (const { coefficients } of group.terms) for (let k = 0; k < count; k++) means[k]! += coefficients[k]!;
          continue;
        }
        const draw = rng.fork("row", row, "block", block.index, "group", index);
        await this.#tally(pub.circuit, group, values, shots, draw, context, means, variances);
        context.charge(shots);
      }
      block.scatter(row, means, 0, evs);
      block.scatter(row, variances.map(Math.sqrt), 0, stds);
    }
  }

  async #tally(
    circuit: Circuit,
    group: MeasurementGroup,
    values: Float64Array,
    shots: number,
    rng: Rng,
    context: JobContext,
    means: Float64Array,
    variances: Float64Array,
  ): Promise<void> {
    const basis = group.basis.map(([qubit, letter]) => `${letter}${qubit}`).join(" ");
    const program = this.#programs.sampled(circuit, basis, () => measuredInBasis(circuit, group.basis).circuit);
    const tally = new GroupTally(group, means.length, program, circuit.numClbits);
    const histories = program.sample(values, shots, rng, "sorted", (_indices, _clbits, outcomes) =>
      tally.add(outcomes),
    );
    for (const _ of histories) await context.checkpoint();
    tally.addTo(means, variances);
    await context.checkpoint();
  }
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Rows of a PUB that need the same observables. */
interface Block {
  readonly index: number;
  readonly rows: readonly number[];
  readonly observables: readonly SparsePauliOp[];
  /** Copies the block's values of one row, which start at `from`, to the elements of the result they belong to. */
  scatter(row: number, values: Float64Array, from: number, out: Float64Array): void;
}

/** Splits a PUB so that each row is evaluated once, and only for observables that some element pairs with it. */
function blocksOf({ observables, rowOf, observableOf }: CheckedEstimatorPub): readonly Block[] {
  const elements = new Map<number, number[]>();
  for (let element = 0; element < rowOf.length; element++) {
    const row = rowOf[element]!;
    const list = elements.get(row);
    if (list === undefined) elements.set(row, [element]);
    else list.push(element);
  }
  const blocks = new Map<string, { rows: number[]; needed: readonly number[] }>();
  for (const [row, list] of elements) {
    const needed = [...new Set(list.map((element) => observableOf[element]!))].sort((a, b) => a - b);
    const key = needed.join();
    const block = blocks.get(key);
    if (block === undefined) blocks.set(key, { rows: [row], needed });
    else block.rows.push(row);
  }
  return [...blocks.values()].map(({ rows, needed }, index) => {
    const place = new Map(needed.map((observable, position) => [observable, position]));
    return {
      index,
      rows,
      observables: needed.map((observable) => observables.distinct[observable]!),
      scatter(row, data, from, out) {
        for (const element of elements.get(row)!) out[element] = data[from + place.get(observableOf[element]!)!]!;
      },
    };
  });
}
