// Checks what `lepton demo NAME --json` of an application printed: its rows, that it claims nothing it should not, and every file it says it wrote.
import { existsSync, readFileSync } from "node:fs";

const [, , output, wanted] = process.argv;
const { name, rows, seconds, watts, files } = JSON.parse(readFileSync(output, "utf8"));
const problems = [];
if (name !== wanted) problems.push(`name is ${name}`);
if (!(seconds > 0 && seconds < 300)) problems.push(`it took ${seconds} s`);
if (!(watts > 0)) problems.push(`watts is ${watts}`);
const parts = [...new Set(rows.map(({ part }) => part))];
const rolesOf = (part) => rows.filter((row) => row.part === part).map(({ role }) => role);
// Parts that hold a hybrid model against others; a part may also tell more of one model, such as what a device's noise does to it.
const compared = parts.filter((part) => rolesOf(part).some((role) => /without|equal|best/.test(role)));
if (compared.length === 0) problems.push("no part compares the hybrid with classical ones");
for (const part of compared) {
  const roles = rolesOf(part);
  if (!roles.includes("hybrid")) problems.push(`${part}: no hybrid row`);
  if (!roles.includes("best classical")) problems.push(`${part}: no best classical row`);
}
for (const { model, value, circuitExecutions, joules, params } of rows)
  if (!Number.isFinite(value) || !(circuitExecutions >= 0) || !(joules >= 0) || !(params >= 0))
    problems.push(`row ${model}: ${value}, ${circuitExecutions} executions, ${joules} J, ${params} parameters`);
if (!files.some((file) => file.endsWith(`/${name}.png`))) problems.push(`no ${name}.png`);
for (const file of files) if (!existsSync(file)) problems.push(`${file} was not written`);
if (problems.length > 0) throw new Error(`${name}: ${problems.join("; ")}`);
console.log(`${name}: ${rows.length} rows in ${parts.length} part(s), ${seconds.toFixed(1)} s`);
