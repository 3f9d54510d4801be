import { memoryStore } from "../../../src/runs/index.ts";
import { InProcessEmulator } from "../../support/in-process-emulator.ts";
import { smallDevice } from "../../support/small-device.ts";
import { type Problem, stepBits } from "./problems.ts";
import { DEVICE, EMULATOR_SEED } from "./world.ts";

/** The numbers of a problem when nothing goes wrong. */
export interface Reference {
  readonly bits: string;
  readonly steps: readonly string[];
}

const known = new Map<string, Promise<Reference>>();

export function referenceOf(problem: Problem): Promise<Reference> {
  const found = known.get(problem.name) ?? undisturbed(problem);
  known.set(problem.name, found);
  return found;
}

async function undisturbed(problem: Problem): Promise<Reference> {
  await using emulator = InProcessEmulator.open({ devices: [smallDevice(2)], noise: false, seed: EMULATOR_SEED });
  const program = emulator.process();
  const provider = await program.provider.backend(DEVICE, { effort: 0 });
  const store = memoryStore({ clock: emulator.clock });
  const { outcome } = problem.start({ store, provider, clock: program.clock, id: "undisturbed" });
  const { bits } = await outcome;
  return { bits, steps: stepBits(await store.read("undisturbed")) };
}
