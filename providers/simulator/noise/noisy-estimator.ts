import type { Rng } from "../../../circuits/index.ts";
import type { JobContext, LocalJobs } from "../../job.ts";
import type { Estimator, EstimatorPub, EstimatorPubResult, Job, RunOptions } from "../../primitives.ts";
import { type CheckedEstimatorPub, checkEstimatorPubs, type PubLimits } from "../../pub.ts";
import { shotsFor } from "../../shots.ts";
import { type Block, blocksOf } from "../blocks.ts";
import { assertFiniteValues } from "../finite.ts";
import type { Place } from "../place.ts";
import { PubRuns } from "../pub-runs.ts";
import { estimateRows } from "../sampled-rows.ts";
import type { NoisyPrograms } from "./noisy-programs.ts";

/** Expectation values of noisy circuits, exact (precision 0) or sampled. */
export class NoisyEstimator implements Estimator {
  readonly #programs: NoisyPrograms;
  readonly #runs: PubRuns<CheckedEstimatorPub, EstimatorPubResult>;
  readonly #precision: number;
  readonly #limits: PubLimits;

  constructor(programs: NoisyPrograms, jobs: LocalJobs, rng: Rng, precision: number, limits: PubLimits) {
    this.#programs = programs;
    this.#runs = new PubRuns(jobs, rng, {
      prepare: (pub) => {
        for (const { observables } of blocksOf(pub))
          if (pub.precision > 0) programs.estimates(pub.circuit, observables);
          else programs.exact(pub.circuit, observables);
      },
      run: (...work) => this.#runPub(...work),
    });
    this.#precision = precision;
    this.#limits = limits;
  }

  async run(pubs: readonly EstimatorPub[], options?: RunOptions): Promise<Job<EstimatorPubResult>> {
    return this.#runs.submit(checkEstimatorPubs(pubs, this.#precision, this.#limits), options);
  }

  async #runPub(pub: CheckedEstimatorPub, rng: Rng, context: JobContext, place: Place): Promise<EstimatorPubResult> {
    const evs = new Float64Array(pub.rowOf.length);
    const stds = new Float64Array(pub.rowOf.length);
    const metadata: Record<string, unknown> = { precision: pub.precision };
    const shots = pub.precision > 0 ? shotsFor(pub.precision, this.#limits.maxShots) : 0;
    if (shots > 0) metadata.shots = shots;
    let pruned = 0;
    for (const block of blocksOf(pub))
      if (shots > 0) {
        const program = this.#programs.estimates(pub.circuit, block.observables);
        await estimateRows(program, { pub, block, shots, rng }, { evs, stds }, context, place);
      } else pruned += await this.#exact(pub, block, evs, context, place);
    if (pruned > 0) metadata.prunedProbability = pruned;
    return { shape: Object.freeze([...pub.shape]), evs, stds, metadata: Object.freeze(metadata) };
  }

  /** Returns the probability left out as negligible. */
  async #exact(
    { circuit, values }: CheckedEstimatorPub,
    block: Block,
    evs: Float64Array,
    context: JobContext,
    place: Place,
  ): Promise<number> {
    const program = this.#programs.exact(circuit, block.observables);
    const width = circuit.parameters.length;
    const means = new Float64Array(block.observables.length);
    let pruned = 0;
    for (const row of block.rows) {
      place.row = row;
      pruned += await context.finish(program.evaluate(values.data.slice(row * width, (row + 1) * width), means));
      context.charge(1);
      assertFiniteValues(means, 0, means.length);
      block.scatter(row, means, 0, evs);
      await context.checkpoint();
    }
    return pruned;
  }
}
