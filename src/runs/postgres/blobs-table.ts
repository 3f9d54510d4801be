import { hashOf } from "../hash.ts";
import { checkBlob } from "../store-rules.ts";
import type { Session } from "./session.ts";

/** Writes blobs that are not there yet, for a run that is locked or new. */
export async function holdBlobs(session: Session, run: string, blobs: readonly Uint8Array[]): Promise<void> {
  const byHash = new Map(blobs.map((bytes) => [hashOf(bytes), bytes]));
  // All in one order, so that two who write the same ones do not wait for each other in a circle.
  for (const hash of [...byHash.keys()].sort()) {
    const { buffer, byteOffset, byteLength } = byHash.get(hash)!;
    await session.query("INSERT INTO lepton.blobs (hash, bytes) VALUES ($1, $2) ON CONFLICT DO NOTHING", [
      hash,
      Buffer.from(buffer, byteOffset, byteLength),
    ]);
    await session.query("INSERT INTO lepton.blob_runs (hash, run) VALUES ($1, $2) ON CONFLICT DO NOTHING", [hash, run]);
  }
}

/** Forgets what a run wrote, and the bytes that no other run wrote too. */
export async function dropBlobs(session: Session, run: string, hashes: readonly string[]): Promise<void> {
  // Locked first: a run that is about to write one of them waits, and then finds it gone and writes it again.
  await session.query("SELECT hash FROM lepton.blobs WHERE hash = ANY($1::text[]) ORDER BY hash FOR UPDATE", [hashes]);
  await session.query("DELETE FROM lepton.blob_runs WHERE run = $1 AND hash = ANY($2::text[])", [run, hashes]);
  await session.query(
    `DELETE FROM lepton.blobs b WHERE hash = ANY($1::text[])
     AND NOT EXISTS (SELECT FROM lepton.blob_runs r WHERE r.hash = b.hash)`,
    [hashes],
  );
}

/** The driver makes a text of each value, twice as long, and texts have an end: a larger one would end the process. */
const PIECE_BYTES = 16 * 2 ** 20;

/** @throws RunError LEDGER_BLOB */
export async function readBlob(session: Session, hash: string, location: string): Promise<Uint8Array> {
  const isName = /^[0-9a-f]{64}$/.test(hash);
  return checkBlob(hash, isName ? await readPieces(session, hash) : undefined, location);
}

/** A copy of its own, so that typed arrays can lie on it at any offset; undefined where there is none, or none any more. */
async function readPieces(session: Session, hash: string): Promise<Uint8Array | undefined> {
  let whole = new Uint8Array(0);
  for (let read = 0; read === 0 || read < whole.length; read += PIECE_BYTES) {
    const [row] = await session.query(
      "SELECT octet_length(bytes) AS size, substring(bytes FROM $2 FOR $3) AS piece FROM lepton.blobs WHERE hash = $1",
      [hash, read + 1, PIECE_BYTES],
    );
    if (row === undefined) return undefined;
    if (read === 0) whole = new Uint8Array(row.size as number);
    whole.set(row.piece as Buffer, read);
  }
  return whole;
}
