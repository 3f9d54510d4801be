import { readFileSync } from "node:fs";
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
  stdin(): string;
}

export function processIo(): Io {
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    interactive: process.stderr.isTTY === true,
    width: process.stderr.columns ?? 80,
    stdin: () => readFileSync(0, "utf8"),
  };
}

/** A text file, or standard input for "-". @throws UsageError FILE_READ */
export function readText(io: Io, file: string): string {
  try {
    return file === "-" ? io.stdin() : readFileSync(file, "utf8");
  } catch (cause) {
    throw new UsageError("FILE_READ", `Cannot read ${file}: ${(cause as Error).message}`, { cause });
  }
}

/** Prints a result: one JSON object, or text for people. */
export function print(io: Io, json: boolean, result: object, text: () => string): void {
  io.out(json ? `${JSON.stringify(result)}\n` : text());
}
