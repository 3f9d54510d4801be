// Checks what `lepton demo digits --json` printed: the promised rows and fields, and every file it says it wrote.
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const [, , output, folder] = process.argv;
const { name, rows, seconds, files } = JSON.parse(readFileSync(output, "utf8"));
const problems = [];
if (name !== "digits") problems.push(`name is ${name}`);
if (!(seconds > 0)) problems.push(`seconds is ${seconds}`);
const models = (rows ?? []).map(({ model }) => model).join(", ");
const expected = ["hybrid", "same without the circuit", "equal-parameter MLP", "logistic regression"];
const device = ["hybrid, exact, 48 test digits", "the same on ibm_torino, emulated", "after 3 steps of fine-tuning there"];
if (models !== [...expected, ...device].join(", ")) problems.push(`rows: ${models}`);
// Chance is 0.1; the short setting reaches 0.6 and more. What the long one reaches is in examples/digits/README.md.
for (const { model, params, metric, value, circuitExecutions } of (rows ?? []).slice(0, 4))
  if (!(params > 0) || metric !== "test accuracy" || !(value >= 0.5 && value <= 1) || circuitExecutions > 0 !== (model === "hybrid"))
    problems.push(`row ${model}: params ${params}, ${metric} ${value}, executions ${circuitExecutions}`);
const jobs = (rows ?? []).slice(4).map((row) => row.jobs);
if (jobs.join() !== "0,1,3") problems.push(`jobs: ${jobs}`);
for (const { model, value, circuitExecutions, jobs, quantumSeconds } of (rows ?? []).slice(4))
  if (!(value >= 0.3 && value <= 1) || !(circuitExecutions > 0) || !(quantumSeconds >= 2 * jobs))
    problems.push(`row ${model}: value ${value}, executions ${circuitExecutions}, quantum seconds ${quantumSeconds}`);
const promised = [
  ...["loss", "accuracy", "confusion"].flatMap((name) => [`${name}.svg`, `${name}.png`]),
  ...["circuit.txt", "circuit.svg", "circuit.qasm", "isa.qasm", "model/model.json", "model/weights.bin", "index.html", "result.json"],
];
for (const name of promised)
  if (!(files ?? []).some((file) => file.endsWith(`/${name}`))) problems.push(`${name} is not among the files`);
for (const file of files ?? [])
  if (!existsSync(resolve(file)) && !existsSync(join(folder, file))) problems.push(`${file} was not written`);
if (problems.length > 0) throw new Error(problems.join("; "));
