import { readFileSync, writeFileSync } from "node:fs";

/** Puts a table in the place of the one between a page's markers of this name. @throws Error where the page has none */
export function fillTable(
  page: string,
  name: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  const url = new URL(`../docs/${page}`, import.meta.url);
  const text = readFileSync(url, "utf8");
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/${page} has no ${begin} ... ${end}.`);
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const table = [head, head.map(() => "---"), ...rows].map(line).join("\n");
  writeFileSync(url, `${text.slice(0, from + begin.length)}\n${table}\n${text.slice(to)}`);
}
