import type { Rng } from "../../circuits/index.ts";
import type { JobContext, LocalJobs } from "../job.ts";
import type { Estimator, EstimatorPub, EstimatorPubResult, Job, RunOptions } from "../primitives.ts";
import { type CheckedEstimatorPub, checkEstimatorPubs, type PubLimits } from "../pub.ts";
import { shotsFor } from "../shots.ts";
import { type Block, blocksOf } from "./blocks.ts";
import type { BranchedExpectation } from "./branched-expectation.ts";
import type { RowExpectationProgram } from "./engine.ts";
import { assertFiniteValues } from "./finite.ts";
import type { Place } from "./place.ts";
import type { Programs } from "./programs.ts";
import { PubRuns } from "./pub-runs.ts";
import { estimateRows } from "./sampled-rows.ts";

/** Rows evaluated between two chances for other work: about this many amplitudes, */
const AMPLITUDES_PER_SLICE = 1 << 17;
/** and at most this many values. */
const VALUES_PER_SLICE = 1 << 20;

/** One PUB while it runs: its result so far, and where it is. */
interface Run {
  readonly pub: CheckedEstimatorPub;
  readonly evs: Float64Array;
  readonly stds: Float64Array;
  readonly context: JobContext;
  readonly place: Place;
}

/** Exact (precision 0) and sampled expectation values on the local simulator. */
export class LocalEstimator implements Estimator {
  readonly #programs: Programs;
  readonly #runs: PubRuns<CheckedEstimatorPub, EstimatorPubResult>;
  readonly #precision: number;
  readonly #limits: PubLimits;

  constructor(programs: Programs, jobs: LocalJobs, rng: Rng, precision: number, limits: PubLimits) {
    this.#programs = programs;
    this.#runs = new PubRuns(jobs, rng, {
      prepare: (pub) => this.#assertStatesFit(pub),
      run: (...work) => this.#runPub(...work),
    });
    this.#precision = precision;
    this.#limits = limits;
  }

  async run(pubs: readonly EstimatorPub[], options?: RunOptions): Promise<Job<EstimatorPubResult>> {
    return this.#runs.submit(checkEstimatorPubs(pubs, this.#precision, this.#limits), options);
  }

  /** Finds out whether a circuit is too wide before the PUBs in front of it run. */
  #assertStatesFit(pub: CheckedEstimatorPub): void {
    const { circuit, precision } = pub;
    if (!this.#programs.isWide(circuit)) return;
    for (const { observables } of blocksOf(pub))
      if (precision > 0) this.#programs.estimates(circuit, observables);
      else this.#programs.exact(circuit, observables);
  }

  async #runPub(pub: CheckedEstimatorPub, rng: Rng, context: JobContext, place: Place): Promise<EstimatorPubResult> {
    const evs = new Float64Array(pub.rowOf.length);
    const stds = new Float64Array(pub.rowOf.length);
    const metadata: Record<string, unknown> = { precision: pub.precision };
    const run: Run = { pub, evs, stds, context, place };
    const shots = pub.precision > 0 ? shotsFor(pub.precision, this.#limits.maxShots) : 0;
    if (shots > 0) metadata.shots = shots;
    for (const block of blocksOf(pub)) {
      place.row = undefined;
      if (shots > 0) {
        const program = this.#programs.estimates(pub.circuit, block.observables);
        await estimateRows(program, { pub, block, shots, rng }, run, context, place);
        continue;
      }
      const { unitary, branched } = this.#programs.exact(pub.circuit, block.observables);
      if (branched === undefined) {
        if (unitary.dtype === "float32") metadata.dtype = unitary.dtype;
        await this.#exact(run, block, unitary);
      } else {
        metadata.note ??= branched.note;
        await this.#branched(run, block, branched, metadata);
      }
    }
    return { shape: Object.freeze([...pub.shape]), evs, stds, metadata: Object.freeze(metadata) };
  }

  async #exact({ pub, evs, context, place }: Run, block: Block, program: RowExpectationProgram): Promise<void> {
    const width = pub.circuit.parameters.length;
    const count = block.observables.length;
    const rowsPerSlice = Math.max(
      1,
      Math.floor(
        Math.min(AMPLITUDES_PER_SLICE / 2 ** Math.min(30, pub.circuit.numQubits), VALUES_PER_SLICE / (count + width)),
      ),
    );
    for (let start = 0; start < block.rows.length; start += rowsPerSlice) {
      const rows = block.rows.slice(start, start + rowsPerSlice);
      const values = new Float64Array(rows.length * width);
      for (const [index, row] of rows.entries())
        values.set(pub.values.data.subarray(row * width, (row + 1) * width), index * width);
      const outputs = new Float64Array(rows.length * count);
      place.row = undefined;
      if (program.evaluateInSteps === undefined) program.evaluate(values, rows.length, outputs);
      else await context.finish(program.evaluateInSteps(values, rows.length, outputs));
      context.charge(rows.length);
      for (const [index, row] of rows.entries()) {
        place.row = row;
        assertFiniteValues(outputs, index * count, count);
        block.scatter(row, outputs, index * count, evs);
      }
      await context.checkpoint();
    }
  }

  async #branched(
    { pub, evs, context, place }: Run,
    block: Block,
    program: BranchedExpectation,
    metadata: Record<string, unknown>,
  ): Promise<void> {
    const width = pub.circuit.parameters.length;
    const out = new Float64Array(block.observables.length);
    for (const row of block.rows) {
      place.row = row;
      const steps = program.evaluate(pub.values.data.slice(row * width, (row + 1) * width), out);
      const { branches, prunedProbability } = await context.finish(steps);
      metadata.branches = ((metadata.branches as number | undefined) ?? 0) + branches;
      metadata.prunedProbability = ((metadata.prunedProbability as number | undefined) ?? 0) + prunedProbability;
      assertFiniteValues(out, 0, out.length);
      context.charge(1);
      block.scatter(row, out, 0, evs);
      await context.checkpoint();
    }
  }
}
