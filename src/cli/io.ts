import { readFileSync } from "node:fs";
import { text as readAll } from "node:stream/consumers";
import { UsageError } from "./errors.ts";

/** Where a command reads and writes; tests give their own. */
export interface Io {
  /** Results: tables, drawings, or with `--json` one object. */
  out(text: string): void;
  /** Progress, notes and errors. */
  err(text: string): void;
  /** True when `err` goes to a terminal, where lines can be redrawn. */
  readonly interactive: boolean;
  /** Columns of that terminal. */
  readonly width: number;
  stdin(): Promise<string>;
  /** Resolves when a command that runs until it is stopped should end: Ctrl-C, or the service that started it says so. */
  untilStopped(): Promise<void>;
}

export function processIo(): Io {
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    interactive: process.stderr.isTTY === true,
    // Some terminals report 0 columns.
    width: process.stderr.columns || 80,
    // A stream, since a pipe whose writer is slow cannot be read all at once.
    stdin: () => readAll(process.stdin),
    untilStopped: () =>
      new Promise((resolve) => {
        for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
      }),
  };
}

/** A text file, or standard input for "-". @throws UsageError FILE_READ */
export async function readText(io: Io, file: string): Promise<string> {
  try {
    return file === "-" ? await io.stdin() : readFileSync(file, "utf8");
  } catch (cause) {
    throw new UsageError("FILE_READ", `Cannot read ${file}: ${(cause as Error).message}`, { cause });
  }
}

/** Prints a result: one JSON object, or text for people. */
export function print(io: Io, json: boolean, result: object, text: () => string): void {
  io.out(json ? `${JSON.stringify(result)}\n` : text());
}
