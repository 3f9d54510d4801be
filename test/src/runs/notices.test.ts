import { describe, expect, test } from "vitest";
import type { RemoteBackend } from "../../../providers/index.ts";
import { RunError } from "../../../src/errors.ts";
import type { RunEvent } from "../../../src/runs/events.ts";
import { createdEvent, memoryStore, RunJournal, type RunStore } from "../../../src/runs/index.ts";
import { keepNotices } from "../../../src/runs/notices.ts";
import { count, DEVICE, HOUR, RunWorld, undisturbed } from "../../support/run-world.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

describe("the history of a run at the emulator tells", () => {
  test("a submit that is tried again after 429", async () => {
    await using world = new RunWorld();
    world.fault({ method: "POST", path: "/jobs", status: 429, retryAfter: 7 });
    expect((await world.finish()).weights).toEqual(await undisturbed());
    const lines = (await world.history()).split("\n");
    const notice = lines.findIndex((line) => /^POST \/jobs answered 429\..* Trying again in 7 s\.$/.test(line));
    // In the order in which it happened: the submit, what came of it, and the submit that was accepted.
    expect(lines[notice - 1]).toMatch(/^job 1 of step 1 goes to small_device/);
    expect(lines[notice + 1]).toMatch(/^the submit was refused/);
    expect(lines.slice(notice).findIndex((line) => /^job \w+ accepted$/.test(line))).toBeGreaterThan(0);
  });

  test("a request that is tried again after 503, once however often", async () => {
    await using world = new RunWorld();
    world.fault({ path: "/backends/*/status", status: 503, times: 4 });
    expect((await world.finish({ steps: 1 })).weights).toEqual(await undisturbed(1));
    expect(count(await world.history(), /^GET \/backends\/\S+\/status answered 503\..* Trying again in/m)).toBe(1);
  });

  test("a token that was refused and replaced", async () => {
    await using world = new RunWorld({ queueSeconds: 600 });
    const { run } = await world.drive();
    await world.sleep(60);
    world.emulator.control.expireTokens();
    expect((await run).weights).toEqual(await undisturbed());
    const history = await world.history();
    expect(count(history, /^The service refused the token \(401\), so a new one is asked for\.$/m)).toBe(1);
  });

  test("sessions that are opened, and why another one is", async () => {
    await using world = new RunWorld();
    const { run } = await world.drive({ backend: { session: "batch" } });
    for await (const _ of run) break;
    const { id } = world.emulator.core.service.sessions.sessions[0]!;
    world.emulator.control.closeSession(id);
    await run;
    const second = world.emulator.core.service.sessions.sessions[1]!.id;
    const history = await world.history();
    expect(count(history, new RegExp(`^The batch ${id} was opened at ${DEVICE}\\.$`, "m"))).toBe(1);
    expect(
      count(
        history,
        new RegExp(`^The batch ${second} was opened at ${DEVICE}, since the service has closed ${id}\\.$`, "m"),
      ),
    ).toBe(1);
  });

  test("little of an outage that lasts for hours, and nothing of each poll", async () => {
    await using world = new RunWorld({ queueSeconds: 5 * HOUR });
    const { run } = await world.drive({ steps: 1 });
    await world.sleep(HOUR);
    const before = (await world.state()).seq;
    const asked = world.requests;
    world.fault({ status: 503, times: null, name: "outage" });
    await world.sleep(3 * HOUR);
    expect(world.requests - asked).toBeGreaterThan(100);
    expect((await world.state()).seq - before).toBeLessThan(30);
    world.emulator.control.faults.remove("outage");
    expect((await run).weights).toEqual(await undisturbed(1));
    const history = await world.history();
    expect(history).not.toContain(world.emulator.core.token);
    expect(history).not.toContain("crn:");
  });
});

/** A journal of a run, and a backend that tells it what the test says. */
async function watched(prepare: (store: RunStore) => RunStore = (store) => store) {
  const clock = new VirtualClock();
  // No lease is renewed while the test goes on.
  const quiet = { now: () => clock.now(), sleep: () => new Promise<void>(() => {}) };
  const inner = memoryStore({ clock: quiet });
  await inner.create({ id: "run", events: [createdEvent()] });
  const journal = await RunJournal.open({ store: prepare(inner), id: "run", clock: quiet });
  const listeners = new Set<(words: string) => void>();
  const remote = {
    watch(listener: (words: string) => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  } as unknown as RemoteBackend;
  const end = keepNotices(remote, journal);
  const tell = (line: string): void => {
    for (const listener of listeners) listener(line);
  };
  const told = async (): Promise<readonly string[]> => {
    await new Promise(setImmediate);
    return (await inner.read("run")).flatMap(({ event }) => (event.type === "waiting" ? [event.words] : []));
  };
  return { clock, journal, tell, told, end, listeners };
}

describe("lines that a backend tells", () => {
  test("and that differ in numbers and ids alone are written once, until ten minutes have passed or the run comes further", async () => {
    const { clock, journal, tell, told } = await watched();
    for (const seconds of [1, 2, 4]) tell(`Asked for a1b${seconds}; trying again in ${seconds} s.`);
    tell("Something else.");
    tell("Asked for a1b9; trying again in 8 s.");
    expect(await told()).toEqual(["Asked for a1b1; trying again in 1 s.", "Something else."]);
    clock.advance(599);
    tell("Asked for c2d3; trying again in 599 s.");
    expect((await told()).length).toBe(2);
    clock.advance(1);
    tell("Asked for c2d3; trying again in 600 s.");
    tell("Asked for c2d3; trying again in 601 s.");
    expect((await told()).slice(2)).toEqual(["Asked for c2d3; trying again in 600 s."]);
    await journal.commitStep(1, {}, {});
    tell("Asked for c2d3; trying again in 1 s.");
    expect((await told()).length).toBe(4);
  });

  const intent: RunEvent = {
    ...{ type: "intent", key: "k", partKey: "k", part: 0, parts: 1, backend: "device", bodyHash: "b", serviceTime: 0 },
    ...{ place: { phase: "final-1", index: 0, attempt: 0 }, reserved: { quantumSeconds: 9, money: 0, jobs: 1 } },
    ...{ executions: 100, quantumSeconds: 5 },
  };
  const result = { type: "result", key: "k", jobId: "j", result: "0", quantumSeconds: 5, executions: 100 } as const;

  test.each<readonly [what: string, event: RunEvent]>([
    ["a job goes out", intent],
    ["a job is done", result],
    ["an epoch is done", { type: "epoch", epoch: 1, step: 0, report: {}, snapshot: "0" }],
  ])("are written again once %s", async (_what, event) => {
    const { journal, tell, told } = await watched();
    for (let time = 0; time < 2; time++) tell("Trying again in 1 s.");
    expect((await told()).length).toBe(1);
    await journal.append({ events: [event] });
    tell("Trying again in 1 s.");
    expect((await told()).length).toBe(2);
  });

  test("keep their place among what else is written", async () => {
    const { journal, tell } = await watched();
    tell("First.");
    const step = journal.commitStep(1, {}, {});
    tell("Second.");
    await step;
    await journal.stop("enough");
    const events = (await journal.store.read("run")).map(({ event }) => ("words" in event ? event.words : event.type));
    expect(events.slice(-4)).toEqual(["First.", "step", "Second.", "enough"]);
  });

  test("are one line without control characters, instances and passwords", async () => {
    const { tell, told } = await watched();
    tell("At crn:v1:bluemix:public:secret::\n\u001b[31mby https://user:word@proxy.example, again.");
    expect(await told()).toEqual(["At [hidden] [31mby https://[hidden]@proxy.example, again."]);
  });

  test("wake no run that is parked, and do not bring one that has stopped to life", async () => {
    const { journal, tell, told } = await watched();
    await journal.append({ events: [{ type: "parked", words: "A long queue.", wakeAt: 1e15 }] });
    tell("Of another run.");
    expect(await told()).toEqual([]);
    expect(journal.state.status).toBe("parked");
    const stopped = journal.stop("enough");
    tell("Of yet another run.");
    await stopped;
    expect(await told()).toEqual([]);
    expect(journal.state.status).toBe("stopped");
  });

  test("that the ledger cannot take are done without, and nothing is left unhandled", async () => {
    const seen: unknown[] = [];
    const listener = (reason: unknown) => void seen.push(reason);
    process.on("unhandledRejection", listener);
    const refusing = (store: RunStore): RunStore =>
      new Proxy(store, {
        get: (target, name) =>
          name === "append"
            ? async () => {
                throw new RunError("LEDGER_FULL", "full");
              }
            : Reflect.get(target, name).bind(target),
      });
    const { journal, tell, told } = await watched(refusing);
    tell("Lost.");
    expect(await told()).toEqual([]);
    await expect(journal.commitStep(1, {}, {})).rejects.toMatchObject({ code: "LEDGER_FULL" });
    process.off("unhandledRejection", listener);
    expect(seen).toEqual([]);
  });

  test("are no longer listened to once the watch ends", async () => {
    const { tell, told, end, listeners } = await watched();
    end();
    tell("Late.");
    expect(await told()).toEqual([]);
    expect(listeners.size).toBe(0);
  });
});
