import type { DemoResult } from "../../src/cli/demo.ts";
import { demoTables, tableNotes } from "../../src/cli/demo-table.ts";

/** How all report pages look. */
export const PAGE_STYLE = `  body { font: 16px/1.5 system-ui, sans-serif; color: #0f172a; background: #f8fafc; margin: 0; }
  main { max-width: 60rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
  h1 { font-size: 1.75rem; margin: 0; }
  h2 { font-size: 1.15rem; margin: 2.5rem 0 .75rem; }
  p { margin: .5rem 0; color: #475569; }
  table { border-collapse: collapse; width: 100%; background: #fff; border: 1px solid #e2e8f0; font-variant-numeric: tabular-nums; }
  th, td { padding: .5rem .75rem; text-align: right; border-bottom: 1px solid #e2e8f0; }
  th:first-child, td:first-child { text-align: left; }
  th { font-weight: 600; color: #475569; }
  tr.best td { font-weight: 700; }
  .table, .wide { overflow-x: auto; }
  figure { margin: 0 0 1.5rem; background: #fff; border: 1px solid #e2e8f0; padding: 1rem; }
  img { max-width: 100%; height: auto; display: block; margin: 0 auto; }
  pre { background: #fff; border: 1px solid #e2e8f0; padding: .75rem 1rem; white-space: pre-wrap; color: #334155; }
  a { color: #5b21b6; }
`;

export function escapedHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

/** What an application's page says around its tables; plain text throughout. */
export interface ApplicationText {
  readonly title: string;
  /** What was done with which data. */
  readonly intro: string;
  /** What the numbers say, also where a classical model is better. */
  readonly verdict: string;
  /** What this does not show. */
  readonly limits: readonly string[];
}

/** A report's index.html: tables and pictures. No scripts, nothing from elsewhere. */
export function applicationPage(page: {
  readonly text: ApplicationText;
  readonly result: Omit<DemoResult, "files">;
  /** Pictures beside the page: file name and what it shows. */
  readonly pictures: readonly { readonly file: string; readonly caption: string }[];
  /** Names of further files beside the page. */
  readonly files: readonly string[];
}): string {
  const { text, result, pictures, files } = page;
  const tables = demoTables(result).map(({ part, header, lines }) => {
    const cells = (tag: "th" | "td", line: readonly string[]): string =>
      `<tr>${line.map((cell) => `<${tag}>${escapedHtml(cell)}</${tag}>`).join("")}</tr>`;
    return `<h2>${escapedHtml(part ?? "Result")}</h2>
<div class="table"><table>
<thead>${cells("th", header)}</thead>
<tbody>
${lines.map((line) => cells("td", line)).join("\n")}
</tbody>
</table></div>`;
  });
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Lepton: ${escapedHtml(text.title)}</title>
<style>
${PAGE_STYLE}</style>
<main>
<h1>${escapedHtml(text.title)}</h1>
<p>${escapedHtml(text.intro)}</p>
${tables.join("\n")}
<p>${escapedHtml(text.verdict)}</p>
<p>${escapedHtml(tableNotes(result))}</p>
${pictures.map(({ file, caption }) => `<h2>${escapedHtml(caption)}</h2>\n<figure><img src="${file}" alt="${escapedHtml(caption)}"></figure>`).join("\n")}
<h2>What this does not show</h2>
<ul>
${text.limits.map((limit) => `<li>${escapedHtml(limit)}</li>`).join("\n")}
</ul>
<p>Beside this page: ${files.map((file) => `<a href="${file}">${escapedHtml(file)}</a>`).join(", ")}.</p>
</main>
</html>
`;
}
