/**
 * One run again and again, of which another write to the ledger, read of it, or request to the service fails each time; then the
 * same call goes on. One line of figures. Run by itself or by `npm run chaos`: `node test/chaos/nth-failure.ts [--quick]`.
 */
import { isDeepStrictEqual } from "node:util";
import type { FaultRule } from "../../providers/emulator/faults/fault-rule.ts";
import { type MinimizeResult, memoryStore } from "../../src/index.ts";
import type { RunStore } from "../../src/runs/index.ts";
import { failingStore, type StoreFailure } from "../support/failing-store.ts";
import { fullDisks } from "../support/full-disks.ts";
import { InProcessEmulator, type InProcessProgram } from "../support/in-process-emulator.ts";
import { addVerdict, faultsIn, judgeRun, NO_VERDICTS, type RunVerdict } from "../support/run-judge.ts";
import { driveSmall, minimizeSmall, SMALL_STEPS } from "../support/small-run.ts";

export interface NthFailureOptions {
  /** Every fourth call only. */
  readonly quick?: boolean;
}

/** Steps between the calls that fail: 1 for each of them. */
export interface NthFailureScale {
  readonly stride: number;
  /** Pages by which the disks differ. */
  readonly diskStride: number;
}

const CODES = ["LEDGER_IO", "LEDGER_FULL", "LEDGER_BUSY"] as const;
/** Nothing is written; it is written, and the answer is lost; nothing is written any more until the program has ended. */
const WRITE_FAILURES = CODES.flatMap((code) => [
  { calls: "writes", code, phase: "before" } as const,
  { calls: "writes", code, phase: "after" } as const,
  { calls: "writes", code, phase: "before", lasting: true } as const,
]);
const READ_FAILURES = CODES.map((code) => ({ calls: "reads", code, phase: "before" }) as const);
/** One failure ends one program; there may be as few as none. */
const MOST_RESUMES = 3;

/** How a request goes wrong. */
const TROUBLES = {
  refused: "offline",
  "dropped before it is done": { dropConnection: "before" },
  "dropped, and done later": { dropConnection: "before", lateSeconds: 20 },
  "dropped after it is done": { dropConnection: "after" },
  "dropped amid the answer": { dropConnection: "midway" },
  "500": { status: 500 },
  "500 after it is done": { status: 500, phase: "after" },
  "504 after it is done": { status: 504, phase: "after" },
  "429": { status: 429, retryAfter: 3 },
  "429 after it is done": { status: 429, phase: "after" },
  "silence before it is done": { hang: true },
  "silence after it is done": { hang: true, phase: "after" },
  "an answer that is no JSON": "garbled",
} as const satisfies Readonly<Record<string, FaultRule | "offline" | "garbled">>;

/** What IBM's Python client takes for a reason to submit once more, or to give up. */
const AFTER_ACCEPTING = {
  "500": { status: 500, phase: "after" },
  "504": { status: 504, phase: "after" },
  reset: { dropConnection: "after" },
  "429": { status: 429, phase: "after" },
} as const satisfies Readonly<Record<string, FaultRule>>;

export async function main({ quick = false }: NthFailureOptions = {}): Promise<object> {
  return nthFailure(quick ? { stride: 4, diskStride: 8 } : { stride: 1, diskStride: 1 });
}

export async function nthFailure({ stride, diskStride }: NthFailureScale) {
  const began = performance.now();
  const sums = new Sums();
  const writes = await failStoreCalls(WRITE_FAILURES, stride, sums);
  const reads = await failStoreCalls(READ_FAILURES, stride, sums);
  const requests = await failRequests(stride, sums);
  const afterAccepting = await loseSubmits(sums);
  const disk = await fullDisks(diskStride);
  const { verdicts, weightsUnequal, ...counts } = sums.figures;
  const once = Object.values(afterAccepting).every(({ acceptedPerJob, finishes }) => acceptedPerJob === 1 && finishes);
  return {
    chaos: "nth-failure",
    ok: faultsIn(verdicts) + weightsUnequal === 0 && once && ("skipped" in disk || disk.ok),
    storeWrites: writes,
    storeReads: reads,
    requests,
    kinds: Object.keys(TROUBLES).length + WRITE_FAILURES.length + READ_FAILURES.length,
    ...counts,
    ...verdicts,
    weightsEqual: weightsUnequal === 0,
    weightsUnequal,
    ledgerEqualsUsage: verdicts.secondsApart + verdicts.reserved === 0,
    afterAccepting,
    fullDisk: disk,
    seconds: Math.round((performance.now() - began) / 1000),
  };
}

/** @returns how many calls the run makes */
async function failStoreCalls(
  kinds: readonly Omit<StoreFailure, "nth">[],
  stride: number,
  sums: Sums,
): Promise<number> {
  let most = 0;
  for (const [index, kind] of kinds.entries()) {
    await using place = await Place.open();
    for (let nth = 1 + (index % stride); ; nth += stride) {
      const store = memoryStore({ clock: place.world.clock });
      const failing = failingStore(store, { ...kind, nth });
      let programs = 0;
      await place.check(sums, JSON.stringify({ ...kind, nth }), store, failing.store, () => {
        if (programs++ > 0) failing.mend();
      });
      if (failing.struck() === 0) break;
      most = Math.max(most, nth);
    }
  }
  return most;
}

/** @returns how many requests the run makes */
async function failRequests(stride: number, sums: Sums): Promise<number> {
  let most = 0;
  let offset = 0;
  for (const [name, trouble] of Object.entries(TROUBLES)) {
    await using place = await Place.open();
    const { faults } = place.world.control;
    for (let nth = 1 + (offset++ % stride); ; nth += stride) {
      const store = memoryStore({ clock: place.world.clock });
      let struck = 0;
      if (typeof trouble === "object") {
        faults.add({ ...trouble, name, after: nth - 1 });
        await place.check(sums, `${nth} ${name}`, store, store);
        struck = faults.rules[0]!.struck;
        faults.clear();
      } else {
        let count = 0;
        await place.check(sums, `${nth} ${name}`, store, store, (program) => {
          program.onRequest = (_request, stage) => {
            if (stage === "answered") return;
            program.offline = ++count === nth && trouble === "offline";
            if (count === nth) struck++;
          };
          if (trouble === "garbled")
            program.onAnswer = (_request, response) =>
              count === nth ? { ...response, body: Buffer.from('{"id": "cut o') } : response;
        });
      }
      if (struck === 0) break;
      most = Math.max(most, nth);
    }
  }
  return most;
}

/** Every submit is accepted, and none is answered so. */
async function loseSubmits(sums: Sums) {
  const found: Record<string, { readonly acceptedPerJob: number; readonly finishes: boolean }> = {};
  for (const [name, rule] of Object.entries(AFTER_ACCEPTING)) {
    await using place = await Place.open();
    place.world.control.faults.add({ ...rule, method: "POST", path: "/jobs", times: null });
    const store = memoryStore({ clock: place.world.clock });
    const { resumes, jobs } = await place.check(sums, `submits: ${name}`, store, store);
    found[name] = { acceptedPerJob: jobs / (SMALL_STEPS + 1), finishes: resumes === 0 };
  }
  return found;
}

/** An emulator, and what the run comes to there when nothing goes wrong. */
class Place implements AsyncDisposable {
  readonly world: InProcessEmulator;
  readonly #straight: MinimizeResult;
  #count = 0;

  static async open(): Promise<Place> {
    const world = InProcessEmulator.open({ devices: ["manila"], seed: 3, noise: false });
    return new Place(world, await minimizeSmall(world.process(), undefined));
  }

  private constructor(world: InProcessEmulator, straight: MinimizeResult) {
    this.world = world;
    this.#straight = straight;
  }

  /** Drives a run of its own to the end, and adds what came of it. */
  async check(
    sums: Sums,
    what: string,
    store: RunStore,
    seen: RunStore,
    prepare?: (program: InProcessProgram) => void,
  ): Promise<{ readonly resumes: number; readonly jobs: number }> {
    const { world } = this;
    const id = `run-${++this.#count}`;
    const before = world.control.counts().jobs;
    const driven = await driveSmall({
      world,
      store: seen,
      id,
      mostResumes: MOST_RESUMES,
      ...(prepare === undefined ? {} : { prepare }),
    });
    const jobs = world.control.jobs();
    const equal =
      isDeepStrictEqual(driven.result?.weights, this.#straight.weights) &&
      driven.result?.value === this.#straight.value;
    const verdict = await judgeRun(store, id, SMALL_STEPS, jobs);
    sums.add(what, driven.resumes, equal, verdict, driven.errors);
    return { resumes: driven.resumes, jobs: jobs.length - before };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.world[Symbol.asyncDispose]();
  }
}

class Sums {
  figures = { runs: 0, byItself: 0, resumed: 0, mostResumes: 0, weightsUnequal: 0, verdicts: NO_VERDICTS };

  add(what: string, resumes: number, equal: boolean, verdict: RunVerdict, errors: readonly unknown[]): void {
    const { runs, byItself, resumed, mostResumes, weightsUnequal, verdicts } = this.figures;
    this.figures = {
      runs: runs + 1,
      byItself: byItself + (resumes === 0 ? 1 : 0),
      resumed: resumed + (resumes === 0 ? 0 : 1),
      mostResumes: Math.max(mostResumes, resumes),
      weightsUnequal: weightsUnequal + (equal ? 0 : 1),
      verdicts: addVerdict(verdicts, verdict),
    };
    if (!equal || faultsIn(addVerdict(NO_VERDICTS, verdict)) > 0)
      process.stderr.write(`${what}: ${JSON.stringify({ resumes, equal, verdict })} ${errors.join("; ")}\n`);
  }
}

if (import.meta.main) {
  const figures = await main({ quick: process.argv.includes("--quick") });
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  if (!("ok" in figures && figures.ok === true)) process.exitCode = 1;
}
