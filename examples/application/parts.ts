import type { DemoOptions, DemoProgress, DemoResult, DemoRow } from "../../src/cli/demo.ts";
import { seedsOf, WATTS } from "./measure.ts";
import { type Picture, writeApplication } from "./report.ts";

/** One of several studies that make up an application. */
export interface ApplicationPart {
  readonly rows: readonly DemoRow[];
  readonly pictures: readonly Picture[];
  /** What was done with which data, what the numbers say, and what they do not. */
  readonly intro: string;
  readonly verdict: string;
  readonly limits: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
  /** Paths of files that the part has written into the report's folder itself, such as a saved model. */
  readonly written?: readonly string[];
  /** Fields of result.json. */
  readonly record?: Readonly<Record<string, unknown>>;
}

export type PartRunner = (options: DemoOptions, progress: DemoProgress) => Promise<ApplicationPart>;

/** Runs the parts of an application one after the other and writes one report of them. */
export async function runParts(
  about: { readonly name: string; readonly title: string },
  runners: readonly PartRunner[],
  options: DemoOptions,
  progress: DemoProgress,
): Promise<DemoResult> {
  const start = performance.now();
  const parts: ApplicationPart[] = [];
  for (const runner of runners) parts.push(await runner(options, progress));
  return writeApplication(
    {
      out: options.out,
      text: {
        title: about.title,
        intro: parts.map(({ intro }) => intro).join(" "),
        verdict: parts.map(({ verdict }) => verdict).join(" "),
        limits: parts.flatMap(({ limits }) => limits),
      },
      result: {
        name: about.name,
        rows: parts.flatMap(({ rows }) => rows),
        seeds: seedsOf(options),
        seconds: (performance.now() - start) / 1000,
        watts: WATTS,
      },
      pictures: parts.flatMap(({ pictures }) => pictures),
      files: Object.assign({}, ...parts.map(({ files }) => files ?? {})),
      written: parts.flatMap(({ written = [] }) => written),
      record: Object.assign({}, ...parts.map(({ record }) => record ?? {})),
    },
    progress,
  );
}
