import type { RemoteBackend } from "../../providers/index.ts";
import { oneLine } from "./history.ts";
import type { RunJournal } from "./run-journal.ts";

/** The same trouble is told again after so long. */
const AGAIN_MS = 600_000;

/**
 * Writes into a run's history what its backend tells of requests that are tried again, and of tokens and sessions that were
 * replaced. Lines that differ only in numbers and ids are written once until the run has come further or ten minutes have
 * passed.
 * @returns ends it
 */
export function keepNotices(remote: RemoteBackend, journal: RunJournal): () => void {
  const told = new Map<string, number>();
  let place = "";
  const end = remote.watch?.((line) => {
    const { step, epoch, executions, jobs } = journal.state;
    const here = [step, epoch, executions, jobs.size].join(" ");
    if (here !== place) told.clear();
    place = here;
    const form = line.replace(/\S*\d\S*/g, "#");
    const now = journal.clock.now();
    if (now - (told.get(form) ?? Number.NEGATIVE_INFINITY) < AGAIN_MS) return;
    told.set(form, now);
    const words = oneLine(line);
    journal
      // What others say who share the client wakes no run that is parked, and none that has ended.
      .append({ events: () => (journal.state.status === "running" ? [{ type: "waiting", words }] : []) })
      // A ledger that cannot take it now goes without.
      .catch(() => {});
  });
  return end ?? (() => {});
}
