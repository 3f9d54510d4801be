import { parseArgs } from "node:util";
import { runTranspile } from "./transpile.ts";
import { runW1 } from "./w1.ts";

const BENCHMARKS: Readonly<Record<string, (peers: boolean) => Promise<void>>> = { w1: runW1, transpile: runTranspile };
const { values, positionals } = parseArgs({
  options: { peers: { type: "boolean", default: false } },
  allowPositionals: true,
});
const names = positionals.length === 0 ? ["w1"] : positionals;
const unknown = names.find((name) => !Object.hasOwn(BENCHMARKS, name));
if (unknown !== undefined) {
  console.error(`There is no benchmark ${unknown}; there are ${Object.keys(BENCHMARKS).join(" and ")}.`);
  process.exit(2);
}
for (const name of names) await BENCHMARKS[name]!(values.peers);
process.exit();
