import type { Pool, PoolClient } from "pg";
import { type Clock, systemClock } from "../../../providers/index.ts";
import { RunError } from "../../errors.ts";
import type { StoreOptions } from "../run-store.ts";
import { loadPg, type PostgresConnection } from "./connection.ts";
import { type Fault, faultOf, ledgerError, type Outcome, openError } from "./faults.ts";

export interface PostgresStoreOptions extends StoreOptions {
  /**
   * For how long a method makes a lost connection again, and repeats what conflicts with others, before it rejects: 30
   * seconds by default.
   */
  readonly patienceSeconds?: number;
}

export type Row = Readonly<Record<string, unknown>>;

/** A connection for the time of a transaction. Values are always passed beside the text of a statement. */
export interface Session {
  query(text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /** The store's clock, milliseconds since 1970. */
  now(): Promise<number>;
  /** The same from a row of which a column is `NOW`. */
  nowIn(row: Row): number;
}

/** SQL for the store's clock. */
export const NOW = "floor(extract(epoch FROM clock_timestamp()) * 1000)::double precision";

const POOL_SIZE = 4;
const PATIENCE_SECONDS = 30;
const ANSWER_SECONDS = 60;
// A driver that is stopped in the middle loses its locks before those who wait for them give up. Set for each transaction,
// since a pooler between here and the server may give each another session.
const BEGIN = `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
  SET LOCAL idle_in_transaction_session_timeout = '3s';
  SET LOCAL lock_timeout = '10s';
  SET LOCAL statement_timeout = 0;
  SET LOCAL extra_float_digits = 1;
  SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off';
  SELECT pg_current_xact_id()::text AS transaction, pg_backend_pid() AS process`;

/** A transaction whose end was not heard of. */
export interface UnsureCommit {
  readonly transaction: string;
  readonly process: number;
}

/** An error of the driver or the server, to tell it from what the work itself throws. */
class DriverError extends Error {
  readonly original: unknown;
  constructor(original: unknown) {
    super("A statement failed.");
    this.original = original;
  }
}

/** Runs work in transactions: again where the connection is lost or others are in the way, and never twice with effect. */
export class PostgresDatabase {
  readonly location: string;
  readonly #pool: Pool;
  readonly #clock: Clock | undefined;
  readonly #patienceSeconds: number;
  /** What is under way; a store that is closed waits for it. */
  readonly #work = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  private constructor(
    pool: Pool,
    location: string,
    { clock, patienceSeconds = PATIENCE_SECONDS }: PostgresStoreOptions,
  ) {
    this.#pool = pool;
    this.location = location;
    this.#clock = clock;
    this.#patienceSeconds = patienceSeconds;
  }

  /** @throws RunError LEDGER_OPEN */
  static async open(connection: PostgresConnection, options: PostgresStoreOptions = {}): Promise<PostgresDatabase> {
    const { Pool } = (await loadPg()).default;
    const pool = new Pool({
      ...connection.config,
      max: POOL_SIZE,
      idleTimeoutMillis: 5_000,
      // Idle connections keep no program alive.
      allowExitOnIdle: true,
      query_timeout: ANSWER_SECONDS * 1000,
    });
    // An idle connection that is lost leaves the pool, and the next statement makes another one.
    pool.on("error", () => {});
    const database = new PostgresDatabase(pool, connection.location, options);
    try {
      await database.#checkServer();
    } catch (error) {
      await pool.end();
      throw openError(error, connection.location);
    }
    return database;
  }

  /** Statements that change nothing, each a transaction. */
  read<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    return this.#whileOpen(() => this.#read(work));
  }

  async #read<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    const patience = new Patience(this.#patienceSeconds, this.location);
    for (;;) {
      try {
        return await this.#connected(({ session }) => work(session));
      } catch (error) {
        await patience.again(error, "nothing was written");
      }
    }
  }

  /**
   * One transaction. Where the connection is lost while it commits, the server is asked what became of it; where it cannot
   * be asked in time, `unsure` is told what may have been written.
   */
  write<Result>(
    work: (session: Session) => Promise<Result>,
    unsure?: (commit: UnsureCommit, result: Result) => void,
  ): Promise<Result> {
    return this.#whileOpen(() => this.#write(work, unsure));
  }

  async #write<Result>(
    work: (session: Session) => Promise<Result>,
    unsure?: (commit: UnsureCommit, result: Result) => void,
  ): Promise<Result> {
    const patience = new Patience(this.#patienceSeconds, this.location);
    for (;;) {
      let attempt: { readonly result: Result; readonly commit?: UnsureCommit };
      try {
        attempt = await this.#connected((connected) => attemptOnce(connected, work));
      } catch (error) {
        await patience.again(error, "nothing was written");
        continue;
      }
      const { result, commit } = attempt;
      if (commit === undefined) return result;
      let committed: boolean;
      try {
        committed = await this.#committed(commit, patience);
      } catch (error) {
        unsure?.(commit, result);
        throw error;
      }
      if (committed) return result;
    }
  }

  /** What became of a transaction whose end was not heard of. @throws RunError where the server cannot be asked */
  committed(commit: UnsureCommit): Promise<boolean> {
    return this.#whileOpen(() => this.#committed(commit, new Patience(this.#patienceSeconds, this.location)));
  }

  /** Ends all connections, when what is under way is done. */
  close(): Promise<void> {
    this.#closing ??= Promise.allSettled(this.#work).then(() => this.#pool.end());
    return this.#closing;
  }

  async #whileOpen<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#closing !== undefined)
      throw new RunError("LEDGER_CLOSED", `The ledger ${this.location} is closed. Open it again.`);
    const doing = work();
    this.#work.add(doing);
    try {
      return await doing;
    } finally {
      this.#work.delete(doing);
    }
  }

  async #committed({ transaction, process }: UnsureCommit, patience: Patience): Promise<boolean> {
    for (;;) {
      try {
        const [row] = await this.#connected(async ({ session }) => {
          // Nobody will hear of it any more: a server that has not noticed ends it now.
          await session.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND backend_xid = $2::xid8::xid",
            [process, transaction],
          );
          return session.query("SELECT pg_xact_status($1::xid8) AS status", [transaction]);
        });
        if (row!.status === "committed") return true;
        if (row!.status === "aborted") return false;
        throw new DriverError(new Error("the server has not ended the transaction yet"));
      } catch (error) {
        await patience.again(error, "whether it was written is not known");
      }
    }
  }

  async #connected<Result>(work: (connected: Connected) => Promise<Result>): Promise<Result> {
    const client = await this.#pool.connect().catch((error) => {
      throw new DriverError(error);
    });
    const connected = new Connected(client, this.#clock);
    try {
      return await work(connected);
    } finally {
      connected.release();
    }
  }

  async #checkServer(): Promise<void> {
    const [row] = await this.#connected(({ session }) =>
      session.query(
        "SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding",
      ),
    ).catch((error) => {
      throw error instanceof DriverError ? error.original : error;
    });
    const { version, encoding } = row as { readonly version: number; readonly encoding: string };
    if (version < 130_000)
      throw new RunError(
        "LEDGER_OPEN",
        `${this.location} is PostgreSQL ${Math.floor(version / 10_000)}; the ledger needs 13 or later.`,
      );
    if (encoding !== "UTF8")
      throw new RunError(
        "LEDGER_OPEN",
        `${this.location} keeps text in ${encoding}; the ledger needs a database with encoding UTF8.`,
      );
  }
}

/** A client of the pool until it is given back, or thrown away where its state is in doubt. */
class Connected {
  readonly session: Session;
  readonly #client: PoolClient;
  readonly #ignore = (): void => {};
  #broken = false;

  constructor(client: PoolClient, clock: Clock | undefined) {
    this.#client = client;
    // The statement under way fails with the same error.
    client.on("error", this.#ignore);
    this.session = {
      query: (text, values) => this.query(text, values),
      now: async () => this.session.nowIn((await this.query(`SELECT ${NOW} AS now`))[0]!),
      nowIn: (row) => (clock === undefined ? (row.now as number) : Math.floor(clock.now())),
    };
  }

  async query(text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    try {
      const result = await this.#client.query<Row>(text, [...values]);
      return result.rows;
    } catch (error) {
      if (faultOf(error) === "lost") this.#broken = true;
      throw new DriverError(error);
    }
  }

  async begin(): Promise<UnsureCommit> {
    try {
      // Several statements in one text have no values, and a result each.
      const results = (await this.#client.query(BEGIN)) as unknown as readonly { readonly rows: readonly Row[] }[];
      return results.at(-1)!.rows[0] as unknown as UnsureCommit;
    } catch (error) {
      this.#broken = true;
      throw new DriverError(error);
    }
  }

  async rollback(): Promise<void> {
    if (this.#broken) return;
    // Thrown away with its transaction where it does not answer.
    await this.query("ROLLBACK").catch(() => {
      this.#broken = true;
    });
  }

  release(): void {
    this.#client.off("error", this.#ignore);
    this.#client.release(this.#broken);
  }
}

async function attemptOnce<Result>(
  connected: Connected,
  work: (session: Session) => Promise<Result>,
): Promise<{ readonly result: Result; readonly commit?: UnsureCommit }> {
  const commit = await connected.begin();
  let result: Result;
  try {
    result = await work(connected.session);
  } catch (error) {
    await connected.rollback();
    throw error;
  }
  try {
    await connected.query("COMMIT");
    return { result };
  } catch (error) {
    if (faultOf((error as DriverError).original) === "lost") return { result, commit };
    throw error;
  }
}

/**
 * What is worth another attempt, after how many milliseconds, and how often at least: a process that was stopped for longer
 * than its patience lasts has had no chance yet when it goes on.
 */
const WAITS: Partial<Record<Fault, { readonly first: number; readonly most: number; readonly least: number }>> = {
  lost: { first: 10, most: 2000, least: 5 },
  conflict: { first: 2, most: 200, least: 5 },
  busy: { first: 10, most: 1000, least: 2 },
};

/** How often and how long what failed is tried again. */
class Patience {
  readonly #until: number;
  readonly #location: string;
  #attempts = 0;

  constructor(seconds: number, location: string) {
    this.#until = systemClock.now() + seconds * 1000;
    this.#location = location;
  }

  /** Waits before the next attempt. @throws the error in the ledger's words, where there is to be none */
  async again(error: unknown, outcome: Outcome): Promise<void> {
    if (!(error instanceof DriverError)) throw error;
    const wait = WAITS[faultOf(error.original)];
    if (wait === undefined) throw ledgerError(error.original, this.#location, outcome);
    const milliseconds = Math.min(wait.most, wait.first * 2 ** this.#attempts++);
    if (this.#attempts > wait.least && systemClock.now() + milliseconds > this.#until)
      throw ledgerError(error.original, this.#location, outcome);
    await systemClock.sleep(milliseconds);
  }
}
