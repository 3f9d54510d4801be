import type { Pool } from "pg";
import type { Clock } from "../../../providers/index.ts";
import { RunError } from "../../errors.ts";
import type { StoreOptions } from "../run-store.ts";
import { loadPg, type PostgresConnection } from "./connection.ts";
import { openError } from "./faults.ts";
import { Patience } from "./patience.ts";
import { attemptOnce, Connected, DriverFault, type Session, type UnsureCommit } from "./session.ts";

export interface PostgresStoreOptions extends StoreOptions {
  /**
   * For how long a method makes a lost connection again, and repeats what conflicts with others, before it rejects: 30
   * seconds by default.
   */
  readonly patienceSeconds?: number;
}

const POOL_SIZE = 4;
const PATIENCE_SECONDS = 30;
const ANSWER_SECONDS = 60;
/** Runs work in transactions: again where the connection is lost or others are in the way, and never twice with effect. */
export class PostgresDatabase {
  readonly location: string;
  readonly #pool: Pool;
  readonly #clock: Clock | undefined;
  readonly #patienceSeconds: number;
  /** What is under way; a store that is closed waits for it. */
  readonly #work = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;
  /** Aborted when it is closed. */
  readonly #ending = new AbortController();

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
    const patience = this.#patience();
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
    const patience = this.#patience();
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
    return this.#whileOpen(() => this.#committed(commit, this.#patience()));
  }

  /** Ends all connections, when what is under way is done; a server that is down is not waited for. */
  close(): Promise<void> {
    this.#ending.abort();
    this.#closing ??= Promise.allSettled(this.#work).then(() => this.#pool.end());
    return this.#closing;
  }

  #patience(): Patience {
    return new Patience(this.#patienceSeconds, this.location, this.#ending.signal);
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
        throw new DriverFault(new Error("the server has not ended the transaction yet"));
      } catch (error) {
        await patience.again(error, "whether it was written is not known");
      }
    }
  }

  async #connected<Result>(work: (connected: Connected) => Promise<Result>): Promise<Result> {
    const client = await this.#pool.connect().catch((error) => {
      throw new DriverFault(error);
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
      throw error instanceof DriverFault ? error.original : error;
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
