import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";

export const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

export const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

/** Columns side by side under their heads. */
export function table(head: readonly string[], cells: readonly (readonly string[])[]): string {
  const widths = head.map((text, column) => Math.max(text.length, ...cells.map((row) => row[column]!.length)));
  return [head, ...cells]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Keeps results in bench/results/NAME.json with the machine they were measured on. */
export function saveResults(name: string, results: object): void {
  const folder = new URL("results/", import.meta.url);
  mkdirSync(folder, { recursive: true });
  const machine = {
    cpu: cpus()[0]?.model ?? "unknown",
    threads: availableParallelism(),
    node: process.version,
    platform: process.platform,
  };
  writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify({ machine, ...results }, null, 2)}\n`);
}
