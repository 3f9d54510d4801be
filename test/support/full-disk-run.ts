/**
 * One run again and again on a small disk, with a page more room each time, until there is enough: node full-disk-run.ts FOLDER
 * STRIDE. Each time the disk is full there is room again, and the same call goes on. Prints what came of it as JSON.
 */
import { rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { openStore, RunError } from "../../src/index.ts";
import { InProcessEmulator } from "./in-process-emulator.ts";
import { addVerdict, judgeRun, NO_VERDICTS } from "./run-judge.ts";
import { driveSmall, minimizeSmall, SMALL_STEPS } from "./small-run.ts";

export interface FullDiskFigures {
  /** Disks that were too small. */
  readonly disks: number;
  /** On which the run, or its ledger alone, had not come to an end; each with LEDGER_FULL. */
  readonly ledgersRefused: number;
  readonly runsBroken: number;
  /** What else programs ended with. */
  readonly otherErrors: readonly string[];
  readonly weightsUnequal: number;
  readonly verdicts: typeof NO_VERDICTS;
}

async function fillDisks(folder: string, stride: number): Promise<FullDiskFigures> {
  const ballast = join(folder, "ballast");
  const ledger = join(folder, "runs.db");
  await using world = InProcessEmulator.open({ devices: ["manila"], seed: 3, noise: false });
  const straight = await minimizeSmall(world.process(), undefined);
  const otherErrors: string[] = [];
  let [disks, ledgersRefused, runsBroken, weightsUnequal] = [0, 0, 0, 0];
  let verdicts = NO_VERDICTS;
  const isFull = (error: unknown): boolean => error instanceof RunError && error.code === "LEDGER_FULL";
  for (let pages = 0; ; pages += stride, disks++) {
    const { bfree, bsize } = statfsSync(folder);
    writeFileSync(ballast, new Uint8Array(Math.max(0, (bfree - pages) * bsize)));
    const id = `disk-${pages}`;
    let enough = false;
    try {
      await using store = await openStore(ledger, { clock: world.clock });
      const { result, errors } = await driveSmall({ world, store, id, mostResumes: 0 });
      enough = result !== undefined;
      if (!enough) runsBroken++;
      for (const error of errors) if (!isFull(error)) otherErrors.push(String(error));
    } catch (error) {
      ledgersRefused++;
      if (!isFull(error)) otherErrors.push(String(error));
    }
    rmSync(ballast);
    await using store = await openStore(ledger, { clock: world.clock });
    const { result } = await driveSmall({ world, store, id, mostResumes: 1 });
    if (!isDeepStrictEqual(result?.weights, straight.weights) || result?.value !== straight.value) weightsUnequal++;
    verdicts = addVerdict(verdicts, await judgeRun(store, id, SMALL_STEPS, world.control.jobs()));
    await store.close();
    for (const suffix of ["", "-wal", "-shm"]) rmSync(ledger + suffix, { force: true });
    if (enough) return { disks, ledgersRefused, runsBroken, otherErrors, weightsUnequal, verdicts };
  }
}

if (import.meta.main) {
  const [folder = ".", stride = "1"] = process.argv.slice(2);
  process.stdout.write(JSON.stringify(await fillDisks(folder, Number(stride))));
}
