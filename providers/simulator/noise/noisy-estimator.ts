import type { Rng } from "../../../circuits/index.ts";
import type { JobContext, LocalJobs } from "../../job.ts";
import { assertNotAborted } from "../../options.ts";
import type { Estimator, EstimatorPub, EstimatorPubResult, Job, RunOptions } from "../../primitives.ts";
import { type CheckedEstimatorPub, checkEstimatorPubs, type PubLimits } from "../../pub.ts";
import { shotsFor } from "../../shots.ts";
import { blocksOf } from "../blocks.ts";
import { assertFiniteValues } from "../finite.ts";
import { inPlace, type Place } from "../place.ts";
import type { NoisyPrograms } from "./noisy-programs.ts";

/** Expectation values of noisy circuits, exact (precision 0) or sampled. */
export class NoisyEstimator implements Estimator {
  readonly #programs: NoisyPrograms;
  readonly #jobs: LocalJobs;
  readonly #rng: Rng;
  readonly #precision: number;
  readonly #limits: PubLimits;
  #runs = 0;

  constructor(programs: NoisyPrograms, jobs: LocalJobs, rng: Rng, precision: number, limits: PubLimits) {
    this.#programs = programs;
    this.#jobs = jobs;
    this.#rng = rng;
    this.#precision = precision;
    this.#limits = limits;
  }

  async run(pubs: readonly EstimatorPub[], options?: RunOptions): Promise<Job<EstimatorPubResult>> {
    const checked = checkEstimatorPubs(pubs, this.#precision, this.#limits);
    assertNotAborted(options);
    // Only now is a place in the row of seeds taken: what was refused changes no later samples.
    const rng = this.#rng.fork("job", this.#runs++);
    return this.#jobs.submit(async (context) => {
      // All programs first, so that what cannot be simulated is refused before anything is.
      for (const [index, pub] of checked.entries())
        await inPlace(context.jobId, index, () => {
          for (const { observables } of blocksOf(pub))
            if (pub.precision > 0) this.#programs.estimates(pub.circuit, observables);
            else this.#programs.exact(pub.circuit, observables);
        });
      const results: EstimatorPubResult[] = [];
      for (const [index, pub] of checked.entries())
        results.push(
          await inPlace(context.jobId, index, (place) => this.#runPub(pub, rng.fork("pub", index), context, place)),
        );
      return results;
    }, options);
  }

  async #runPub(pub: CheckedEstimatorPub, rng: Rng, context: JobContext, place: Place): Promise<EstimatorPubResult> {
    const evs = new Float64Array(pub.rowOf.length);
    const stds = new Float64Array(pub.rowOf.length);
    const metadata: Record<string, unknown> = { precision: pub.precision };
    const shots = pub.precision > 0 ? shotsFor(pub.precision, this.#limits.maxShots) : 0;
    if (shots > 0) metadata.shots = shots;
    const width = pub.circuit.parameters.length;
    let pruned = 0;
    for (const block of blocksOf(pub)) {
      const { observables } = block;
      const means = new Float64Array(observables.length);
      const variances = new Float64Array(observables.length);
      for (const row of block.rows) {
        place.row = row;
        const values = pub.values.data.slice(row * width, (row + 1) * width);
        if (shots > 0) {
          const program = this.#programs.estimates(pub.circuit, observables);
          const draw = rng.fork("row", row, "block", block.index);
          await context.finish(program.estimate(values, shots, draw, means, variances, context.charge));
          block.scatter(row, variances.map(Math.sqrt), 0, stds);
        } else {
          pruned += await context.finish(this.#programs.exact(pub.circuit, observables).evaluate(values, means));
          context.charge(1);
        }
        assertFiniteValues(means, 0, means.length);
        block.scatter(row, means, 0, evs);
        await context.checkpoint();
      }
    }
    if (pruned > 0) metadata.prunedProbability = pruned;
    return { shape: Object.freeze([...pub.shape]), evs, stds, metadata: Object.freeze(metadata) };
  }
}
