/**
 * All chaos harnesses, one after another: a line of figures each, a table at the end, and status 1 if anything is not as promised.
 * `npm run chaos -- [--quick] [--seed N] [--only NAME,NAME]`.
 */
import { parseArgs } from "node:util";

interface HarnessOptions {
  readonly quick: boolean;
  readonly seed: number;
}

/** By name; loaded when their turn comes. */
const HARNESSES: Readonly<Record<string, (options: HarnessOptions) => Promise<object>>> = {
  "virtual-time": async ({ quick, seed }) =>
    (await import("./virtual-time.ts")).main({ seed, ...(quick ? { runs: 1000 } : {}) }),
  "accepted-once": async () => (await import("./accepted-once.ts")).main(),
  kills: async (options) => (await import("./kill-chaos.ts")).main(options),
  "nth-failure": async (options) => (await import("./nth-failure.ts")).main(options),
  "corrupt-results": async (options) => (await import("./corrupt-results.ts")).main(options),
  schedules: async (options) => (await import("./schedule-chaos.ts")).main(options),
  postgres: async (options) => (await import("./postgres-chaos.ts")).main(options),
  cost: async (options) => (await import("./cost.ts")).main(options),
};

/** What the table shows of the figures, where there is such a one. */
const COLUMNS = ["runs", "kills", "stepsLost", "dupPaid", "unnoticed", "weightsEqual", "seconds"] as const;

interface Row {
  readonly name: string;
  readonly verdict: string;
  readonly figures: Readonly<Record<string, unknown>>;
}

/** @returns whether every promise holds */
export async function main(names: readonly string[], options: HarnessOptions): Promise<boolean> {
  const rows: Row[] = [];
  for (const name of names) {
    const figures = await figuresOf(name, options);
    process.stdout.write(`${JSON.stringify(figures)}\n`);
    const skipped = skipsIn(figures);
    const verdict = figures.ok !== true ? "FAILED" : skipped === 0 ? "ok" : `ok, ${skipped} skipped`;
    rows.push({ name, verdict, figures });
  }
  process.stdout.write(`\n${tableOf(rows)}\n`);
  const failed = rows.filter(({ verdict }) => verdict === "FAILED").length;
  process.stdout.write(`${rows.length - failed} as promised, ${failed} not.\n`);
  return failed === 0;
}

async function figuresOf(name: string, options: HarnessOptions): Promise<Readonly<Record<string, unknown>>> {
  try {
    return { ...(await HARNESSES[name]!(options)) };
  } catch (error) {
    const { stack = String(error) } = (error ?? {}) as Partial<Error>;
    process.stderr.write(`${name}: ${stack}\n`);
    return { chaos: name, ok: false, error: error instanceof Error ? error.message : String(error) };
  }
}

/** Parts that this machine cannot run. */
function skipsIn(figures: unknown): number {
  if (typeof figures !== "object" || figures === null) return 0;
  const inner = Object.values(figures).reduce((sum: number, value) => sum + skipsIn(value), 0);
  return inner + ("skipped" in figures ? 1 : 0);
}

function tableOf(rows: readonly Row[]): string {
  const cells = rows.map(({ name, verdict, figures }) => [
    name,
    verdict,
    ...COLUMNS.map((column) => (figures[column] === undefined ? "" : String(figures[column]))),
  ]);
  const lines = [["harness", "verdict", ...COLUMNS], ...cells];
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { quick: { type: "boolean" }, seed: { type: "string" }, only: { type: "string" } },
  });
  const names = values.only?.split(",") ?? Object.keys(HARNESSES);
  const unknown = names.find((name) => !Object.hasOwn(HARNESSES, name));
  if (unknown !== undefined) throw new Error(`There is no harness ${unknown}: ${Object.keys(HARNESSES).join(", ")}.`);
  const holds = await main(names, { quick: values.quick === true, seed: Number(values.seed ?? 1) });
  if (!holds) process.exitCode = 1;
}
