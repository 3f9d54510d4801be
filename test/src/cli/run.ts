import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Io } from "../../../src/cli/io.ts";
import { runCli } from "../../../src/cli/program.ts";

export interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/**
 * Runs a command line in this process.
 * @param stopped when it is told to end; at once by default, for commands that run until then
 */
export async function run(argv: readonly string[], stdin = "", stopped = Promise.resolve()): Promise<Ran> {
  let out = "";
  let err = "";
  const io: Io = {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    interactive: false,
    width: 80,
    stdin: async () => stdin,
    untilStopped: () => stopped,
  };
  const status = await runCli(argv, io);
  return { status, out, err };
}

/** The one JSON object that `--json` prints; anything else on standard output fails. */
export async function runJson(argv: readonly string[], stdin = "", stopped?: Promise<void>) {
  const ran = await run([...argv, "--json"], stdin, stopped);
  if (ran.out.trimEnd().includes("\n")) throw new Error(`more than one line: ${ran.out}`);
  return { ...ran, json: JSON.parse(ran.out) };
}

const folder = mkdtempSync(join(tmpdir(), "lepton-cli-"));

export function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

export const pathOf = (name: string): string => join(folder, name);

export const BELL = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q;\nh q[0];\ncx q[0], q[1];\n';
export const MEASURED_BELL = `${BELL}bit[2] c;\nc[0] = measure q[0];\nc[1] = measure q[1];\n`;
export const ROTATION =
  'OPENQASM 3.0;\ninclude "stdgates.inc";\ninput float[64] theta;\nqubit[2] q;\nrx(theta) q[0];\ncx q[0], q[1];\n';
