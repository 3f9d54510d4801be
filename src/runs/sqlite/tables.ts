import { RunError } from "../../errors.ts";
import { isPast, type SubmitPlace } from "../append-plan.ts";
import { type BudgetEntry, NO_MILLIONTHS, type ScopeMillionths } from "../budget-entry.ts";
import type { RunRecord } from "../events.ts";
import { hashOf } from "../hash.ts";
import { encodeText } from "../kept-text.ts";
import type { NewRun } from "../run-store.ts";
import { type ChangedRun, newRun, recordOf, runExists, runUnknown, type StoredRun } from "../store-rules.ts";
import type { Connection } from "./connection.ts";
import {
  changingColumns,
  entryColumns,
  entryOf,
  fixedColumns,
  type NumberedRun,
  nameOf,
  runOf,
  totalsColumns,
  totalsOfRow,
} from "./rows.ts";
import { prepareStatements, type Statements } from "./statements.ts";

/** A blob with its name. */
export interface NamedBlob {
  readonly hash: string;
  readonly bytes: Uint8Array;
}

export function named(blobs: readonly Uint8Array[] = []): readonly NamedBlob[] {
  return blobs.map((bytes) => ({ hash: hashOf(bytes), bytes }));
}

/** The tables of a ledger. Every call belongs inside a transaction of the connection. */
export class Tables {
  readonly sql: Statements;
  readonly #location: string;

  constructor({ database, location }: Connection) {
    this.sql = prepareStatements(database);
    this.#location = location;
  }

  /** @throws RunError RUN_UNKNOWN */
  run(id: string): NumberedRun {
    const found = this.find(id);
    if (found === undefined) throw runUnknown(id, this.#location);
    return found;
  }

  find(id: string): NumberedRun | undefined {
    // Not everything can be looked for in SQLite, and nothing else names a run.
    const row = typeof id === "string" ? this.sql.run.get(id) : undefined;
    return row === undefined ? undefined : runOf(row);
  }

  /** @throws RunError RUN_ID, RUN_EXISTS */
  create(asked: NewRun, blobs: readonly NamedBlob[], now: number): StoredRun {
    const change = newRun(asked, now);
    if (this.find(asked.id) !== undefined) throw runExists(asked.id);
    const { lastInsertRowid } = this.sql.insertRun.run(...changingColumns(change.run), ...fixedColumns(change.run));
    this.#add(Number(lastInsertRowid), change);
    this.hold(Number(lastInsertRowid), blobs);
    return change.run;
  }

  /** Writes a run that has changed, and its new records. */
  change(number: number, change: ChangedRun): void {
    this.save(number, change.run);
    this.#add(number, change);
  }

  save(number: number, run: StoredRun): void {
    this.sql.updateRun.run(...changingColumns(run), number);
  }

  /** @throws RunError LEDGER_CORRUPT */
  records({ number, run }: NumberedRun, fromSeq: number): readonly RunRecord[] {
    const rows = this.sql.events.all(number, fromSeq);
    const damaged = (seq: number, cause?: unknown): RunError =>
      new RunError(
        "LEDGER_CORRUPT",
        `Record ${seq} of run "${run.id}" in ${this.#location} is damaged; nothing is guessed from it.`,
        { cause },
      );
    const records = rows.map(({ seq, at, epoch, event }, index) => {
      if (seq !== fromSeq + index) throw damaged(fromSeq + index);
      try {
        return recordOf(seq, at as number, epoch as number, event as string);
      } catch (error) {
        throw damaged(seq, error);
      }
    });
    if (fromSeq + records.length <= run.seq) throw damaged(fromSeq + records.length);
    return records;
  }

  hold(number: number, blobs: readonly NamedBlob[]): void {
    for (const { hash, bytes } of blobs) {
      this.sql.insertBlob.run(hash, bytes);
      this.sql.holdBlob.run(number, hash);
    }
  }

  /** Deletes the blobs that no other run holds. */
  letGo(number: number, hashes: readonly string[]): void {
    for (const hash of hashes) {
      const blob = this.sql.blobNumber.get(hash)?.number;
      if (blob === undefined) continue;
      this.sql.letGoBlob.run(blob, number);
      this.sql.deleteBlob.run(blob);
    }
  }

  blob(hash: string): Uint8Array | undefined {
    return this.sql.blob.get(hash)?.bytes as Uint8Array | undefined;
  }

  /** The entries of these keys, where there are any. */
  entries(keys: readonly string[]): ReadonlyMap<string, BudgetEntry> {
    const rows = keys.map((key) => this.sql.entry.get(encodeText(key))).filter((row) => row !== undefined);
    return new Map(rows.map(entryOf).map((entry) => [entry.key, entry]));
  }

  putEntry(number: number, entry: BudgetEntry): void {
    this.sql.putEntry.run(...entryColumns(entry, number));
  }

  totals(scope: string): ScopeMillionths {
    const row = this.sql.totals.get(encodeText(scope));
    return row === undefined ? NO_MILLIONTHS : totalsOfRow(row);
  }

  addToTotals(scope: string, change: ScopeMillionths): void {
    this.sql.addToTotals.run(...totalsColumns(scope, change));
  }

  places(account: string | undefined): readonly SubmitPlace[] {
    if (account === undefined) return [];
    return this.sql.places.all(encodeText(account)).map(({ key, at }) => ({ key: nameOf(key), at: at as number }));
  }

  /** Replaces the places that are past by one more. */
  addPlace(account: string, place: SubmitPlace, places: readonly SubmitPlace[]): void {
    const kept = encodeText(account);
    for (const before of places) if (isPast(before, place.at)) this.sql.deletePlace.run(kept, encodeText(before.key));
    this.sql.putPlace.run(kept, encodeText(place.key), place.at);
  }

  #add(number: number, { records, texts }: ChangedRun): void {
    for (const [index, { seq, at, epoch }] of records.entries())
      this.sql.insertEvent.run(number, seq, at, epoch, texts[index]!);
  }
}
