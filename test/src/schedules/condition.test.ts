import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Target } from "../../../circuits/index.ts";
import { type Backend, deviceSimulator, loadTarget, localSimulator } from "../../../providers/index.ts";
import { Condition, type ConditionFacts, conditionFacts, FACTS } from "../../../src/schedules/index.ts";

/** What a condition means, written out again: text and truth by facts, undefined for what is not known. */
interface Meaning {
  readonly text: string;
  readonly truth: (facts: ConditionFacts) => boolean | undefined;
}

const NUMBERS = ["queue", "twoQubitError", "hourOfDay"] as const;
const number = (facts: ConditionFacts, name: (typeof NUMBERS)[number]): number | undefined => {
  const fact = facts[name];
  return typeof fact === "number" ? fact : undefined;
};
const OPERATORS: Readonly<Record<string, (sign: number) => boolean>> = {
  "<": (sign) => sign < 0,
  "<=": (sign) => sign <= 0,
  ">": (sign) => sign > 0,
  ">=": (sign) => sign >= 0,
  "==": (sign) => sign === 0,
  "!=": (sign) => sign !== 0,
};

const comparison = fc
  .record({
    name: fc.constantFrom(...NUMBERS),
    by: fc.constantFrom(...Object.keys(OPERATORS)),
    to: fc.integer({ min: 0, max: 3 }),
    turned: fc.boolean(),
  })
  .map(
    ({ name, by, to, turned }): Meaning => ({
      text: turned ? `${to}${by}${name}` : `${name} ${by} ${to}.0`,
      truth: (facts) => {
        const value = number(facts, name);
        return value === undefined ? undefined : OPERATORS[by]!(turned ? to - value : value - to);
      },
    }),
  );
const bare = fc.constant<Meaning>({
  text: "operational",
  truth: ({ operational }) => (typeof operational === "boolean" ? operational : undefined),
});
const { condition } = fc.letrec<{ condition: Meaning }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    comparison,
    bare,
    tie("condition").map(
      ({ text, truth }): Meaning => ({
        text: `!(${text})`,
        truth: (facts) => (truth(facts) === undefined ? undefined : !truth(facts)),
      }),
    ),
    fc.tuple(tie("condition"), tie("condition"), fc.boolean()).map(
      ([a, b, both]): Meaning => ({
        text: `(${a.text}) ${both ? "&&" : "||"}(${b.text})`,
        truth: (facts) => {
          const [left, right] = [a.truth(facts), b.truth(facts)];
          if (left === !both || right === !both) return !both;
          return left === undefined || right === undefined ? undefined : both;
        },
      }),
    ),
  ),
}));
const known = fc.integer({ min: 0, max: 3 });
const unknown = fc.constant({ unknown: "not told" });
const facts = fc.record({
  queue: fc.oneof(known, unknown),
  twoQubitError: fc.oneof(known, unknown),
  hourOfDay: known,
  operational: fc.oneof(fc.boolean(), unknown),
});

describe("a condition", () => {
  test("means what its parts do, and is met only if what is known makes it so", () => {
    fc.assert(
      fc.property(condition, facts, ({ text, truth }, values) => {
        fc.pre(text.length <= 1000);
        expect(Condition.parse(text).check(values).met, text).toBe(truth(values) === true);
      }),
      { numRuns: 500 },
    );
  });

  test("&& binds closer than ||, ! closest", () => {
    const met = (text: string, values: ConditionFacts): boolean => Condition.parse(text).check(values).met;
    const values = { queue: 5, hourOfDay: 3, operational: false };
    expect(met("queue==5 || queue==6 && queue==7", values)).toBe(true);
    expect(met("(queue==5 || queue==6) && queue==7", values)).toBe(false);
    expect(met("!operational && queue==5", values)).toBe(true);
    expect(met("!(operational && queue==5) && !(queue==6)", values)).toBe(true);
    expect(met("!!operational", values)).toBe(false);
    expect(met(" queue>=4.5 && queue<=5.5e0&&queue!=.5 && queue > hourOfDay ", values)).toBe(true);
  });

  test("is not met by what is not known, whichever way round it asks, and says what it saw", () => {
    const values = { queue: 35, twoQubitError: { unknown: "backend x does not tell it" } } as const;
    expect(Condition.parse("twoQubitError < 0.01").check(values).met).toBe(false);
    expect(Condition.parse("!(twoQubitError < 0.01)").check(values).met).toBe(false);
    expect(Condition.parse("twoQubitError < 0.01 || queue > 20").check(values).met).toBe(true);
    expect(Condition.parse("queue < 20 && twoQubitError < 0.01 && operational").check(values).words).toBe(
      "queue < 20 && twoQubitError < 0.01 && operational is not met: queue is 35, twoQubitError is not known (backend x does not tell it), operational is not known (nobody told it)",
    );
    expect(Condition.parse("readoutError > 0").check({ readoutError: 0.012345678 }).words).toMatch(/is 0\.01235$/);
    expect(Condition.parse("queue<=35").check(values)).toEqual({ met: true, words: "queue<=35 is met: queue is 35" });
  });

  test.each([
    ["", "Column 1", "the condition ends", "a name, a number, ! or ("],
    ["queue", "Column 6", "the condition ends", "a comparison (< <= > >= == !=) of queue, which is a number"],
    ["queue <", "Column 8", "the condition ends", "a name or a number"],
    ["queue < 20 queue", "Column 12", "there is queue", "&&, || or the end"],
    ["queue = 20", "Column 7", "there is = (perhaps == is meant)", "a comparison"],
    ["queue < 20 & operational", "Column 12", "there is & (perhaps && is meant)", "&&, || or the end"],
    ["queue < 20 and operational", "Column 12", "there is and (perhaps && is meant)", "&&, || or the end"],
    ["not operational", "Column 1", "there is not (perhaps ! is meant)", "a name, a number, ! or ("],
    ["(queue < 20", "Column 12", "the condition ends", "&&, || or )"],
    ["queue < 20)", "Column 11", "there is )", "&&, || or the end"],
    ["1 < queue < 20", "Column 11", "there is <", "write 1 < queue && queue < 20"],
    ["operational == 1", "Column 13", "there is ==", "write operational or !operational"],
    ["1 == operational", "Column 6", "there is operational", "operational is true or false"],
    ["queue < -1", "Column 9", "there is -", "a name or a number"],
    ["queue < 20%", "Column 11", "there is %", "&&, || or the end"],
    ["queue << 2", "Column 8", "there is <", "a name or a number"],
    ["que < 20", "Column 1", "there is no value que", "Did you mean queue?"],
    [
      "twoQubitErr < 1",
      "Column 1",
      "there is no value twoQubitErr",
      "Did you mean twoQubitError or twoQubitErrorBest?",
    ],
    ["operational && constructor", "Column 16", "there is no value constructor", "The names are queue, operational,"],
  ])("%j is refused with its column", (text, ...words) => {
    let error: unknown;
    try {
      Condition.parse(text);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ name: "ScheduleError", code: "SCHEDULE_CONDITION" });
    for (const word of words) expect((error as Error).message).toContain(word);
  });

  test("is limited in length and depth, and read in time that grows with its length", () => {
    const refuse = (text: unknown, words: string): void => {
      expect(() => Condition.parse(text)).toThrow(words);
    };
    refuse(`${"(".repeat(33)}queue<1${")".repeat(33)}`, "Column 34");
    refuse("!".repeat(990), "nested more than 32 times");
    refuse(`queue<1${" ".repeat(1000)}`, "up to 1000 characters");
    refuse(12, "not number 12");
    expect(Condition.parse(`${"(".repeat(32)}queue<1${")".repeat(32)}`).facts).toEqual(["queue"]);
    const long = Array.from({ length: 90 }, () => "queue<9").join(" && ");
    expect(Condition.parse(long).check({ queue: 3 }).met).toBe(true);
    const began = performance.now();
    for (let round = 0; round < 200; round++) {
      refuse(`${" ".repeat(999)}`, "the condition ends");
      refuse(`${"0".repeat(999)}`, "a comparison");
      refuse(`${"<".repeat(999)}`, "there is <");
    }
    expect(performance.now() - began).toBeLessThan(3000);
  });
});

describe("facts of a backend", () => {
  const now = Date.parse("2025-02-27T20:26:08Z");

  test("a device tells its calibration", async () => {
    const values = await conditionFacts(deviceSimulator(loadTarget("torino")), now, "Asia/Kolkata");
    expect(values).toMatchObject({ queue: 0, operational: true, hourOfDay: 1, dayOfWeek: 5, calibrationAgeHours: 24 });
    const { twoQubitError, twoQubitErrorBest, oneQubitError, readoutError, readoutErrorBest, qubits } =
      values as Record<string, number>;
    expect(twoQubitErrorBest).toBeGreaterThan(0);
    expect(twoQubitErrorBest).toBeLessThan(twoQubitError!);
    expect(oneQubitError).toBeLessThan(twoQubitError!);
    expect(twoQubitError).toBeLessThan(0.02);
    expect(readoutErrorBest).toBeLessThan(readoutError!);
    expect(qubits).toBeLessThanOrEqual(133);
    expect(qubits).toBeGreaterThan(120);
    expect(values.t1Microseconds).toBeGreaterThan(50);
    expect(values.t2Microseconds).toBeGreaterThan(30);
  });

  test("medians are of working parts, each pair counted once", async () => {
    const gate = (name: string, on: readonly number[], error: number) => ({
      gate: name,
      qubits: on,
      parameters: [{ name: "gate_error", value: error }],
    });
    const qubit = (readout: number) => [
      { name: "readout_error", value: readout },
      { name: "T1", value: 100, unit: "us" },
    ];
    const target = Target.fromIbm(
      {
        backend_name: "four",
        n_qubits: 4,
        basis_gates: ["ecr", "rz", "sx", "x"],
        coupling_map: [
          [0, 1],
          [1, 0],
          [1, 2],
          [2, 3],
          [0, 2],
        ],
      },
      {
        // Neither in order nor as texts.
        qubits: [qubit(0.04), qubit(0.01), qubit(0.02), qubit(0.9)],
        gates: [
          gate("ecr", [0, 1], 0.03),
          gate("ecr", [1, 0], 0.04),
          gate("ecr", [1, 2], 0.01),
          // One whose error is not told.
          { gate: "ecr", qubits: [0, 2], parameters: [] },
          gate("ecr", [2, 3], 0.0001),
          gate("sx", [0], 0.003),
          gate("sx", [1], 5e-7),
          gate("sx", [2], 0.002),
          gate("sx", [3], 1),
        ],
      },
    );
    const backend = { ...offlineBackend, target } satisfies Backend;
    const values = await conditionFacts(backend, now);
    expect(values).toMatchObject({ qubits: 3, twoQubitError: 0.02, twoQubitErrorBest: 0.01, oneQubitError: 0.002 });
    expect(values).toMatchObject({ readoutError: 0.02, readoutErrorBest: 0.01, queue: 7, operational: false });
    expect(values.t1Microseconds).toBeCloseTo(100, 9);
    expect(values.t2Microseconds).toEqual({ unknown: "backend offline_device does not tell it in its calibration" });
    expect(values.calibrationAgeHours).toEqual({
      unknown: "backend offline_device does not tell it in its calibration",
    });
  });

  test("a simulator without a device has no errors, and no condition on them is met", async () => {
    const values = await conditionFacts(localSimulator(), now);
    expect(Condition.parse("queue < 20 && operational").check(values).met).toBe(true);
    const { met, words } = Condition.parse("twoQubitError < 0.01").check(values);
    expect(met).toBe(false);
    expect(words).toMatch(/twoQubitError is not known \(backend .+ is no device and has no such value\)$/);
    expect(Object.keys(values)).toEqual(Object.keys(FACTS));
  });

  test("a queue that is no number is not known", async () => {
    const status = async () => ({ operational: true, pendingJobs: Number.NaN, message: "" });
    const { queue } = await conditionFacts({ ...offlineBackend, status }, now);
    expect(queue).toHaveProperty("unknown");
  });
});

const offlineBackend: Backend = {
  name: "offline_device",
  capabilities: localSimulator().capabilities,
  estimator: () => localSimulator().estimator(),
  sampler: () => localSimulator().sampler(),
  status: async () => ({ operational: false, pendingJobs: 7, message: "" }),
};
