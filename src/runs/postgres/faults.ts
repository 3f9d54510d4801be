import { RunError } from "../../errors.ts";

/**
 * What an error of the driver or the server means for the transaction in which it came: "lost" where the connection is gone,
 * "conflict" where others were in the way and the same again may pass, "busy" where a lock or a connection was not to be had
 * in time, "cancelled" where somebody had the statement ended.
 */
export type Fault = "lost" | "conflict" | "busy" | "cancelled" | "full" | "read-only" | "corrupt" | "refused" | "other";

const BY_STATE: Readonly<Record<string, Fault>> = {
  // Two made the same row, or one a row that another's row names.
  "23503": "conflict",
  "23505": "conflict",
  "40001": "conflict",
  "40P01": "conflict",
  "55P03": "busy",
  "57014": "cancelled",
  "53300": "busy",
  "53100": "full",
  "25006": "read-only",
  "42501": "read-only",
  "25P03": "lost",
  "25P04": "lost",
  "57P01": "lost",
  "57P02": "lost",
  "57P03": "lost",
  "57P05": "lost",
  "28000": "refused",
  "28P01": "refused",
  "3D000": "refused",
};

export function faultOf(error: unknown): Fault {
  const state = sqlState(error);
  if (state === undefined) return (error as Error).message === POOL_TIMEOUT ? "busy" : "lost";
  if (state.startsWith("08")) return "lost";
  if (state.startsWith("XX")) return state === "XX000" ? "other" : "corrupt";
  return BY_STATE[state] ?? "other";
}

// The words of pg-pool when all its connections stay in use.
const POOL_TIMEOUT = "timeout exceeded when trying to connect";

/** The five characters by which a server names an error; undefined where the server has said nothing. */
export function sqlState(error: unknown): string | undefined {
  const { code, severity } = error as { readonly code?: unknown; readonly severity?: unknown };
  return typeof severity === "string" && typeof code === "string" ? code : undefined;
}

/** What became of a transaction that failed. */
export type Outcome = "nothing was written" | "whether it was written is not known";

/** An error of the driver or the server in the words of the ledger. The driver's own, which may hold the connection, is left out. */
export function ledgerError(error: unknown, location: string, outcome: Outcome): RunError {
  const { message } = error as Error;
  const state = sqlState(error);
  const words = `${message === "" ? errorCode(error) : message}${state === undefined ? "" : ` (SQLSTATE ${state})`}`;
  const cause = new Error(words);
  switch (faultOf(error)) {
    case "conflict":
    case "busy":
    case "cancelled":
      return new RunError(
        "LEDGER_BUSY",
        `${location} was kept busy by others for too long, ${outcome}: ${words}. Try again.`,
        { cause },
      );
    case "full":
      return new RunError("LEDGER_FULL", `${location} has no room left, ${outcome}: ${words}.`, { cause });
    case "read-only":
      return new RunError(
        "LEDGER_READ_ONLY",
        `${location} does not let this role write, ${outcome}: ${words}. Connect to the primary server, as a role that may write` +
          (/permission denied for database/.test(message) ? ", and at first make the schema lepton." : "."),
        { cause },
      );
    case "corrupt":
      return new RunError("LEDGER_CORRUPT", `${location} is damaged, ${outcome}: ${words}.`, { cause });
    case "refused":
      return openError(error, location);
    case "lost":
      return new RunError(
        "LEDGER_IO",
        `The connection to ${location} was lost and did not come back, ${outcome}: ${words}.`,
        { cause },
      );
    case "other":
      return new RunError("LEDGER_IO", `${location} failed, ${outcome}: ${words}.`, { cause });
  }
}

/** Why a server cannot be used at all. */
export function openError(error: unknown, location: string): RunError {
  if (error instanceof RunError) return error;
  const { message } = error as Error;
  const state = sqlState(error);
  const words = `${message === "" ? errorCode(error) : message}${state === undefined ? "" : ` (SQLSTATE ${state})`}`;
  return new RunError("LEDGER_OPEN", `${location} cannot be opened: ${words}.${hint(error, state)}`, {
    cause: new Error(words),
  });
}

function hint(error: unknown, state: string | undefined): string {
  if (state === "28P01" || state === "28000") return " Check user, password and pg_hba.conf.";
  if (state === "3D000") return " Create the database, or name another.";
  if (state === "42501")
    return " The role needs CREATE on the database once, to make the schemas lepton and, for workers, lepton_boss.";
  if (state === "53300") return " The server has no connection left.";
  if (state !== undefined) return "";
  const code = errorCode(error);
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return " Check the host's name.";
  if (code === "ECONNREFUSED") return " Nothing listens there; check host and port, and that the server runs.";
  if (/CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/.test(code))
    return " Name the certificate authority by sslrootcert=FILE in the URL.";
  return " Check that a PostgreSQL server answers there.";
}

/** Of several failed attempts, such as at both addresses of a name, the first one's. */
function errorCode(error: unknown): string {
  const { code, errors } = error as { readonly code?: unknown; readonly errors?: readonly { code?: unknown }[] };
  return String(code ?? errors?.[0]?.code ?? "no reason was given");
}
