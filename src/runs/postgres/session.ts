import type { PoolClient } from "pg";
import type { Clock } from "../../../providers/index.ts";
import { faultOf } from "./faults.ts";

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
export class DriverFault extends Error {
  readonly original: unknown;
  constructor(original: unknown) {
    super("A statement failed.");
    this.original = original;
  }
}

/** A client of the pool until it is given back, or thrown away where its state is in doubt. */
export class Connected {
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
      throw new DriverFault(error);
    }
  }

  async begin(): Promise<UnsureCommit> {
    try {
      // Several statements in one text have no values, and a result each.
      const results = (await this.#client.query(BEGIN)) as unknown as readonly { readonly rows: readonly Row[] }[];
      return results.at(-1)!.rows[0] as unknown as UnsureCommit;
    } catch (error) {
      this.#broken = true;
      throw new DriverFault(error);
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

/** One transaction; `commit` where its end was not heard of. */
export async function attemptOnce<Result>(
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
    if (faultOf((error as DriverFault).original) === "lost") return { result, commit };
    throw error;
  }
}
