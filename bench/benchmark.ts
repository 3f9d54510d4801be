import type { BenchOptions } from "./arguments.ts";
import { isWanted, type Measured, measure } from "./measure.ts";
import { type Case, casesTable, saveCases } from "./report.ts";

/** Measures a workload's cases, prints them, and keeps them where all of their peers took part. */
export async function benchmark(name: string, all: readonly Measured[], options: BenchOptions): Promise<void> {
  const keep = options.peers && options.peer.length === 0;
  const cases: Case[] = [];
  for (const measured of all) {
    if (!isWanted(measured, options)) continue;
    const found = await measure(measured, options);
    cases.push(found);
    // Each at once: a later case may take long, or be interrupted.
    if (keep) saveCases(name, [found]);
  }
  if (cases.length === 0) {
    console.log(`${name}: no case is left.`);
    return;
  }
  console.log(casesTable(cases));
  if (!options.peers)
    console.log("Without --peers there is nothing to compare with, and bench/results/ stays as it is.");
  else if (!keep) console.log("Not all peers took part, so bench/results/ stays as it is.");
  else
    console.log(
      "ratio: the peer's median over ours in the same run. All sides found the same numbers. first: until the first answer, compile time included.",
    );
}
