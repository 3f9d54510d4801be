import type { RemoteBackend } from "../../providers/index.ts";
import type { RunJournal } from "./run-journal.ts";
import { foldRun, type RunJob } from "./run-state.ts";
import { chargeOf, settlementOf } from "./sweep.ts";

const RUNS_LOOKED_AT = 100;

/**
 * Other runs of the same schedule that were stopped or have failed with jobs out hold a part of its budget, and nobody asks what
 * became of these until the runs are resumed. Settles those that have ended, each once; a run that is resumed takes their values
 * all the same.
 */
export async function settleIdleRuns(remote: RemoteBackend, journal: RunJournal): Promise<void> {
  const { store, id: own, scheduleId } = journal;
  if (scheduleId === undefined) return;
  const settled = new Set<string>();
  for (const { event } of await store.read(own)) if (event.type === "settled") settled.add(event.key);
  for (const { id, status } of await store.runs({ schedule: scheduleId, limit: RUNS_LOOKED_AT })) {
    if (id === own || (status !== "stopped" && status !== "failed")) continue;
    const state = foldRun(await store.read(id));
    if (state.description?.remote?.account !== remote.account) continue;
    for (const job of state.jobs.values()) {
      if (settled.has(job.key) || (job.result ?? job.rejected)?.final === true || !(await hasEnded(remote, job)))
        continue;
      const charge = await chargeOf(remote, job);
      if (!charge.final) continue;
      const words = `A job of run ${id}, which nobody drives, has ended and is settled.`;
      await journal.append({
        settle: settlementOf(job, charge),
        // The other run's journal is closed to this one, which is to know of it the next time.
        events: [
          { type: "waiting", words },
          { type: "settled", key: job.key, ...charge },
        ],
      });
    }
  }
}

/** All parts are known, and none of them still waits or runs. */
async function hasEnded(remote: RemoteBackend, { submits, parts }: RunJob): Promise<boolean> {
  const ids = new Map(submits.flatMap(({ key, jobId }) => (jobId === undefined ? [] : [[jobId, key] as const])));
  if (ids.size < parts) return false;
  for (const [id, key] of ids) {
    const found = (await remote.jobsTagged(key)).find((job) => job.id === id);
    if (found === undefined || found.status === "queued" || found.status === "running") return false;
  }
  return true;
}
