import type { DemoResult, DemoRow } from "./demo.ts";

/** Rows of one part of a demo as texts: a header, and a cell for each of its columns in every line. */
export interface DemoTable {
  /** The part's name; undefined where the demo has only one. */
  readonly part: string | undefined;
  readonly header: readonly string[];
  readonly lines: readonly (readonly string[])[];
}

/** A demo's rows as tables, one for each part, with the columns that its rows have numbers for. */
export function demoTables({ rows }: Pick<DemoResult, "rows">): readonly DemoTable[] {
  return [...new Set(rows.map(({ part }) => part))].map((part) => {
    const own = rows.filter((row) => row.part === part);
    const columns = COLUMNS.filter(({ isShown }) => own.some(isShown));
    const also = own[0]!.also ?? [];
    const figures = [
      figureTexts(own),
      ...also.map(({ metric }) =>
        figureTexts(own.map((row) => row.also?.find((candidate) => candidate.metric === metric))),
      ),
    ];
    return {
      part,
      header: [
        ...["model", "parameters", own[0]!.metric],
        ...also.map(({ metric }) => metric),
        ...columns.map(({ name }) => name),
      ],
      lines: own.map((row, i) => [
        row.model,
        row.params.toLocaleString("en"),
        ...figures.map((column) => column[i]!),
        ...columns.map(({ text }) => text(row)),
      ]),
    };
  });
}

/** What the columns of `demoTables` mean, in sentences. */
export function tableNotes({ rows, seeds, watts }: Pick<DemoResult, "rows" | "seeds" | "watts">): string {
  const onDevice = rows.some(({ jobs }) => jobs !== undefined);
  const onEmulated = rows.some(({ costsOf }) => costsOf === "test");
  const isPlanned = rows.some(({ jobs, quantumSeconds }) => jobs === undefined && quantumSeconds !== undefined);
  return [
    ...(seeds.length > 1 ? [`Mean ± standard deviation over ${seeds.length} seeds.`] : []),
    `Circuit executions and seconds are those of training, without validation${onDevice ? "; in rows with jobs, those of what the row names" : ""}${onEmulated ? "; in rows that were tested or measured on an emulated device, those of that" : ""}.`,
    ...(isPlanned ? ["Quantum seconds are what an emulated ibm_torino would charge for it."] : []),
    ...(watts === undefined ? [] : [`Joules are processor seconds times an assumed ${watts} W a core, an estimate.`]),
  ].join(" ");
}

interface Column {
  readonly name: string;
  isShown(row: DemoRow): boolean;
  text(row: DemoRow): string;
}

const COLUMNS: readonly Column[] = [
  {
    name: "circuit executions",
    isShown: ({ circuitExecutions }) => circuitExecutions > 0,
    text: ({ circuitExecutions }) => Math.round(circuitExecutions).toLocaleString("en"),
  },
  { name: "seconds", isShown: (row) => row.seconds > 0, text: ({ seconds }) => significant(seconds) },
  optional("joules", ({ joules }) => joules, significant),
  optional("jobs", ({ jobs }) => jobs, String),
  optional("quantum seconds", ({ quantumSeconds }) => quantumSeconds, significant),
];

function optional(name: string, read: (row: DemoRow) => number | undefined, format: (value: number) => string): Column {
  return {
    name,
    isShown: (row) => (read(row) ?? 0) > 0,
    text: (row) => {
      const value = read(row);
      return value === undefined ? "" : format(value);
    },
  };
}

/** One digit behind the point, and two significant ones below 1, so that a small number is not shown as none. */
function significant(value: number): string {
  if (value === 0) return "0";
  return value < 1 ? String(Number(value.toPrecision(2))) : value.toLocaleString("en", FIXED_1);
}

const FIXED_1 = { minimumFractionDigits: 1, maximumFractionDigits: 1 } as const;

type Figure = Pick<DemoRow, "value" | "spread">;

/** A column of figures; whole numbers, where it has no others and counts something. */
function figureTexts(figures: readonly (Figure | undefined)[]): readonly string[] {
  const known = figures.filter((figure) => figure !== undefined);
  const isCount =
    known.every(({ value, spread }) => Number.isSafeInteger(value) && !spread) && known.some(({ value }) => value > 1);
  return figures.map((figure) => {
    if (figure === undefined) return "";
    return isCount ? figure.value.toLocaleString("en") : meanAndSpreadText(figure);
  });
}

/**
 * Three digits behind the point, and one from a hundred on; errors of energies and the like, which would vanish so, in powers
 * of ten.
 */
function meanAndSpreadText({ value, spread }: Figure): string {
  const size = Math.abs(value);
  const format = (number: number): string => {
    if (size >= 100) return number.toLocaleString("en", FIXED_1);
    return size !== 0 && size < 0.01 ? number.toExponential(1) : number.toFixed(3);
  };
  return spread === null ? format(value) : `${format(value)} ± ${format(spread)}`;
}
