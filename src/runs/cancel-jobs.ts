import type { RemoteBackend } from "../../providers/index.ts";
import type { RunEvent } from "./events.ts";
import { RunJournal } from "./run-journal.ts";
import type { RunJob } from "./run-state.ts";
import type { RunStore } from "./run-store.ts";
import { chargeOf, settlementOf } from "./sweep.ts";

export interface CancelledJobs {
  readonly cancelled: readonly string[];
  /** Those that had ended meanwhile, or whose end is not known: a resumed run takes their values, or finds out. */
  readonly kept: readonly string[];
}

const LOOKS = 10;
const LOOK_MS = 500;

/**
 * Cancels the jobs of a run that are out, and writes down that others take their place when the run is resumed. One that
 * has values is kept. Nobody may drive the run; it is stopped then.
 * @throws RunError RUN_UNKNOWN, RUN_DRIVEN, LEDGER_*; what the backend throws
 */
export async function cancelOpenJobs(
  store: RunStore,
  id: string,
  backend: RemoteBackend,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<CancelledJobs> {
  const journal = await RunJournal.open({ store, id });
  const cancelled: string[] = [];
  const kept: string[] = [];
  try {
    for (const { key, result, rejected } of [...journal.state.jobs.values()]) {
      if (result !== undefined || rejected !== undefined) continue;
      await findUnanswered(journal, key, backend, signal);
      const job = journal.state.jobs.get(key)!;
      const ids = idsOf(job);
      if (ids.length === 0) continue;
      if (job.backend === backend.name && (await cancel(backend, job, ids, signal))) {
        const charge = await chargeOf(backend, job);
        await journal.append({
          settle: settlementOf(job, charge),
          events: [
            ...unansweredOf(job),
            {
              type: "rejected",
              key: job.key,
              jobId: ids.join(","),
              code: "JOB_CANCELLED",
              words: "Cancelled when the run was left.",
              quantumSeconds: charge.quantumSeconds,
              final: charge.final,
              replaced: true,
            },
          ],
        });
        cancelled.push(...ids);
      } else kept.push(...ids);
    }
    await journal.stop("It was left, and jobs that were out were cancelled.");
  } finally {
    await journal.close();
  }
  return { cancelled, kept };
}

/** What has come of submits that were left without an answer, as far as the service lists it by now. */
async function findUnanswered(
  journal: RunJournal,
  key: string,
  backend: RemoteBackend,
  signal: AbortSignal | undefined,
): Promise<void> {
  const job = journal.state.jobs.get(key)!;
  if (job.backend !== backend.name) return;
  const options = signal === undefined ? {} : { signal };
  const known = new Set(job.submits.flatMap((submit) => (submit.jobId === undefined ? [] : [submit.key])));
  for (const partKey of new Set(job.submits.map((submit) => submit.key))) {
    if (known.has(partKey)) continue;
    const [first, ...surplus] = (await backend.jobsTagged(partKey, options)).map(({ id }) => id);
    if (first === undefined) continue;
    for (const id of surplus) await backend.cancelJob(id, options);
    await journal.append({ events: [{ type: "submitted", key, partKey, jobId: first, adopted: true, surplus }] });
  }
}

/** What is listed only later of a part that was left without an answer is to be found, though nobody waits for it. */
function unansweredOf({ key, submits }: RunJob): readonly RunEvent[] {
  const known = new Set(submits.flatMap((submit) => (submit.jobId === undefined ? [] : [submit.key])));
  if (submits.every((submit) => known.has(submit.key))) return [];
  const words = "A part of it was not answered when the run was left, and is not listed yet.";
  return [{ type: "unknown", key, words }];
}

function idsOf({ submits }: RunJob): readonly string[] {
  return [...new Set(submits.flatMap(({ jobId }) => (jobId === undefined ? [] : [jobId])))];
}

/** Whether all parts of a job ended cancelled; a service may take moments for it. */
async function cancel(
  backend: RemoteBackend,
  { submits }: RunJob,
  ids: readonly string[],
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const options = signal === undefined ? {} : { signal };
  for (const id of ids) await backend.cancelJob(id, options);
  const keys = new Set(submits.map(({ key }) => key));
  for (let look = 0; look < LOOKS; look++) {
    const listed = await Promise.all([...keys].map((key) => backend.jobsTagged(key, options)));
    const states = listed.flat().flatMap(({ id, status }) => (ids.includes(id) ? [status] : []));
    if (states.length === ids.length && states.every((status) => status === "cancelled")) return true;
    if (states.some((status) => status === "done" || status === "failed")) return false;
    await backend.clock.sleep(LOOK_MS, signal);
  }
  return false;
}
