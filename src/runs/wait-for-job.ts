import { type EstimatorPubResult, type Job, ProviderError, type WaitStatus } from "../../providers/index.ts";
import { RunError } from "../errors.ts";
import { reached } from "./crash-points.ts";
import type { RunJournal } from "./run-journal.ts";
import { FIRST_WAIT_MS, longerWait } from "./waits.ts";

/** After so long in a queue a run is parked. */
const QUEUE_PATIENCE_MS = 600_000;
/** While it is parked the job is asked for after a tenth of the time that it has waited, within these. */
const SHORTEST_PARK_MS = 60_000;
const LONGEST_PARK_MS = 900_000;
/** Questions in a row without an answer of which the history tells. */
const TOLD_UNANSWERED = 3;

/**
 * The values of a job, waited for as long as it takes: a long queue parks the run, and a service that cannot be reached is
 * asked again. Whoever wakes a run looks once, and parks it again while the job is still in the queue.
 * @param submittedAt when it was known to be accepted, by the store's clock
 * @throws what the job failed with; RunError RUN_RESULT_LOST, RUN_PARKED; what waiting does not cure; the signal's reason
 */
export async function waitForJob(
  job: Job<EstimatorPubResult>,
  journal: RunJournal,
  backend: string,
  signal: AbortSignal | undefined,
  submittedAt: number | undefined,
): Promise<readonly EstimatorPubResult[]> {
  // Processes before this one may have waited, too.
  const before = submittedAt === undefined ? 0 : Math.max(0, (await journal.store.now()) - submittedAt);
  const began = journal.clock.now() - before;
  let unanswered = 0;
  for (let wait = FIRST_WAIT_MS; ; ) {
    signal?.throwIfAborted();
    const leave = new AbortController();
    const onStatus = ({ status, words }: WaitStatus): void => {
      reached("k7");
      const told = `Job ${job.id} at ${backend}: ${words}`;
      journal.activity(told);
      const before = unanswered;
      unanswered = status === "unreachable" ? before + 1 : 0;
      if (unanswered === TOLD_UNANSWERED || (unanswered === 0 && before >= TOLD_UNANSWERED)) journal.mention(told);
      if (status === "queued" && journal.clock.now() - began >= QUEUE_PATIENCE_MS) leave.abort();
    };
    try {
      return await job.result({
        signal: signal === undefined ? leave.signal : AbortSignal.any([signal, leave.signal]),
        onStatus,
      });
    } catch (error) {
      signal?.throwIfAborted();
      if (leave.signal.aborted && !isProviderError(error)) {
        const waited = journal.clock.now() - began;
        const park = Math.min(LONGEST_PARK_MS, Math.max(SHORTEST_PARK_MS, waited / 10));
        await journal.parkFor(
          `Job ${job.id} has been in the queue of ${backend} for ${timeWords(waited)}.`,
          park,
          signal,
        );
      } else if (isLost(error)) throw lost(job.id, error);
      else if (isProviderError(error) && error.retryable && !error.code.startsWith("JOB_")) {
        await journal.wait(`Job ${job.id}: ${error.message}`, wait, signal);
        wait = longerWait(wait);
      } else throw error;
    }
  }
}

/** Such as "12 minutes" or "31 hours". */
function timeWords(milliseconds: number): string {
  const minutes = Math.round(milliseconds / 60_000);
  return minutes < 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`;
}

function isProviderError(error: unknown): error is ProviderError {
  return error instanceof ProviderError;
}

function isLost(error: unknown): error is ProviderError {
  return isProviderError(error) && (error.code === "JOB_NOT_FOUND" || error.code === "JOB_NO_RESULT");
}

function lost(jobId: string, error: ProviderError): RunError {
  return new RunError(
    "RUN_RESULT_LOST",
    `The values of job ${jobId}, which was paid for, cannot be had: ${error.message} Nothing is bought again by itself. If the service is wrong, resume later; to buy them again, resume with lostResults: "rebuy" (--lost-results rebuy).`,
    { cause: error },
  );
}
