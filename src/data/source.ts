import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { gunzipSync } from "node:zlib";
import { DataError } from "../errors.ts";

/** Text itself, with a name for messages. */
export interface NamedText {
  readonly text: string;
  readonly name?: string;
}

/** What is read piece by piece: a file, or pieces of UTF-8 text as strings or bytes (a Readable is such). */
export type StreamSource = string | URL | AsyncIterable<string | Uint8Array>;

/** A file's text, unpacked where its name ends in `.gz`. @throws DataError with the given code when it cannot be read */
export function readText(
  source: string | URL | NamedText,
  unnamed: string,
  code: string,
): { readonly name: string; readonly text: string } {
  if (typeof source === "object" && "text" in source) return { name: source.name ?? unnamed, text: source.text };
  try {
    const bytes = readFileSync(source);
    return { name: nameOf(source), text: (isPacked(source) ? gunzipSync(bytes) : bytes).toString("utf8") };
  } catch (cause) {
    throw new DataError(code, `Cannot read ${source}: ${(cause as Error).message}`, { cause });
  }
}

/** A source's name for messages. */
export function nameOf(source: StreamSource, unnamed = "stream"): string {
  if (typeof source === "string") return source;
  return source instanceof URL ? basename(source.pathname) : unnamed;
}

/** Something thrown while a source was read, as an error that names it. */
export function readFailure(cause: unknown, name: string, code: string): DataError {
  if (cause instanceof DataError) return cause;
  return new DataError(code, `Cannot read ${name}: ${cause instanceof Error ? cause.message : String(cause)}`, {
    cause,
  });
}

/** Whether what is read must be unpacked. */
export function isPacked(source: string | URL): boolean {
  return (typeof source === "string" ? source : source.pathname).toLowerCase().endsWith(".gz");
}
