import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { duration, figures, type Row, type SavedCase, savedCases } from "./report.ts";

const PAGE = new URL("../docs/performance.md", import.meta.url);

/** One line for each peer, with its best thread count; further ways of ours have lines of their own. */
function linesOf({ name, numQubits, batch, rows }: SavedCase): readonly string[] {
  const [ours, ...others] = rows as readonly [Row, ...Row[]];
  const best = new Map<string, Row>();
  for (const row of others) {
    // Variants of one peer differ in brackets.
    const peer = row.side.replace(/ \(.*\)$/, "");
    const known = best.get(peer);
    if (known === undefined || (row.medianSeconds ?? Infinity) < (known.medianSeconds ?? Infinity)) best.set(peer, row);
  }
  const first = [
    ...(name === undefined ? [] : [name]),
    String(numQubits),
    String(batch),
    duration(ours.medianSeconds!),
  ];
  return [...best.values()].map((row) =>
    markdownRow([
      ...first,
      row.side,
      row.medianSeconds === undefined ? row.note! : duration(row.medianSeconds),
      String(row.threads ?? ""),
      row.ratio === undefined ? "" : `${figures(row.ratio)}×`,
      row.firstSeconds === undefined ? "" : `${duration(ours.firstSeconds!)} / ${duration(row.firstSeconds)}`,
    ]),
  );
}

const markdownRow = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

function casesTable(cases: readonly SavedCase[]): string {
  const named = cases.some(({ name }) => name !== undefined);
  const head = [
    ...(named ? ["circuit"] : []),
    ...["qubits", "rows", "Lepton", "peer", "peer's time", "threads", "ratio", "first answer, Lepton / peer"],
  ];
  const { cpu, threads, node } = cases[0]!.measured;
  const dates = cases.map(({ measured }) => String(measured.date).slice(0, 10)).sort();
  const loads = cases.map(({ load }) => load);
  const when = dates[0] === dates.at(-1) ? dates[0] : `${dates[0]} to ${dates.at(-1)}`;
  return [
    markdownRow(head),
    markdownRow(head.map(() => "---")),
    ...cases.flatMap(linesOf),
    "",
    `${cpu}, ${threads} threads, Node ${node}; ${when}; load average when the cases began ${figures(Math.min(...loads))} to ${figures(Math.max(...loads))}.`,
  ].join("\n");
}

function sweepTable(): string {
  const file = new URL("results/sweep.json", import.meta.url);
  if (!existsSync(file)) throw new Error("The sweep has not been measured: npm run bench -- sweep");
  const { machine, rows } = JSON.parse(readFileSync(file, "utf8")) as {
    machine: { cpu: string; date: string };
    rows: readonly {
      kernel: string;
      threads: number;
      qubit: number;
      gigabytesPerSecond: number;
      bandwidth: number;
      share: number;
    }[];
  };
  const head = ["kernel", "threads", "qubit", "GB/s", "scale loop GB/s", "share"];
  return [
    markdownRow(head),
    markdownRow(head.map(() => "---")),
    ...rows.map((row) =>
      markdownRow([
        row.kernel,
        String(row.threads),
        String(row.qubit),
        figures(row.gigabytesPerSecond),
        figures(row.bandwidth),
        `${(100 * row.share).toFixed(0)} %`,
      ]),
    ),
    "",
    `${machine.cpu}; ${machine.date.slice(0, 10)}.`,
  ].join("\n");
}

function computeTable(): string {
  const file = new URL("results/compute.json", import.meta.url);
  if (!existsSync(file)) throw new Error("compute has not been measured: npm run bench -- compute --peers");
  const { machine, cases } = JSON.parse(readFileSync(file, "utf8")) as {
    machine: { cpu: string; node: string; date: string };
    cases: readonly (Pick<SavedCase, "name" | "batch" | "load" | "rows"> & { readonly parameters: number })[];
  };
  const head = ["network", "parameters", "rows", "compute unit", "other", "its time", "ratio", "ratio of least times"];
  const loads = cases.map(({ load }) => load);
  return [
    markdownRow(head),
    markdownRow(head.map(() => "---")),
    ...cases.flatMap(({ name, parameters, batch, rows: [ours, ...others] }) =>
      others.map((row) =>
        markdownRow([
          name!,
          String(parameters),
          String(batch),
          duration(ours!.medianSeconds!),
          row.side,
          row.medianSeconds === undefined ? row.note! : duration(row.medianSeconds),
          row.ratio === undefined ? "" : `${figures(row.ratio)}×`,
          row.minRatio === undefined ? "" : `${figures(row.minRatio)}×`,
        ]),
      ),
    ),
    "",
    `${machine.cpu}, Node ${machine.node}; ${machine.date.slice(0, 10)}; load average when the cases began ${figures(Math.min(...loads))} to ${figures(Math.max(...loads))}.`,
  ].join("\n");
}

/** Puts the results on record into the tables of docs/performance.md, between `<!-- results NAME -->` and `<!-- end -->`. */
export async function refreshDocs(): Promise<void> {
  const page = readFileSync(PAGE, "utf8");
  const filled = page.replaceAll(
    /(<!-- results (\w+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, start: string, name: string, end: string) => {
      if (name === "compute") return `${start}\n${computeTable()}\n\n${end}`;
      if (name === "sweep") return `${start}\n${sweepTable()}\n\n${end}`;
      const cases = savedCases(name);
      if (cases.length === 0) throw new Error(`${name} has not been measured: npm run bench -- ${name} --peers`);
      return `${start}\n${casesTable(cases)}\n\n${end}`;
    },
  );
  writeFileSync(PAGE, filled);
  console.log("docs/performance.md holds the results on record.");
}
