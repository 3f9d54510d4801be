import type { DemoRow } from "../../src/cli/demo.ts";
import { escapedHtml, PAGE_STYLE } from "../application/page.ts";
import type { DeviceOutcome } from "./hardware.ts";
import type { DigitsResult, Outcome } from "./outcome.ts";

/** The report's index.html: the table, and all pictures beside it. No scripts, nothing from elsewhere. */
export function reportPage(page: {
  readonly result: DigitsResult;
  /** File names of the charts that were drawn. */
  readonly pictures: readonly string[];
  readonly circuitDrawing: string;
  readonly hybrid: Outcome;
  readonly onDevice: DeviceOutcome | undefined;
}): string {
  const { pictures, hybrid, onDevice } = page;
  const deviceRows = page.result.rows.filter(({ jobs }) => jobs !== undefined);
  const result = { ...page.result, rows: page.result.rows.filter(({ jobs }) => jobs === undefined) };
  const seeds =
    result.seeds.length === 1 ? `seed ${result.seeds[0]}` : `seeds ${result.seeds[0]} to ${result.seeds.at(-1)}`;
  const best = result.rows.reduce((a, b) => (b.value > a.value ? b : a));
  const [first, without] = [result.rows[0]!, result.rows[1]!];
  const verdict =
    without.value > first.value
      ? `Taking the circuit out (${without.value.toFixed(3)}) does better than leaving it in (${first.value.toFixed(3)}): on these data the circuit does not help.`
      : `Leaving the circuit in (${first.value.toFixed(3)}) does no worse than taking it out (${without.value.toFixed(3)}).`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Lepton: digits</title>
<style>
${PAGE_STYLE}</style>
<main>
<h1>Handwritten digits, hybrid and classical</h1>
<p>1,797 images of 8×8 pixels, 1,437 to train and 360 to test. ${result.steps.toLocaleString("en")} steps of 32, ${seeds}.</p>
<h2>Result</h2>
<div class="table"><table>
<thead><tr><th>model</th><th>parameters</th><th>test accuracy</th><th>circuit executions</th><th>seconds</th></tr></thead>
<tbody>
${result.rows.map((row) => tableRow(row, row === best)).join("\n")}
</tbody>
</table></div>
<p>${verdict} Circuit executions and seconds are those of training, without validation.</p>
${onDevice === undefined ? "" : deviceSection(onDevice, deviceRows)}
${pictures.map((name) => `<h2>${heading(name)}</h2>\n<figure><img src="${name}" alt="${heading(name)}"></figure>`).join("\n")}
<h2>The circuit</h2>
<figure class="wide"><img src="${page.circuitDrawing}" alt="Circuit of the hybrid model"></figure>
<p><a href="circuit.qasm">circuit.qasm</a> is the circuit trained from seed ${hybrid.seed} in OpenQASM 3, weights bound and inputs free.
<a href="circuit.txt">circuit.txt</a> draws it as text. The folder <a href="model/">model</a> holds the whole model,
<a href="preprocessing.json">preprocessing.json</a> the scaling of its inputs, <a href="result.json">result.json</a> all numbers.</p>
</main>
</html>
`;
}

function deviceSection({ device, plan }: DeviceOutcome, rows: readonly DemoRow[]): string {
  return `<h2>On ${escapedHtml(device)}</h2>
<div class="table"><table>
<thead><tr><th>hybrid model</th><th>test accuracy</th><th>jobs</th><th>circuit executions</th><th>quantum seconds</th></tr></thead>
<tbody>
${rows.map(deviceRow).join("\n")}
</tbody>
</table></div>
<p>Jobs, executions and seconds are those of what the row names. Planned before anything was sent:</p>
<pre>${escapedHtml(plan)}</pre>
<p><a href="isa.qasm">isa.qasm</a> is the circuit as it was sent: compiled to the device's gates and qubits, its angles free.</p>`;
}

function deviceRow(row: DemoRow): string {
  const cells = [
    row.value.toFixed(3),
    String(row.jobs),
    Math.round(row.circuitExecutions).toLocaleString("en"),
    row.quantumSeconds!.toFixed(1),
  ];
  return `<tr><td>${escapedHtml(row.model)}</td>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
}

function tableRow(row: DemoRow, best: boolean): string {
  const spread = row.spread === null ? "" : ` ± ${row.spread.toFixed(3)}`;
  const cells = [
    row.params.toLocaleString("en"),
    `${row.value.toFixed(3)}${spread}`,
    Math.round(row.circuitExecutions).toLocaleString("en"),
    row.seconds.toFixed(1),
  ];
  return `<tr${best ? ' class="best"' : ""}><td>${row.model}</td>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
}

function heading(file: string): string {
  const name = file.replace(/\.svg$/, "");
  return { loss: "Training loss", accuracy: "Test accuracy", confusion: "Confusion matrix" }[name] ?? name;
}
