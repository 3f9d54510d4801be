import { createReadStream } from "node:fs";
import { type PassThrough, pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { isPacked, type StreamSource } from "./source.ts";

// By itself, since a declaration that names Node's streams asks the types of Node of every program that reads it.

/**
 * A source's bytes through `last`; unpacked where its name ends in `.gz`. The file is closed when the stream that is returned
 * ends or is destroyed, and that stream fails with whatever fails before it.
 */
export function streamThrough<Last extends Pick<PassThrough, keyof PassThrough>>(
  source: StreamSource,
  last: Last,
): Last {
  const given = typeof source === "string" || source instanceof URL;
  const bytes = given ? createReadStream(source) : Readable.from(source);
  const streams = given && isPacked(source) ? [bytes, createGunzip(), last] : [bytes, last];
  // Failures reach whoever reads `last`.
  pipeline(streams as unknown as [Readable, PassThrough], () => {});
  return last;
}
