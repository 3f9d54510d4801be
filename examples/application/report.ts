import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { DemoProgress, DemoResult } from "../../src/cli/demo.ts";
import { loadPictureTools, type PictureTools } from "../picture-tools.ts";
import { type ApplicationText, applicationPage } from "./page.ts";

/** A picture of a report, drawn where the packages for it are installed. */
export interface Picture {
  /** File name without ending. */
  readonly name: string;
  readonly caption: string;
  /** As SVG text; see `figure`. */
  draw(tools: PictureTools): string;
}

export interface ApplicationReport {
  readonly out: string;
  readonly text: ApplicationText;
  readonly result: Omit<DemoResult, "files">;
  readonly pictures: readonly Picture[];
  /** Further files by name, such as circuit.qasm; folders in a name are made. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** Fields that result.json has besides the rows. */
  readonly record?: Readonly<Record<string, unknown>>;
  /** Paths of files that the demo has written into `out` itself, such as a saved model. */
  readonly written?: readonly string[];
}

/**
 * Writes a report folder — index.html, result.json, pictures as SVG and PNG, further files — and gives the demo's result.
 * Where packages for pictures are not installed it says so and writes the rest.
 */
export async function writeApplication(
  report: ApplicationReport,
  progress: DemoProgress,
  findTools: typeof loadPictureTools = loadPictureTools,
): Promise<DemoResult> {
  const { out, text, result, pictures, files = {}, record = {}, written = [] } = report;
  const paths: string[] = [...written];
  const write = (name: string, content: string | Uint8Array): void => {
    const path = join(out, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    paths.push(path);
  };
  for (const [name, content] of Object.entries(files)) write(name, content);
  const found = await findTools();
  if ("tools" in found) {
    if (!found.tools.hasFonts)
      progress.note("This machine has no fonts, so the PNG pictures lack their texts; the SVG ones are whole.");
    for (const picture of pictures) {
      const svg = picture.draw(found.tools);
      write(`${picture.name}.svg`, svg);
      write(`${picture.name}.png`, found.tools.toPng(svg));
    }
  } else
    progress.note(
      `No pictures were drawn: install ${found.missing.join(", ")} (npm install ${found.missing.join(" ")}) for them.`,
    );
  const page = applicationPage({
    text,
    result,
    pictures: "tools" in found ? pictures.map(({ name, caption }) => ({ file: `${name}.svg`, caption })) : [],
    files: [...Object.keys(files), "result.json"],
  });
  write("index.html", page);
  const all = [...paths, join(out, "result.json")];
  write("result.json", `${JSON.stringify({ ...result, ...record, files: all }, null, 2)}\n`);
  return { ...result, files: all };
}
