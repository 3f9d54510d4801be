import type { Rng } from "../../circuits/index.ts";
import type { JobContext, LocalJobs } from "../job.ts";
import { assertNotAborted } from "../options.ts";
import type { Job, RunOptions } from "../primitives.ts";
import { inPlace, type Place } from "./place.ts";

/** What a primitive does with a checked PUB. */
export interface PubWork<Pub, Result> {
  /** Throws where the PUB cannot be simulated; asked of all PUBs of a job before the first is run. */
  readonly prepare: (pub: Pub) => void;
  readonly run: (pub: Pub, rng: Rng, context: JobContext, place: Place) => Promise<Result>;
}

/** The jobs of one primitive in this process: PUBs in order, each with samples of its own. */
export class PubRuns<Pub, Result> {
  readonly #jobs: LocalJobs;
  readonly #rng: Rng;
  readonly #work: PubWork<Pub, Result>;
  #count = 0;

  /** @param rng forked by job and PUB */
  constructor(jobs: LocalJobs, rng: Rng, work: PubWork<Pub, Result>) {
    this.#jobs = jobs;
    this.#rng = rng;
    this.#work = work;
  }

  /** @throws as `LocalJobs.submit` */
  async submit(checked: readonly Pub[], options: RunOptions | undefined): Promise<Job<Result>> {
    assertNotAborted(options);
    const { prepare, run } = this.#work;
    // Only now is a place in the row of seeds taken: what was refused changes no later samples.
    const rng = this.#rng.fork("job", this.#count++);
    return this.#jobs.submit(async (context) => {
      for (const [index, pub] of checked.entries()) await inPlace(context.jobId, index, () => prepare(pub));
      const results: Result[] = [];
      for (const [index, pub] of checked.entries())
        results.push(await inPlace(context.jobId, index, (place) => run(pub, rng.fork("pub", index), context, place)));
      return results;
    }, options);
  }
}
