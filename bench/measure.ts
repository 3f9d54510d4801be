import { availableParallelism, loadavg } from "node:os";
import type { BenchOptions } from "./arguments.ts";
import { type Environment, installPeers } from "./environments.ts";
import { Peer, PeerTimeout } from "./peer.ts";
import { type Case, median, type Row } from "./report.ts";

/** One turn of a side: runs for about so many seconds, once at least and no more than `repeats` times. */
export interface Turn {
  readonly seconds: number;
  readonly repeats: number;
}

export interface Answer {
  /** Of each run. */
  readonly seconds: readonly number[];
  /** Numbers that every side must find. */
  readonly check: readonly number[];
}

/** What takes turns with the others. */
export interface Side {
  readonly name: string;
  /** Undefined where it decides by itself. */
  readonly threads: number | undefined;
  /** Seconds until the first answer, compile time included and import left out. */
  readonly firstSeconds: number;
  take(turn: Turn): Promise<Answer>;
  close(): void;
}

/** A peer that can do a task, and how it is started. */
export interface PeerSpec {
  /** As --peer names it. */
  readonly id: string;
  /** With `{package}` where that package's version stands. */
  readonly name: string;
  readonly environment: Environment;
  readonly script: string;
  readonly args?: readonly string[];
  /** Thread counts to try; 1 and all by default. */
  readonly threads?: readonly number[];
}

/** What is measured: our side, and the task that the peers are sent. */
export interface Measured {
  readonly workload: string;
  /** Names a case among those with the same number of qubits and rows. */
  readonly name?: string;
  readonly numQubits: number;
  readonly batch: number;
  readonly task: unknown;
  readonly peers: readonly PeerSpec[];
  ours(): Side | Promise<Side>;
  /** Further sides that are started otherwise than peers are; they take all turns. */
  readonly otherSides?: readonly (() => Promise<Side>)[];
  /** How far the sides' checks may be apart, relative where they are above 1; 1e-10 by default. */
  readonly tolerance?: number;
  /** Of one turn. */
  readonly maxRepeats?: number;
}

/** Seconds that one peer with one thread count may take for its turns after the first. */
const PEER_SECONDS = 25;
/** A thread count so much slower than the peer's best takes no further turns. */
const HOPELESS = 1.5;
const TURN_LIMIT = 600;

/** The side that runs in this process: `run` is timed, `check` is not. The first run is that of `firstSeconds`. */
export function ownSide(name: string, prepare: () => { run(): void; check(): readonly number[] }): Side {
  const start = performance.now();
  const { run, check } = prepare();
  run();
  const firstSeconds = (performance.now() - start) / 1000;
  return {
    name,
    threads: undefined,
    firstSeconds,
    async take({ seconds, repeats }) {
      const took: number[] = [];
      const end = performance.now() + 1000 * seconds;
      do {
        const begin = performance.now();
        run();
        took.push((performance.now() - begin) / 1000);
      } while (took.length < repeats && performance.now() < end);
      return { seconds: took, check: check() };
    },
    close() {},
  };
}

interface FirstAnswer {
  readonly firstSeconds: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly variant?: string;
}

async function startPeer(spec: PeerSpec, threads: number, task: unknown, limit: number): Promise<Side> {
  const peer = new Peer(installPeers(spec.environment), spec.script, spec.args ?? [], threads);
  try {
    const { firstSeconds, versions, variant } = await peer.ask<FirstAnswer>(task, limit);
    const name = spec.name.replaceAll(/\{([\w-]+)\}/g, (_, what: string) => versions[what]!);
    return {
      name: variant === undefined ? name : `${name} (${variant})`,
      threads,
      firstSeconds,
      take: (turn) => peer.ask<Answer>(turn, TURN_LIMIT),
      close: () => peer.close(),
    };
  } catch (error) {
    peer.close();
    throw error;
  }
}

interface Entry {
  readonly spec: PeerSpec | undefined;
  readonly side: Side;
  readonly seconds: number[];
  check: readonly number[];
  /** Turns it still takes. */
  turns: number;
}

/**
 * Measures one case: our side and each peer with each thread count, taking turns, so that what else the machine does meets
 * all alike. @throws Error where two sides find different numbers
 */
export async function measure(measured: Measured, options: BenchOptions): Promise<Case> {
  const { workload, numQubits, batch, name } = measured;
  const label = [workload, name, `n=${numQubits}`, `batch=${batch}`].filter((part) => part !== undefined).join(" ");
  process.stderr.write(`${label} ...\n`);
  const load = loadavg()[0]!;
  const ours: Entry = entryFor(undefined, await measured.ours(), options.rounds);
  const entries = [ours];
  for (const start of measured.otherSides ?? []) entries.push(entryFor(undefined, await start(), options.rounds));
  const late: Row[] = [];
  const turn = { seconds: options.slice, repeats: measured.maxRepeats ?? 1000 };
  try {
    for (const spec of options.peers ? wanted(measured.peers, options) : [])
      for (const threads of spec.threads ?? threadCounts()) {
        try {
          const side = await startPeer(spec, threads, measured.task, options.limit);
          entries.push(entryFor(spec, side, options.rounds));
        } catch (error) {
          if (!(error instanceof PeerTimeout)) throw error;
          late.push({ side: spec.name.replaceAll(/ ?\{[\w-]+\}/g, ""), threads, note: error.message });
        }
      }
    for (let round = 0; round < options.rounds; round++)
      for (const entry of entries) {
        if (entry.turns-- <= 0) continue;
        const begin = performance.now();
        const { seconds, check } = await entry.side.take(turn);
        entry.seconds.push(...seconds);
        entry.check = check;
        if (entry === ours) continue;
        assertEqual(label, ours, entry, measured.tolerance ?? 1e-10);
        if (entry.spec === undefined) continue;
        const took = (performance.now() - begin) / 1000;
        if (round === 0) entry.turns = Math.min(entry.turns, Math.floor(PEER_SECONDS / took));
        if (isHopeless(entry, entries)) entry.turns = 0;
      }
  } finally {
    for (const { side } of entries) side.close();
  }
  return {
    workload,
    ...(name === undefined ? {} : { name }),
    numQubits,
    batch,
    load,
    check: ours.check,
    rows: [...entries.map((entry) => rowOf(entry, ours)), ...late],
  };
}

const wanted = (peers: readonly PeerSpec[], { peer }: BenchOptions): readonly PeerSpec[] =>
  peers.filter(({ id }) => peer.length === 0 || peer.includes(id));

const threadCounts = (): readonly number[] => (availableParallelism() > 1 ? [1, availableParallelism()] : [1]);

const entryFor = (spec: PeerSpec | undefined, side: Side, turns: number): Entry => ({
  spec,
  side,
  seconds: [],
  check: [],
  turns,
});

function isHopeless(entry: Entry, entries: readonly Entry[]): boolean {
  const same = entries.filter(({ spec, seconds }) => spec === entry.spec && seconds.length > 0);
  return median(entry.seconds) > HOPELESS * Math.min(...same.map(({ seconds }) => median(seconds)));
}

function assertEqual(label: string, ours: Entry, theirs: Entry, tolerance: number): void {
  const wrong = theirs.check.findIndex(
    (value, i) => !(Math.abs(value - ours.check[i]!) <= tolerance * Math.max(1, Math.abs(ours.check[i]!))),
  );
  if (wrong === -1 && theirs.check.length === ours.check.length && ours.check.length > 0) return;
  throw new Error(
    `${label}: the sides disagree. ${ours.side.name}: ${ours.check.join(", ")}; ${theirs.side.name}: ${theirs.check.join(", ")}.`,
  );
}

function rowOf({ side, seconds }: Entry, ours: Entry): Row {
  const medianSeconds = median(seconds);
  const minSeconds = Math.min(...seconds);
  return {
    side: side.name,
    ...(side.threads === undefined ? {} : { threads: side.threads }),
    runs: seconds.length,
    medianSeconds,
    minSeconds,
    firstSeconds: side.firstSeconds,
    ...(side === ours.side
      ? {}
      : { ratio: medianSeconds / median(ours.seconds), minRatio: minSeconds / Math.min(...ours.seconds) }),
  };
}

/** Whether the options leave this case in. */
export function isWanted(measured: Measured, { numQubits, batch, only }: BenchOptions): boolean {
  return (
    (numQubits.length === 0 || numQubits.includes(measured.numQubits)) &&
    (batch.length === 0 || batch.includes(measured.batch)) &&
    (only === undefined || (measured.name ?? measured.workload).includes(only))
  );
}
