import { existsSync, mkdtempSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import { openStore } from "../../../src/runs/open-store.ts";
import { thisOwner } from "../../../src/runs/process-identity.ts";
import { readSafetensors } from "../../../src/runs/safetensors.ts";
import { PROBLEM, taskFiles } from "../../support/task-file.ts";
import { run as runCommand, runJson as runJsonCommand } from "./run.ts";

const files = taskFiles();
const problem = files.write("my problem.mjs", PROBLEM);
/** Nobody presses Ctrl-C. */
const never = new Promise<void>(() => {});
const run = (...argv: string[]) => runCommand(argv, "", never);
const runJson = (...argv: string[]) => runJsonCommand(argv, "", never);

/** A ledger of a test's own. */
const ledger = (): string => join(mkdtempSync(join(tmpdir(), "lepton-ledger-")), "sub", "runs.db");

afterEach(() => vi.unstubAllEnvs());

describe("lepton train", () => {
  test("drives a new run to its end, keeps it, and prints its result again", async () => {
    const store = ledger();
    const out = join(files.folder, "w.safetensors");
    const train = ["train", problem, "--run", "a", "--store", store, "--steps", "3", "--set", "lr=0.2", "--seed", "9"];
    const first = await runJson(...train, "--out", out);
    expect(first.status).toBe(0);
    expect(first.json).toMatchObject({ run: "a", kind: "minimize", steps: 3, ended: "steps", jobs: 0, out });
    expect(first.err).toMatch(/a: 100 %, value -?\d/);
    expect(statSync(store).mode & 0o777).toBe(0o600);
    const { data } = readSafetensors(readFileSync(out)).tensors.get("weights")!;
    expect(data).toEqual(Float64Array.from(first.json.weights));

    // What was said before need not be said again.
    const again = await runJson("train", problem, "--run", "a", "--store", store);
    expect(again.json).toEqual({ ...first.json, out: null });
    expect(again.err).toBe("");
    expect((await run("train", problem, "--run", "a", "--store", store)).out).toMatch(
      /^run +a\nended +steps\nsteps +3\nvalue +-/,
    );
  });

  test("names a run after its file, and tells the name", async () => {
    const store = ledger();
    const { json, err } = await runJson("train", problem, "--store", store);
    expect(json.run).toMatch(/^my-problem-[0-9a-f]{8}$/);
    expect(err).toContain(`Run ${json.run} in ${store}.`);
  });

  test("is left by Ctrl-C, and goes on to the same numbers", async () => {
    const store = ledger();
    const long = ["train", problem, "--store", store, "--steps", "4000"];
    const begun = async (): Promise<void> => {
      while (!((await runJson("runs", "show", "b", "--store", store)).json.step >= 1)) await delay(20);
    };
    const left = await runJsonCommand([...long, "--run", "b"], "", begun());
    expect(left.status).toBe(1);
    expect(left.json.error).toMatchObject({
      code: "RUN_SUSPENDED",
      message: expect.stringContaining("lepton runs resume b"),
    });
    const { json: shown } = await runJson("runs", "show", "b", "--store", store);
    expect(shown).toMatchObject({ status: "stopped", driver: null, history: expect.any(Array) });
    expect(shown.step).toBeLessThan(4000);
    await run("runs", "fork", "b", "--at", "1", "--as", "c", "--set", "steps=6", "--store", store);
    const short = await runJson("train", problem, "--run", "d", "--store", store, "--steps", "6");
    const forked = await runJson("runs", "resume", "c", "--store", store);
    expect(forked.json).toEqual({ ...short.json, run: "c" });
  });

  test("makes no run of what cannot be driven", async () => {
    const store = ledger();
    const refused = async (code: string, words: RegExp, ...argv: string[]) => {
      const { status, json, err } = await runJson("train", ...argv, "--store", store);
      expect([status, json.error.code]).toEqual([2, code]);
      expect(json.error.message).toMatch(words);
      expect(err).toContain(code);
    };
    await refused("CONFIG_FILE", /There is no file/, "gone.ts");
    await refused(
      "CONFIG_FILE",
      /cannot be loaded: no data \(line 2\)/,
      files.write("x.mjs", "\nthrow Error('no data')"),
    );
    await refused(
      "CONFIG_FILE",
      /cannot be loaded: no data at all \(line 1\)$/,
      files.write("lines.mjs", "throw Error('no data\\n  at all')"),
    );
    await refused("CONFIG_FILE", /exports no run/, files.write("y.mjs", "export default 3"));
    await refused(
      "CONFIG_FILE",
      /function of .* throws: oops/,
      files.write("z.mjs", "export default () => { throw 'oops' }"),
    );
    await refused("BUDGET_UNIT", /60s/, problem, "--budget", "60");
    await refused("PROVIDER_UNKNOWN", /moon/, problem, "--provider", "moon");
    await refused("USAGE", /integer of 1/, problem, "--steps", "0");
    await refused("USAGE", /--set takes name=value/, problem, "--set", "lr");
    await refused("RUN_ID", /cannot be the id/, problem, "--run", "No such");
    await refused("FILE_WRITE", /no folder/, problem, "--out", "/no/such/folder/w.safetensors");
    await refused("FILE_WRITE", /is a folder/, problem, "--out", files.folder);
    expect((await runJson("runs", "list", "--store", store)).json.runs).toEqual([]);

    // What only the run itself finds out is written down, so that no worker tries it.
    const wrong = files.write("wrong.mjs", PROBLEM.replace("steps: 4", "steps: -1"));
    await refused("TRAINING_OPTION", /steps/, wrong, "--run", "w");
    const { json } = await runJson("runs", "show", "w", "--store", store);
    expect(json).toMatchObject({ status: "failed", error: { code: "TRAINING_OPTION" } });
  });

  test("refuses a run that another process drives, in words, and one that was started otherwise", async () => {
    const store = ledger();
    await run("train", problem, "--run", "a", "--store", store, "--steps", "2");
    const changed = await runJson("train", problem, "--run", "a", "--store", store, "--set", "lr=0.9");
    expect([changed.status, changed.json.error.code]).toEqual([2, "RUN_CHANGED"]);
    expect(changed.json.error.message).toMatch(/optimizer/);

    await using opened = await openStore(store);
    await opened.create({ id: "held", task: { config: problem, options: {} }, events: [] });
    const lease = await opened.claim("held", thisOwner(), 30);
    const driven = await runJson("runs", "resume", "held", "--store", store);
    expect([driven.status, driven.json.error.code]).toEqual([1, "RUN_DRIVEN"]);
    expect(driven.json.error.message).toContain(`process ${process.pid}`);
    await opened.release(lease);
    expect((await runJson("runs", "resume", "held", "--store", store)).status).toBe(0);
  });

  test("started twice at once, one drives and the other is told who does", async () => {
    const store = ledger();
    const start = () => runJson("train", problem, "--run", "a", "--store", store, "--steps", "200");
    const ended = await Promise.all([start(), start()]);
    const [first, second] = ended.sort((a, b) => a.status - b.status);
    expect(first).toMatchObject({ status: 0, json: { run: "a", steps: 200 } });
    expect(second).toMatchObject({ status: 1, json: { error: { code: "RUN_DRIVEN" } } });
  });

  test("keeps what a file logs off standard output", async () => {
    const chatty = files.write("chatty.mjs", `console.log("hello", { n: 1 });\n${PROBLEM}`);
    const { json, err } = await runJson("train", chatty, "--run", "a", "--store", ledger());
    expect(json.ended).toBe("steps");
    expect(err).toContain("hello { n: 1 }\n");
  });
});

describe("lepton runs", () => {
  test("list and show tell how runs stand", async () => {
    const store = ledger();
    vi.stubEnv("LEPTON_STORE", store);
    await run("train", problem, "--run", "a", "--steps", "2");
    await using opened = await openStore(store);
    await opened.create({ id: "waits", task: { config: problem, options: { lr: 0.3 } }, events: [] });
    await opened.create({ id: "driven", events: [] });
    const lease = await opened.claim("driven", thisOwner(), 30);
    await opened.renew(lease, 30, "Job j1 at ibm_torino: queued, position 4");

    const listed = await run("runs", "list");
    expect(listed.out).toMatch(/^run +status +steps +last change +task\n/);
    expect(listed.out).toMatch(/^waits +ready for a worker +0 .*my problem\.mjs lr=0\.3$/m);
    expect(listed.out).toMatch(/^a +finished +2 /m);
    const only = await runJson("runs", "list", "--status", "finished", "--limit", "1");
    expect(only.json.runs).toMatchObject([{ id: "a", status: "finished", step: 2, driver: null }]);

    const { json } = await runJson("runs", "show", "driven");
    expect(json).toMatchObject({
      waitingFor: "Job j1 at ibm_torino: queued, position 4",
      driver: { pid: process.pid, alive: true },
    });
    const text = (await run("runs", "show", "driven")).out;
    expect(text).toMatch(new RegExp(`^driven by +process ${process.pid} on `, "m"));
    expect(text).toMatch(/^waiting for +Job j1 at ibm_torino: queued, position 4$/m);
    expect((await run("runs", "show", "a")).out).toMatch(/^2\d{3}-.*Z {2}step 2 done, value -?\d/m);

    expect((await run("runs", "stop", "driven")).out).toMatch(/process \d+ on .*, is asked to stop/);
    expect((await runJson("runs", "stop", "waits")).json).toMatchObject({ outcome: "stopped", status: "stopped" });
    expect((await runJson("runs", "stop", "a")).json).toMatchObject({ outcome: "over", status: "finished" });
  });

  test("what cannot be is refused with what to do", async () => {
    const store = ledger();
    const refused = async (code: string, ...argv: string[]) => {
      const { status, json } = await runJson("runs", ...argv, "--store", store);
      expect([status, json.error.code]).toEqual([2, code]);
    };
    await refused("STORE_MISSING", "list");
    expect(existsSync(store)).toBe(false);
    await run("train", problem, "--run", "a", "--store", store, "--steps", "2");
    await refused("RUN_UNKNOWN", "show", "b");
    await refused("RUN_UNKNOWN", "stop", "b");
    await refused("RUN_UNKNOWN", "resume", "b");
    await refused("RUN_STEP", "fork", "a", "--at", "3", "--as", "b");
    await refused("RUN_EXISTS", "fork", "a", "--at", "1", "--as", "a");
    await refused("USAGE", "fork", "a", "--at", "1");
    await refused("RUN_OPTION", "fork", "a", "--at", "1", "--as", "b", "--set", "steps=many");
    await refused("FILE_WRITE", "export", "a", "--out", files.folder);
    await refused("BUDGET_UNIT", "resume", "a", "--budget", "5");
    await refused("RUN_OPTION", "resume", "a", "--lost-results", "buy");
    expect((await runJson("runs", "resume", "a", "--lost-results", "rebuy", "--store", store)).status).toBe(0);
    await using opened = await openStore(store);
    await opened.create({ id: "program", events: [] });
    await refused("RUN_NO_TASK", "resume", "program");
    expect((await run("runs")).err).toContain("list, show ID, resume ID, stop ID");
    for (const words of [
      ["shw", "a"],
      ["shw", "--help"],
    ])
      expect(await run("runs", ...words)).toEqual({
        status: 2,
        out: "",
        err: 'lepton: USAGE lepton runs has no "shw": list, show, resume, stop, fork, export, replay. See lepton runs --help.\n',
      });
    const elsewhere = await run("train", problem, "--store", "mysql://me:secret@host/db");
    expect(elsewhere.err).toMatch(/^lepton: LEDGER_OPEN No ledger is kept at mysql:\/\/\.\.\.: .*postgres:\/\//);
    expect(elsewhere.err).not.toContain("secret");
    const foreign = files.write("foreign.db", "no database at all, however long it may be: ".repeat(50));
    expect((await runJson("runs", "list", "--store", foreign)).json.error.code).toBe("LEDGER_FOREIGN");
  });
});

describe("lepton sweep and worker", () => {
  test("a sweep makes its runs once, and a worker drives them", async () => {
    const store = ledger();
    const sweep = ["sweep", problem, "--grid", "lr=0.1,0.2", "--grid", "seed=1,2", "--steps", "2", "--name", "s"];
    const made = await runJson(...sweep, "--store", store);
    expect(made.json).toMatchObject({ name: "s", created: 4, runs: [{ id: "s-1" }, {}, {}, { id: "s-4" }] });
    expect(made.json.runs[1].task.options).toEqual({ steps: 2, lr: 0.1, seed: 2 });
    expect((await runJson(...sweep, "--store", store)).json.created).toBe(0);
    const one = await run("sweep", problem, "--name", "one", "--store", ledger());
    expect(one.out).toBe("1 of 1 run made: one-1. Workers take them: lepton worker\n");
    const ten = await run("sweep", problem, "--grid", "seed=0,1,2,3,4,5,6,7,8,9", "--name", "ten", "--store", ledger());
    expect(ten.out).toBe("10 of 10 runs made: ten-01 to ten-10. Workers take them: lepton worker\n");

    const worked = await runJson("worker", "--once", "--store", store);
    expect(worked.json).toMatchObject({ claimed: 4, finished: 4, failed: 0 });
    expect(worked.err).toContain("Run s-3: finished.");
    const { json } = await runJson("runs", "list", "--status", "finished", "--store", store);
    expect(json.runs.length).toBe(4);
    expect((await run("worker", "--once", "--store", store)).out).toBe("0 claimed, 0 finished, 0 failed.\n");
  });

  test("a grid may be a file", async () => {
    const store = ledger();
    const grid = files.write("grid.json", JSON.stringify([{ lr: 0.1 }, { lr: 0.2, seed: 7 }]));
    const made = await runJson(
      "sweep",
      problem,
      "--file",
      grid,
      "--grid",
      "steps=1,2",
      "--name",
      "f",
      "--store",
      store,
    );
    expect(made.json.runs.map(({ task }: { task: { options: object } }) => task.options)).toEqual([
      { lr: 0.1, steps: 1 },
      { lr: 0.1, steps: 2 },
      { lr: 0.2, seed: 7, steps: 1 },
      { lr: 0.2, seed: 7, steps: 2 },
    ]);
    const refused = async (code: string, ...argv: string[]) =>
      expect((await runJson("sweep", problem, "--store", store, ...argv)).json.error.code).toBe(code);
    await refused("GRID_FILE", "--file", files.write("bad.json", '{"lr": 0.1}'));
    await refused("GRID_FILE", "--file", files.write("worse.json", "{"));
    await refused("FILE_READ", "--file", "gone.json");
    await refused("USAGE", "--grid", "lr");
    await refused("SWEEP_GRID", "--grid", "lr=1,1");
    await refused("SWEEP_CHANGED", "--grid", "lr=5", "--name", "f-1".slice(0, 1));
    await refused("RUN_OPTION", "--grid", "steps=0");
  });

  test("a worker ends when it is told to", async () => {
    const soon = new Promise<void>((resolve) => setTimeout(resolve, 60));
    const { status, json } = await runJsonCommand(["worker", "--store", ledger()], "", soon);
    expect([status, json.claimed]).toEqual([0, 0]);
  });
});

describe("lepton schedule", () => {
  const nightly = ["--name", "nightly", "--cron", "0 2 * * *", "--tz", "Europe/Berlin"];

  test("adds, lists, shows, pauses, resumes and removes", async () => {
    const store = ["--store", ledger()];
    const more = [
      "--budget",
      "60s",
      "--budget-total",
      "10min, 25 USD",
      "--budget-per-day",
      "120s",
      "--catch-up",
      "all:3",
    ];
    const when = ["--when", "queue<20 && twoQubitError<0.01", "--window", "2h", "--overlap", "queue"];
    const flags = ["--provider", "device:manila", "--steps", "3", "--set", "lr=0.2"];
    const added = await runJson("schedule", "add", problem, ...nightly, ...more, ...when, ...flags, ...store);
    expect(added.status).toBe(0);
    expect(added.json).toMatchObject({
      name: "nightly",
      paused: false,
      spec: {
        config: problem,
        cron: "0 2 * * *",
        timeZone: "Europe/Berlin",
        options: { provider: "device:manila", steps: 3, lr: 0.2 },
        catchUp: { all: 3 },
        overlap: "queue",
        windowSeconds: 7200,
        budget: {
          perRun: { quantumSeconds: 60 },
          total: { quantumSeconds: 600, money: 25 },
          perDay: { quantumSeconds: 120 },
          currency: "USD",
        },
      },
    });
    const next = await runJson("schedule", "next", "nightly", "--count", "3", ...store);
    expect(next.json.next.length).toBe(3);
    for (const tick of next.json.next)
      expect(new Date(tick).toLocaleTimeString("de", { timeZone: "Europe/Berlin" })).toBe("02:00:00");
    expect(next.json.next[0]).toBe(added.json.next);
    const line = (await run("schedule", "next", "nightly", "--count", "1", ...store)).out;
    expect(line).toMatch(/^\d{4}-\d\d-\d\d 02:00:00 Europe\/Berlin \(\d{4}-.*Z\)\n$/);

    await run("schedule", "pause", "nightly", ...store);
    expect((await run("schedule", "list", ...store)).out).toMatch(/^nightly +0 2 \* \* \* +Europe\/Berlin +paused /m);
    expect((await runJson("schedule", "resume", "nightly", ...store)).json).toEqual({ name: "nightly", resumed: true });
    expect((await runJson("schedule", "show", "nightly", ...store)).json).toMatchObject({ paused: false, ticks: [] });
    expect((await run("schedule", "remove", "nightly", ...store)).out).toBe("Schedule nightly is removed.\n");
    expect((await run("schedule", "list", ...store)).out).toBe("None.\n");
  });

  test("is refused where it could not be kept, and nothing is written", async () => {
    const store = ledger();
    const refused = async (code: string, ...argv: string[]) => {
      const { status, json } = await runJson("schedule", ...argv, "--store", store);
      expect([status, json.error.code]).toEqual([2, code]);
    };
    const add = ["add", problem, "--name", "n"];
    await refused("SCHEDULE_CRON", ...add, "--cron", "0 25 * * *");
    await refused("SCHEDULE_ZONE", ...add, "--cron", "0 2 * * *", "--tz", "Europe/Atlantis");
    await refused("SCHEDULE_CONDITION", ...add, "--cron", "0 2 * * *", "--when", "queue <");
    await refused("BUDGET_UNIT", ...add, "--cron", "0 2 * * *", "--budget", "60");
    await refused("USAGE", ...add, "--cron", "0 2 * * *", "--budget-total", "60s/day");
    await refused("USAGE", ...add, "--cron", "0 2 * * *", "--budget-total", "5 USD", "--budget-per-day", "5 EUR");
    await refused("USAGE", ...add, "--cron", "0 2 * * *", "--catch-up", "all");
    await refused("USAGE", ...add, "--cron", "0 2 * * *", "--window", "2");
    await refused("USAGE", ...add);
    await refused("CONFIG_FILE", "add", "gone.ts", "--name", "n", "--cron", "0 2 * * *");
    await refused("CONFIG_FILE", "add", files.write("t.mjs", "throw 1"), "--name", "n", "--cron", "0 2 * * *");
    expect(existsSync(store)).toBe(false);
    await run("schedule", "add", problem, ...nightly, "--store", store);
    await refused("SCHEDULE_EXISTS", "add", problem, ...nightly);
    await refused("SCHEDULE_UNKNOWN", "next", "weekly");
    await refused("SCHEDULE_UNKNOWN", "pause", "weekly");
  });
});
