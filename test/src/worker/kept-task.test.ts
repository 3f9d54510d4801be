import { expect, test } from "vitest";
import { memoryStore, RunError } from "../../../src/index.ts";
import { historyOf } from "../../../src/runs/history.ts";
import { createdEvent } from "../../../src/runs/new-run.ts";
import { type ExecuteOptions, executeRun } from "../../../src/worker/execute-run.ts";
import { PROBLEM, taskFiles } from "../../support/task-file.ts";

const files = taskFiles();

async function start(name: string) {
  const store = memoryStore();
  const config = files.write(name, PROBLEM);
  await store.create({ id: "run", task: { config, options: { lr: 0.1 } }, events: [createdEvent()] });
  const drive = (options?: ExecuteOptions) => executeRun(store, "run", options);
  const leave = async (options: ExecuteOptions): Promise<void> => {
    const left = new AbortController();
    const onStep = () => left.abort(new RunError("RUN_PARKED", "It was left."));
    await expect(drive({ ...options, signal: left.signal, onStep })).rejects.toMatchObject({ code: "RUN_PARKED" });
  };
  const told = async () => (await store.read("run")).filter(({ event }) => event.type === "task");
  return { store, config, drive, leave, told };
}

test("options with which a run went on hold for whoever drives it later", async () => {
  const { store, config, drive, leave, told } = await start("longer.mjs");
  const task = { config, options: { lr: 0.1, steps: 6 } };
  await leave({ task });
  expect((await store.run("run"))?.task).toEqual(task);
  expect(historyOf(await told()).map(({ words }) => words)).toEqual([
    `to be run from here on: ${config} lr=0.1 steps=6`,
  ]);
  await drive();
  expect((await store.run("run"))?.step).toBe(6);
  await drive({ task });
  expect((await told()).length).toBe(1);
});

test("a callback that throws is told with its file and line", async () => {
  const store = memoryStore();
  const source = PROBLEM.replace("  seed: 5,", "  seed: 5,\n  callbacks: { onStep() { undefined.stop(); } },");
  const config = files.write("throws.mjs", source);
  await store.create({ id: "run", task: { config, options: {} }, events: [createdEvent()] });
  const words = expect.stringMatching(/^\S+throws\.mjs throws while its run is driven: .*'stop'.* \(line 8\)$/);
  await expect(executeRun(store, "run")).rejects.toMatchObject({ code: "CONFIG_FILE", message: words });
  expect((await store.run("run"))?.status).toBe("failed");
});

test("those that would make another run of it are refused, and forgotten", async () => {
  const { store, config, drive, leave, told } = await start("other.mjs");
  await leave({});
  const before = (await store.run("run"))?.task;
  await expect(drive({ task: { config, options: { lr: 0.3 } } })).rejects.toMatchObject({ code: "RUN_CHANGED" });
  expect((await store.run("run"))?.task).toEqual(before);
  expect(await told()).toEqual([]);
  await drive();
  expect((await store.run("run"))?.status).toBe("finished");
});
