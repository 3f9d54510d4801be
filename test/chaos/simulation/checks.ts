import type { JobTruth } from "../../../providers/emulator/control.ts";
import { historyOf } from "../../../src/runs/history.ts";
import { foldRun, type RunRecord, type RunState } from "../../../src/runs/index.ts";
import { notFinite, stepBits } from "./problems.ts";
import type { Reference } from "./reference.ts";
import type { World } from "./world.ts";

/** What a simulated run came to. */
export interface Findings {
  stepsLost: number;
  dupPaid: number;
  dupCreatedCancelled: number;
  unnoticed: number;
  nanSteps: number;
  overspendSeconds: number;
  weightsEqual: boolean;
  /** Jobs may have been paid twice. */
  excused: boolean;
  /** Most requests in an hour. */
  requestsPerHour: number;
}

/** With everything that goes wrong in it. */
const MOST_REQUESTS_PER_HOUR = 1500;
/** On the average of a run that waits for days. */
const REQUESTS_PER_HOUR = 140;

/** Compares a run that is finished with what is true of it at the service, and with the undisturbed one. */
export async function check(world: World, reference: Reference, bits: string | undefined): Promise<Findings> {
  const records = await world.store.read(world.id);
  const state = foldRun(records);
  const jobs = world.emulator.control.jobs().filter(({ tags }) => tags.includes(`lp-run-${world.id}`));
  const found: Findings = {
    ...checkSteps(world, records, reference, bits),
    ...checkJobs(world, state, jobs),
    overspendSeconds: world.overspend,
    excused: isExcused(world),
    requestsPerHour: mostPerHour(world.requests),
  };
  const excused = isExcused(world);
  const is = (name: string, value: number): void => {
    if (value > 0) world.wrong(name, String(value));
  };
  is("no step is lost", found.stepsLost);
  is("no value that is none", found.nanSteps);
  is("no job goes unnoticed", found.unnoticed);
  if (!found.weightsEqual) world.wrong("weights are equal", `${world.setting.problem.name}`);
  if (!excused) is("no job is paid twice", found.dupPaid);
  if (!excused) is("the budget holds", found.overspendSeconds);
  const hours = (world.now() - world.start) / 3_600_000;
  is("requests are few", Math.max(0, found.requestsPerHour - MOST_REQUESTS_PER_HOUR));
  is("nothing spins", Math.max(0, world.requests.length - MOST_REQUESTS_PER_HOUR - REQUESTS_PER_HOUR * hours));
  if (state.status !== "finished") world.wrong("the run finishes", state.status);
  checkJournal(world, records);
  await checkLedger(world, state, jobs);
  for (const id of world.lost) is("no job of a run before goes unnoticed", await checkLost(world, id));
  return found;
}

/**
 * What the service does here is more than a run can do something about: it lists jobs too late, two processes drive the run at
 * once, or it refuses what it has accepted, and cannot be asked afterwards.
 */
export function isExcused({ raced, setting, struck }: World): boolean {
  const lies = struck.includes("a submit is accepted, and answered 429");
  return (
    raced ||
    setting.beyond ||
    (lies && struck.some((kind) => /^(a question|the network|the service fails|all tokens)/.test(kind)))
  );
}

function checkSteps(world: World, records: readonly RunRecord[], reference: Reference, bits: string | undefined) {
  const numbers = records.flatMap(({ event }) => (event.type === "step" ? [event.step] : []));
  const lost = Array.from({ length: world.setting.problem.steps }, (_, index) => index + 1).filter(
    (step, index) => numbers[index] !== step,
  ).length;
  const own = stepBits(records);
  return {
    stepsLost: lost + Math.max(0, numbers.length - world.setting.problem.steps),
    nanSteps: own.filter((step) => notFinite(step) > 0).length,
    weightsEqual: bits === reference.bits && own.join() === reference.steps.join(),
  };
}

function checkJobs(world: World, state: RunState, jobs: readonly JobTruth[]) {
  const known = new Set(state.orphans.keys());
  const byKey = new Map<string, JobTruth[]>();
  for (const { submits } of state.jobs.values())
    for (const { jobId } of submits) if (jobId !== undefined) known.add(jobId);
  for (const job of jobs) {
    const key = job.tags.find((tag) => tag.startsWith("lp1-")) ?? "";
    byKey.set(key, [...(byKey.get(key) ?? []), job]);
  }
  let paid = 0;
  let cancelled = 0;
  for (const [key, same] of byKey) {
    if (same.length < 2) continue;
    const charged = same.filter(({ quantumSeconds }) => quantumSeconds > 0).length;
    paid += Math.max(0, charged - 1);
    cancelled += same.length - Math.max(1, charged);
    world.note(`${same.length} jobs of ${key}, ${charged} charged`);
  }
  const unnoticed = jobs.filter(({ id }) => !known.has(id));
  for (const { id } of unnoticed) world.note(`nobody knows of job ${id}`);
  return { dupPaid: paid, dupCreatedCancelled: cancelled, unnoticed: unnoticed.length };
}

/**
 * A run that another one took the place of says why it cannot go on, and all its jobs are known, unless they were listed too
 * late for that.
 * @returns how many are not
 */
async function checkLost(world: World, id: string): Promise<number> {
  const state = foldRun(await world.store.read(id));
  // A ledger that fails then cannot be told.
  const told =
    state.error?.code === "RUN_RESULT_LOST" || world.struck.some((kind) => /write fails|the ledger/.test(kind));
  if (!told) world.wrong("a lost result is told of", JSON.stringify(state.error));
  const jobs = world.emulator.control.jobs().filter(({ tags }) => tags.includes(`lp-run-${id}`));
  const { unnoticed } = checkJobs(world, state, jobs);
  return isExcused(world) ? 0 : unnoticed;
}

/** The journal makes sense by itself. */
function checkJournal(world: World, records: readonly RunRecord[]): void {
  const wrong = (what: string): void => world.wrong("the journal makes sense", what);
  const intents = new Set<string>();
  const results = new Set<string>();
  let epoch = 0;
  for (const [index, record] of records.entries()) {
    if (record.seq !== index + 1) wrong(`record ${record.seq} at place ${index + 1}`);
    if (record.epoch < epoch) wrong(`epoch ${record.epoch} after ${epoch}`);
    epoch = record.epoch;
    const { event } = record;
    if (event.type === "intent") intents.add(event.key);
    if (event.type === "submitted" && !intents.has(event.key)) wrong(`job ${event.jobId} without an intent`);
    if (event.type === "result") {
      if (results.has(event.key)) wrong(`two results of ${event.key}`);
      results.add(event.key);
    }
  }
  for (const { words } of historyOf(records)) if (words.trim() === "") wrong("a line of the history is empty");
}

/** What the ledger counts is what the service charges, and nothing is left set aside. */
async function checkLedger(world: World, state: RunState, jobs: readonly JobTruth[]): Promise<void> {
  const charged = jobs.reduce((sum, { quantumSeconds }) => sum + quantumSeconds, 0);
  const { settled, reserved } = await world.store.totals(`run:${world.id}`);
  const compare = (what: string, own: number, theirs: number): void => {
    if (Math.abs(own - theirs) > 1e-5)
      world.wrong("the ledger's sums are the service's", `${what}: ${own} and ${theirs}`);
  };
  compare("seconds of the run", state.quantumSeconds, charged);
  compare("seconds of its budget", settled.quantumSeconds, charged);
  compare("jobs of its budget", settled.jobs, jobs.length);
  if (reserved.jobs !== 0 || reserved.quantumSeconds !== 0)
    world.wrong("nothing is left set aside", JSON.stringify(reserved));
}

function mostPerHour(times: readonly number[]): number {
  let most = 0;
  for (let from = 0, to = 0; to < times.length; to++) {
    while (times[to]! - times[from]! > 3_600_000) from++;
    most = Math.max(most, to - from + 1);
  }
  return most;
}
