import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";

export const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

export const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

/** One side's times in one case; times are absent where `note` says why. */
export interface Row {
  readonly side: string;
  /** Absent where the side decides by itself. */
  readonly threads?: number;
  readonly runs?: number;
  readonly medianSeconds?: number;
  readonly minSeconds?: number;
  /** Until the first answer, compile time included and import left out. */
  readonly firstSeconds?: number;
  /** The median over ours in the same run. */
  readonly ratio?: number;
  readonly minRatio?: number;
  readonly note?: string;
}

/** What was measured in one go, ours first. */
export interface Case {
  readonly workload: string;
  readonly name?: string;
  readonly numQubits: number;
  readonly batch: number;
  /** The machine's load average when it began. */
  readonly load: number;
  readonly check: readonly number[];
  readonly rows: readonly Row[];
}

export type SavedCase = Case & { readonly measured: Readonly<Record<string, string | number>> };

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

/** Three figures, in milliseconds below a second. */
export function duration(seconds: number): string {
  return seconds < 1 ? `${figures(1000 * seconds)} ms` : `${figures(seconds)} s`;
}

/** Three figures without an exponent. */
export function figures(value: number): string {
  if (value === 0) return "0";
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 6));
}

/** The cases as a table for a terminal. */
export function casesTable(cases: readonly Case[]): string {
  return table(
    ["work", "n", "batch", "side", "threads", "runs", "median", "least", "first", "ratio", "of least"],
    cases.flatMap(({ workload, name, numQubits, batch, rows }) =>
      rows.map((row) => [
        name ?? workload,
        String(numQubits),
        String(batch),
        row.side,
        String(row.threads ?? ""),
        String(row.runs ?? ""),
        row.medianSeconds === undefined ? row.note! : duration(row.medianSeconds),
        row.minSeconds === undefined ? "" : duration(row.minSeconds),
        row.firstSeconds === undefined ? "" : duration(row.firstSeconds),
        row.ratio === undefined ? "" : `${row.ratio.toFixed(2)}x`,
        row.minRatio === undefined ? "" : `${row.minRatio.toFixed(2)}x`,
      ]),
    ),
  );
}

const folder = new URL("results/", import.meta.url);

/** The machine and the time, as they stand beside every result. */
export function machine(): Readonly<Record<string, string | number>> {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    threads: availableParallelism(),
    node: process.version,
    platform: process.platform,
    date: new Date().toISOString(),
  };
}

/** Keeps results in bench/results/NAME.json with the machine they were measured on. */
export function saveResults(name: string, results: object): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify({ machine: machine(), ...results }, null, 2)}\n`);
}

/** The cases on record in bench/results/NAME.json. */
export function savedCases(name: string): readonly SavedCase[] {
  const file = new URL(`${name}.json`, folder);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as { cases: SavedCase[] }).cases : [];
}

/** Puts cases in the place of those on record for the same work; the others stay as they are. */
export function saveCases(name: string, cases: readonly Case[]): void {
  const measured = machine();
  const all = savedCases(name).filter((old) => !cases.some((found) => isSameWork(old, found)));
  const order = (a: Case, b: Case): number =>
    (a.name ?? "").localeCompare(b.name ?? "") || a.numQubits - b.numQubits || a.batch - b.batch;
  const merged = [...all, ...cases.map((found) => ({ ...found, measured }))].sort(order);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify({ cases: merged }, null, 2)}\n`);
}

const isSameWork = (a: Case, b: Case): boolean =>
  a.name === b.name && a.numQubits === b.numQubits && a.batch === b.batch;
