import { Circuit } from "../../../circuits/index.ts";
import type { RunOptions } from "../../../providers/index.ts";
import { type AnyJob, both, estimator, like, type Mutant, type Mutation, only, withResults } from "./mutant.ts";

const SUBMITTED = "onSubmitted is awaited with the job id before run resolves";
const ABORT = "aborting a wait rejects with the signal's reason and leaves the job's result available";
const REMOTE = "aborting a wait with cancelRemote also stops the job";
const CANCEL = "cancel stops a job, whose result then says so";
const ENDED = "cancelling a job that has ended changes nothing";
const IDS = "jobs have ids of their own and report their executions";
const STATUS = "a job's status is one of five, and done once there is a result";

const changed = (changes: (job: AnyJob) => Partial<AnyJob>): Mutation => ({ job: (job) => like(job, changes(job)) });
const usage = (executions: number): Mutation =>
  changed(() => ({ usage: async () => ({ quantumSeconds: 0, executions }) }));
const status = (word: string): Mutation => changed(() => ({ status: async () => word as "done" }));
/** Replaces onSubmitted, where there is one. */
const notify = (replace: (own: NonNullable<RunOptions["onSubmitted"]>) => RunOptions["onSubmitted"]): Mutation => ({
  runOptions: (options) => {
    const own = options?.onSubmitted;
    if (own === undefined) return options;
    const replaced = replace(own);
    return replaced === undefined ? {} : { ...options, onSubmitted: replaced };
  },
});

export const jobMutants: readonly Mutant[] = [
  ["every job is called the same", changed(() => ({ id: "job" })), both(IDS, SUBMITTED)],
  ["nothing is executed", usage(0), both(IDS)],
  [
    "every job counts as one execution",
    usage(1),
    { ...estimator("usage counts the executions of every row"), sampler: ["usage counts rows times shots"] },
  ],
  ["the status is always done", status("done"), both(STATUS, CANCEL)],
  ["the status is never done", status("running"), both(STATUS)],
  ["the status is a word of the backend's own", status("COMPLETED"), both(STATUS)],
  ["cancel does nothing", changed(() => ({ cancel: async () => {} })), both(CANCEL)],
  [
    "cancel throws",
    changed(() => ({
      cancel: async () => {
        throw new TypeError("not implemented");
      },
    })),
    both(CANCEL, ENDED),
  ],
  [
    "a cancelled job fails with an error that names no job",
    changed((job) => ({
      result: (options) =>
        job.result(options).catch((error) => {
          throw error.code === "JOB_CANCELLED" ? new Error("stopped") : error;
        }),
    })),
    both(CANCEL, REMOTE),
  ],
  [
    "a job that has ended can still be cancelled",
    changed((job) => {
      let cancelled = false;
      return {
        cancel: async () => {
          cancelled = true;
        },
        status: async () => (cancelled ? "cancelled" : job.status()),
      };
    }),
    both(ENDED),
  ],
  [
    "cancelRemote is ignored",
    changed((job) => ({ result: ({ signal } = {}) => job.result(signal === undefined ? {} : { signal }) })),
    both(REMOTE),
  ],
  [
    "an aborted wait always stops the job",
    changed((job) => ({ result: (options) => job.result({ ...options, cancelRemote: true }) })),
    both(ABORT),
  ],
  ["a wait cannot be aborted", changed((job) => ({ result: () => job.result() })), both(ABORT)],
  [
    "a further look at the result finds something else",
    {
      job: (job) => {
        let looks = 0;
        return withResults(job, (results) => (looks++ < 2 ? results : results.map((r) => ({ ...r, shape: [7] }))));
      },
    },
    both("a result can be asked for again and is the same"),
  ],
  [
    "what onSubmitted throws is swallowed",
    notify((own) => async (id) => {
      try {
        await own(id);
      } catch {
        // The job goes on, though nobody knows its id.
      }
    }),
    both("run rejects with what onSubmitted throws"),
  ],
  ["onSubmitted is not awaited", notify((own) => (id) => void own(id)), both(SUBMITTED)],
  ["onSubmitted is not called", notify(() => undefined), both(SUBMITTED)],
  [
    "a signal that is aborted already is ignored",
    { runOptions: (options) => (options?.onSubmitted === undefined ? {} : { onSubmitted: options.onSubmitted }) },
    both("a signal that is aborted already submits nothing"),
  ],
];

/** Answers with something whatever it is asked. */
export const acceptsAnything: Mutation = {
  run: async (submit, pubs, options, again) => {
    const pub = { circuit: Circuit.build(1, (c) => c.h(0).measureAll()), observables: "Z" };
    try {
      const job = await submit(pubs, options);
      return like(job, { result: (wait) => job.result(wait).catch(async () => [await only(again(), pub)]) });
    } catch {
      return again()([pub], {});
    }
  },
};
