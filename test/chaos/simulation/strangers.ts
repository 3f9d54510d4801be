import { realAmplitudes } from "../../../circuits/index.ts";
import type { InProcessEmulator } from "../../support/in-process-emulator.ts";
import { DEVICE } from "./world.ts";

const circuit = realAmplitudes({ numQubits: 2, reps: 1 });

/** Jobs of others in the same instance: some before the run, one now and then during it. Their tags look much like ours. */
export async function addStrangers(emulator: InProcessEmulator, count: number, id: string): Promise<void> {
  if (count === 0) return;
  const { queue } = emulator.core.service;
  const backend = await emulator.process().provider.backend(DEVICE, { effort: 0 });
  const tags = ["lepton", `lp-run-${id}2`];
  const [first] = await Promise.all([
    backend
      .estimator({ precision: 0.1 })
      .run([[circuit, "ZZ", [0.1, 0.2, 0.3, 0.4]]], { tags, submitKey: "lp1-other" }),
  ]);
  const job = queue.find(first.id)!;
  const add = (): void => void queue.submit({ ...job, tags: [`lp-run-${id}-x`, "lp1-another"] });
  for (let more = 1; more < count; more++) add();
  for (let more = 0, seconds = 3; more < count; more++, seconds *= 7) emulator.time.schedule(seconds, "work", add);
}
