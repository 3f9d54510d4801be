import * as tf from "@tensorflow/tfjs-core";
import { Rng } from "../../../circuits/index.ts";
import { ProviderError } from "../../../providers/index.ts";
import { BudgetError, RunError } from "../../../src/errors.ts";
import { Chance } from "./chance.ts";
import { check, type Findings } from "./checks.ts";
import { enter } from "./environment.ts";
import { drawFaults } from "./faults.ts";
import { referenceOf } from "./reference.ts";
import { drawSetting } from "./setting.ts";
import type { ProcessEnd, SimulatedProcess } from "./simulated-process.ts";
import { addStrangers } from "./strangers.ts";
import { Trace } from "./trace.ts";
import { World } from "./world.ts";

export interface RunReport {
  readonly seed: number;
  readonly problem: string;
  readonly struck: readonly string[];
  readonly kills: number;
  readonly processes: number;
  readonly raced: boolean;
  readonly beyond: boolean;
  readonly findings: Findings | undefined;
  readonly violations: readonly string[];
  readonly hours: number;
  readonly requests: number;
  readonly events: number;
  readonly hash: string;
  readonly lines: readonly string[] | undefined;
}

/** Processes that take up a run one after another, at most. */
const MOST_STARTS = 80;
/** Neither a request nor a write for so long: nothing is going on any more. */
const STUCK_HOURS = 60;
const MOST_HOURS = 24 * 90;
const MOST_EVENTS = 300_000;
/** After its end, for requests that are late. */
const DRAIN_SECONDS = 3000;

/** One run with all that goes wrong in it. The same seed gives the same events. */
export async function simulate(seed: number, { keepTrace = false } = {}): Promise<RunReport> {
  const chance = new Chance(Rng.seed(seed));
  const setting = drawSetting(chance.fork("setting"));
  enter(undefined, "reference");
  const reference = await referenceOf(setting.problem);
  const trace = new Trace({ keep: keepTrace });
  const world = new World(setting, drawFaults(chance.fork("faults"), setting), chance.fork("world"), trace);
  enter(world, seed);
  world.note(JSON.stringify({ ...setting, problem: setting.problem.name }));
  for (const { kind, when } of world.faults) world.note(`drawn: ${kind} ${JSON.stringify(when)}`);
  let findings: Findings | undefined;
  try {
    await addStrangers(world.emulator, setting.service.strangers, world.id);
    const bits = await Promise.race([new Supervisor(world, chance.fork("supervisor")).run(), watch(world)]);
    if (world.violations.length === 0) findings = await check(world, reference, bits);
  } catch (error) {
    world.wrong("the harness works", error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    for (const process of world.processes) process.program.kill();
    await world.emulator[Symbol.asyncDispose]();
    enter(undefined, "nothing");
    tf.disposeVariables();
  }
  return {
    ...{ seed, problem: setting.problem.name, struck: world.struck, kills: world.kills, findings },
    ...{ processes: world.processes.length, raced: world.raced, beyond: setting.beyond },
    violations: world.violations,
    hours: (world.now() - world.start) / 3_600_000,
    requests: world.requests.length,
    ...{ events: trace.events, hash: trace.hash, lines: trace.lines },
  };
}

/** Resolves when the world is stuck, or does too much. */
function watch(world: World): Promise<undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const look = (): void => {
    const hours = (world.now() - world.start) / 3_600_000;
    const still = (world.now() - world.lastProgress) / 3_600_000;
    if (still > STUCK_HOURS || hours > MOST_HOURS || world.trace.events > MOST_EVENTS) {
      world.wrong(
        "the run goes on",
        `${hours.toFixed(1)} h, ${still.toFixed(1)} h of them still, ${world.trace.events} events`,
      );
      resolve(undefined);
    } else world.after(3600, look);
  };
  look();
  return promise;
}

/** Who starts the program again, whatever became of it. */
class Supervisor {
  readonly #world: World;
  readonly #chance: Chance;
  readonly #ends: Promise<unknown>[] = [];
  #bits: string | undefined;
  #refusals = 0;

  constructor(world: World, chance: Chance) {
    this.#world = world;
    this.#chance = chance;
    world.startRival = () => void this.#start();
  }

  /** @returns the numbers of the run */
  async run(): Promise<string | undefined> {
    const world = this.#world;
    for (let starts = 0; ; ) {
      if (++starts > MOST_STARTS) {
        world.wrong("the run finishes", `not after ${MOST_STARTS} starts`);
        return undefined;
      }
      const { process, end } = this.#start();
      const how = await Promise.race([end, process.frozen.promise.then(() => undefined)]);
      if (how?.kind === "done") break;
      // Whoever wakes it, or waits for another one, does so as often as there is to be waited.
      if (how?.kind === "failed" && ["RUN_PARKED", "RUN_DRIVEN"].includes(codeOf(how.error))) starts--;
      await world.sleep(await this.#pause(how));
    }
    for (const process of world.processes) process.thaw();
    await Promise.all(this.#ends);
    await world.sleep(DRAIN_SECONDS);
    if (this.#chance.of(0.1)) await this.#onceMore();
    return this.#bits;
  }

  /** A run that is finished gives what it gave, and sends nothing. */
  async #onceMore(): Promise<void> {
    const world = this.#world;
    for (const fault of world.faults) fault.done = true;
    const { control } = world.emulator;
    const before = control.counts().jobs;
    const how = await this.#start().end;
    if (how.kind !== "done" || control.counts().jobs !== before)
      world.wrong("a finished run is only read", `${how.kind}, ${control.counts().jobs - before} jobs`);
  }

  #start(): { readonly process: SimulatedProcess; readonly end: Promise<ProcessEnd> } {
    const process = this.#world.process();
    this.#world.note(`${process.name} starts`);
    const end = process.run(this.#world.setting.problem).then((how) => {
      this.#judge(process, how);
      return how;
    });
    this.#ends.push(end);
    return { process, end };
  }

  /** Whether the process may end so. */
  #judge({ name }: SimulatedProcess, how: ProcessEnd): void {
    const world = this.#world;
    if (how.kind === "done") {
      this.#bits ??= how.bits;
      if (how.bits !== this.#bits) world.wrong("weights are equal", "two processes came to others");
    }
    if (how.kind !== "failed") {
      world.note(`${name} ends: ${how.kind}`);
      return;
    }
    const { error, opening } = how;
    const code = codeOf(error);
    world.note(`${name} ends: ${code} ${error instanceof Error ? error.message : String(error)}`);
    if (world.excuses.has(code)) return;
    if (opening && error instanceof ProviderError && error.retryable) return;
    if (code === "RUN_PARKED" && world.keeping.park === "leave") return;
    if (error instanceof BudgetError && world.keeping.budget !== undefined) return;
    if (code === "RUN_DRIVEN" && world.processes.length > 1) return;
    if (code === "RUN_FENCED" && world.raced) return;
    if (error instanceof ProviderError && error.retryable)
      world.wrong("what passes is waited for", `${code} ${error.message}`);
    else world.wrong("errors are documented", error instanceof Error ? `${code} ${error.stack}` : String(error));
  }

  /** Seconds until somebody starts the program again. */
  async #pause(how: ProcessEnd | undefined): Promise<number> {
    const world = this.#world;
    const chance = this.#chance;
    // Nobody knows that it is stopped; its lease ends.
    if (how === undefined) return chance.spread(31, 600);
    if (how.kind === "killed") return chance.spread(0.5, 200);
    if (how.kind !== "failed") return chance.spread(1, 100);
    const { error } = how;
    const code = codeOf(error);
    if (code === "RUN_DRIVEN") return Math.min(3600, 31 * 2 ** this.#refusals++);
    this.#refusals = 0;
    if (code === "RUN_PARKED") {
      const wakeAt = (await world.store.run(world.id))?.wakeAt;
      return Math.max(0, (wakeAt ?? 0) - (await world.store.now())) / 1000;
    }
    if (error instanceof BudgetError) world.raiseBudget();
    if (code === "RUN_RESULT_LOST" && world.resultsLost) await world.startOver();
    return chance.spread(1, 600);
  }
}

function codeOf(error: unknown): string {
  if (error instanceof Error && error.message === "aborted by its user") return "ABORTED";
  const { code } = (error ?? {}) as { readonly code?: unknown };
  if (typeof code === "string" && (error instanceof RunError || error instanceof Error)) return code;
  return error instanceof Error ? error.name : "UNKNOWN";
}
