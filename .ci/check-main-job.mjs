// Checks what `lepton demo digits --json` printed: the promised rows and fields, and every file it says it wrote.
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const [, , output, folder] = process.argv;
const { name, rows, seconds, files } = JSON.parse(readFileSync(output, "utf8"));
const problems = [];
if (name !== "digits") problems.push(`name is ${name}`);
if (!(seconds > 0)) problems.push(`seconds is ${seconds}`);
if (!Array.isArray(rows) || rows.length < 4) problems.push("fewer than four rows");
for (const { model, params, metric, value } of rows ?? [])
  if (typeof model !== "string" || !(params > 0) || typeof metric !== "string" || !(value >= 0 && value <= 1))
    problems.push(`row ${model}: params ${params}, ${metric} ${value}`);
if (!Array.isArray(files) || files.length === 0) problems.push("no files");
for (const file of files ?? [])
  if (!existsSync(resolve(file)) && !existsSync(join(folder, file))) problems.push(`${file} was not written`);
if (problems.length > 0) throw new Error(problems.join("; "));
