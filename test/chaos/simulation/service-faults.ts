import type { ScriptedOutcome } from "../../../providers/emulator/jobs/job-record.ts";
import { WireFault } from "../../../providers/ibm/wire.ts";
import { type FaultKind, spoil } from "./faults.ts";
import type { World } from "./world.ts";

const outcomes = (kind: string, excuses: readonly string[], outcome: () => ScriptedOutcome, most = 1): FaultKind => ({
  kind,
  draw: (chance) => {
    const count = chance.whole(1, most);
    return {
      when: { on: "sending", name: "submit", nth: chance.whole(1, 4) },
      excuses,
      strike: ({ world }) => world.emulator.control.nextJobs(Array.from({ length: count }, outcome)),
    };
  },
});

const jobs: readonly FaultKind[] = [
  outcomes(
    "a job fails at the service",
    ["JOB_FAILED"],
    () => ({ status: "Failed", reasonCode: 1000, reason: "Internal error." }),
    3,
  ),
  outcomes("a job fails for good", ["JOB_FAILED"], () => ({
    status: "Failed",
    reasonCode: 1520,
    reason: "The circuit cannot be run.",
  })),
  outcomes("a job takes too long", ["JOB_RAN_TOO_LONG"], () => ({
    status: "Cancelled",
    reasonCode: 1305,
    reason: "Ran too long.",
  })),
  {
    kind: "a job is cancelled by hand",
    draw: (chance) => {
      const seconds = chance.spread(0.1, 5);
      return {
        when: { on: "answered", name: "submit", nth: chance.whole(1, 4) },
        excuses: ["JOB_CANCELLED"],
        strike: ({ world }) => world.after(seconds, () => cancelLast(world)),
      };
    },
  },
];

/** What is done to the text of a result. */
const CHANGES: Readonly<Record<string, (body: string) => string>> = {
  "values too large": (body) => body.replace(/"evs":(\[+)(-?[\d.eE+-]+)/, '"evs":$1 1e4'),
  "one value too few": (body) =>
    body.replace(/"evs":\[+(-?[\d.eE+-]+)\]?,?/, (found) => `"evs":${"[".repeat(found.split("[").length - 1)}`),
  "another shape": (body) => body.replace(/"evs":/, '"evs":[').replace(/,"stds"/, '],"stds"'),
  "a text in place of a number": (body) => body.replace(/"evs":(\[+)(-?[\d.eE+-]+)/, '"evs":$1"$2"'),
  "null in place of a number": (body) => body.replace(/"evs":(\[+)(-?[\d.eE+-]+)/, '"evs":$1null'),
  "errors below zero": (body) => body.replace(/"stds":(\[+)(-?[\d.eE+-]+)/, '"stds":$1-0.5'),
  "no results": () => '{"results":[],"metadata":{}}',
  "a page": () => "<html><body>Bad gateway</body></html>",
  nothing: () => "{}",
};

const UNREADABLE = ["RESULT_FORMAT", "RUN_RESULT_WRONG", "IBM_RESPONSE_JSON"];

const results: readonly FaultKind[] = [
  ...(["truncated", "not-finite", "missing-pub"] as const).map(
    (result): FaultKind => ({
      kind: `a result is ${result}`,
      draw: (chance) => {
        const times = chance.whole(1, 12);
        return {
          when: { on: "sending", name: "results", nth: chance.whole(1, 4) },
          excuses: UNREADABLE,
          strike: (scene, moment) => spoil(scene, moment, { result, times }),
        };
      },
    }),
  ),
  {
    kind: "a result is not there yet",
    draw: (chance) => {
      const times = chance.whole(1, 6);
      return {
        when: { on: "sending", name: "results", nth: chance.whole(1, 4) },
        excuses: ["RUN_RESULT_LOST"],
        strike: (scene, moment) => spoil(scene, moment, { result: "none", times }),
      };
    },
  },
  {
    kind: "a result cannot be found",
    draw: (chance) => ({
      when: { on: "sending", name: chance.among("results", "job"), nth: chance.whole(1, 6) },
      excuses: ["RUN_RESULT_LOST"],
      strike: (scene, moment) => spoil(scene, moment, { status: 404, code: 1291 }),
    }),
  },
  {
    kind: "a result is gone for good",
    weight: 0.5,
    draw: (chance) => ({
      when: { on: "sending", name: "results", nth: chance.whole(1, 5) },
      excuses: ["RUN_RESULT_LOST"],
      strike: ({ world }, moment) => {
        if (moment?.on === "sending") world.loseResult(moment.line.path);
      },
    }),
  },
  ...Object.entries(CHANGES).map(
    ([what, change]): FaultKind => ({
      kind: `a result has ${what}`,
      draw: (chance) => ({
        when: { on: "answer", name: "results", nth: chance.whole(1, 5) },
        excuses: UNREADABLE,
        strike: (_, moment) => {
          if (moment?.on === "answer") moment.body = change(moment.body);
        },
      }),
    }),
  ),
  {
    kind: "a result is too large",
    draw: (chance) => ({
      when: { on: "answer", name: "results", nth: chance.whole(1, 5) },
      excuses: ["IBM_RESPONSE_TOO_LARGE"],
      strike: () => {
        throw new WireFault("too-large", "the body is larger than the limit of 134217728 bytes (decoded)");
      },
    }),
  },
  {
    kind: "a charge is not final yet",
    draw: (chance) => ({
      when: { on: "answer", name: "metrics", nth: chance.whole(1, 5) },
      strike: (_, moment) => {
        if (moment?.on === "answer")
          moment.body = moment.body.replace(/"usage":\{[^}]*\}/, '"usage":{"quantum_seconds":0.5,"status":"pending"}');
      },
    }),
  },
];

const backends: readonly FaultKind[] = [
  ...(["paused", "maintenance", "offline"] as const).map(
    (state): FaultKind => ({
      kind: `the backend is ${state}`,
      draw: (chance) => {
        const seconds = chance.spread(20, 20_000);
        return {
          when: { on: "sending", name: "*", nth: chance.whole(1, 60) },
          strike: ({ world }) => {
            const { control, core } = world.emulator;
            const { name } = core.service.devices[0]!;
            control.setBackend(name, state);
            world.after(seconds, () => control.setBackend(name, "online"));
          },
        };
      },
    }),
  ),
  {
    kind: "the device is calibrated anew",
    draw: (chance) => ({
      when: { on: "sending", name: chance.among("*", "submit", "job", "results"), nth: chance.whole(1, 20) },
      strike: ({ world }) => world.emulator.control.recalibrate(world.emulator.core.service.devices[0]!.name),
    }),
  },
  {
    kind: "the session is closed",
    draw: (chance) => ({
      when: { on: "sending", name: chance.among("*", "submit", "job"), nth: chance.whole(1, 20) },
      strike: ({ world }) => {
        const session = world.emulator.core.service.sessions.sessions.at(-1);
        if (session !== undefined) world.emulator.control.closeSession(session.id);
      },
    }),
  },
  {
    kind: "the device is calibrated anew",
    draw: (chance) => ({
      when: { on: "sending", name: "*", nth: chance.whole(1, 60) },
      strike: ({ world }) => world.calibrate(),
    }),
  },
];

export const SERVICE_KINDS: readonly FaultKind[] = [...jobs, ...results, ...backends];

function cancelLast({ emulator, id }: World): void {
  const { queue } = emulator.core.service;
  const job = queue.jobs.findLast(({ tags }) => tags.includes(`lp-run-${id}`));
  if (job !== undefined) queue.cancel(job, "The job was cancelled by the user.", undefined);
}
