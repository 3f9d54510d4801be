import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { exportRun, memoryStore, type RunBundle, readBundle } from "../../../src/index.ts";
import { createdEvent } from "../../../src/runs/index.ts";
import type { RunTask } from "../../../src/runs/run-task.ts";
import { executeRun } from "../../../src/worker/execute-run.ts";
import { replayTask } from "../../../src/worker/replay-task.ts";
import { InProcessEmulator } from "../../support/in-process-emulator.ts";
import { PROBLEM, taskFiles } from "../../support/task-file.ts";
import { useTensorBackend } from "../../support/tensorflow.ts";

const files = taskFiles();
const installed = (name: string): string => JSON.stringify(import.meta.resolve(name));
const module = (path: string): string => JSON.stringify(fileURLToPath(new URL(path, import.meta.url)));

/** Its provider is at a service, its first weights are drawn without a seed, and it has a budget of its own. */
const MODEL = `import * as tfl from ${installed("@tensorflow/tfjs-layers")};
import * as tf from ${installed("@tensorflow/tfjs-core")};
import { quantumLayer, perception, connection } from "lepton";
import { quantum } from ${module("../../../src/tfjs.ts")};
const layer = () => quantum(quantumLayer({ qubits: 2, perception: perception.angle(), connection: connection.basicEntangler({ layers: 1 }) }));
export default ({ units = 2 }) => ({
  model: () => tfl.sequential({ layers: [tfl.layers.dense({ units, inputShape: [2] }), layer(), tfl.layers.dense({ units: 1 })] }),
  data: () => ({ x: [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]], y: [[0], [1], [0]] }),
  provider: () => { throw new Error("There is no service."); },
  optimizer: tf.train.adam(0.1),
  loss: "meanSquaredError",
  batchSize: 2,
  epochs: 2,
  precision: 0.1,
  budget: "900s",
});
`;

/** A run that went by its task at a service that is gone. */
async function recorded(id: string, task: RunTask): Promise<RunBundle> {
  await using emulator = InProcessEmulator.open({ devices: ["manila"], seed: 3, noise: false });
  const { provider, clock } = emulator.process();
  const store = memoryStore({ clock });
  await store.create({ id, task, events: [createdEvent()] });
  await executeRun(store, id, { providers: (name) => provider.backend(name.replace("ibm:", "")), clock });
  return readBundle(await exportRun(store, id));
}

beforeAll(() => useTensorBackend("cpu"));

describe("a replay by the file that describes the run", () => {
  const connect = vi.spyOn(Socket.prototype, "connect");

  test.each([
    [
      "of a problem",
      PROBLEM,
      { lr: 0.2, steps: 3, precision: 0.1, budget: "600s" },
      { kind: "minimize", steps: 3, jobs: 4 },
    ],
    ["of a model", MODEL, { units: 2 }, { kind: "train", steps: 4, jobs: 4 }],
  ] as const)(
    "%s asks for no provider and no budget, and reaches for no network",
    async (_, source, options, wanted) => {
      const config = files.write(`run-${wanted.kind}.mjs`, source);
      const bundle = await recorded("at-service", { config, options: { ...options, provider: "ibm:ibmq_manila" } });
      const seen: number[] = [];
      const replayed = await replayTask(bundle, { onStep: (step) => void seen.push(step) });
      expect(replayed).toMatchObject({ run: "at-service", status: "finished", ...wanted });
      expect(seen).toEqual(Array.from({ length: wanted.steps }, (_, i) => i + 1));
      expect(connect).not.toHaveBeenCalled();
    },
  );

  test("on a simulator, and by another file that does the same", async () => {
    const config = files.write("here.mjs", PROBLEM);
    const store = memoryStore();
    await store.create({ id: "here", task: { config, options: { lr: 0.3 } }, events: [createdEvent()] });
    const { result } = await executeRun(store, "here");
    expect(result).toMatchObject({ ended: "steps" });
    const bundle = readBundle(await exportRun(store, "here"));
    const first = await replayTask(bundle);
    expect(first).toMatchObject({ steps: 4, jobs: 0 });
    const other = files.write("other.mjs", `// Another text.\n${PROBLEM}`);
    expect(await replayTask(bundle, { config: other })).toEqual(first);
  });

  test("that has changed, is gone or was never named is refused, and told", async () => {
    const config = files.write("changing.mjs", PROBLEM);
    const store = memoryStore();
    await store.create({ id: "changing", task: { config, options: {} }, events: [createdEvent()] });
    await executeRun(store, "changing");
    const bundle = readBundle(await exportRun(store, "changing"));
    writeFileSync(config, readFileSync(config, "utf8").replace("steps: 4", "steps: 5"));
    await expect(replayTask(bundle)).rejects.toMatchObject({
      code: "REPLAY_CONFIG",
      message: expect.stringMatching(
        /changing\.mjs has changed since run changing was exported, first in line 6: its SHA-256/,
      ),
    });
    await expect(replayTask(bundle, { config })).rejects.toMatchObject({
      code: "REPLAY_CHANGED",
      message: expect.stringContaining("steps was 4 and is 5"),
    });
    rmSync(config);
    await expect(replayTask(bundle)).rejects.toMatchObject({
      code: "REPLAY_CONFIG",
      message: expect.stringContaining("--config"),
    });
    const { task: _, ...run } = bundle.run;
    const program = { ...bundle, config: undefined, run: { ...run, task: undefined } };
    await expect(replayTask(program)).rejects.toMatchObject({
      code: "REPLAY_CONFIG",
      message: expect.stringContaining("was started by a program"),
    });
    const again = files.write("again.mjs", PROBLEM);
    expect(await replayTask(program, { config: again })).toMatchObject({ steps: 4 });
  });
});
