import { RunError } from "../../errors.ts";

/** SQLite's primary result codes, https://sqlite.org/rescode.html. */
const SQLITE = { perm: 3, busy: 5, locked: 6, readOnly: 8, io: 10, corrupt: 11, full: 13, cantOpen: 14, notADb: 26 };

/** SQLITE_IOERR_SHMSIZE: the file beside the ledger through which processes share memory could not grow. */
const NO_SHARED_MEMORY = 4874;

interface SqliteError extends Error {
  readonly errcode: number;
}

export function isSqliteError(error: unknown): error is SqliteError {
  return error instanceof Error && (error as Error & { code?: unknown }).code === "ERR_SQLITE_ERROR";
}

/** Another process is at it; what was tried may be tried again. */
export function isBusy(error: unknown): boolean {
  return isSqliteError(error) && [SQLITE.busy, SQLITE.locked].includes(error.errcode & 0xff);
}

/** What SQLite reports, in Lepton's words; other errors as they are. */
export function ledgerError(error: unknown, location: string): unknown {
  if (!isSqliteError(error)) return error;
  if (error.errcode === NO_SHARED_MEMORY) return full(location, error);
  const of = (code: string, words: string): RunError => new RunError(code, words, { cause: error });
  switch (error.errcode & 0xff) {
    case SQLITE.busy:
    case SQLITE.locked:
      return of(
        "LEDGER_BUSY",
        `Another process has kept ${location} locked for too long; nothing was written. Try again, or find out what holds it.`,
      );
    case SQLITE.readOnly:
    case SQLITE.perm:
      return readOnly(location, error);
    case SQLITE.io:
      return failed(location, error);
    case SQLITE.corrupt:
      return of(
        "LEDGER_CORRUPT",
        `${location} is damaged (${error.message}); nothing is guessed from it. Put back a copy, or start another ledger.`,
      );
    case SQLITE.full:
      return full(location, error);
    case SQLITE.cantOpen:
      return of("LEDGER_OPEN", `${location} cannot be opened (${error.message}). Check the path and its permissions.`);
    case SQLITE.notADb:
      return notADatabase(location, error);
    default:
      return error;
  }
}

/** What the file system reports while the file is looked for or made. */
export function fileError(error: unknown, location: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined) return error;
  if (code === "EROFS") return readOnly(location, error);
  if (code === "ENOSPC" || code === "EDQUOT") return full(location, error);
  if (code === "EIO") return failed(location, error as Error);
  return new RunError(
    "LEDGER_OPEN",
    `There is no ledger at ${location}, and none can be made there: ${message}. Name another file, or make its folder writable.`,
    { cause: error },
  );
}

export function readOnly(location: string, cause?: unknown): RunError {
  return new RunError(
    "LEDGER_READ_ONLY",
    `${location} or its folder cannot be written, and a run that leaves no record is not started. Make them writable, or name another file.`,
    { cause },
  );
}

export function notADatabase(location: string, cause?: unknown): RunError {
  return new RunError("LEDGER_FOREIGN", `${location} is no SQLite database. Name another file for the ledger.`, {
    cause,
  });
}

function failed(location: string, cause: Error): RunError {
  return new RunError(
    "LEDGER_IO",
    `${location} could not be read or written (${cause.message}). What was being written does not count. Check the disk.`,
    { cause },
  );
}

function full(location: string, cause: unknown): RunError {
  return new RunError(
    "LEDGER_FULL",
    `There is no room left for ${location}; nothing was written. Make room and go on: all that was there before is there.`,
    { cause },
  );
}
