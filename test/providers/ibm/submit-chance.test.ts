import fc from "fast-check";
import { expect, test } from "vitest";
import { Circuit, input } from "../../../circuits/index.ts";
import type { ControlSettings } from "../../../providers/emulator/control.ts";
import type { FaultRule } from "../../../providers/emulator/index.ts";
import type { EarlierSubmit, EstimatorPub, RunOptions } from "../../../providers/index.ts";
import { InProcessEmulator, type InProcessProgram } from "../../support/in-process-emulator.ts";
import { smallDevice } from "../../support/small-device.ts";

const device = smallDevice(2);
const circuit = Circuit.build(1, (c) => c.rx(input("x"), 0));
const pubs: readonly EstimatorPub[] = [[circuit, "Z", [[0.3], [1.1]]]];
const LAG_SECONDS = 120;
/** More of them, with other seeds, are run by LEPTON_SUBMIT_RUNS=10000 LEPTON_SUBMIT_SEED=7. */
const RUNS = Number(process.env.LEPTON_SUBMIT_RUNS ?? 100);
const SEED = Number(process.env.LEPTON_SUBMIT_SEED ?? 61);

const post = (rule: FaultRule): FaultRule => ({ method: "POST", path: "/jobs", ...rule });
const seconds = (max: number) => fc.integer({ min: 0, max });

/** What can become of a submit: lost on its way, kept by a machine on the way, accepted with the answer lost, or refused. */
const faults = fc.oneof(
  fc.constant(post({ dropConnection: "before" })),
  fc.record({ late: seconds(60) }).map(({ late }) => post({ dropConnection: "before", lateSeconds: late })),
  fc.constant(post({ dropConnection: "after" })),
  fc.constant(post({ dropConnection: "midway" })),
  fc.constant(post({ hang: true })),
  fc.constant(post({ hang: true, phase: "after" })),
  fc.record({ late: seconds(900) }).map(({ late }) => post({ hang: true, lateSeconds: late })),
  fc
    .record({ status: fc.constantFrom(500, 502, 503, 504, 520, 408), late: seconds(60) })
    .chain(({ status, late }) =>
      fc.constantFrom<FaultRule>(
        post({ status }),
        post({ status, phase: "after" }),
        post({ status, lateSeconds: late }),
      ),
    ),
  fc.constant(post({ status: 429, retryAfter: 7 })),
  fc.constant(post({ status: 429, retryAfter: 60, phase: "after" })),
  fc.constant(post({ status: 401 })),
  fc.constant(post({ delaySeconds: 100 })),
);
/** Of the next submits, in order. Two refusals of a token in a row would be the end. */
const troubles = fc
  .array(faults, { maxLength: 2 })
  .filter((rules) => rules.filter(({ status }) => status === 401).length < 2);

const services = fc.record<ControlSettings>({
  listLagSeconds: seconds(50),
  tagLagSeconds: fc.constantFrom(0, 0, 1000),
  ignoreTagFilter: fc.boolean(),
  pageCap: fc.constantFrom(null, 1, 2, 7),
});

interface World {
  readonly world: InProcessEmulator;
  /** Jobs with the key, by the emulator's own account. */
  accepted(): readonly { readonly id: string; readonly quantumSeconds: number }[];
}

/** A service that misbehaves as told, with jobs of others before and among ours. */
async function worldOf(settings: ControlSettings, rules: readonly FaultRule[], others: number): Promise<World> {
  const world = InProcessEmulator.open({
    devices: [device],
    noise: false,
    sampling: "exact",
    latencySeconds: 0.05,
    limits: { submissionsPerMinute: null },
  });
  const estimator = (await world.process().provider.backend("small_device", { effort: 0 })).estimator();
  for (let i = 0; i < others; i++) await estimator.run(pubs, { tags: ["key"], submitKey: `key-${i}` });
  world.control.set(settings);
  for (const rule of rules) world.control.faults.add(rule);
  const accepted: World["accepted"] = () => world.control.jobs().filter(({ tags }) => tags.includes("the-key"));
  return { world, accepted };
}

async function submit(program: InProcessProgram, options: RunOptions) {
  const backend = await program.provider.backend("small_device", { effort: 0 });
  return backend.estimator().run(pubs, { submitKey: "the-key", ...options });
}

test("whatever becomes of submits and lists: one job is accepted and paid for, and its values come", async () => {
  let lost = 0;
  const property = fc.asyncProperty(
    services,
    troubles,
    fc.integer({ min: 0, max: 3 }),
    fc.boolean(),
    async (settings, rules, others, keepsAJournal) => {
      await using service = await worldOf(settings, rules, others).then((made) => ({
        ...made,
        [Symbol.asyncDispose]: () => made.world[Symbol.asyncDispose](),
      }));
      const told: string[] = [];
      const surplus: string[] = [];
      const program = service.world.process({ lagSeconds: LAG_SECONDS });
      const job = await submit(program, {
        ...(keepsAJournal ? { earlier: [] } : {}),
        onReconciling: (words) => void told.push(words),
        onSubmitted: (_, submission) => void surplus.push(...submission!.surplus),
      });
      const [result] = await job.result();
      expect(result!.evs[1]).toBeCloseTo(Math.cos(1.1), 9);
      expect(service.accepted().map(({ id }) => id)).toEqual([job.id]);
      expect(surplus).toEqual([]);
      expect(service.accepted()[0]!.quantumSeconds).toBe((await job.usage()).quantumSeconds);
      // Each search begins and ends with a word.
      expect(told.length % 2).toBe(0);
      lost += told.length / 2;
    },
  );
  await fc.assert(property, { numRuns: RUNS, seed: SEED });
  expect(lost).toBeGreaterThan(RUNS / 2);
}, 600_000);

test("killed at any step, again and again: the next process finds what was accepted, and submits only what was not", async () => {
  let kills = 0;
  let reposts = 0;
  let adopted = 0;
  const property = fc.asyncProperty(
    services,
    troubles,
    fc.integer({ min: 0, max: 3 }),
    fc.array(fc.integer({ min: 1, max: 14 }), { minLength: 1, maxLength: 3 }),
    fc.integer({ min: -5000, max: 5000 }),
    async (settings, rules, others, killsAt, skewSeconds) => {
      await using service = await worldOf(settings, rules, others).then((made) => ({
        ...made,
        [Symbol.asyncDispose]: () => made.world[Symbol.asyncDispose](),
      }));
      const journal: EarlierSubmit[] = [];
      const drive = (killAt: number): Promise<{ readonly id: string } | undefined> => {
        const program = service.world.process({ lagSeconds: LAG_SECONDS, skewSeconds });
        const killed = Promise.withResolvers<undefined>();
        let steps = 0;
        /** A place at which the process may end; true where it does. */
        const step = (): boolean => {
          if (!program.killed && ++steps === killAt) {
            program.kill();
            kills++;
            killed.resolve(undefined);
          }
          return program.killed;
        };
        const forever = new Promise<never>(() => {});
        const run = async () => {
          const backend = await program.provider.backend("small_device", { effort: 0 });
          program.onRequest = (request) => {
            if (request.url.includes("/jobs")) step();
          };
          const job = await backend.estimator().run(pubs, {
            submitKey: "the-key",
            earlier: [...journal],
            async beforeSubmit({ key, bodyHash, serviceTime }) {
              if (step()) await forever;
              journal.push({ key, bodyHash, serviceTime });
              if (journal.length > 1) reposts++;
              if (step()) await forever;
              return undefined;
            },
            async onSubmitted(jobId, submission) {
              if (step()) await forever;
              journal.push({ ...journal.at(-1)!, jobId });
              if (submission!.adopted) adopted++;
              expect(submission!.surplus).toEqual([]);
              if (step()) await forever;
            },
          });
          program.onRequest = undefined;
          const [result] = await job.result();
          expect(result!.evs[0]).toBeCloseTo(Math.cos(0.3), 9);
          return { id: job.id };
        };
        return Promise.race([run(), killed.promise]);
      };
      for (const killAt of killsAt) await drive(killAt);
      const { id } = (await drive(Infinity))!;
      expect(service.accepted().map((job) => job.id)).toEqual([id]);
    },
  );
  await fc.assert(property, { numRuns: RUNS, seed: SEED + 1 });
  expect(kills).toBeGreaterThan(RUNS / 2);
  expect(Math.min(adopted, reposts)).toBeGreaterThan(RUNS / 10);
}, 600_000);
