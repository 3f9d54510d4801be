import { afterEach, expect, test } from "vitest";
import { type CrashPoint, onCrashPoint } from "../../../src/runs/crash-points.ts";
import { killedAt } from "../../support/killed-at.ts";
import { RunWorld } from "../../support/run-world.ts";

/** Of bytes: two jobs a step, and another number. Circuits that are compiled anew take other room, to the same effect. */
const BEFORE = 1300;
const AFTER = [900, 100_000] as const;

afterEach(() => onCrashPoint(undefined));

/** The run whose first driver is killed, and whose next one would split its job otherwise. */
async function resumed(point: CrashPoint, nth: number, maxPayloadBytes: number) {
  await using world = new RunWorld();
  const dies = await killedAt(point, nth, world.store, async (store) => {
    const { run } = await world.drive({ steps: 1, store, process: { limits: { maxPayloadBytes: BEFORE } } });
    return run.result();
  });
  expect(dies).toBe("killed");
  await world.sleep(60);
  const sent = world.jobs.length;
  const { weights } = await world.finish({ steps: 1, process: { limits: { maxPayloadBytes } } });
  const { jobs } = await world.state();
  return { weights, sent, all: world.jobs.length, ids: [...jobs.values()].map(({ submits }) => submits.length) };
}

const places: readonly (readonly [string, CrashPoint, number, number])[] = [
  ["one part is out", "k6", 1, 1],
  ["one part may be out", "k5", 1, 1],
  ["all parts are out", "k6", 2, 2],
];

test.each(places)("a resumed run goes on with a job as it was cut, where %s", async (_words, point, nth, out) => {
  await using world = new RunWorld();
  const { weights } = await world.finish({ steps: 1, process: { limits: { maxPayloadBytes: BEFORE } } });
  for (const maxPayloadBytes of AFTER) {
    const run = await resumed(point, nth, maxPayloadBytes);
    expect(run.sent).toBe(out);
    expect(run.weights).toEqual(weights);
    expect(run.ids[0]).toBe(2);
    // No part was sent twice.
    expect(run.all).toBe(run.ids.reduce((sum, parts) => sum + parts, 0));
  }
});
