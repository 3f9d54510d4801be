import { realAmplitudes, SparsePauliOp } from "../../circuits/index.ts";
import type { FaultRule } from "../../providers/emulator/index.ts";
import type { IbmBackendOptions } from "../../providers/ibm/index.ts";
import { adam, type MinimizeOptions, minimize } from "../../src/index.ts";
import { historyOf } from "../../src/runs/history.ts";
import { foldRun, memoryStore, type RunRow, type RunStore } from "../../src/runs/index.ts";
import type { RunKeeping } from "../../src/training/run.ts";
import { InProcessEmulator, type InProcessOptions, type ProcessOptions } from "./in-process-emulator.ts";
import { smallDevice } from "./small-device.ts";

export const DEVICE = "small_device";
export const HOUR = 3600;
export const START = Date.UTC(2026, 0, 1, 20);

export interface Starting extends RunKeeping, Pick<MinimizeOptions, "onSubmitted"> {
  readonly steps?: number;
  readonly backend?: IbmBackendOptions;
  readonly process?: ProcessOptions;
}

/** A service, a ledger, and processes that drive one run, all on one virtual clock. */
export class RunWorld implements AsyncDisposable {
  readonly emulator: InProcessEmulator;
  readonly store: RunStore;
  /** Requests of all processes. */
  requests = 0;

  constructor(options: InProcessOptions = {}) {
    const small = { devices: [smallDevice(2)], noise: false, sampling: "exact", latencySeconds: 0.05 } as const;
    this.emulator = InProcessEmulator.open({ ...small, start: START, ...options });
    this.store = memoryStore({ clock: this.emulator.clock });
  }

  /** The documented call, by another process each time; in an object, since whoever awaits a run waits for its result. */
  async drive({ steps = 2, backend, process = {}, ...keeping }: Starting = {}) {
    const program = this.emulator.process(process);
    program.onRequest = (_, stage) => {
      if (stage === "sending") this.requests++;
    };
    const provider = await program.provider.backend(DEVICE, { effort: 0, ...backend });
    const run = minimize({
      circuit: realAmplitudes({ numQubits: 2, reps: 1 }),
      observable: SparsePauliOp.parse("1.0*ZZ + 0.5*XI + 0.25*IX"),
      optimizer: adam({ learningRate: 0.1 }),
      ...{ steps, seed: 5, precision: 0.1, provider, store: this.store, clock: program.clock, id: "run" },
      ...keeping,
    });
    run.catch(() => {});
    return { run, program };
  }

  /** The same, to its end. */
  async finish(starting?: Starting) {
    return (await this.drive(starting)).run;
  }

  get jobs() {
    return this.emulator.control.jobs().filter(({ tags }) => tags.includes("lp-run-run"));
  }

  fault(rule: FaultRule): void {
    this.emulator.control.faults.add(rule);
  }

  /** Seconds since the beginning. */
  now(): number {
    return (this.emulator.time.now() - START) / 1000;
  }

  sleep(seconds: number): Promise<void> {
    return this.emulator.clock.sleep(1000 * seconds);
  }

  async row(): Promise<RunRow> {
    return (await this.store.run("run"))!;
  }

  /** What happened, in plain words, a line each. */
  async history(): Promise<string> {
    return historyOf(await this.store.read("run"))
      .map(({ words }) => words)
      .join("\n");
  }

  async state() {
    return foldRun(await this.store.read("run"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.emulator[Symbol.asyncDispose]();
  }
}

/** The code with which a run fails. */
export const codeOf = (run: PromiseLike<unknown>): Promise<string> =>
  Promise.resolve(run).then(
    () => "none",
    (error: { readonly code?: string }) => error.code ?? String(error),
  );

export const count = (text: string, pattern: RegExp): number =>
  text.match(new RegExp(pattern, `${pattern.flags}g`))?.length ?? 0;

/** Of the run that nobody disturbs. */
export async function undisturbed(steps = 2): Promise<Float64Array> {
  await using world = new RunWorld();
  return (await world.finish({ steps })).weights;
}
