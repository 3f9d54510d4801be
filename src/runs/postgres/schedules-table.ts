import { decodeText, encodeText } from "../kept-text.ts";
import type { ScheduleRow, Tick } from "../run-store.ts";
import { rowLimit } from "../store-rules.ts";
import { NOW, type Session } from "./session.ts";

/** Undefined where there is one of that id. */
export async function insertSchedule(
  session: Session,
  id: string,
  spec: unknown,
  now: number,
): Promise<ScheduleRow | undefined> {
  const text = JSON.stringify(spec ?? null);
  const added = await session.query(
    `INSERT INTO lepton.schedules (id, spec, paused, created_at) VALUES ($1, $2, false, $3)
     ON CONFLICT (id) DO NOTHING RETURNING id`,
    [encodeText(id), text, now],
  );
  return added.length === 0
    ? undefined
    : { id, spec: JSON.parse(text), paused: false, createdAt: now, lastTick: undefined };
}

/** By id. */
export async function readSchedules(session: Session): Promise<readonly ScheduleRow[]> {
  const rows = await session.query(
    `SELECT id, spec, paused, created_at,
            (SELECT max(tick) FROM lepton.ticks t WHERE t.schedule = s.id) AS last_tick
     FROM lepton.schedules s`,
  );
  const schedules = rows.map((row) => ({
    id: decodeText(row.id as string),
    spec: JSON.parse(row.spec as string) as unknown,
    paused: row.paused as boolean,
    createdAt: row.created_at as number,
    lastTick: (row.last_tick as number | null) ?? undefined,
  }));
  return schedules.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** When the tick was decided by this; undefined where it was decided before, or the schedule is gone or paused. */
export async function insertTick(
  session: Session,
  { schedule, tick, outcome, words }: Omit<Tick, "at" | "runId">,
  run: string | undefined,
): Promise<number | undefined> {
  const [row] = await session.query(
    `WITH schedule AS (SELECT paused FROM lepton.schedules WHERE id = $1 FOR UPDATE)
     SELECT paused, ${NOW} AS now FROM schedule`,
    [encodeText(schedule)],
  );
  if (row === undefined || row.paused === true) return undefined;
  const at = session.nowIn(row);
  const added = await session.query(
    `INSERT INTO lepton.ticks (schedule, tick, outcome, words, run, at) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (schedule, tick) DO NOTHING RETURNING tick`,
    [encodeText(schedule), tick, outcome, encodeText(words), run, at],
  );
  return added.length === 0 ? undefined : at;
}

/** Newest first. */
export async function readTicks(session: Session, schedule: string, limit: number): Promise<readonly Tick[]> {
  const rows = await session.query(
    "SELECT tick, outcome, words, run, at FROM lepton.ticks WHERE schedule = $1 ORDER BY tick DESC LIMIT $2",
    [encodeText(schedule), rowLimit(limit)],
  );
  return rows.map(({ tick, outcome, words, run, at }) => ({
    schedule,
    tick: tick as number,
    outcome: outcome as Tick["outcome"],
    words: decodeText(words as string),
    ...(run === null ? {} : { runId: run as string }),
    at: at as number,
  }));
}
