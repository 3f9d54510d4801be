import fc from "fast-check";
import { expect, test } from "vitest";
import { Rng } from "../../../circuits/index.ts";
import { planPasses } from "../../../providers/simulator/large/pass-plan.ts";
import { sweepsOf } from "../../../providers/simulator/large/pass-slots.ts";
import { normalForm, type Primitive } from "../../../providers/simulator/normal-form.ts";
import { FLAVOURS, randomTrainingCircuit } from "../../support/training-circuit.ts";

const maskOf = (qubits: readonly number[]): number => qubits.reduce((mask, qubit) => mask | (1 << qubit), 0);
const countBits = (mask: number): number => mask.toString(2).replaceAll("0", "").length;

/** Qubits that a primitive turns or moves, and those that decide what it does to them. */
function actionOf(primitive: Primitive): readonly [turns: number, reads: number] {
  switch (primitive.kind) {
    case "rotation":
      return [1 << primitive.qubit, 0];
    case "phase":
      return [0, primitive.mask];
    default:
      return [maskOf(primitive.qubits), primitive.controls];
  }
}

const plans = fc
  .record({
    seed: fc.integer(),
    flavour: fc.constantFrom(...FLAVOURS),
    numQubits: fc.integer({ min: 1, max: 9 }),
    tileQubits: fc.integer({ min: 1, max: 6 }),
    runQubits: fc.integer({ min: 1, max: 2 }),
  })
  .map(({ seed, flavour, numQubits, tileQubits, runQubits }) => {
    const circuit = randomTrainingCircuit(Rng.seed(seed), numQubits, 25, flavour);
    // Copies, for the normal form may hold the same object twice.
    const primitives = normalForm(circuit)
      .filter((primitive) => primitive.kind !== "phase" || primitive.mask !== 0)
      .map((primitive) => ({ ...primitive }));
    const passes = planPasses(primitives, numQubits, { tileQubits, runQubits });
    return { numQubits, tileQubits, runQubits, primitives, passes };
  });

test("every primitive is done once, and before none of those that it does not commute with", () => {
  fc.assert(
    fc.property(plans, ({ primitives, passes }) => {
      const done = passes.flatMap((pass) => pass.primitives);
      expect(done).toHaveLength(primitives.length);
      const place = new Map(done.map((primitive, index) => [primitive, index]));
      for (const [i, first] of primitives.entries()) {
        const [turns, reads] = actionOf(first);
        for (const second of primitives.slice(i + 1)) {
          const [others, otherReads] = actionOf(second);
          const mayCross = (turns & (others | otherReads)) === 0 && (reads & others) === 0;
          if (!mayCross) expect(place.get(first)!).toBeLessThan(place.get(second)!);
        }
      }
    }),
    { numRuns: 300, seed: 1 },
  );
});

test("a pass turns qubits of its tiles only; tiles are of one size and contain the lowest qubits", () => {
  fc.assert(
    fc.property(plans, ({ numQubits, tileQubits, runQubits, primitives, passes }) => {
      const widest = Math.max(0, ...primitives.map((primitive) => countBits(actionOf(primitive)[0])));
      for (const { inner, primitives: own } of passes) {
        expect(countBits(inner)).toBe(
          Math.min(numQubits, Math.max(tileQubits, widest + Math.min(runQubits, numQubits))),
        );
        expect(inner & (2 ** Math.min(runQubits, numQubits) - 1)).toBe(2 ** Math.min(runQubits, numQubits) - 1);
        expect(inner).toBeLessThan(2 ** numQubits);
        for (const primitive of own) expect(actionOf(primitive)[0] & ~inner).toBe(0);
      }
    }),
    { numRuns: 300, seed: 2 },
  );
});

test("a state that is one tile takes one pass", () => {
  fc.assert(
    fc.property(plans, ({ numQubits, primitives }) => {
      const passes = planPasses(primitives, numQubits, { tileQubits: 9, runQubits: 3 });
      expect(passes.length).toBe(primitives.length === 0 ? 0 : 1);
    }),
    { numRuns: 50, seed: 3 },
  );
});

test("layers of many qubits take far fewer passes than gates, and no pass for phases alone", () => {
  const circuit = randomTrainingCircuit(Rng.seed(1), 20, 240, "layers");
  const primitives = normalForm(circuit).filter((primitive) => primitive.kind !== "phase" || primitive.mask !== 0);
  const passes = planPasses(primitives, 20, { tileQubits: 12, runQubits: 3 });
  expect(primitives.length).toBeGreaterThan(500);
  expect(passes.length).toBeLessThan(25);
  for (const pass of passes) expect(pass.primitives.some(({ kind }) => kind !== "phase")).toBe(true);
});

test("circuits may be very long, and all of their phases stand in one sweep", () => {
  const angle = { constant: 0.1, slots: [], coefficients: [] };
  const primitives = Array.from(
    { length: 200_000 },
    (_, k): Primitive => ({ kind: "phase", mask: 3 << (k % 5), angle }),
  );
  const passes = planPasses(primitives, 6, { tileQubits: 4, runQubits: 2 });
  const sweeps = passes.flatMap((pass) => sweepsOf(pass, 6));
  expect(sweeps).toHaveLength(1);
  expect(sweeps[0]).toHaveProperty("phases.length", primitives.length);
});
