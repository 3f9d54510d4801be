import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import type { FaultRule } from "../../../providers/emulator/index.ts";
import { type CrashPoint, onCrashPoint } from "../../../src/runs/crash-points.ts";
import { failingStore, type StoreFailure } from "../../support/failing-store.ts";
import { mortalStore } from "../../support/mortal-store.ts";
import { RunWorld, type Starting } from "../../support/run-world.ts";

/*
 * Jobs that a limit splits, under random trouble: parts that fail, whose answers or values are lost, and drivers that are
 * killed, left or cut off from their ledger in between. Whatever happens, the run comes to its numbers, no job is left out,
 * and all that was charged is counted.
 */

/** Of bytes; each step is two jobs at the service, or three. */
const PAYLOADS = [1300, 900] as const;
const STEPS = 2;
const DRIVERS = 200;

const POINTS = ["k0", "k1", "k2", "k5", "k6", "k7", "k9", "k10", "k12", "k13", "k15", "k18"] as const;
const nth = fc.integer({ min: 1, max: 6 });

/** What befalls one driver. */
type Blow =
  | { readonly kind: "kill"; readonly point: CrashPoint; readonly nth: number }
  | { readonly kind: "leave"; readonly after: number }
  | { readonly kind: "ledger"; readonly nth: number; readonly phase: StoreFailure["phase"] };

const blow: fc.Arbitrary<Blow> = fc.oneof(
  fc.record({ kind: fc.constant("kill" as const), point: fc.constantFrom(...POINTS), nth }),
  fc.record({ kind: fc.constant("leave" as const), after: fc.integer({ min: 1, max: 400 }) }),
  fc.record({
    kind: fc.constant("ledger" as const),
    nth: fc.integer({ min: 1, max: 60 }),
    phase: fc.constantFrom("before" as const, "after" as const),
  }),
);

const paths = ["/jobs", "/jobs/*", "/jobs/*/results", "/jobs/*/cancel"] as const;
const fault: fc.Arbitrary<FaultRule> = fc
  .record({
    path: fc.constantFrom(...paths),
    after: fc.nat(8),
    times: nth,
    what: fc.constantFrom<FaultRule>(
      { status: 503 },
      { status: 429, retryAfter: 5 },
      { dropConnection: "after" },
      { dropConnection: "before" },
      { hang: true, phase: "after" },
    ),
  })
  .map(({ what, ...rule }) => ({ ...rule, ...what }));
const lost: fc.Arbitrary<FaultRule> = fc
  .record({ after: fc.nat(6), times: nth })
  .map((rule) => ({ method: "GET", path: "/jobs/*/results", result: "none", ...rule }));
/** The next job of one driver, by its reason; 1000 may pass and 1517 does not. */
const failing = fc.constantFrom(undefined, 1000, 1517);

const trouble = fc.record({
  payload: fc.constantFrom(...PAYLOADS),
  queueSeconds: fc.constantFrom(0, 60, 700),
  lostResults: fc.constantFrom("stop" as const, "rebuy" as const),
  park: fc.constantFrom("stay" as const, "leave" as const),
  budget: fc.constantFrom("400s", "18s", "25s, 12 jobs", "16s/day"),
  blows: fc.array(blow, { maxLength: 5 }),
  faults: fc.array(fc.oneof(fault, lost), { maxLength: 3 }),
  failures: fc.array(failing, { maxLength: 6 }),
});

afterEach(() => onCrashPoint(undefined));

/** One driver of the run, until it is done or gone: what it came to, or why it ended. */
async function drive(world: RunWorld, starting: Starting, blow: Blow | undefined): Promise<Float64Array | string> {
  const mortal = mortalStore(world.store);
  const store =
    blow?.kind === "ledger"
      ? failingStore(world.store, { calls: "writes", nth: blow.nth, code: "LEDGER_IO", phase: blow.phase }).store
      : mortal.store;
  const leave = new AbortController();
  const { run, program } = await world.drive({ ...starting, store, ...{ signal: leave.signal } });
  const killed = Promise.withResolvers<string>();
  let seen = 0;
  onCrashPoint((point) => {
    if (blow?.kind !== "kill" || point !== blow.point || ++seen !== blow.nth) return;
    mortal.kill();
    program.kill();
    killed.resolve("killed");
    throw new Error("killed");
  });
  if (blow?.kind === "leave") void world.sleep(blow.after).then(() => leave.abort(new Error("left")));
  try {
    return await Promise.race([
      run.result().then(
        ({ weights }) => weights,
        (error: { readonly code?: string }) => error.code ?? String(error),
      ),
      killed.promise,
    ]);
  } finally {
    onCrashPoint(undefined);
  }
}

test("a split job comes to its numbers, and all of it is counted, whatever becomes of its parts and drivers", async () => {
  const undisturbed = new Map<number, Float64Array>();
  for (const maxPayloadBytes of PAYLOADS) {
    await using world = new RunWorld();
    const { weights } = await world.finish({ steps: STEPS, process: { limits: { maxPayloadBytes } } });
    expect(world.jobs.length).toBeGreaterThan(STEPS + 1);
    undisturbed.set(maxPayloadBytes, weights);
  }
  const property = fc.asyncProperty(trouble, async (drawn) => {
    const { payload, queueSeconds, blows, faults, failures, ...keeping } = drawn;
    await using world = new RunWorld({ queueSeconds });
    for (const rule of faults) world.fault(rule);
    let budget: string = keeping.budget;
    let outcome: Float64Array | string = "";
    for (let driver = 0; typeof outcome === "string" && driver < DRIVERS; driver++) {
      const reasonCode = failures[driver];
      if (reasonCode !== undefined) world.emulator.control.nextJobs([{ status: "Failed", reasonCode }]);
      const process = { limits: { maxPayloadBytes: payload } };
      outcome = await drive(world, { ...keeping, budget, steps: STEPS, process }, blows[driver]);
      if (/^BUDGET_/.test(String(outcome))) budget = "4000s";
      const { wakeAt = 0 } = (await world.store.run("run")) ?? {};
      // A lease that nobody renews ends.
      await world.sleep(Math.max(40, (wakeAt - (await world.store.now())) / 1000));
    }
    expect(outcome).toEqual(undisturbed.get(payload));
    const { jobs } = world;
    expect(jobs.filter(({ status }) => status === "Queued" || status === "Running")).toEqual([]);
    const charged = jobs.reduce((sum, { quantumSeconds }) => sum + quantumSeconds, 0);
    const { settled, reserved } = await world.store.totals("run:run");
    expect(reserved).toEqual({ quantumSeconds: 0, money: 0, jobs: 0 });
    expect(settled.jobs).toBe(jobs.length);
    expect(settled.quantumSeconds).toBeCloseTo(charged, 4);
    expect((await world.state()).quantumSeconds).toBeCloseTo(charged, 4);
  });
  await fc.assert(property, { numRuns: 30, endOnFailure: true });
});
