import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { DEMOS } from "../examples/index.ts";
import type { DemoResult } from "../src/cli/demo.ts";
import { demoTables, tableNotes } from "../src/cli/demo-table.ts";

// Runs applications in their full setting and writes what they found into their pages: the table between `<!-- table -->` and
// `<!-- /table -->` of docs/applications/NAME.md, the pictures that the page shows (docs/images), and all numbers as NAME.json beside it.
//   node scripts/applications.ts [NAME...] [--seeds 5]
//   node scripts/applications.ts NAME --data FILE [--part PART]   hands the data to the application; writes between `<!-- data -->` and
//   `<!-- /data -->` instead, only the table of that part, and no pictures or numbers, as others do not have the data
const root = fileURLToPath(new URL("../", import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seeds: { type: "string", default: "5" }, data: { type: "string" }, part: { type: "string" } },
});
const known = DEMOS.map(({ name }) => name).filter((name) => existsSync(pageOf(name)));
const names = positionals.length === 0 ? known : positionals;
const unknown = names.filter((name) => !known.includes(name));
if (unknown.length > 0) throw new Error(`There is no page for ${unknown.join(", ")}; there is: ${known.join(", ")}.`);

for (const name of names) {
  const out = mkdtempSync(join(tmpdir(), `lepton-${name}-`));
  try {
    const given = values.data === undefined ? [] : ["--data", values.data];
    const { status, stdout } = spawnSync(
      process.execPath,
      [join(root, "src/cli/main.ts"), "demo", name, "--seeds", values.seeds, "--json", "--out", out, ...given],
      { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 1 << 28 },
    );
    if (status !== 0) throw new Error(`${name} failed: ${stdout}`);
    publish(name, JSON.parse(stdout) as DemoResult, out);
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

function pageOf(name: string): string {
  return join(root, "docs/applications", `${name}.md`);
}

function publish(name: string, result: DemoResult, out: string): void {
  const page = readFileSync(pageOf(name), "utf8");
  const isOwnData = values.data !== undefined;
  const [start, end] = isOwnData ? ["<!-- data -->\n", "<!-- /data -->"] : ["<!-- table -->\n", "<!-- /table -->"];
  const shown = values.part === undefined ? result.rows : result.rows.filter(({ part }) => part === values.part);
  const from = page.indexOf(start);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${pageOf(name)} has no ${start.trim()} and ${end}.`);
  const table = `${markdownOf({ ...result, rows: shown })}\n`;
  writeFileSync(pageOf(name), page.slice(0, from + start.length) + table + page.slice(to));
  if (isOwnData) return;
  for (const [, picture] of page.matchAll(/\]\(\.\.\/images\/([^)]+\.png)\)/g))
    if (existsSync(join(out, picture!))) copyFileSync(join(out, picture!), join(root, "docs/images", picture!));
    else console.error(`${name} drew no ${picture}.`);
  const { files: _, ...numbers } = result;
  writeFileSync(join(root, "docs/applications", `${name}.json`), `${JSON.stringify(numbers, null, 1)}\n`);
  console.log(`${name}: ${result.rows.length} rows in ${result.seconds.toFixed(0)} s`);
}

function markdownOf(result: DemoResult): string {
  const tables = demoTables(result).map(({ part, header, lines }) => {
    const row = (cells: readonly string[]): string =>
      `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
    const heading = part === undefined ? "" : `**${part[0]!.toUpperCase()}${part.slice(1)}**\n\n`;
    return `${heading}${[row(header), row(header.map((_, i) => (i === 0 ? "---" : "---:"))), ...lines.map(row)].join("\n")}`;
  });
  const machine = `${cpus().length} cores, Node ${process.versions.node.split(".")[0]}`;
  return `${tables.join("\n\n")}\n\n${tableNotes(result)} All of it took ${Math.round(result.seconds).toLocaleString("en")} s on ${machine}.`;
}
