import { type JobStatus, type JobUsage, ProviderError, type RemoteBackend } from "../../providers/index.ts";
import { listingLag } from "./listing-lag.ts";
import type { RunJournal } from "./run-journal.ts";
import { foldRun, type RunJob, type RunState } from "./run-state.ts";

export interface OrphanJob extends Pick<RunState, "orphans"> {
  /** The run's own job whose key it bears. */
  readonly job: RunJob;
  readonly id: string;
  readonly status: JobStatus;
}

/**
 * Cancels a job that no step uses where it still waits, and counts its charge: while that is not final, as no less than planned.
 * @returns undefined where the service has deleted it
 */
export async function writeOff(
  remote: RemoteBackend,
  journal: RunJournal,
  { job, orphans, id, status }: OrphanJob,
  options: { readonly signal?: AbortSignal } = {},
): Promise<{ readonly final: boolean; readonly isNew: boolean } | undefined> {
  const waits = status === "queued" || status === "running";
  let usage: JobUsage;
  try {
    if (waits) await remote.cancelJob(id, options);
    usage = await remote.jobUsage(id, options);
  } catch (error) {
    if (error instanceof ProviderError && error.code === "JOB_NOT_FOUND") return undefined;
    throw error;
  }
  const final = usage.final !== false;
  const quantumSeconds = final ? usage.quantumSeconds : Math.max(usage.quantumSeconds, job.planned / job.parts);
  const isNew = !orphans.has(id);
  // One that ran when it was cancelled may be charged more than it was at first.
  if (orphans.get(id) === quantumSeconds) return { final, isNew };
  await journal.append({
    settle: [
      {
        key: `orphan:${id}`,
        scopes: journal.scopes(await journal.store.now()).map(({ scope }) => scope),
        amount: { quantumSeconds, money: quantumSeconds * journal.perSecond, jobs: 1 },
      },
    ],
    events: [{ type: "orphan", jobId: id, words: orphanWords(status), cancelled: waits, quantumSeconds }],
  });
  return { final, isNew };
}

/**
 * For a driver that was stopped or cut off in the middle of a submit, while somebody else took over the run: what has come of
 * that submit is used by the other one, or looked for, or nobody but this driver knows of it. Then it is cancelled and
 * counted here.
 * @param key of the whole job
 * @param heard the id that the service has answered; without one it is looked for as long as the service may take to list it
 */
export async function disown(remote: RemoteBackend, journal: RunJournal, key: string, heard?: string): Promise<void> {
  if (heard === undefined) await remote.clock.sleep(listingLag(remote));
  const { jobs, orphans } = foldRun(await journal.store.read(journal.id));
  const job = jobs.get(key);
  if (job === undefined) return;
  const isLookedFor = job.submits.some(({ jobId }) => jobId === undefined);
  if (isLookedFor && job.result === undefined && job.rejected === undefined) return;
  const found = new Map<string, JobStatus>(heard === undefined ? [] : [[heard, "queued"]]);
  for (const partKey of new Set(job.submits.map((submit) => submit.key)))
    for (const { id, status } of await remote.jobsTagged(partKey)) found.set(id, status);
  for (const [id, status] of found)
    if (!job.submits.some(({ jobId }) => jobId === id)) await writeOff(remote, journal, { job, orphans, id, status });
}

function orphanWords(status: JobStatus): string {
  const what = "No step knows it: it was submitted twice.";
  return status === "queued" || status === "running" ? `${what} It was cancelled.` : `${what} It had ended: ${status}.`;
}
