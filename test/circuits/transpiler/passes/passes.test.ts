import { describe, expect, test } from "vitest";
import { Circuit, circuitMatrix, input, type Matrix, type Operation, Rng, weight } from "../../../../circuits/index.ts";
import { AffineAngle } from "../../../../circuits/transpiler/affine-angle.ts";
import { Derivations } from "../../../../circuits/transpiler/derivations.ts";
import { phaseFreeDistance } from "../../../../circuits/transpiler/linalg/four-by-four.ts";
import { absorbFinalSwaps } from "../../../../circuits/transpiler/passes/absorb-final-swaps.ts";
import { mergeCommuting } from "../../../../circuits/transpiler/passes/commutation.ts";
import { elideSwaps } from "../../../../circuits/transpiler/passes/elide-swaps.ts";
import { mergeLocals } from "../../../../circuits/transpiler/passes/merge-locals.ts";
import { resynthesizeBlocks } from "../../../../circuits/transpiler/passes/resynthesize-blocks.ts";
import { simplify } from "../../../../circuits/transpiler/passes/simplify.ts";
import { translatePairs } from "../../../../circuits/transpiler/passes/translate-pairs.ts";
import { unroll } from "../../../../circuits/transpiler/passes/unroll.ts";
import { randomParametrized } from "../../../support/compiled-equivalence.ts";
import { randomCircuit } from "../../../support/random-circuit.ts";

const NUM_QUBITS = 4;
const VALUES = [
  { x: [0.3, -1.2, 2.1], w: [0.7, 0.1, -0.4, 1.9] },
  { x: [0, 0, 0], w: [0, 0, 0, 0] },
  { x: [Math.PI, Math.PI / 2, -Math.PI / 2], w: [Math.PI, 0, Math.PI / 2, 2 * Math.PI] },
];

function matrixAt(operations: readonly Operation[], values: (typeof VALUES)[number]): Matrix {
  const circuit = Circuit.build(NUM_QUBITS, (c) => {
    c.declare(input("x", 3), weight("w", [2, 2]));
    for (const operation of operations) c.append(operation);
  });
  return circuitMatrix(circuit.bind(values));
}

/** The operations followed by the swaps that put qubit `wires[q]` back to q. */
function restored(operations: readonly Operation[], wires: readonly number[]): readonly Operation[] {
  const order = [...wires];
  const swaps = Circuit.build(NUM_QUBITS, (c) => {
    for (let q = 0; q < NUM_QUBITS; q++)
      while (order[q] !== q) {
        const at = order[q]!;
        c.swap(q, at);
        // Contents of q and `at` change places.
        for (const [k, place] of order.entries()) order[k] = place === q ? at : place === at ? q : place;
      }
  });
  return [...operations, ...swaps.operations];
}

const symbolic = { fractional: false };
const PASSES: Readonly<Record<string, (operations: readonly Operation[]) => readonly Operation[]>> = {
  mergeLocals,
  mergeCommuting,
  simplify,
  resynthesizeBlocks: (operations) => resynthesizeBlocks(operations, symbolic),
  translatePairs: (operations) => translatePairs(operations, () => false),
  elideSwaps: (operations) => {
    const { operations: rest, wires } = elideSwaps(operations, NUM_QUBITS);
    return restored(rest, wires);
  },
  "resynthesizeBlocks with exchanged ends": (operations) => {
    const mirrored = resynthesizeBlocks(operations, { ...symbolic, mirror: () => true });
    const { operations: rest, wires } = elideSwaps(mirrored, NUM_QUBITS);
    return restored(rest, wires);
  },
  absorbFinalSwaps: (operations) => {
    const { operations: rest, wires } = absorbFinalSwaps(operations, NUM_QUBITS, symbolic);
    return restored(rest, wires);
  },
};

describe.each(["unroll", ...Object.keys(PASSES)])("%s", (name) => {
  test("keeps the unitary for all values of the parameters", () => {
    for (let trial = 0; trial < 8; trial++) {
      const rng = Rng.seed(`pass ${trial}`);
      const source = randomParametrized(rng, NUM_QUBITS, 20).operations;
      const unrolled = unroll(source, NUM_QUBITS);
      const [before, after] = name === "unroll" ? [source, unrolled] : [unrolled, PASSES[name]!(unrolled)];
      for (const values of VALUES)
        expect(phaseFreeDistance(matrixAt(before, values), matrixAt(after, values))).toBeLessThan(1e-9);
    }
  });

  test("keeps the unitary of gates on many qubits, with controls and matrices", () => {
    for (let trial = 0; trial < 4; trial++) {
      const rng = Rng.seed(`wide ${trial}`);
      const source = randomCircuit(rng, { numQubits: NUM_QUBITS, numOperations: 8, parameters: false }).operations;
      const unrolled = unroll(source, NUM_QUBITS);
      const [before, after] = name === "unroll" ? [source, unrolled] : [unrolled, PASSES[name]!(unrolled)];
      expect(phaseFreeDistance(matrixAt(before, VALUES[0]!), matrixAt(after, VALUES[0]!))).toBeLessThan(1e-9);
    }
  });
});

describe("what passes save", () => {
  const count = (operations: readonly Operation[], gate: string): number =>
    operations.filter((operation) => operation.kind === "gate" && operation.gate === gate).length;
  const through = (define: Parameters<typeof Circuit.build>[1], mirror = false): readonly Operation[] => {
    const circuit = Circuit.build(3, define);
    return simplify(
      resynthesizeBlocks(
        simplify(unroll(circuit.operations, 3)),
        mirror ? { ...symbolic, mirror: () => true } : symbolic,
      ),
    );
  };
  const t = weight("t");
  const u = weight("u");

  test.each([
    ["cx twice", (c) => c.cx(0, 1).cx(0, 1), 0],
    ["cx around what commutes", (c) => c.cx(0, 1).rz(t, 0).cx(0, 2).rx(u, 1).cx(0, 1), 1],
    ["opposite free rotations", (c) => c.rzz(t, 0, 1).rz(u, 0).rzz(t.negated(), 0, 1), 0],
    ["cx and swap", (c) => c.cx(0, 1).swap(0, 1), 2],
    ["a swap and its inverse, far apart", (c) => c.swap(0, 1).h(0).h(1).swap(0, 1), 0],
    ["three cx of a swap and a rotation", (c) => c.cx(0, 1).cx(1, 0).rz(t, 1).cx(0, 1), 3],
  ] as const satisfies readonly (readonly [string, Parameters<typeof Circuit.build>[1], number])[])(
    "%s",
    (_, define, entanglers) => {
      const operations = through(define);
      expect(count(operations, "cz") + 2 * count(operations, "rzz") + 3 * count(operations, "swap")).toBe(entanglers);
    },
  );

  test("rzz next to a swap is three cz with one free angle, found without numbers", () => {
    const operations = through((c) => c.rzz(t, 0, 1).swap(0, 1));
    expect(count(operations, "cz")).toBe(3);
    const free = operations.filter(
      (operation) => operation.kind === "gate" && operation.params.some((angle) => typeof angle !== "number"),
    );
    expect(free).toHaveLength(1);
  });

  test("xx and yy and zz rotations are three cz, whatever their angles", () => {
    expect(
      count(
        through((c) => c.rxx(t, 0, 1).ryy(u, 0, 1).rzz(t, 0, 1)),
        "cz",
      ),
    ).toBe(3);
    expect(
      count(
        through((c) => c.rxx(t, 0, 1).ryy(t, 0, 1)),
        "cz",
      ),
    ).toBe(2);
  });

  test("an iswap with its qubits exchanged is one cz", () => {
    const operations = through((c) => c.iswap(0, 1), true);
    expect([count(operations, "cz"), count(operations, "swap")]).toEqual([1, 1]);
  });

  test("free blocks of any gates take at most three cz by a template", () => {
    const circuit = Circuit.build(2, (c) => {
      for (let layer = 0; layer < 3; layer++) c.ry(t, 0).rx(u, 1).cx(0, 1).ry(u, 0).rz(t, 1).rx(t, 0).cx(1, 0);
    });
    const derivations = new Derivations(circuit, Rng.seed(0));
    const operations = resynthesizeBlocks(simplify(unroll(circuit.operations, 2)), { ...symbolic, derivations });
    expect(count(operations, "cz")).toBe(3);
    expect(derivations.list).toHaveLength(1);
  });
});

describe("affine angles", () => {
  const [a, b] = [weight("a"), weight("b")];
  test("cancel what cancels and fold constants modulo 2π", () => {
    const sum = AffineAngle.of(a.times(2).minus(b))
      .plus(AffineAngle.of(b.plus(7 * Math.PI)))
      .plus(AffineAngle.of(a.times(-2)));
    expect(sum.isConstant).toBe(true);
    expect(sum.constant).toBe(Math.PI);
    expect(sum.toAngle()).toBe(Math.PI);
  });
  test("take products of parameters as terms of their own", () => {
    const product = a.times(b);
    const sum = AffineAngle.of(product.plus(a)).plus(AffineAngle.of(a.times(b).negated()));
    expect(sum.key).toBe(AffineAngle.of(a).key);
  });
  test("halve before they fold", () => {
    expect(AffineAngle.of(3 * Math.PI, 0.5).constant).toBe(-Math.PI / 2);
    expect(AffineAngle.of(a.plus(3 * Math.PI), 0.5).constant).toBe(-Math.PI / 2);
  });
  test("evaluate as their expression does", () => {
    const expression = a.times(0.3).minus(b.dividedBy(4)).plus(a.times(a)).plus(1);
    const affine = AffineAngle.of(expression);
    const value = (name: string): number => (name === "a" ? 0.7 : -1.3);
    const direct = expression.evaluate(({ name }) => value(name));
    expect(affine.evaluate((term) => term.expression.evaluate(({ name }) => value(name)))).toBeCloseTo(direct, 12);
  });
});
