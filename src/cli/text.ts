import { nearNames } from "../../providers/near-names.ts";

/** A number for people: ten significant digits, without trailing zeros. */
export function formatNumber(value: number): string {
  return String(Number(value.toPrecision(10)));
}

/** Seconds for people, to a hundredth. */
export function formatSeconds(seconds: number): string {
  return `${Number(seconds.toFixed(2))} s`;
}

export function formatComplex(re: number, im: number): string {
  const fixed = (value: number): string => (Math.abs(value) < 5e-11 ? 0 : value).toFixed(10);
  const imaginary = fixed(im);
  return `${fixed(re).padStart(13)} ${imaginary.startsWith("-") ? "-" : "+"} ${imaginary.replace("-", "")}i`;
}

/** Lines of cells; the first column is flush left, the others right. */
export function alignRight(rows: readonly (readonly string[])[]): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join("  ")
      .trimEnd(),
  );
}

/** Lines of a label and its value. */
export function labelled(rows: readonly (readonly [label: string, value: string])[]): string {
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, value]) => `${label.padEnd(width)}  ${value}\n`).join("");
}

/** What a misspelt name may stand for, as a sentence after others; nothing where no known name is near. */
export function didYouMean(name: string, known: readonly string[]): string {
  const near = nearNames(name, known);
  return near.length === 0 ? "" : ` Did you mean ${near.join(" or ")}?`;
}

/** A time for people, to the second, in UTC. */
export function formatTime(milliseconds: number): string {
  return new Date(milliseconds)
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/, "Z");
}

/** A table under its headings, all cells flush left. */
export function alignLeft(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return rows
    .map((row) => `${row.map((cell, i) => cell.padEnd(widths[i]!)).join("  ")}`.trimEnd())
    .join("\n")
    .concat("\n");
}
