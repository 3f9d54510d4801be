import { describe, expect, test } from "vitest";
import type { FaultRule } from "../../../providers/emulator/index.ts";
import { RunWorld, undisturbed } from "../../support/run-world.ts";

const LAG_SECONDS = 120;
const post = { method: "POST", path: "/jobs" } as const;

describe("at a service that lists jobs later than is allowed for", () => {
  test.each<readonly [what: string, rules: readonly FaultRule[]]>([
    ["whose answer is lost", [{ ...post, after: 2, dropConnection: "after" }]],
    [
      // The second one arrives when nobody waits for it any more.
      "whose answer is lost, and which is then on its way for a quarter of an hour",
      [
        { ...post, after: 2, dropConnection: "after" },
        { ...post, after: 0, hang: true, lateSeconds: 890 },
      ],
    ],
  ])("a last submit %s is accepted twice, and the run ends when it knows of both", async (_, [first, second]) => {
    await using world = new RunWorld();
    world.emulator.control.set({ listLagSeconds: 2.5 * LAG_SECONDS });
    world.fault(first!);
    const { run } = await world.drive({ process: { lagSeconds: LAG_SECONDS } });
    while (world.jobs.length < 3) await world.sleep(1);
    if (second !== undefined) world.fault(second);
    const { weights } = await run;
    expect(weights).toEqual(await undisturbed());
    expect(world.jobs.length).toBe(4);
    const { orphans, quantumSeconds } = await world.state();
    expect(orphans.size).toBe(1);
    expect(quantumSeconds).toBeCloseTo(
      world.jobs.reduce((sum, job) => sum + job.quantumSeconds, 0),
      9,
    );
    const history = await world.history();
    expect(history).toMatch(/^A submit was repeated, since nothing was heard of it;/m);
    expect(history).toMatch(/^job \w+ at the service belongs to no step: .*charged$/m);
  });
});

test("a run whose jobs cannot be compared or settled in an outage at its end waits for the service", async () => {
  await using world = new RunWorld();
  world.fault({ ...post, after: 2, dropConnection: "after" });
  const { run, program } = await world.drive();
  let results = 0;
  program.onRequest = ({ url }, stage) => {
    if (stage === "answered" && url.endsWith("/results") && ++results === 3)
      world.fault({ status: 503, times: null, name: "outage" });
  };
  await world.sleep(1800);
  expect((await world.row()).status).toBe("running");
  world.emulator.control.faults.remove("outage");
  const { weights } = await run;
  expect(weights).toEqual(await undisturbed());
  const { quantumSeconds } = await world.state();
  expect(quantumSeconds).toBeCloseTo(
    world.jobs.reduce((sum, job) => sum + job.quantumSeconds, 0),
    9,
  );
  expect(await world.history()).toMatch(/^The run ends when its jobs at the service are compared .*503/m);
});

test("a kept run that is stopped submits no job for a value in between", async () => {
  await using world = new RunWorld();
  const { run } = await world.drive({ steps: 4 });
  for await (const _ of run) break;
  run.stop();
  const { ended, value, history } = await run;
  expect(ended).toBe("stopped");
  expect(value).toBe(history.at(-1)!.value);
  expect(world.jobs.length).toBe(history.length);
  const { weights } = await world.finish({ steps: 4 });
  expect(weights).toEqual(await undisturbed(4));
  expect(world.jobs.length).toBe(5);
});
