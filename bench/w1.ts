import { availableParallelism } from "node:os";
import { createStatevectorEngine } from "../providers/simulator/statevector-engine.ts";
import { installPeers, Peer } from "./peer.ts";
import { median, saveResults, table } from "./report.ts";
import { lcgAngles, w1Circuit, w1Observables } from "./workloads.ts";

interface Row {
  readonly workload: string;
  readonly numQubits: number;
  readonly batch: number;
  readonly side: string;
  readonly threads: number;
  readonly medianSeconds: number;
  readonly minSeconds: number;
  readonly compileSeconds: number;
  readonly check: number;
  readonly ratio?: number;
}

const ROUNDS = 7;
const SIZES = [
  [4, 32],
  [8, 32],
] as const;

/** Our side of W1: the compiled step and the time until it first answered. */
function ourStep(numQubits: number, batch: number) {
  const start = performance.now();
  const program = createStatevectorEngine().expectation(w1Circuit(numQubits), w1Observables(numQubits));
  const inputs = lcgAngles(1, batch * numQubits);
  const weights = lcgAngles(2, 9 * numQubits);
  const cotangents = lcgAngles(3, batch * numQubits);
  const outputs = new Float64Array(batch * numQubits);
  const weightGradients = new Float64Array(weights.length);
  const inputGradients = new Float64Array(inputs.length);
  const run = (): number => {
    program.backward(inputs, weights, batch, cotangents, outputs, weightGradients, inputGradients);
    return weightGradients.reduce((sum, value) => sum + value, 0);
  };
  run();
  return { run, compileSeconds: (performance.now() - start) / 1000 };
}

function timed(run: () => number, repeats: number): { seconds: number[]; check: number } {
  const seconds: number[] = [];
  let check = 0;
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    check = run();
    seconds.push((performance.now() - start) / 1000);
  }
  return { seconds, check };
}

async function benchW1(numQubits: number, batch: number, python: string | undefined): Promise<readonly Row[]> {
  const ours = ourStep(numQubits, batch);
  const repeats = numQubits <= 4 ? 400 : 60;
  timed(ours.run, repeats);
  const threadCounts = python === undefined ? [] : [1, ...(availableParallelism() > 1 ? [availableParallelism()] : [])];
  const peers = await Promise.all(
    threadCounts.map(async (threads) => {
      const peer = new Peer(python!, "pennylane_w1.py", [String(numQubits), String(batch)], threads);
      const { compileSeconds, versions } = await peer.answer<{
        compileSeconds: number;
        versions: Record<string, string>;
      }>();
      return { peer, threads, compileSeconds, versions, seconds: [] as number[], check: 0 };
    }),
  );
  const seconds: number[] = [];
  let check = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const own = timed(ours.run, repeats);
    seconds.push(...own.seconds);
    check = own.check;
    for (const entry of peers) {
      const theirs = await entry.peer.ask<{ seconds: number[]; check: number }>({ repeats: Math.ceil(repeats / 4) });
      entry.seconds.push(...theirs.seconds);
      entry.check = theirs.check;
      if (Math.abs(theirs.check - check) > 1e-10 * Math.max(1, Math.abs(check)))
        throw new Error(`W1 n=${numQubits}: the sides disagree, ${check} here and ${theirs.check} there.`);
    }
  }
  for (const { peer } of peers) peer.close();
  const common = { workload: "W1", numQubits, batch };
  const mine: Row = {
    ...common,
    side: "lepton",
    threads: 1,
    medianSeconds: median(seconds),
    minSeconds: Math.min(...seconds),
    compileSeconds: ours.compileSeconds,
    check,
  };
  return [
    mine,
    ...peers.map((entry) => ({
      ...common,
      side: `pennylane ${entry.versions.pennylane} default.qubit, jax ${entry.versions.jax} jit`,
      threads: entry.threads,
      medianSeconds: median(entry.seconds),
      minSeconds: Math.min(...entry.seconds),
      compileSeconds: entry.compileSeconds,
      check: entry.check,
      ratio: median(entry.seconds) / mine.medianSeconds,
    })),
  ];
}

/** Measures W1 and prints it; with `peers` beside PennyLane, and the results are kept. */
export async function runW1(peers: boolean): Promise<void> {
  const python = peers ? installPeers("w1") : undefined;
  const rows: Row[] = [];
  for (const [numQubits, batch] of SIZES) rows.push(...(await benchW1(numQubits, batch, python)));
  console.log(
    table(
      ["work", "n", "batch", "side", "threads", "median ms", "min ms", "first s", "ratio"],
      rows.map((row) => [
        row.workload,
        String(row.numQubits),
        String(row.batch),
        row.side,
        String(row.threads),
        (row.medianSeconds * 1000).toFixed(3),
        (row.minSeconds * 1000).toFixed(3),
        row.compileSeconds.toFixed(3),
        row.ratio === undefined ? "" : `${row.ratio.toFixed(1)}x`,
      ]),
    ),
  );
  console.log(
    "ratio: the peer's median time over ours in the same run; both sides give the same check value to 1e-10.",
  );
  if (python === undefined)
    console.log("Without --peers there is nothing to compare with, and bench/results/ stays as it is.");
  else saveResults("w1", { rows });
}
