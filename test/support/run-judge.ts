import type { JobTruth } from "../../providers/emulator/control.ts";
import { foldRun, type RunStore } from "../../src/runs/index.ts";

/** What the ledger says of a run beside what the service knows of its jobs. */
export interface RunVerdict {
  readonly finished: boolean;
  readonly takeovers: number;
  /** Steps that were to be done and are not there, or are there twice. */
  readonly stepsWrong: number;
  /** Jobs whose values steps use. */
  readonly jobsUsed: number;
  readonly jobsAccepted: number;
  /** Jobs that no step uses: those that were paid, and those that were cancelled before they cost anything. */
  readonly dupPaid: number;
  readonly dupCreatedCancelled: number;
  /** Of these the ones that the ledger does not know. */
  readonly unnoticed: number;
  /** Seconds that the ledger has more, or less, than the service charged. */
  readonly secondsApart: number;
  /** Reservations that were never given back. */
  readonly reserved: number;
}

/** A budget counts in millionths, and rounds what each job was charged up. */
const EXACT = 1e-6;

export async function judgeRun(
  store: RunStore,
  id: string,
  steps: number,
  jobs: readonly JobTruth[],
): Promise<RunVerdict> {
  const records = await store.read(id);
  const state = foldRun(records);
  const taken = records.flatMap(({ event }) => (event.type === "step" ? [event.step] : []));
  const accepted = jobs.filter(({ tags }) => tags.includes(`lp-run-${id}`));
  const used = new Set([...state.jobs.values()].flatMap(({ result }) => result?.jobId.split(",") ?? []));
  const noticed = new Set([...used, ...state.orphans.keys()]);
  for (const { event } of records)
    if (event.type === "submitted") for (const jobId of [event.jobId, ...event.surplus]) noticed.add(jobId);
    else if (event.type === "rejected" && event.jobId !== undefined)
      for (const jobId of event.jobId.split(",")) noticed.add(jobId);
  const duplicates = accepted.filter((job) => !used.has(job.id));
  const charged = accepted.reduce((sum, { quantumSeconds }) => sum + quantumSeconds, 0);
  const { settled, reserved } = await store.totals(`run:${id}`);
  const apart = [settled.quantumSeconds, state.quantumSeconds].map((seconds) => Math.abs(seconds - charged));
  return {
    finished: state.status === "finished",
    takeovers: records.filter(({ event }) => event.type === "claimed" && event.takeover).length,
    stepsWrong: steps - new Set(taken).size + taken.length - new Set(taken).size,
    jobsUsed: used.size,
    jobsAccepted: accepted.length,
    dupPaid: duplicates.filter(({ quantumSeconds }) => quantumSeconds > 0).length,
    dupCreatedCancelled: duplicates.filter(({ quantumSeconds }) => quantumSeconds === 0).length,
    unnoticed: duplicates.filter(({ id: job }) => !noticed.has(job)).length,
    secondsApart: Math.max(...apart) <= EXACT * (accepted.length + 1) ? 0 : Math.max(...apart),
    reserved: reserved.jobs,
  };
}

/** Of all runs together. */
export const NO_VERDICTS = {
  unfinished: 0,
  takeovers: 0,
  stepsWrong: 0,
  jobsUsed: 0,
  jobsAccepted: 0,
  dupPaid: 0,
  dupCreatedCancelled: 0,
  unnoticed: 0,
  secondsApart: 0,
  reserved: 0,
};

export function addVerdict(sums: typeof NO_VERDICTS, { finished, ...verdict }: RunVerdict): typeof NO_VERDICTS {
  const added = { ...sums, unfinished: sums.unfinished + (finished ? 0 : 1) };
  for (const [name, count] of Object.entries(verdict)) added[name as keyof typeof verdict] += count;
  return added;
}

/** How much of all this is never to be. */
export function faultsIn({
  unfinished,
  stepsWrong,
  dupPaid,
  unnoticed,
  secondsApart,
  reserved,
}: typeof NO_VERDICTS): number {
  return unfinished + stepsWrong + dupPaid + unnoticed + secondsApart + reserved;
}
