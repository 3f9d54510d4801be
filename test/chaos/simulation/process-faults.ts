import { RunError } from "../../../src/errors.ts";
import type { CrashPoint } from "../../../src/runs/crash-points.ts";
import type { FaultKind } from "./faults.ts";
import { LATENCY_SECONDS } from "./world.ts";

const POINTS: readonly (readonly [point: CrashPoint, most: number, weight?: number])[] = [
  ["k0", 5],
  ["k1", 5],
  ["k2", 5],
  ["k5", 5],
  ["k6", 5],
  ["k7", 12],
  ["k9", 5],
  ["k10", 5],
  ["k11", 4],
  ["k12", 4],
  ["k13", 4],
  ["k15", 4],
  // Reached only where snapshots are large.
  ["k16", 2, 3],
  ["k18", 2],
];

const kills: readonly FaultKind[] = [
  ...POINTS.map(
    ([point, most, weight = 1]): FaultKind => ({
      kind: `killed at ${point}`,
      weight,
      draw: (chance) => ({
        when: { on: "point", name: point, nth: chance.whole(1, most) },
        strike: ({ process }) => process.kill(point),
      }),
    }),
  ),
  {
    kind: "killed at k3",
    draw: (chance) => ({
      when: { on: "sending", name: "submit", nth: chance.whole(1, 5) },
      strike: ({ world, process }) => world.after(LATENCY_SECONDS / 2, () => process.kill("k3")),
    }),
  },
  {
    kind: "killed at k4",
    draw: (chance) => ({
      when: { on: "answered", name: "submit", nth: chance.whole(1, 5) },
      strike: ({ process }) => process.kill("k4"),
    }),
  },
  {
    kind: "killed at k8",
    draw: (chance) => ({
      when: { on: "answered", name: "results", nth: chance.whole(1, 5) },
      strike: ({ process }) => process.kill("k8"),
    }),
  },
  {
    kind: "killed before a request",
    draw: (chance) => ({
      when: { on: "sending", name: "*", nth: chance.whole(1, 70) },
      strike: ({ process }) => process.kill("before a request"),
    }),
  },
  {
    kind: "killed after a request",
    draw: (chance) => ({
      when: { on: "answered", name: "*", nth: chance.whole(1, 70) },
      strike: ({ process }) => process.kill("after a request"),
    }),
  },
  {
    kind: "killed before a write",
    draw: (chance) => ({
      when: { on: "before", name: "append", nth: chance.whole(1, 25) },
      strike: ({ process }) => process.kill("before a write"),
    }),
  },
  {
    kind: "killed after a write",
    draw: (chance) => ({
      when: { on: "after", name: chance.among("append", "append", "append", "claim"), nth: chance.whole(1, 25) },
      strike: ({ process }) => process.kill("after a write"),
    }),
  },
  {
    kind: "killed at any time",
    draw: (chance) => ({
      when: { seconds: chance.spread(0.5, 3000) },
      strike: ({ process }) => process.kill("at any time"),
    }),
  },
];

const stops: readonly FaultKind[] = [
  ...(["any time", "a write", "a request"] as const).map(
    (where): FaultKind => ({
      kind: `stopped at ${where}, and goes on`,
      weight: 2,
      draw: (chance) => {
        const pause = chance.spread(5, 7200);
        return {
          when:
            where === "any time"
              ? { seconds: chance.spread(0.5, 300) }
              : where === "a write"
                ? { on: "after", name: "append", nth: chance.whole(1, 25) }
                : { on: "answered", name: chance.among("submit", "*"), nth: chance.whole(1, 20) },
          excuses: ["RUN_FENCED"],
          strike: ({ world, process }) => {
            process.freeze();
            world.after(pause, () => process.thaw());
          },
        };
      },
    }),
  ),
  {
    kind: "a second process starts the run",
    draw: (chance) => ({
      when: { seconds: chance.among(0, chance.spread(0.1, 300)) },
      excuses: ["RUN_DRIVEN", "RUN_FENCED"],
      strike: ({ world }) => world.startRival?.(),
    }),
  },
];

const wishes: readonly FaultKind[] = [
  {
    kind: "asked to stop",
    draw: (chance) => ({
      when: { seconds: chance.spread(0.1, 100) },
      strike: ({ process }) => process.driven?.stop(),
    }),
  },
  {
    kind: "asked to stop through the ledger",
    draw: (chance) => ({
      when: { seconds: chance.spread(0.1, 100) },
      strike: ({ world }) => void world.store.requestStop(world.id).catch(() => {}),
    }),
  },
  {
    kind: "left",
    draw: (chance) => ({
      when: { seconds: chance.spread(0.1, 1000) },
      excuses: ["RUN_SUSPENDED"],
      strike: ({ process }) => void process.driven?.suspend(),
    }),
  },
  {
    kind: "aborted",
    draw: (chance) => ({
      when: { seconds: chance.spread(0.1, 1000) },
      excuses: ["ABORTED"],
      strike: ({ process }) => process.abort(),
    }),
  },
];

const ledger: readonly FaultKind[] = [
  ...(["LEDGER_BUSY", "LEDGER_IO", "LEDGER_FULL"] as const).map(
    (code): FaultKind => ({
      kind: `a write fails: ${code}`,
      draw: (chance) => ({
        when: { on: "before", name: "append", nth: chance.whole(1, 25) },
        excuses: [code],
        strike: () => {
          throw new RunError(code, "The ledger cannot take it now.");
        },
      }),
    }),
  ),
  {
    kind: "a call of the ledger fails",
    draw: (chance) => ({
      when: {
        on: "before",
        name: chance.among("run", "create", "claim", "read", "renew", "release", "blob", "now", "totals"),
        nth: chance.whole(1, 6),
      },
      excuses: ["LEDGER_BUSY"],
      strike: () => {
        throw new RunError("LEDGER_BUSY", "The ledger is busy.");
      },
    }),
  },
  {
    kind: "the ledger's clock jumps",
    draw: (chance) => {
      const seconds = chance.among(-7200, -3600, -61, 45, 3600, 7200, 90_000);
      return {
        when: { seconds: chance.spread(0.5, 300) },
        excuses: ["RUN_DRIVEN", "RUN_FENCED"],
        strike: ({ world }) => world.setStoreClock(seconds),
      };
    },
  },
];

export const PROCESS_KINDS: readonly FaultKind[] = [...kills, ...stops, ...wishes, ...ledger];
