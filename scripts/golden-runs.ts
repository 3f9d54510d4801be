import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import "@tensorflow/tfjs-backend-cpu";
import { openStore } from "../src/index.ts";
import { LEDGER_FORMAT } from "../src/runs/sqlite/migrations.ts";
import { UNFINISHED } from "../test/compat/unfinished-runs.ts";

// Writes a ledger with runs that are half done, and the hashes of the weights to which they come:
//   node scripts/golden-runs.ts [FOLDER]
const folder = process.argv[2] ?? fileURLToPath(new URL("../test/compat/", import.meta.url));
const file = join(folder, `runs-v${LEDGER_FORMAT}.db`);
const scratch = mkdtempSync(join(tmpdir(), "lepton-golden-"));
try {
  const path = join(scratch, "runs.db");
  const first = await openStore(path);
  for (const run of UNFINISHED) await run.drive(first, run.stopAt);
  await first.close();
  copyFileSync(path, file);
  const second = await openStore(path);
  const weights = Object.fromEntries(
    await Promise.all(UNFINISHED.map(async (run) => [run.id, await run.drive(second)] as const)),
  );
  await second.close();
  writeFileSync(join(folder, `runs-v${LEDGER_FORMAT}.json`), `${JSON.stringify(weights, null, 2)}\n`);
  console.log(file, weights);
} finally {
  rmSync(scratch, { recursive: true });
}
