import type { FaultRule } from "../../../providers/emulator/index.ts";
import { SubmitLimiter } from "../../../providers/ibm/limiter.ts";
import type { Clock, RemoteBackend } from "../../../providers/index.ts";
import { forkRun, type Lease, memoryStore, type RunStore } from "../../../src/runs/index.ts";
import type { RunKeeping } from "../../../src/training/run.ts";
import { InProcessEmulator, type InProcessProgram } from "../../support/in-process-emulator.ts";
import { smallDevice } from "../../support/small-device.ts";
import { overspent, withMore } from "./budget-watch.ts";
import type { Chance } from "./chance.ts";
import type { Fault } from "./faults.ts";
import type { Moment, RequestName } from "./scene.ts";
import type { Setting } from "./setting.ts";
import { SimulatedProcess } from "./simulated-process.ts";
import type { Trace } from "./trace.ts";

export const DEVICE = "small_device";
export const EMULATOR_SEED = 3;
const START = Date.UTC(2026, 0, 1, 22);
/** Of a request to the service, and of its answer back. */
export const LATENCY_SECONDS = 0.05;

/** One service, one ledger and one clock, the faults that strike there, and what is noticed of them. */
export class World {
  /** Of the run that is driven now. */
  id = "run";
  /** Runs before it, whose values cannot be had any more. */
  readonly lost: string[] = [];
  /** When it began, milliseconds since 1970. */
  readonly start = START;
  readonly setting: Setting;
  readonly chance: Chance;
  readonly emulator: InProcessEmulator;
  readonly store: RunStore;
  readonly trace: Trace;
  readonly faults: Fault[];
  /** Names of those that struck. */
  readonly struck: string[] = [];
  /** Codes of errors with which the run may fail. */
  readonly excuses = new Set<string>();
  readonly violations: string[] = [];
  readonly processes: SimulatedProcess[] = [];
  kills = 0;
  /** Two processes drove the run at once. */
  raced = false;
  /** Times of all requests, milliseconds. */
  readonly requests: number[] = [];
  /** When something was last asked or written. */
  lastProgress = START;
  overspend = 0;
  resultsLost = false;
  keeping: RunKeeping;
  /** Starts one more process beside those that run. */
  startRival: (() => void) | undefined;
  #ahead = 0;
  #offline = false;
  readonly #epochs = new Map<string, number>();

  constructor(setting: Setting, faults: readonly Fault[], chance: Chance, trace: Trace) {
    this.setting = setting;
    this.chance = chance;
    this.trace = trace;
    this.faults = [...faults];
    const { service } = setting;
    this.emulator = InProcessEmulator.open({
      devices: [smallDevice(2)],
      ...{ start: START, noise: false, seed: EMULATOR_SEED, latencySeconds: LATENCY_SECONDS },
      ...{ queueSeconds: service.queueSeconds, limits: { submissionsPerMinute: service.submissionsPerMinute } },
    });
    const { listLagSeconds, tagLagSeconds, ignoreTagFilter, pageCap } = service;
    this.emulator.control.set({ listLagSeconds, tagLagSeconds, ignoreTagFilter, pageCap });
    const { clock } = this.emulator;
    const storeClock: Clock = { now: () => clock.now() + this.#ahead, sleep: clock.sleep };
    this.store = memoryStore({ clock: storeClock });
    this.keeping = { ...setting.keeping };
    for (const fault of this.faults)
      if ("seconds" in fault.when) this.after(fault.when.seconds, () => this.#strike(fault, undefined, undefined));
  }

  now(): number {
    return this.emulator.time.now();
  }

  note(words: string): void {
    this.trace.note(this.now() - START, words);
  }

  wrong(check: string, what: string): void {
    this.note(`WRONG ${check}: ${what}`);
    this.violations.push(`${check}: ${what}`);
  }

  /** Does something later, whatever becomes of the processes. */
  after(seconds: number, what: () => void): void {
    this.emulator.time.schedule(seconds, "work", what);
  }

  sleep(seconds: number): Promise<void> {
    return this.emulator.clock.sleep(1000 * seconds);
  }

  /** The values of a job, which is paid for, are gone for good. */
  loseResult(path: string): void {
    this.emulator.control.faults.add({ method: "GET", path, status: 404, code: 1291, times: null });
    this.resultsLost = true;
  }

  /** What its user does then, as the error says: another run goes on from its last step, and buys what is missing. */
  async startOver(): Promise<void> {
    const { step } = (await this.store.run(this.id))!;
    const as = `${this.id}-again`;
    if (step > 0) await forkRun(this.store, this.id, { at: step, as });
    this.note(`run ${as} takes the place of ${this.id} after step ${step}`);
    this.lost.push(this.id);
    this.id = as;
    this.resultsLost = false;
  }

  /** The clock of the ledger is set. */
  setStoreClock(seconds: number): void {
    this.#ahead += 1000 * seconds;
  }

  /** The next request of this kind goes wrong. */
  spoil(line: { readonly method: string; readonly path: string }, rule: FaultRule): void {
    this.emulator.control.faults.add({ method: line.method, path: line.path, ...rule });
  }

  async openBackend(program: InProcessProgram): Promise<RemoteBackend> {
    const { session } = this.setting.process;
    return program.provider.backend(DEVICE, { effort: 0, ...(session ? { session: "batch" as const } : {}) });
  }

  /** Another process, with all of its own but the ledger and the service. */
  process(): SimulatedProcess {
    const { lagSeconds, submitTimeoutSeconds, limited, skewSeconds } = this.setting.process;
    const number = this.processes.length + 1;
    const process = new SimulatedProcess(this, `process ${number}`, {
      ...{ lagSeconds, submitTimeoutSeconds, seed: number },
      skewSeconds: skewSeconds * this.chance.whole(-1, 1),
      ...(limited ? { limiter: new SubmitLimiter({ limit: 5, clock: this.emulator.clock }) } : {}),
    });
    process.program.offline = this.#offline;
    this.processes.push(process);
    return process;
  }

  /** Its user allows more, after the budget was too small. */
  raiseBudget(): void {
    this.keeping = withMore(this.keeping);
    this.note(`budget raised to ${JSON.stringify(this.keeping.budget)}`);
  }

  setOffline(offline: boolean): void {
    this.#offline = offline;
    for (const { program } of this.processes) program.offline = offline;
  }

  /** The device has other properties from now on, by their date. */
  calibrate(): void {
    const [own] = this.emulator.core.service.devices;
    Object.assign(own!.properties, { last_update_date: new Date(this.now()).toISOString() });
  }

  /** @throws what the fault throws that strikes here */
  reach(moment: Moment, process: SimulatedProcess): void {
    for (const fault of this.faults) {
      const { when } = fault;
      if (fault.done || "seconds" in when || when.on !== moment.on) continue;
      if (when.name !== "*" && when.name !== moment.name) continue;
      if (when.nth > ++fault.seen) continue;
      this.#strike(fault, process, moment);
      if (process.program.killed) return;
    }
  }

  #strike(fault: Fault, process: SimulatedProcess | undefined, moment: Moment | undefined): void {
    if (fault.done) return;
    fault.done = true;
    const target = process ?? this.processes.findLast(({ alive }) => alive);
    if (target === undefined) return;
    this.struck.push(fault.kind);
    for (const code of fault.excuses ?? []) this.excuses.add(code);
    this.note(`fault ${fault.kind}`);
    fault.strike({ world: this, process: target }, moment);
  }

  sent(process: SimulatedProcess, name: RequestName): void {
    this.requests.push(this.now());
    this.lastProgress = this.now();
    const early = (process.blockedUntil - this.now()) / 1000;
    if (name === "submit" && early > 0)
      this.wrong("no submit while the service asks to wait", `${process.name} submits ${early} s early`);
  }

  claimed(process: SimulatedProcess, lease: Lease): void {
    const before = this.#epochs.get(lease.runId) ?? 0;
    if (lease.epoch <= before) this.wrong("lease epochs grow", `${lease.epoch} after ${before}`);
    this.#epochs.set(lease.runId, lease.epoch);
    const other = this.processes.some((one) => one !== process && one.alive && one.lease !== undefined);
    if (other) this.raced = true;
    process.lease = lease;
  }

  /** After each write: what is spent and set aside never exceeds the budget. */
  async appended(): Promise<void> {
    this.lastProgress = this.now();
    this.overspend = Math.max(this.overspend, await overspent(this.store, this.id, this.keeping));
  }
}
