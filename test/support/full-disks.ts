import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { FullDiskFigures } from "./full-disk-run.ts";
import { faultsIn } from "./run-judge.ts";

export interface FullDisks extends FullDiskFigures {
  readonly ok: boolean;
}

const PROGRAM = fileURLToPath(new URL("full-disk-run.ts", import.meta.url));
const run = promisify(execFile);
/** A file system of one's own needs either rights or a kernel that lets everybody have one. */
const WITHIN = `exec unshare --mount --map-root-user sh -c 'mount -t tmpfs -o size=4m tmpfs "$0" && exec "$@"' "$@"`;

/** Runs on disks that are full after more and more pages; skipped where a file system cannot be made. */
export async function fullDisks(
  stride: number,
): Promise<FullDisks | { readonly skipped: number; readonly why: string }> {
  const folder = mkdtempSync(join(tmpdir(), "lepton-disk-"));
  const within = (...command: readonly string[]) => run("sh", ["-c", WITHIN, "sh", folder, ...command]);
  try {
    try {
      await within("true");
    } catch {
      return { skipped: 1, why: "this user may not mount a file system" };
    }
    const { stdout } = await within(process.execPath, PROGRAM, folder, String(stride));
    const figures = JSON.parse(stdout) as FullDiskFigures;
    const { otherErrors, weightsUnequal, verdicts } = figures;
    return { ok: otherErrors.length + weightsUnequal + faultsIn(verdicts) === 0 && figures.disks > 0, ...figures };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
