import type { PgBoss } from "pg-boss";
import { type Clock, systemClock } from "../../providers/index.ts";
import { missingPackage, postgresConnection } from "../runs/postgres/connection.ts";
import { openError } from "../runs/postgres/faults.ts";
import { type RunWaker, sleepUnless } from "./wake.ts";

type PgBossPackage = typeof import("pg-boss");

export interface PgBossWakerOptions {
  /** Which waits. */
  readonly clock?: Clock;
  /** How long a wait lasts at most, should a wake be lost: 30 seconds by default. */
  readonly pollSeconds?: number;
  /** Told in plain words when a wake may have been lost. */
  readonly onTrouble?: (words: string) => void;
}

const POLL_SECONDS = 30;
const SCHEMA = "lepton_boss";
const QUEUE = "lepton-wake";
/** A wake that nobody took in so many seconds after its time is of no use any more: everybody has polled. */
const WAKE_SECONDS = 300;

/**
 * Wakes any number of workers on any number of machines through pg-boss, in the schema "lepton_boss" of a PostgreSQL
 * database, made where it is not there. Each wake is a job that one of the waiting workers takes.
 * @param url as for `postgresStore`
 * @throws RunError LEDGER_OPEN, LEDGER_PACKAGE
 */
export async function pgBossWaker(url: string, options: PgBossWakerOptions = {}): Promise<RunWaker> {
  const { PgBoss } = await loadPgBoss();
  const { config, location } = await postgresConnection(url);
  const { ssl, connectionTimeoutMillis, user, password, host, port, database } = config;
  const boss = new PgBoss({
    ...Object.fromEntries(
      Object.entries({ ssl, connectionTimeoutMillis, user, password, host, port, database }).filter(
        ([, value]) => value !== undefined,
      ),
    ),
    application_name: "lepton-wake",
    schema: SCHEMA,
    max: 3,
    useListenNotify: true,
    schedule: false,
    registerInstance: false,
    openTelemetry: { enabled: false },
  });
  const trouble = (error: unknown): void => options.onTrouble?.((error as Error).message);
  // Unheard, these would end the process; polls make up for what they mean.
  boss.on("error", trouble);
  boss.on("warning", trouble);
  try {
    await boss.start();
    await boss.createQueue(QUEUE, {
      notify: true,
      retryLimit: 0,
      expireInSeconds: WAKE_SECONDS,
      retentionSeconds: WAKE_SECONDS,
      deleteAfterSeconds: WAKE_SECONDS,
    });
  } catch (error) {
    await boss.stop({ graceful: false }).catch(trouble);
    throw openError(error, location);
  }
  return new PgBossWaker(boss, options, trouble);
}

/** @throws RunError LEDGER_PACKAGE with the line that installs it */
export async function loadPgBoss(load: () => Promise<PgBossPackage> = () => import("pg-boss")): Promise<PgBossPackage> {
  try {
    return await load();
  } catch (error) {
    throw missingPackage(error, "pg-boss", "workers on PostgreSQL need it to be woken: npm install pg pg-boss");
  }
}

class PgBossWaker implements RunWaker {
  readonly #boss: PgBoss;
  readonly #clock: Clock;
  readonly #pollSeconds: number;
  readonly #trouble: (error: unknown) => void;

  constructor(
    boss: PgBoss,
    { clock = systemClock, pollSeconds = POLL_SECONDS }: PgBossWakerOptions,
    trouble: (error: unknown) => void,
  ) {
    this.#boss = boss;
    this.#clock = clock;
    this.#pollSeconds = pollSeconds;
    this.#trouble = trouble;
  }

  async notify(atMs?: number): Promise<void> {
    try {
      await this.#boss.send(QUEUE, {}, atMs === undefined ? {} : { startAfter: new Date(atMs) });
    } catch (error) {
      this.#trouble(error);
    }
  }

  async wait(untilMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const milliseconds = Math.min(untilMs - (await this.#now()), this.#pollSeconds * 1000);
    if (milliseconds <= 0) return;
    const woken = new AbortController();
    const wake = AbortSignal.any([woken.signal, signal]);
    // Wakes are taken only by those who wait, so that none goes to a worker that is busy.
    const id = await this.#boss
      .work(QUEUE, { pollingIntervalSeconds: 1, notifyPollingIntervalSeconds: 2 }, async () => {
        // One that came after the first is another's.
        if (wake.aborted) await this.notify();
        woken.abort();
      })
      .catch(this.#trouble);
    await sleepUnless(wake, milliseconds, this.#clock);
    woken.abort();
    if (typeof id === "string") await this.#boss.offWork(QUEUE, { id, wait: true }).catch(this.#trouble);
  }

  async close(): Promise<void> {
    await this.#boss.stop({ graceful: false });
  }

  /** By the server's clock, which is the store's. */
  async #now(): Promise<number> {
    try {
      const { rows } = await this.#boss
        .getDb()
        .executeSql("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::double precision AS now");
      return rows[0].now as number;
    } catch (error) {
      this.#trouble(error);
      return this.#clock.now();
    }
  }
}
