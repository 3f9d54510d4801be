import { type MinimizeStep, minimize, openStore } from "../../src/index.ts";
import { hashOf, packState, type RunEvent, thisOwner, unpackState } from "../../src/runs/index.ts";
import type { ServiceAddress } from "./emulated-provider.ts";
import { killedBackend, minimisation } from "./killed-run.ts";

const BATCH = 250;

/**
 * Writes a ledger with one run that has taken so many steps and has one to go. The first step is taken; the others are written
 * like it, each with its job and its snapshot.
 * @returns how many events there are
 */
export async function writeLongRun(
  ledger: string,
  id: string,
  service: ServiceAddress,
  steps: number,
): Promise<number> {
  await using store = await openStore(ledger);
  const provider = await killedBackend(service);
  const run = minimize({ ...minimisation({ seed: 1, steps: steps + 1 }), provider, store, id });
  for await (const _ of run) run.stop();
  const records = (await store.read(id)).map(({ event }) => event);
  const of = <Type extends RunEvent["type"]>(type: Type) =>
    records.find((event) => event.type === type) as Extract<RunEvent, { readonly type: Type }>;
  const step = of("step");
  const [intent, submitted, result] = [of("intent"), of("submitted"), of("result")];
  const state = unpackState(await store.blob(step.snapshot)) as { readonly checkpoint: MinimizeStep["checkpoint"] };
  const report = step.report as MinimizeStep;
  const first = await store.run(id);
  const lease = await store.claim(id, thisOwner(), 600);
  for (let from = first!.step + 1; from <= steps; from += BATCH) {
    const numbers = Array.from({ length: Math.min(BATCH, steps + 1 - from) }, (_, index) => from + index);
    const blobs = numbers.map((number) => packState({ ...state, checkpoint: { ...state.checkpoint, step: number } }));
    await store.append(lease, {
      blobs,
      settle: numbers.map((number) => ({
        key: keyOf(number),
        scopes: [`run:${id}`],
        amount: { quantumSeconds: result.quantumSeconds, money: 0, jobs: 1 },
      })),
      events: numbers.flatMap((number, index): RunEvent[] => {
        const [key, jobId] = [keyOf(number), `job-${number}`];
        const place = { ...intent.place, phase: `step-${number}` };
        const checkpoint = { ...report.checkpoint, step: number };
        return [
          { ...intent, key, partKey: key, place },
          { ...submitted, key, partKey: key, jobId },
          { ...result, key, jobId },
          {
            ...step,
            step: number,
            report: { ...report, step: number, jobIds: [jobId], checkpoint },
            snapshot: hashOf(blobs[index]!),
          },
        ];
      }),
    });
  }
  await store.release(lease);
  return (await store.read(id)).length;
}

/** Of the form of a submit key. */
function keyOf(step: number): string {
  return `lp1-${String(step).padStart(26, "a")}`;
}
