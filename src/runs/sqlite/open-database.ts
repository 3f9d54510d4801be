import { accessSync, closeSync, constants, existsSync, fsyncSync, mkdirSync, openSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../../../providers/index.ts";
import { RunError } from "../../errors.ts";
import { Connection, patiently } from "./connection.ts";
import { fileError, ledgerError, notADatabase, readOnly } from "./errors.ts";
import { formatOf, LEDGER_FORMAT, migrateFrom } from "./migrations.ts";

const SMALLEST_PAGE = 512;

/**
 * The ledger in a file, made where there is none, in today's format.
 * @param path absolute
 * @throws RunError LEDGER_OPEN, LEDGER_FOREIGN, LEDGER_NEWER, LEDGER_READ_ONLY, LEDGER_FULL, LEDGER_BUSY, LEDGER_CORRUPT, LEDGER_IO
 */
export async function openDatabase(path: string, clock: Clock): Promise<Connection> {
  makeFile(path);
  const { size } = statSync(path);
  // SQLite would take a file of a single byte for an empty one.
  if (size > 0 && size < SMALLEST_PAGE) throw notADatabase(path);
  let database: DatabaseSync | undefined;
  try {
    const opened = new (loadSqlite().DatabaseSync)(path);
    database = opened;
    await patiently(clock, () => checkFormat(opened, path));
    await patiently(clock, () => setUp(opened, path));
    const connection = new Connection(opened, path, clock);
    await migrate(connection);
    return connection;
  } catch (error) {
    database?.close();
    throw ledgerError(error, path);
  }
}

/** @returns the format @throws RunError LEDGER_FOREIGN, LEDGER_NEWER */
function checkFormat(database: DatabaseSync, path: string): number {
  const format = formatOf(database);
  if (format === "foreign")
    throw new RunError("LEDGER_FOREIGN", `${path} is a database of another program. Name another file for the ledger.`);
  if (format > LEDGER_FORMAT)
    throw new RunError(
      "LEDGER_NEWER",
      `${path} has format ${format}, which a newer Lepton wrote; this one knows formats up to ${LEDGER_FORMAT}. Use the newer one, or another file.`,
    );
  return format;
}

function setUp(database: DatabaseSync, path: string): void {
  database.exec("PRAGMA busy_timeout = 0");
  const mode = database.prepare("PRAGMA journal_mode = WAL").get()!;
  if (mode.journal_mode !== "wal")
    throw new RunError(
      "LEDGER_OPEN",
      `The file system of ${path} does not let processes share memory, which a ledger needs. Name a file on a local disk, or use PostgreSQL.`,
    );
  database.exec(`
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA journal_size_limit = 16777216;
    PRAGMA temp_store = MEMORY;
  `);
}

/** One transaction a step; whoever opens the file at the same time finds it in the one format or the other. */
async function migrate(connection: Connection): Promise<void> {
  const { database, location } = connection;
  for (let format = checkFormat(database, location); format < LEDGER_FORMAT; )
    format = await connection.write(() => {
      const present = checkFormat(database, location);
      if (present < LEDGER_FORMAT) migrateFrom(database, present);
      return checkFormat(database, location);
    });
}

/** For the owner only: a ledger holds no credentials, but says what was computed, when and by whom. */
function makeFile(path: string): void {
  const folder = dirname(path);
  try {
    const isNew = !existsSync(path);
    const first = mkdirSync(folder, { recursive: true, mode: 0o700 });
    closeSync(openSync(path, "a", 0o600));
    if (isNew) syncFolders(folder, first === undefined ? folder : dirname(first));
    accessSync(folder, constants.W_OK);
  } catch (error) {
    const denied = ["EACCES", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "");
    throw denied && existsSync(path) ? readOnly(path, error) : fileError(error, path);
  }
}

/** Makes new entries of folders durable, from the innermost up to `last`. */
function syncFolders(folder: string, last: string): void {
  // Windows cannot open folders, and makes their entries durable by itself.
  if (process.platform === "win32") return;
  for (let at = folder; ; at = join(at, "..")) {
    const descriptor = openSync(at, "r");
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    if (at === last) return;
  }
}

/** Node 22 says once that its SQLite is experimental; nobody who runs Lepton can do anything about it. */
function loadSqlite(): typeof import("node:sqlite") {
  const emit = process.emitWarning;
  process.emitWarning = ((warning: string | Error, ...rest: never[]) => {
    if (!String(warning).startsWith("SQLite is an experimental feature")) emit.call(process, warning, ...rest);
  }) as typeof process.emitWarning;
  try {
    return process.getBuiltinModule("node:sqlite");
  } finally {
    process.emitWarning = emit;
  }
}
