import type { FaultRule } from "../../../providers/emulator/index.ts";
import type { Chance } from "./chance.ts";
import { type FaultKind, spoil } from "./faults.ts";
import type { RequestName } from "./scene.ts";
import type { Setting } from "./setting.ts";

/** Seconds that a submit may be late without being later than is allowed for. */
function lateness(chance: Chance, { process, service, beyond }: Setting): number {
  const most = Math.max(0, process.lagSeconds - 10 - service.listLagSeconds);
  return beyond ? chance.between(0, 2 * process.lagSeconds) : chance.between(0, most);
}

type Draw = (chance: Chance, setting: Setting) => FaultRule;

const SUBMITS: readonly (readonly [kind: string, draw: Draw])[] = [
  ["dropped before", () => ({ dropConnection: "before" })],
  [
    "dropped, and lands late",
    (chance, setting) => ({ dropConnection: "before", lateSeconds: lateness(chance, setting) }),
  ],
  ["dropped after", () => ({ dropConnection: "after" })],
  ["dropped midway", () => ({ dropConnection: "midway" })],
  ["answered 5xx before", (chance) => ({ status: chance.among(500, 502, 503, 520, 408) })],
  ["answered 500 after", () => ({ status: 500, phase: "after" })],
  ["answered 504 after", () => ({ status: 504, phase: "after" })],
  [
    "answered 5xx, and lands late",
    (chance, setting) => ({ status: chance.among(502, 503, 504), lateSeconds: lateness(chance, setting) }),
  ],
  ["answered 429", (chance) => ({ status: 429, retryAfter: chance.among(0, 1, 7, 60, 290) })],
  ["answered 429 for long", () => ({ status: 429, retryAfter: 4000 })],
  ["answered 429 without a time", () => ({ status: 429 })],
  [
    "accepted, and answered 429",
    // Of one that was listed later still, nobody could know.
    (_, { service, beyond }) =>
      beyond
        ? { status: 429, retryAfter: 5 }
        : { status: 429, phase: "after", retryAfter: Math.ceil(service.listLagSeconds) + 5 },
  ],
  ["answered 401", () => ({ status: 401 })],
  ["not answered", () => ({ hang: true })],
  ["accepted, and not answered", () => ({ hang: true, phase: "after" })],
  [
    "not answered, and lands late",
    (chance, { process }) => ({ hang: true, lateSeconds: chance.between(0, process.submitTimeoutSeconds) }),
  ],
  [
    "slow",
    (chance, setting) => ({
      delaySeconds: chance.between(1, setting.process.submitTimeoutSeconds + lateness(chance, setting)),
    }),
  ],
];

const OTHERS: readonly (readonly [kind: string, draw: Draw])[] = [
  ["dropped", (chance) => ({ dropConnection: chance.among("before", "after", "midway"), times: chance.whole(1, 9) })],
  ["answered 5xx", (chance) => ({ status: chance.among(500, 502, 503, 504), times: chance.whole(1, 12) })],
  [
    "answered 429",
    (chance) => ({ status: 429, retryAfter: chance.among(0, 2, 30, 200, 1000), times: chance.whole(1, 3) }),
  ],
  ["answered 401", () => ({ status: 401 })],
  ["not answered", (chance) => ({ hang: true, times: chance.whole(1, 3) })],
  ["slow", (chance) => ({ delaySeconds: chance.spread(1, 100), times: chance.whole(1, 3) })],
];

const ASKED: readonly RequestName[] = ["list", "job", "results", "metrics", "status", "usage", "cancel", "device"];

export const NETWORK_KINDS: readonly FaultKind[] = [
  ...SUBMITS.map(
    ([what, draw]): FaultKind => ({
      kind: `a submit is ${what}`,
      draw: (chance, setting) => {
        const rule = draw(chance, setting);
        return {
          when: { on: "sending", name: "submit", nth: chance.whole(1, 5) },
          excuses: rule.status === 401 ? ["IBM_UNAUTHORIZED"] : [],
          strike: (scene, moment) => spoil(scene, moment, rule),
        };
      },
    }),
  ),
  ...OTHERS.map(
    ([what, draw]): FaultKind => ({
      kind: `a question is ${what}`,
      weight: 2,
      draw: (chance, setting) => {
        const rule = draw(chance, setting);
        return {
          when: { on: "sending", name: chance.among(...ASKED), nth: chance.whole(1, 8) },
          excuses: rule.status === 401 ? ["IBM_UNAUTHORIZED"] : [],
          strike: (scene, moment) => spoil(scene, moment, rule),
        };
      },
    }),
  ),
  {
    kind: "no token is given",
    draw: (chance) => ({
      when: { on: "sending", name: "token", nth: 1 },
      strike: (scene, moment) =>
        spoil(
          scene,
          moment,
          chance.of(0.5) ? { status: 503, times: chance.whole(1, 12) } : { dropConnection: "before" },
        ),
    }),
  },
  {
    kind: "all tokens expire",
    draw: (chance) => ({
      when: { on: "sending", name: "*", nth: chance.whole(2, 60) },
      // One that was just given out may be among them.
      excuses: ["IBM_UNAUTHORIZED"],
      strike: ({ world }) => world.emulator.control.expireTokens(),
    }),
  },
  {
    kind: "the service fails for half an hour",
    draw: (chance) => {
      const seconds = chance.between(1500, 2100);
      return {
        when: { on: "sending", name: "*", nth: chance.whole(1, 60) },
        strike: ({ world }) => {
          const { faults } = world.emulator.control;
          const name = faults.add({ status: chance.among(500, 503), times: null });
          world.after(seconds, () => faults.remove(name));
        },
      };
    },
  },
  {
    kind: "the network is down",
    draw: (chance) => {
      const seconds = chance.spread(10, 7200);
      return {
        when: { on: "sending", name: "*", nth: chance.whole(1, 60) },
        strike: ({ world }) => {
          world.setOffline(true);
          world.after(seconds, () => world.setOffline(false));
        },
      };
    },
  },
];
