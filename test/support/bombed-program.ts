/**
 * A program whose results are bombs, for its memory to be watched: node bombed-program.ts SERVICE FILE..., with the address of a
 * service in JSON whose second result is one, or "" and files that take the place of results. Says as JSON what came of it.
 */
import { readFileSync } from "node:fs";
import { realAmplitudes } from "../../circuits/index.ts";
import { type Backend, type Clock, systemClock } from "../../providers/index.ts";
import { memoryStore } from "../../src/index.ts";
import { RunJournal } from "../../src/runs/index.ts";
import { EMULATED_BACKEND, type ServiceAddress } from "./emulated-provider.ts";
import { InProcessEmulator } from "./in-process-emulator.ts";
import { killedBackend } from "./killed-run.ts";

export interface Bombed {
  /** By which the most memory that the process ever had grew. */
  readonly growthMegabytes: number;
  /** What each bomb was refused with; "taken" where it was not. */
  readonly codes: readonly string[];
}

/** Runs one job of a kept run. */
async function takeJob(backend: Backend, clock: Clock, id: string): Promise<string> {
  const store = memoryStore({ clock });
  const journal = await RunJournal.open({ store, id, clock });
  try {
    const estimator = journal.provider(backend).estimator({ precision: 0.1 });
    await (await estimator.run([[realAmplitudes({ numQubits: 2, reps: 1 }), ["ZZ"], [0.1, 0.2, 0.3, 0.4]]])).result();
    return "taken";
  } catch (error) {
    return String((error as { readonly code?: unknown }).code ?? error);
  } finally {
    await journal.close();
  }
}

const peakMegabytes = (): number => process.resourceUsage().maxRSS / 1024;

async function overNetwork(service: ServiceAddress): Promise<Bombed> {
  const backend = await killedBackend(service);
  const first = await takeJob(backend, systemClock, "first");
  if (first !== "taken") throw new Error(`The first result was refused with ${first}.`);
  const before = peakMegabytes();
  const codes = [await takeJob(backend, systemClock, "second")];
  return { growthMegabytes: peakMegabytes() - before, codes };
}

async function fromFiles(files: readonly string[]): Promise<Bombed> {
  await using world = InProcessEmulator.open({ devices: ["manila"], seed: 3, noise: false });
  const program = world.process();
  let file: string | undefined;
  program.onAnswer = ({ url }, response) =>
    url.endsWith("/results") && file !== undefined ? { ...response, body: readFileSync(file) } : response;
  const backend = await program.provider.backend(EMULATED_BACKEND);
  const first = await takeJob(backend, program.clock, "first");
  if (first !== "taken") throw new Error(`The first result was refused with ${first}.`);
  const before = peakMegabytes();
  const codes: string[] = [];
  for (const [index, next] of files.entries()) {
    file = next;
    codes.push(await takeJob(backend, program.clock, `bomb-${index}`));
  }
  return { growthMegabytes: peakMegabytes() - before, codes };
}

if (import.meta.main) {
  const [service = "", ...files] = process.argv.slice(2);
  const bombed = service === "" ? await fromFiles(files) : await overNetwork(JSON.parse(service) as ServiceAddress);
  process.stdout.write(JSON.stringify(bombed));
}
