import { readFileSync } from "node:fs";
import { text as readAll } from "node:stream/consumers";
import { format } from "node:util";
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

/** The process's own streams. */
export interface ProcessIo extends Io {
  /** It was told to end: whatever is still going on is not waited for. */
  stopped: boolean;
}

export function processIo(): ProcessIo {
  const io: ProcessIo = {
    stopped: false,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    interactive: process.stderr.isTTY === true,
    // Some terminals report 0 columns.
    width: process.stderr.columns || 80,
    // A stream, since a pipe whose writer is slow cannot be read all at once.
    stdin: () => readAll(process.stdin),
    untilStopped: () =>
      new Promise((resolve) => {
        const stop = (): void => {
          // The next one ends the process as it would without us.
          for (const signal of STOP_SIGNALS) process.off(signal, stop);
          io.stopped = true;
          resolve();
        };
        for (const signal of STOP_SIGNALS) process.on(signal, stop);
      }),
  };
  return io;
}

const STOP_SIGNALS = ["SIGINT", "SIGTERM"] as const;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of its path is no folder",
  EEXIST: "there is a file of this name",
  EACCES: "you have no permission",
  EPERM: "you have no permission",
  EROFS: "the disk is read-only",
  ENOSPC: "the disk is full",
};

/** Why the file system refused, in words where they are known. */
export function fileFault(cause: unknown): string {
  const { code = "", message } = cause as NodeJS.ErrnoException;
  return REASONS[code] ?? message;
}

/** A text file, or standard input for "-". @throws UsageError FILE_READ */
export async function readText(io: Io, file: string): Promise<string> {
  try {
    return file === "-" ? await io.stdin() : readFileSync(file, "utf8");
  } catch (cause) {
    throw new UsageError("FILE_READ", `Cannot read ${file}: ${fileFault(cause)}.`, { cause });
  }
}

/** Prints a result: one JSON object, or text for people. Nothing in it is obeyed by a terminal, wherever it came from. */
export function print(io: Io, json: boolean, result: object, text: () => string): void {
  io.out(json ? jsonLine(result) : printable(text()));
}

/**
 * Runs what a user's file may write into: with `--json`, standard output is for one object, so what the file logs goes to
 * standard error.
 */
export async function apartFromOutput<Value>(json: boolean, io: Io, work: () => Promise<Value>): Promise<Value> {
  if (!json) return work();
  const { log, info, debug } = console;
  const aside = (...values: readonly unknown[]): void => io.err(`${format(...values)}\n`);
  Object.assign(console, { log: aside, info: aside, debug: aside });
  try {
    return await work();
  } finally {
    Object.assign(console, { log, info, debug });
  }
}

/** One line of JSON, in which no control character stands bare. */
export function jsonLine(value: object): string {
  const escaped = (character: string): string => `\\u00${character.charCodeAt(0).toString(16)}`;
  return `${JSON.stringify(value).replace(/[\u007f-\u009f]/g, escaped)}\n`;
}

/** The text without control characters; lines and tabs stay. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "");
}
