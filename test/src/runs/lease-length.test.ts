import { expect, test } from "vitest";
import { realAmplitudes, SparsePauliOp } from "../../../circuits/index.ts";
import { localSimulator } from "../../../providers/index.ts";
import { adam, minimize } from "../../../src/index.ts";
import { memoryStore } from "../../../src/runs/memory-store.ts";
import { RunJournal } from "../../../src/runs/run-journal.ts";
import type { RunStore } from "../../../src/runs/run-store.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

test("a driver has twice the time of the one before, if that was replaced before it came further", async () => {
  const clock = new VirtualClock();
  const store = memoryStore({ clock });
  const never = { now: () => clock.now(), sleep: () => new Promise<void>(() => {}) };
  const leaseOf = async () => ((await store.run("run"))!.lease!.until - clock.now()) / 1000;
  const open = () => RunJournal.open({ store, id: "run", clock: never });
  await open();
  expect(await leaseOf()).toBe(30);
  for (const seconds of [60, 120, 240]) {
    clock.advance((await leaseOf()) + 1);
    await open();
    expect(await leaseOf()).toBe(seconds);
  }
  clock.advance((await leaseOf()) + 1);
  const journal = await open();
  await journal.append({ events: [{ type: "step", step: 1, report: {}, snapshot: "0" }] });
  clock.advance((await leaseOf()) + 1);
  await open();
  expect(await leaseOf()).toBe(60);
});

test("a run that is done is done, though its lease cannot be let go", async () => {
  const inner = memoryStore();
  const store: RunStore = new Proxy(inner, {
    get(target, name) {
      if (name === "release") return () => Promise.reject(new Error("busy"));
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  const { history } = await minimize({
    circuit: realAmplitudes({ numQubits: 2, reps: 1 }),
    observable: SparsePauliOp.parse("1.0*ZZ + 0.5*XI"),
    optimizer: adam({ learningRate: 0.1 }),
    ...{ steps: 2, provider: localSimulator(), store, id: "run" },
  });
  expect(history.length).toBe(2);
  expect(await inner.run("run")).toMatchObject({ status: "finished", step: 2 });
});
