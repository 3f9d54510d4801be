import { expect, test } from "vitest";
import { driveRun } from "../../../src/cli/drive.ts";
import type { Io } from "../../../src/cli/io.ts";
import { memoryStore } from "../../../src/runs/memory-store.ts";
import { createdEvent } from "../../../src/runs/new-run.ts";
import { thisOwner } from "../../../src/runs/process-identity.ts";
import { executeRun, namedProviders } from "../../../src/worker/index.ts";
import { PROBLEM, taskFiles } from "../../support/task-file.ts";

const files = taskFiles();

test("a new run that a worker was faster to take is followed to its end, an old one is refused", async () => {
  const task = { config: files.write("problem.mjs", PROBLEM), options: { steps: 3 } };
  const store = memoryStore();
  await store.create({ id: "a", task, events: [createdEvent()] });
  const lease = await store.claim("a", thisOwner(), 30);
  let [out, err] = ["", ""];
  const told = Promise.withResolvers<void>();
  const io: Io = {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
      told.resolve();
    },
    interactive: false,
    width: 80,
    stdin: async () => "",
    untilStopped: () => new Promise(() => {}),
  };
  const named = { providers: namedProviders(), lines: { tell: () => {} } };
  const drive = (isNew: boolean) => driveRun(io, store, "a", task, undefined, isNew, named, { json: true });
  await expect(drive(false)).rejects.toMatchObject({ code: "RUN_DRIVEN" });

  const followed = drive(true);
  await told.promise;
  expect(err).toContain("A worker has taken run a");
  const { result } = await executeRun(store, lease);
  await followed;
  expect(JSON.parse(out)).toMatchObject({
    run: "a",
    steps: 3,
    weights: Array.from((result as { weights: Float64Array }).weights),
  });
  expect((await store.read("a")).filter(({ event }) => event.type === "claimed").length).toBe(1);
});
