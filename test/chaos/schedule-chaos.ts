/**
 * Schedules over years and in races; one line of figures, all counts of what is wrong 0. Run by itself or by `npm run chaos`:
 * `node test/chaos/schedule-chaos.ts [--quick]`.
 */
import { CronExpression } from "../../src/schedules/cron-expression.ts";
import { PostgresServer, postgresFolder } from "../support/postgres.ts";
import { CRON_FORMS, clockTimes, compareTicks, expectedTicks, ZONES } from "../support/schedule-oracle.ts";
import { type ProcessRace, type RaceFigures, raceInMemory, raceProcesses } from "../support/scheduler-race.ts";

export interface ScheduleChaosOptions {
  /** Fewer years and ticks. */
  readonly quick?: boolean;
  readonly seed?: number;
}

const DAY = 86_400_000;
const FIRST_YEAR = 2024;

export async function main({ quick = false, seed = 1 }: ScheduleChaosOptions = {}): Promise<object> {
  const began = performance.now();
  const calendar = await compareCalendars(quick ? 1 : 5);
  const race = { processes: 8, ticks: quick ? 50 : 500, kills: quick ? 2 : 10, speed: 25, seed };
  const memory = await raceInMemory(race.processes, race.ticks);
  const sqlite = await raceProcesses(race);
  const postgres = await raceOnPostgres(race);
  const races = [memory, sqlite, ...("skipped" in postgres ? [] : [postgres])];
  return {
    chaos: "schedules",
    ok:
      calendar.missed + calendar.double + calendar.extra === 0 &&
      races.every(({ ticks, runs, missed, double }) => ticks >= race.ticks && runs === ticks && missed + double === 0),
    calendar,
    memory,
    sqlite,
    postgres,
    seed,
    seconds: Math.round((performance.now() - began) / 1000),
  };
}

async function raceOnPostgres(race: ProcessRace): Promise<RaceFigures | { readonly skipped: string }> {
  if (postgresFolder() === undefined) return { skipped: "PostgreSQL is not installed" };
  await using server = await PostgresServer.start();
  const { url } = await server.database();
  // Awaited here, so that the server outlives it.
  return await raceProcesses({ ...race, location: url });
}

/** Ticks of all forms in all zones, forwards and backwards, beside what the clocks of the zones show. */
async function compareCalendars(years: number) {
  const from = Date.UTC(FIRST_YEAR, 0, 1);
  const to = Date.UTC(FIRST_YEAR + years, 0, 1);
  const figures = { years, zones: ZONES.length, forms: CRON_FORMS.length, ticks: 0, missed: 0, double: 0, extra: 0 };
  for (const zone of ZONES) {
    const times = clockTimes(zone, from - 2 * DAY, to + DAY);
    for (const form of CRON_FORMS) {
      const expected = expectedTicks(form, times, from, to);
      const cron = await CronExpression.parse(form.cron);
      const forwards: number[] = [];
      for (const tick of cron.after(from, zone)) {
        if (tick > to) break;
        forwards.push(tick);
      }
      const backwards: number[] = [];
      for (const tick of cron.upTo(to, zone)) {
        if (tick <= from) break;
        backwards.push(tick);
      }
      for (const found of [forwards, backwards.reverse()]) {
        const { missed, double, extra } = compareTicks(expected, found);
        figures.missed += missed;
        figures.double += double;
        figures.extra += extra;
      }
      figures.ticks += expected.length;
    }
  }
  return figures;
}

if (import.meta.main) {
  const figures = await main({ quick: process.argv.includes("--quick") });
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  if (!("ok" in figures && figures.ok === true)) process.exitCode = 1;
}
