import { expect, test } from "vitest";
import {
  type Clock,
  type EstimatorOptions,
  type EstimatorPub,
  type RemoteBackend,
  type RunOptions,
  systemClock,
} from "../../../providers/index.ts";
import { minimize } from "../../../src/index.ts";
import { foldRun, type RunStore } from "../../../src/runs/index.ts";
import { EmulatedService } from "../../support/emulated-service.ts";
import { expiringStore } from "../../support/movable-clock.ts";
import { smallProblem } from "../../support/small-problem.ts";

const service = new EmulatedService();
const remote = () => service.backend();

/** A backend whose driver stands still between what it writes down before its first submit and that submit. */
function standingStill(inner: RemoteBackend) {
  const reached = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const provider = new Proxy(inner, {
    get(target, name) {
      if (name === "estimator")
        return (options?: EstimatorOptions) => {
          const estimator = target.estimator(options);
          const run = estimator.run.bind(estimator);
          estimator.run = (pubs: readonly EstimatorPub[], { beforeSubmit, ...more }: RunOptions = {}) =>
            run(pubs, {
              ...more,
              beforeSubmit: async (intent) => {
                const limit = await beforeSubmit?.(intent);
                reached.resolve();
                await goOn.promise;
                return limit;
              },
            });
          return estimator;
        };
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  return { provider, reached: reached.promise, goOn: goOn.resolve };
}

function drive(store: RunStore, id: string, provider: RemoteBackend, clock: Clock = systemClock) {
  return minimize({ ...smallProblem(1), provider, store, id, clock });
}

async function expectOneOrphan(store: RunStore, id: string): Promise<void> {
  const jobs = service.jobsOf(id);
  expect(jobs).toHaveLength(3);
  const state = foldRun(await store.read(id));
  expect(state.status).toBe("finished");
  const used = [...state.jobs.values()].flatMap(({ submits }) => submits.flatMap(({ jobId }) => jobId ?? []));
  expect([...used, ...state.orphans.keys()].sort()).toEqual(jobs.map((job) => job.id).sort());
  expect(state.orphans.size).toBe(1);
  const charged = jobs.reduce((sum, { quantumSeconds }) => sum + quantumSeconds, 0);
  expect(state.quantumSeconds).toBeCloseTo(charged, 9);
  expect((await store.totals(`run:${id}`)).settled.quantumSeconds).toBeCloseTo(charged, 6);
}

test("a driver that stood still while another one finished the run accounts for what it then submits", async () => {
  const { store, endLeases } = expiringStore();
  const late = standingStill(await remote());
  const replaced = drive(store, "late", late.provider).result();
  replaced.catch(() => {});
  await late.reached;
  endLeases();
  const result = await drive(store, "late", await remote());
  expect(service.jobsOf("late")).toHaveLength(2);
  late.goOn();
  await expect(replaced).rejects.toMatchObject({ code: "RUN_FENCED" });
  await expectOneOrphan(store, "late");
  expect(await drive(store, "late", await remote())).toEqual(result);
});

test("also where it learns that it was replaced before the service answers", async () => {
  const { store, endLeases } = expiringStore();
  const late = standingStill(await remote());
  const renewal = Promise.withResolvers<void>();
  // Renews its lease, as the first thing that takes so long, when the test says so.
  const clock: Clock = {
    now: systemClock.now,
    sleep: (milliseconds, signal) =>
      milliseconds === 10_000 ? renewal.promise : systemClock.sleep(milliseconds, signal),
  };
  const replaced = drive(store, "unheard", late.provider, clock).result();
  replaced.catch(() => {});
  await late.reached;
  endLeases();
  await drive(store, "unheard", await remote());
  service.emulator.control.faults.add({ method: "POST", path: "/jobs", hang: true, phase: "after" });
  late.goOn();
  await expect.poll(() => service.jobsOf("unheard").length).toBe(3);
  renewal.resolve();
  await expect(replaced).rejects.toMatchObject({ code: "RUN_FENCED" });
  await expectOneOrphan(store, "unheard");
});

test("what it submits while the other one looks for it is used by that one", async () => {
  const { store, endLeases } = expiringStore();
  const late = standingStill(await remote());
  const replaced = drive(store, "adopted", late.provider).result();
  replaced.catch(() => {});
  await late.reached;
  endLeases();
  const other = drive(store, "adopted", await remote()).result();
  await expect
    .poll(async () => (await store.read("adopted")).filter(({ event }) => event.type === "unknown").length)
    .toBe(1);
  late.goOn();
  await expect(replaced).rejects.toMatchObject({ code: "RUN_FENCED" });
  await other;
  expect(service.jobsOf("adopted")).toHaveLength(2);
  expect(foldRun(await store.read("adopted")).orphans.size).toBe(0);
});
