/**
 * How many jobs a service accepts for each job of a kept run, when it accepts one and answers something else; one line of
 * figures, all 1. Run by itself or by `npm run chaos`: `node test/chaos/accepted-once.ts`.
 */
import { realAmplitudes, SparsePauliOp } from "../../circuits/index.ts";
import type { FaultRule } from "../../providers/emulator/index.ts";
import { adam, minimize } from "../../src/index.ts";
import { memoryStore } from "../../src/runs/index.ts";
import { InProcessEmulator } from "../support/in-process-emulator.ts";
import { smallDevice } from "../support/small-device.ts";

/** What the service answers to every submit, after it has accepted the job. */
const ANSWERS = {
  "500": { status: 500, phase: "after" },
  "504": { status: 504, phase: "after" },
  reset: { dropConnection: "after" },
  "429": { status: 429, phase: "after", retryAfter: 1 },
} as const satisfies Record<string, FaultRule>;
export type AnswerName = keyof typeof ANSWERS;
export const ANSWER_NAMES = Object.keys(ANSWERS) as AnswerName[];

export interface AcceptedFigures {
  readonly harness: "accepted-once";
  readonly ok: boolean;
  /** Most jobs accepted for one job of the run, by answer. */
  readonly accepted: Readonly<Record<AnswerName, number>>;
  /** Runs that finished. */
  readonly finished: number;
  /** With the weights of the run whose submits are answered. */
  readonly weightsEqual: boolean;
  readonly jobsPerRun: number;
}

const STEPS = 3;

export async function main(): Promise<AcceptedFigures> {
  const expected = await run(undefined);
  const accepted: [AnswerName, number][] = [];
  let finished = 0;
  let weightsEqual = true;
  for (const name of ANSWER_NAMES) {
    const found = await run(ANSWERS[name]);
    accepted.push([name, Math.max(...found.accepted)]);
    if (found.status === "finished") finished++;
    weightsEqual &&= found.weights.join() === expected.weights.join() && found.accepted.length === STEPS + 1;
  }
  const isOnce = accepted.every(([, most]) => most === 1);
  return {
    harness: "accepted-once",
    ok: isOnce && weightsEqual && finished === ANSWER_NAMES.length,
    accepted: Object.fromEntries(accepted) as Record<AnswerName, number>,
    finished,
    weightsEqual,
    jobsPerRun: STEPS + 1,
  };
}

/** A run at a service that lists a job half a second after it has accepted it. */
async function run(rule: FaultRule | undefined) {
  await using emulator = InProcessEmulator.open({ devices: [smallDevice(2)], noise: false, latencySeconds: 0.05 });
  emulator.control.set({ listLagSeconds: 0.5 });
  if (rule !== undefined) emulator.control.faults.add({ method: "POST", path: "/jobs", times: null, ...rule });
  const program = emulator.process();
  const store = memoryStore({ clock: emulator.clock });
  const { weights } = await minimize({
    circuit: realAmplitudes({ numQubits: 2, reps: 1 }),
    observable: SparsePauliOp.parse("1.0*ZZ + 0.5*XI + 0.25*IX"),
    optimizer: adam({ learningRate: 0.1 }),
    provider: await program.provider.backend("small_device", { effort: 0 }),
    ...{ steps: STEPS, seed: 5, precision: 0.1, store, clock: program.clock, id: "once" },
  });
  const perKey = new Map<string, number>();
  for (const { tags } of emulator.control.jobs()) {
    const key = tags.find((tag) => tag.startsWith("lp1-"))!;
    perKey.set(key, (perKey.get(key) ?? 0) + 1);
  }
  return { weights, accepted: [...perKey.values()], status: (await store.run("once"))!.status };
}

if (import.meta.main) {
  const figures = await main();
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  if (!figures.ok) process.exitCode = 1;
}
