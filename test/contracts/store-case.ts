import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import type { Clock } from "../../providers/index.ts";
import {
  type Append,
  type CreatedEvent,
  type Lease,
  type NewRun,
  type Owner,
  type RunEvent,
  type RunRecord,
  type RunStore,
  type StepEvent,
  thisOwner,
} from "../../src/runs/index.ts";
import type { ContractCase } from "./contract-case.ts";

/** Where the runs of one store are. */
export interface StorePlace {
  /** Opens the store; where `lasting`, again and again, with what was kept before. */
  open(clock: Clock): RunStore | Promise<RunStore>;
  /** Called when all that were opened are closed. */
  remove?(): void | Promise<void>;
}

/** A clock that stands still unless it is moved. Those who sleep wait in earnest. */
export class StandingClock implements Clock {
  #now = Date.parse("2026-11-26T02:00:00Z");

  now(): number {
    return this.#now;
  }
  advance(seconds: number): void {
    this.#now += 1000 * seconds;
  }
  async sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
  }
}

export interface StoreGround {
  readonly store: RunStore;
  readonly clock: StandingClock;
  /** The same store as another process has it, or the only one there is. */
  another(): Promise<RunStore>;
}

/** Makes cases, each of which gets a new and empty place. */
export type StoreCase = (name: string, run: (ground: StoreGround) => Promise<void>) => ContractCase;

export function storeCases(place: () => StorePlace | Promise<StorePlace>, lasting: boolean): StoreCase {
  return (name, run) => ({
    name,
    async run() {
      const clock = new StandingClock();
      const here = await place();
      const open: RunStore[] = [];
      const another = async (): Promise<RunStore> => {
        if (!lasting && open.length > 0) return open[0]!;
        const store = await here.open(clock);
        open.push(store);
        return store;
      };
      try {
        await run({ store: await another(), clock, another });
      } finally {
        for (const store of open) await store.close();
        await here.remove?.();
      }
    },
  });
}

export const created: CreatedEvent = { type: "created", versions: { lepton: "0.1.0", node: "26.10.0" } };
export const TTL = 30;

export function step(number: number): StepEvent {
  return { type: "step", step: number, report: { step: number, loss: 1 / number }, snapshot: "0".repeat(64) };
}

export function waiting(words: string): RunEvent {
  return { type: "waiting", words };
}

export function parked(wakeAt: number): RunEvent {
  return { type: "parked", words: "The queue is long.", wakeAt };
}

export const task: NonNullable<NewRun["task"]> = {
  config: "digits.ts",
  options: { steps: 5, provider: "ibm:x", dry: true },
};

/** A run with a driver. */
export async function driven(store: RunStore, id: string, run: Partial<NewRun> = {}): Promise<Lease> {
  await store.create({ events: [created], ...run, id });
  return store.claim(id, thisOwner(), TTL);
}

/** Appends what must be written. */
export async function written(store: RunStore, lease: Lease, append: Append): Promise<readonly RunRecord[]> {
  const done = await store.append(lease, append);
  assert.equal(done.outcome, "written");
  return done.outcome === "written" ? done.records : [];
}

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

export async function eventsOf(store: RunStore, id: string): Promise<readonly RunEvent[]> {
  return (await store.read(id)).map(({ event }) => event);
}

/** An owner in a process that has ended; undefined where the system cannot tell that it has. */
export async function deadOwner(): Promise<Owner | undefined> {
  const here = thisOwner();
  if (here.process === undefined) return undefined;
  const child = spawn(process.execPath, ["--eval", ""], { stdio: "ignore" });
  await once(child, "exit");
  return { ...here, pid: child.pid! };
}

/** Owners as other machines have them. */
export function ownerElsewhere(host = "elsewhere.example"): Owner {
  return { ...thisOwner(), host, pid: 4242, process: "another-machine/pid:[1]/77" };
}
