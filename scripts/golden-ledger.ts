import { rmSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  type Append,
  createdEvent,
  hashOf,
  type Lease,
  type NewRun,
  type Owner,
  openStore,
  packState,
  type RunEvent,
  type RunStore,
} from "../src/runs/index.ts";
import { LEDGER_FORMAT } from "../src/runs/sqlite/migrations.ts";
import { ledgerContent } from "../test/compat/ledger-content.ts";
import { VirtualClock } from "../test/support/virtual-clock.ts";

// Writes a ledger of today's format, and what it must read as in all versions to come:
//   node scripts/golden-ledger.ts [FOLDER]
// Runs in every status, every kind of event, what was reserved and charged, schedules, ticks and states.
const folder = process.argv[2] ?? fileURLToPath(new URL("../test/compat/", import.meta.url));
const file = `${folder}/ledger-v${LEDGER_FORMAT}.db`;

const clock = new VirtualClock(Date.parse("2026-11-26T02:00:00Z"));
const pass = (seconds: number): void => clock.advance(seconds);

const TTL = 30;
const SCOPES = ["run:nightly-20261126", "schedule:nightly", "day:schedule:nightly:2026-11-26", "run:stopped"];
const ACCOUNT = hashOf(Buffer.from("an account"));
const blobs: string[] = [];

const owner = (number: number): Owner => ({
  id: `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`,
  host: "lab.example",
  pid: 4000 + number,
  processStart: clock.now() - 60_000,
  process: `5f0c3c5e-0000-4000-8000-000000000000/pid:[4026531836]/${1000 + number}`,
});
const blob = (value: unknown): Uint8Array => {
  const bytes = packState(value);
  blobs.push(hashOf(bytes));
  return bytes;
};
const keyOf = (name: string): string =>
  `lp1-${hashOf(Buffer.from(name))
    .replaceAll(/[018-9]/g, "a")
    .slice(0, 26)}`;

/** A state as training has it: weights, slots of the optimizer, the generator, and the place in the data. */
const state = (step: number): unknown => ({
  step,
  weights: Float64Array.from({ length: 24 }, (_, index) => Math.sin(step + index)),
  optimizer: { name: "adam", count: step, m: new Float64Array(24).fill(0.1), v: new Float64Array(24).fill(-0) },
  rng: { key: 'number:7/"step"', state: [1, 2, 3, step] },
  data: { epoch: 1, at: 8 * step, order: Int32Array.from({ length: 32 }, (_, index) => 31 - index) },
});
const described = (kind: "train" | "minimize"): RunEvent => ({
  type: "described",
  description: {
    kind,
    remote: {
      name: "ibm_torino",
      account: ACCOUNT,
      capabilities: {
        local: false,
        adjoint: false,
        exact: false,
        dynamicCircuits: true,
        idempotentSubmit: "reconcile",
        limits: { maxQubits: 133, maxShots: 100_000 },
      },
    },
    parts: { model: hashOf(Buffer.from("model")), batchSize: 8, seed: 7, shuffle: true, account: ACCOUNT, note: null },
  },
  snapshot: hashOf(packState(state(0))),
});

async function start(
  store: RunStore,
  number: number,
  run: NewRun,
  kind: "train" | "minimize" = "train",
): Promise<Lease> {
  pass(1);
  await store.create(run);
  pass(1);
  const lease = await store.claim(run.id, owner(number), TTL);
  await write(store, lease, { events: [described(kind)], blobs: [blob(state(0))] });
  return lease;
}

async function write(store: RunStore, lease: Lease, append: Append): Promise<void> {
  pass(0.25);
  const { outcome } = await store.append(lease, append);
  if (outcome !== "written") throw new Error(`An append of ${lease.runId} was ${outcome}.`);
}

/** Intent and submit of a job. */
async function submit(store: RunStore, lease: Lease, phase: string, attempt = 0): Promise<string> {
  const place = { phase, index: 0, attempt };
  const key = keyOf(`${lease.runId}/${phase}/${attempt}`);
  const scopes = SCOPES.filter((scope) => lease.runId !== "stopped" || scope === "run:stopped").map((scope) => ({
    scope,
    limits: { quantumSeconds: 60, money: 96 },
    currency: "USD",
  }));
  await write(store, lease, {
    events: (reserved) => [
      {
        type: "intent",
        key,
        partKey: key,
        part: 0,
        parts: 1,
        place,
        backend: "ibm_torino",
        bodyHash: hashOf(Buffer.from(key)),
        serviceTime: clock.now(),
        reserved,
        executions: 4096,
        quantumSeconds: 2.5,
      },
    ],
    reserve: { key, scopes, needSeconds: 3, capSeconds: 5, jobs: 1, perSecond: 1.6 },
    submit: { account: ACCOUNT, perMinute: 5, key },
  });
  if (phase === "step-1" && attempt === 0)
    await write(store, lease, { events: [{ type: "refused", key, partKey: key, words: "429: asked too often" }] });
  pass(15);
  return key;
}

/** A job of which all went well, and the step that it was for. */
async function takeStep(store: RunStore, lease: Lease, step: number): Promise<void> {
  const key = await submit(store, lease, `step-${step}`);
  const jobId = `d2${lease.runId.length}job${step}`;
  await write(store, lease, {
    events: [
      { type: "submitted", key, partKey: key, jobId, adopted: step === 2, surplus: step === 2 ? ["d2surplus"] : [] },
    ],
    activity: `Job ${jobId} is queued.`,
  });
  pass(30);
  const [values, record] = [
    blob({ evs: new Float64Array(6).fill(step / 7) }),
    blob({ circuits: [`OPENQASM 3.0; // ${step}`] }),
  ];
  const usage = { quantumSeconds: 2 + step / 8, executions: 4096 };
  await write(store, lease, {
    events: [
      {
        type: "result",
        key,
        jobId,
        result: hashOf(values),
        record: hashOf(record),
        calibration: "2026-11-26T01:07:00Z",
        ...usage,
        final: step !== 1,
      },
    ],
    blobs: [values, record],
    settle: [
      { key, scopes: [], amount: { quantumSeconds: usage.quantumSeconds, money: 1.6 * usage.quantumSeconds, jobs: 1 } },
    ],
  });
  if (step === 1)
    await write(store, lease, {
      events: [{ type: "settled", key, quantumSeconds: 2, executions: 4096, final: true }],
      settle: [{ key, scopes: [], amount: { quantumSeconds: 2, money: 3.2, jobs: 1 } }],
    });
  const snapshot = blob(state(step));
  const report = { step, epoch: 1, loss: 0.7 / step, stderr: { $number: "NaN" }, seconds: 45.5, jobIds: [jobId] };
  await write(store, lease, {
    events: [{ type: "step", step, report, snapshot: hashOf(snapshot) }],
    blobs: [snapshot],
    activity: null,
  });
}

for (const ending of ["", "-wal", "-shm"]) rmSync(file + ending, { force: true });
const store = await openStore(file, { clock });
const nonce = "00000000-0000-4000-8000-000000000999";
const created: RunEvent = {
  ...createdEvent(),
  nonce,
  versions: { lepton: createdEvent().versions.lepton!, node: "26.10.0" },
};

await store.addSchedule("nightly", {
  config: "digits.ts",
  cron: "0 2 * * *",
  timeZone: "Europe/Berlin",
  budget: { quantumSeconds: 60 },
  when: "queue<20 && twoQubitError<0.01",
});
await store.addSchedule("hourly", { config: "h2.ts", cron: "0 * * * *" });
await store.pauseSchedule("hourly", true);
const tick = Date.parse("2026-11-26T01:00:00Z");
await store.decideTick({
  schedule: "nightly",
  tick: tick - 86_400_000,
  outcome: "skipped",
  words: "The queue has 31 jobs.",
});
const task = { config: "digits.ts", options: { steps: 3, provider: "ibm:ibm_torino", shuffle: true } };
const nightly: NewRun = { id: "nightly-20261126", events: [created], task, schedule: { id: "nightly", tick } };
await store.decideTick({ schedule: "nightly", tick, outcome: "started", words: "On time." }, nightly);

// Finished, after a job that failed, a driver that died, and an answer that was lost.
let lease = await store.claim("nightly-20261126", owner(1), TTL);
await write(store, lease, { events: [described("train")], blobs: [blob(state(0))] });
await takeStep(store, lease, 1);
const lost = await submit(store, lease, "step-2-lost");
await write(store, lease, { events: [{ type: "unknown", key: lost, words: "No answer came; looking for the job." }] });
pass(60);
lease = await store.claim("nightly-20261126", owner(2), TTL);
await write(store, lease, {
  events: [
    {
      type: "rejected",
      key: lost,
      jobId: "d2failed",
      code: "JOB_FAILED",
      words: "1517: out of memory",
      quantumSeconds: 0.5,
      replaced: true,
    },
    { type: "orphan", jobId: "d2surplus", words: "Not used by any step.", cancelled: true, quantumSeconds: 0.25 },
    { type: "swept", jobs: 3, orphans: 1 },
  ],
  settle: [
    { key: lost, scopes: [], amount: { quantumSeconds: 0.5, money: 0.8, jobs: 1 } },
    { key: "orphan:d2surplus", scopes: SCOPES.slice(0, 3), amount: { quantumSeconds: 0.25, money: 0.4, jobs: 1 } },
  ],
});
await takeStep(store, lease, 2);
await takeStep(store, lease, 3);
await write(store, lease, {
  events: [
    {
      type: "epoch",
      epoch: 1,
      step: 3,
      report: { epoch: 1, loss: 0.3, valLoss: 0.35 },
      snapshot: hashOf(blob(state(3.5))),
    },
  ],
  blobs: [packState(state(3.5))],
});
const result = blob({ weights: Float64Array.of(0.5, -0, Number.MIN_VALUE), steps: 3 });
await write(store, lease, { events: [{ type: "finished", result: hashOf(result) }], blobs: [result] });
await store.release(lease);

// Ready; forked and failed; stopped with a job that is out; parked; running, with a wish that it stop.
await store.create({ id: "ready", task, events: [created] });
const fork: NewRun = {
  id: "failed",
  events: [{ ...created, parent: { run: "nightly-20261126", step: 2 } } as RunEvent],
};
lease = await start(store, 3, fork, "minimize");
await write(store, lease, {
  events: [
    {
      type: "failed",
      error: { name: "TrainingError", code: "LOSS_NOT_FINITE", message: "The loss is NaN: ü漢😀\u0000\ud800" },
    },
  ],
});
await store.release(lease);
lease = await start(store, 4, { id: "stopped", task, events: [created] });
await write(store, lease, {
  events: [
    { type: "budget", budget: { quantumSeconds: 60, money: 25.5, currency: "USD", perDay: { jobs: 20 } } },
    { type: "budget", budget: {} },
  ],
});
await submit(store, lease, "step-1");
await write(store, lease, { events: [{ type: "stopped", words: "at a request" }] });
await store.release(lease);
lease = await start(store, 5, { id: "parked", task, events: [created] });
const waiting = "ibm_torino has 412 jobs in its queue.";
await write(store, lease, {
  events: [
    { type: "waiting", words: "ibm_torino is paused for maintenance." },
    { type: "parked", words: waiting, wakeAt: clock.now() + 3_600_000.5 },
  ],
  activity: waiting,
});
await store.release(lease);
lease = await start(store, 6, { id: "running", events: [created] });
await store.renew(lease, TTL, "Waiting for ibm_torino.");
await store.requestStop("running");

const content = await ledgerContent(store, { scopes: SCOPES, blobs });
await store.close();
writeFileSync(file.replace(/db$/, "json"), `${JSON.stringify(content, null, 1)}\n`);
console.log(`${file}: ${statSync(file).size} bytes`);
