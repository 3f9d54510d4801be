import { promisify } from "node:util";
import { gunzipSync, gzip } from "node:zlib";
import { RunError } from "../errors.ts";

/** What a bundle takes in memory at most, and how many times its own size, from where bombs are told by. */
const MAX_BYTES = 2 ** 30;
const MAX_RATIO = 64;
const RATIO_FROM = 2 ** 24;

const BLOCK = 512;
/** Where the fields of a header lie: name, size in octal digits, checksum, type, and the mark of the format. */
const NAME = [0, 100] as const;
const SIZE = [124, 136] as const;
const CHECKSUM = [148, 156] as const;
const TYPE = 156;
const MARK = [257, 265] as const;
const PREFIX = 345;
const USTAR = "ustar\u000000";
const REGULAR_FILE = "0";

export interface ArchivedFile {
  /** At most 100 characters of ASCII. */
  readonly name: string;
  readonly data: Uint8Array;
}

/** That a bundle cannot be read, and where. */
export function bundleFault(place: string, reason: string, cause?: unknown): RunError {
  return new RunError("BUNDLE_FORMAT", `These bytes are no bundle of a run: ${place}: ${reason}.`, { cause });
}

/**
 * Files in one gzip'd tar archive (POSIX ustar). The archive is the same for the same files; how it is compressed may differ
 * between versions of zlib.
 * @param modified of all files, in seconds since 1970
 * @throws RunError BUNDLE_SIZE
 */
export async function packArchive(files: readonly ArchivedFile[], modified: number): Promise<Uint8Array> {
  const size = files.reduce((sum, { data }) => sum + BLOCK + padded(data.length), 2 * BLOCK);
  if (size > MAX_BYTES)
    throw new RunError(
      "BUNDLE_SIZE",
      `The run takes ${size} bytes, more than the ${MAX_BYTES} that a bundle may have. Copy its ledger instead.`,
    );
  const archive = new Uint8Array(size);
  let at = 0;
  for (const { name, data } of files) {
    archive.set(headerOf(name, data.length, modified), at);
    archive.set(data, at + BLOCK);
    at += BLOCK + padded(data.length);
  }
  const packed = await compress(archive, 6);
  // What would be taken for a bomb is stored as it is.
  return archive.length <= mostUnpacked(packed.length) ? packed : compress(archive, 0);
}

/**
 * The files of an archive that `packArchive` made, by name. Nothing in the bytes is trusted.
 * @throws RunError BUNDLE_FORMAT
 */
export function unpackArchive(bytes: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const archive = decompress(bytes);
  const files = new Map<string, Uint8Array>();
  let at = 0;
  for (;;) {
    const header = archive.subarray(at, at + BLOCK);
    if (header.length < BLOCK) throw bundleFault("archive", `it ends at byte ${archive.length} without its end mark`);
    if (header.every((byte) => byte === 0)) break;
    const { name, size } = readHeader(header, at);
    const begin = at + BLOCK;
    if (begin + padded(size) > archive.length)
      throw bundleFault(name, `it has ${size} bytes, but only ${archive.length - begin} are there`);
    if (files.has(name)) throw bundleFault(name, "there are two files of this name");
    files.set(name, archive.subarray(begin, begin + size));
    at = begin + padded(size);
  }
  if (archive.subarray(at).some((byte) => byte !== 0)) throw bundleFault("archive", `there is more after byte ${at}`);
  return files;
}

async function compress(archive: Uint8Array, level: number): Promise<Uint8Array> {
  const { buffer, byteOffset, byteLength } = await promisify(gzip)(archive, { level });
  const packed = new Uint8Array(buffer, byteOffset, byteLength);
  // Byte 9 names the system it was made on; 255 is for one that is not known.
  packed[9] = 255;
  return packed;
}

function decompress(bytes: Uint8Array): Uint8Array {
  const most = mostUnpacked(bytes.length);
  let unpacked: { readonly buffer: Uint8Array; readonly engine: { readonly bytesWritten: number } };
  try {
    // With `info` it also tells how much it has read.
    unpacked = gunzipSync(bytes, { maxOutputLength: most, info: true }) as unknown as typeof unpacked;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw bundleFault(
      "gzip",
      code === "ERR_BUFFER_TOO_LARGE" ? `it unpacks to more than ${most} bytes` : message,
      cause,
    );
  }
  const read = unpacked.engine.bytesWritten;
  if (read !== bytes.length) throw bundleFault("gzip", `it ends at byte ${read}, and there are ${bytes.length}`);
  return unpacked.buffer;
}

function mostUnpacked(packed: number): number {
  return Math.min(MAX_BYTES, RATIO_FROM + MAX_RATIO * packed);
}

function headerOf(name: string, size: number, modified: number): Uint8Array {
  const header = new Uint8Array(BLOCK);
  const put = (at: number, text: string): void => void new TextEncoder().encodeInto(text, header.subarray(at));
  put(NAME[0], name);
  put(100, `${octal(0o644, 7)}\u0000${octal(0, 7)}\u0000${octal(0, 7)}\u0000`);
  put(SIZE[0], `${octal(size, 11)}\u0000${octal(modified, 11)}\u0000`);
  put(TYPE, REGULAR_FILE);
  put(MARK[0], USTAR);
  put(CHECKSUM[0], `${octal(checksum(header), 6)}\u0000 `);
  return header;
}

function readHeader(header: Uint8Array, at: number): { readonly name: string; readonly size: number } {
  const place = `archive, byte ${at}`;
  const text = ([from, to]: readonly [number, number]): string =>
    String.fromCharCode(...header.subarray(from, to)).replace(/\0+$/, "");
  if (text(MARK) !== USTAR) throw bundleFault(place, "no file of a tar archive (ustar) begins there");
  if (octalOf(text(CHECKSUM)) !== checksum(header)) throw bundleFault(place, "the checksum of the header is wrong");
  const name = text(NAME);
  if (!/^[\w.-]+(\/[\w.-]+)*$/.test(name) || header[PREFIX] !== 0)
    throw bundleFault(place, `${JSON.stringify(name)} is no name of a file in a bundle`);
  if (String.fromCharCode(header[TYPE]!) !== REGULAR_FILE) throw bundleFault(name, "it is no regular file");
  const size = octalOf(text(SIZE));
  if (size === undefined) throw bundleFault(name, "its size is not told");
  return { name, size };
}

/** The sum of all bytes, in which the checksum itself counts as spaces. */
function checksum(header: Uint8Array): number {
  const [from, to] = CHECKSUM;
  return header.reduce((sum, byte, at) => sum + (at >= from && at < to ? 0x20 : byte), 0);
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}

function octalOf(text: string): number | undefined {
  const digits = /^([0-7]+)[\0 ]*$/.exec(text)?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 8);
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}
