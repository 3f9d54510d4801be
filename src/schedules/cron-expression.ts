import type { Cron } from "croner";
import { describeValue } from "../../circuits/index.ts";
import { ScheduleError } from "../errors.ts";
import { loadCroner } from "./croner.ts";
import { firstInstant, latestLocal } from "./zone.ts";

const MAX_LENGTH = 200;
const NAMES = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];
const EXAMPLE = `for example "0 2 * * *" is every day at 2:00, "*/30 9-17 * * MON-FRI" every half hour of office hours`;

/** Fields of an expression, each with what it takes; the first may be left out. */
const FIELDS = [
  ["second", "0 to 59"],
  ["minute", "0 to 59"],
  ["hour", "0 to 23"],
  ["day of the month", "1 to 31, L for the last, 15W for the weekday nearest to the 15th"],
  ["month", "1 to 12 or JAN to DEC"],
  ["day of the week", "0 to 7 or SUN to SAT, MON#2 for the second Monday of a month, FRI#L for the last Friday"],
] as const;

/** Civil time does not matter to it: an expression names times on a clock, and `firstInstant` says when those come. */
const OPTIONS = { utcOffset: 0, mode: "5-or-6-parts" } as const;

/**
 * A cron expression: times on the clock of a zone. Each is one tick, also where the clocks are set: one that they skip comes
 * at the end of the gap, together with all others of the gap, and one that they show twice comes the first time only.
 *
 * croner finds the times on a clock that is never set, and the zone comes after: given the zone, it would leave out what lists,
 * ranges and steps (such as "30 1,2 * * *") name in a gap, and run them in both passes of an overlap.
 */
export class CronExpression {
  readonly text: string;
  readonly #cron: Cron;

  private constructor(text: string, cron: Cron) {
    this.text = text;
    this.#cron = cron;
  }

  /** @throws ScheduleError SCHEDULE_CRON, SCHEDULE_PACKAGE */
  static async parse(expression: unknown): Promise<CronExpression> {
    const { Cron } = await loadCroner();
    if (typeof expression !== "string" || expression.length > MAX_LENGTH)
      throw fault(`A cron expression is a text of up to ${MAX_LENGTH} characters, not ${describeValue(expression)}`);
    const text = expression.trim();
    const fields = text.split(/\s+/);
    if (text.startsWith("@")) {
      if (!NAMES.includes(text.toLowerCase()))
        throw fault(`There is no cron expression ${JSON.stringify(text)}; those with a name are ${NAMES.join(", ")}`);
    } else if (fields.length < 5 || fields.length > 6)
      throw fault(
        `The cron expression ${JSON.stringify(text)} has ${text === "" ? 0 : fields.length} field(s); it needs five (minute, hour, day of the month, month, day of the week), or six with the second before them`,
      );
    try {
      return new CronExpression(text, new Cron(text, OPTIONS));
    } catch (cause) {
      const isFaulty = (field: string, index: number): boolean => {
        try {
          new Cron(fields.map((_, other) => (other === index ? field : "*")).join(" "), OPTIONS);
          return false;
        } catch {
          return true;
        }
      };
      const index = fields.findIndex(isFaulty);
      if (index < 0) throw fault(`The cron expression ${JSON.stringify(text)} cannot be read`, cause);
      const [name, values] = FIELDS[index + FIELDS.length - fields.length]!;
      throw fault(
        `The ${name}, ${JSON.stringify(fields[index])}, of the cron expression ${JSON.stringify(text)} cannot be read; it takes ${values}, * for all, lists a,b, ranges a-b and steps */n or a-b/n`,
        cause,
      );
    }
  }

  /** @throws ScheduleError SCHEDULE_CRON when it names days that never come */
  checkComes(): this {
    if (this.#cron.nextRun(new Date(0)) !== null) return this;
    throw fault(`The cron expression ${JSON.stringify(this.text)} names days that never come`);
  }

  /** Ticks later than an instant, one after another. Milliseconds since 1970. */
  *after(instant: number, zone: string): Generator<number, void> {
    let last = instant;
    for (let from = latestLocal(instant, zone); ; ) {
      const local = this.#cron.nextRun(new Date(from));
      if (local === null) return;
      from = local.getTime();
      const tick = firstInstant(from, zone);
      // All times of a gap are one tick.
      if (tick > last) yield tick;
      last = Math.max(last, tick);
    }
  }

  /** Ticks up to an instant, the latest first. */
  *upTo(instant: number, zone: string): Generator<number, void> {
    let last = Number.POSITIVE_INFINITY;
    for (let from = latestLocal(instant, zone) + 1; ; ) {
      const [local] = this.#cron.previousRuns(1, new Date(from));
      if (local === undefined) return;
      from = local.getTime();
      const tick = firstInstant(from, zone);
      if (tick < last) yield tick;
      last = tick;
    }
  }
}

function fault(words: string, cause?: unknown): ScheduleError {
  return new ScheduleError("SCHEDULE_CRON", `${words}; ${EXAMPLE}.`, cause === undefined ? {} : { cause });
}
