import type { JobPlan, JobStatus, JobUsage, RemoteBackend } from "../../providers/index.ts";
import type { RunJournal } from "./run-journal.ts";
import type { RunJob } from "./run-state.ts";
import type { Settlement } from "./run-store.ts";
import { runTag } from "./submission.ts";

interface PartUsage {
  readonly key: string;
  readonly quantumSeconds: number;
}
/** What a job was charged, by parts. */
export interface UsageByPart extends JobUsage {
  readonly final: boolean;
  readonly parts: readonly PartUsage[];
}

/**
 * As the service tells it. What it does not tell, or only in part, counts as planned: a budget must not be spent twice for
 * want of an answer.
 */
export async function usageOf(
  remote: RemoteBackend,
  job: RunJob,
  plan: JobPlan | undefined,
  told?: number,
): Promise<UsageByPart> {
  const ids = new Map<string, string>();
  for (const { key, jobId } of job.submits) if (jobId !== undefined) ids.set(key, jobId);
  const parts: PartUsage[] = [];
  let executions = 0;
  let final = true;
  for (const [key, id] of ids) {
    const planned = (plan?.quantumSeconds ?? told ?? 0) / Math.max(1, ids.size);
    try {
      const usage = await remote.jobUsage(id);
      const known = usage.final !== false;
      final &&= known;
      executions += usage.executions;
      parts.push({ key, quantumSeconds: known ? usage.quantumSeconds : Math.max(usage.quantumSeconds, planned) });
    } catch {
      final = false;
      parts.push({ key, quantumSeconds: planned });
    }
  }
  const quantumSeconds = parts.reduce((sum, part) => sum + part.quantumSeconds, 0);
  return { parts, quantumSeconds, executions: plan?.executions ?? executions, final };
}

/** Replaces what was set aside for a job by what it was charged. */
export function settlementOf({ parts }: UsageByPart, perSecond: number): readonly Settlement[] {
  return parts.map(({ key, quantumSeconds }) => ({
    key,
    scopes: [],
    amount: { quantumSeconds, money: quantumSeconds * perSecond, jobs: 1 },
  }));
}

/** Asks again for a charge that was not final. */
export async function settleUsage(remote: RemoteBackend, journal: RunJournal, job: RunJob): Promise<void> {
  const usage = await usageOf(remote, job, undefined, job.result?.quantumSeconds);
  if (!usage.final || job.result === undefined) return;
  const { quantumSeconds, final } = usage;
  await journal.append({
    settle: settlementOf(usage, journal.perSecond),
    events: [{ type: "settled", key: job.key, quantumSeconds, executions: job.result.executions, final }],
  });
}

/**
 * Compares the service's jobs of a run with its journal: those that no step knows are cancelled where they still wait, and
 * their charge is counted. A submit that is still without an answer is left to the search for it.
 */
export async function sweep(remote: RemoteBackend, journal: RunJournal): Promise<void> {
  const { jobs, orphans } = journal.state;
  const known = new Set<string>();
  const open = new Set<string>();
  for (const { submits, result, rejected } of jobs.values())
    for (const { key, jobId } of submits) {
      if (jobId !== undefined) known.add(jobId);
      else if (result === undefined && rejected === undefined) open.add(key);
    }
  const found = await remote.jobsTagged(runTag(journal.id));
  let counted = 0;
  for (const { id, tags, status } of found) {
    if (known.has(id) || tags.some((tag) => open.has(tag))) continue;
    const waits = status === "queued" || status === "running";
    if (waits) await remote.cancelJob(id);
    const { quantumSeconds } = await remote.jobUsage(id);
    // One that ran when it was cancelled may be charged more than it was at first.
    if (orphans.get(id) === quantumSeconds) continue;
    if (!orphans.has(id)) counted++;
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
  }
  await journal.append({ events: [{ type: "swept", jobs: found.length, orphans: counted }] });
}

function orphanWords(status: JobStatus): string {
  const what = "No step knows it: it was submitted twice.";
  return status === "queued" || status === "running" ? `${what} It was cancelled.` : `${what} It had ended: ${status}.`;
}
