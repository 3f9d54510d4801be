import { type JobUsage, ProviderError, type RemoteBackend } from "../../providers/index.ts";
import { writeOff } from "./orphan-jobs.ts";
import type { RunJournal } from "./run-journal.ts";
import type { RunJob } from "./run-state.ts";
import type { Settlement } from "./run-store.ts";
import { runTag } from "./submit-key.ts";

/** What a job was charged, so far unless it is final. */
export interface Charge extends JobUsage {
  readonly final: boolean;
  /** The service could not be asked, which may pass. */
  readonly unheard?: ProviderError;
}

/**
 * What all parts of a job were charged, as the service tells it. While that is not final, or cannot be told, it counts as no
 * less than planned.
 * @param executions as planned, where that is known better
 */
export async function chargeOf(remote: RemoteBackend, job: RunJob, executions?: number): Promise<Charge> {
  const ids = new Set(job.submits.flatMap(({ jobId }) => (jobId === undefined ? [] : [jobId])));
  let quantumSeconds = 0;
  let told = 0;
  let final = true;
  let unheard: ProviderError | undefined;
  for (const id of ids)
    try {
      const usage = await remote.jobUsage(id);
      quantumSeconds += usage.quantumSeconds;
      told += usage.executions;
      final &&= usage.final !== false;
    } catch (error) {
      // Values that have been paid for are not given up for their price: it is asked for again.
      final = false;
      if (error instanceof ProviderError && error.retryable) unheard = error;
    }
  if (!final) quantumSeconds = Math.max(quantumSeconds, job.planned);
  return { quantumSeconds, executions: executions ?? told, final, ...(unheard === undefined ? {} : { unheard }) };
}

/**
 * Replaces what was set aside for a job by what it was charged; until that is final all of it stays set aside, since the
 * charge may come to as much.
 */
export function settlementOf(job: RunJob, { quantumSeconds, final }: Charge): readonly Settlement[] {
  if (!final) return [];
  const { reserved, parts, key } = job;
  // At the price at which it was set aside, whoever settles it.
  const perSecond = reserved.quantumSeconds > 0 ? reserved.money / reserved.quantumSeconds : 0;
  return [{ key, scopes: [], amount: { quantumSeconds, money: quantumSeconds * perSecond, jobs: parts } }];
}

/** Asks again for a charge that was not final. */
export async function settle(remote: RemoteBackend, journal: RunJournal, job: RunJob): Promise<Charge> {
  const charge = await chargeOf(remote, job, job.result?.executions);
  if (charge.final)
    await journal.append({
      settle: settlementOf(job, charge),
      events: [{ type: "settled", key: job.key, ...charge }],
    });
  return charge;
}

/** The service has not said in time what a job was charged: it counts as all that it could be. */
export async function settleAsReserved(journal: RunJournal, job: RunJob): Promise<void> {
  const { quantumSeconds } = job.reserved;
  const charge = { quantumSeconds, executions: job.result?.executions ?? 0, final: false };
  await journal.append({
    settle: settlementOf(job, { ...charge, final: true }),
    events: [{ type: "settled", key: job.key, ...charge }],
  });
}

/**
 * Compares the service's jobs of a run with its journal: those that no step knows are cancelled where they still wait, and
 * their charge is counted. A submit that is still without an answer is left to the search for it, and jobs of a run of the
 * same name in another ledger, whose keys are not this one's, are left alone.
 * @returns of how many the charge is not final; while it is not, it counts as no less than planned
 * @throws RunError RUN_FENCED before anything is cancelled; what the service throws; the signal's reason
 */
export async function sweep(remote: RemoteBackend, journal: RunJournal, signal?: AbortSignal): Promise<number> {
  const options = signal === undefined ? {} : { signal };
  const found = await remote.jobsTagged(runTag(journal.id), options);
  // Whoever drives the run instead may have made some of them; the journal is no longer ours then, and says so.
  await journal.append({ events: [] });
  const { jobs, orphans } = journal.state;
  const known = new Set<string>();
  const open = new Set<string>();
  for (const { submits, result, rejected } of jobs.values())
    for (const { key, jobId } of submits) {
      if (jobId !== undefined) known.add(jobId);
      else if (result === undefined && rejected === undefined) open.add(key);
    }
  let counted = 0;
  let notFinal = 0;
  for (const { id, tags, status } of found) {
    const [job] = tags.flatMap((tag) => jobs.get(tag) ?? jobs.get(tag.replace(/-\d+$/, "")) ?? []);
    if (job === undefined || known.has(id) || tags.some((tag) => open.has(tag))) continue;
    const charge = await writeOff(remote, journal, { job, orphans, id, status }, options);
    if (charge === undefined) continue;
    if (!charge.final) notFinal++;
    if (charge.isNew) counted++;
  }
  await journal.append({ events: [{ type: "swept", jobs: found.length, orphans: counted }] });
  return notFinal;
}
