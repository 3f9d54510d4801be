import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  basicEntangler,
  Circuit,
  type CircuitBuilder,
  input,
  Rng,
  reduceCircuit,
  SparsePauliOp,
  stronglyEntangling,
  weight,
} from "../../../circuits/index.ts";
import { createStatevectorEngine } from "../../../providers/index.ts";
import { randomUnitaryCircuit } from "../../support/unitary-circuit.ts";

const engine = createStatevectorEngine();

function expectations(
  circuit: Circuit,
  observables: readonly SparsePauliOp[],
  inputs: readonly number[],
  weights: ArrayLike<number>,
): Float64Array {
  const values = new Float64Array(observables.length);
  const row = Float64Array.from([...inputs, ...Array.from(weights)]);
  engine.expectation(circuit, observables).evaluate(row, 1, values);
  return values;
}

function randomObservable(rng: Rng, numQubits: number): SparsePauliOp {
  const letters = rng.integer(2) === 0 ? "IZ" : "IXYZ";
  return SparsePauliOp.fromLabels(
    Array.from(
      { length: 1 + rng.integer(3) },
      () =>
        [
          Array.from({ length: numQubits }, () => letters[rng.integer(letters.length)]).join(""),
          rng.normal() + 3,
        ] as const,
    ),
  );
}

const normOf = ({ terms }: SparsePauliOp): number =>
  terms.reduce((sum, { coefficient }) => sum + Math.abs(coefficient), 1);

/** Few kinds of gates on few qubits, so that there is much to merge, to cancel and to leave out. */
function redundantCircuit(rng: Rng, numQubits: number, numOperations: number): Circuit {
  const x = input("x", 2);
  const w = weight("w", [2, 6]);
  let next = 0;
  return Circuit.build(numQubits, (c) => {
    c.declare(x, w);
    for (let k = 0; k < numOperations; k++) {
      const [a, b, d] = [...rng.permutation(numQubits)] as [number, number, number];
      const angle = () =>
        [w.elements[next++ % 12]!, x.at(rng.integer(2)), Math.PI / 2, w.elements[0]!.negated()][rng.integer(4)]!;
      const choices: readonly ((builder: CircuitBuilder) => unknown)[] = [
        (g) => g.rz(angle(), a),
        (g) => g.rx(angle(), a),
        (g) => g.ry(angle(), a),
        (g) => g.cx(a, b),
        (g) => g.cz(a, b),
        (g) => g.h(a),
        (g) => g.s(a),
        (g) => g.t(a).sx(b),
        (g) => g.crz(angle(), a, b),
        (g) => g.rzz(angle(), a, b),
        (g) => g.rzx(angle(), a, b),
        (g) => g.cp(angle(), a, b),
        (g) => g.x(a).swap(a, b),
        (g) => g.gate("ry", [angle()], [a, b, d], { numControls: 2, controlState: rng.integer(4) }),
        (g) => g.gate("x", [], [a, b], { numControls: 1, controlState: 0 }),
      ];
      choices[rng.integer(choices.length)]!(c);
    }
  });
}

const seeds = fc.integer({ min: 0, max: 2 ** 31 });

describe("reduceCircuit keeps every expectation value", () => {
  for (const [name, make] of [
    ["over the whole gate table", (rng: Rng) => randomUnitaryCircuit(rng, 1 + rng.integer(4), rng.integer(14))],
    ["where much can go", (rng: Rng) => redundantCircuit(rng, 3 + rng.integer(2), 5 + rng.integer(25))],
  ] as const)
    test(name, () => {
      let removed = 0;
      fc.assert(
        fc.property(seeds, fc.boolean(), (seed, absorb) => {
          const rng = Rng.seed(seed);
          const circuit = make(rng);
          const observables = [randomObservable(rng, circuit.numQubits), randomObservable(rng, circuit.numQubits)];
          const reduced = reduceCircuit(circuit, observables, { absorb });
          if (!absorb) expect(reduced.observables).toBe(observables);
          expect(reduced.circuit.operations.length).toBeLessThanOrEqual(circuit.operations.length);
          expect(reduced.circuit.numInputs).toBe(circuit.numInputs);
          removed += circuit.operations.length - reduced.circuit.operations.length;
          for (let trial = 0; trial < 2; trial++) {
            const inputs = Array.from({ length: circuit.numInputs }, () => 3 * rng.normal());
            const weights = Array.from({ length: circuit.numWeights }, () => 3 * rng.normal());
            const wanted = expectations(circuit, observables, inputs, weights);
            const mapped = reduced.mapWeights(weights);
            expect(mapped.length).toBe(reduced.circuit.numWeights);
            const found = expectations(reduced.circuit, reduced.observables, inputs, mapped);
            for (const [k, value] of wanted.entries())
              expect(Math.abs(found[k]! - value)).toBeLessThan(1e-12 * normOf(observables[k]!));
          }
        }),
        { seed: 1, numRuns: 60 },
      );
      expect(removed).toBeGreaterThan(40);
    });
});

const gatesOf = (circuit: Circuit): string =>
  circuit.operations
    .map((one) => `${one.kind === "gate" ? one.gate : one.kind}${"qubits" in one ? one.qubits.join() : ""}`)
    .join(" ");
const zs = (numQubits: number) => Array.from({ length: numQubits }, (_, qubit) => SparsePauliOp.z(numQubits, qubit));

describe("reduceCircuit", () => {
  const w = weight("w", 4);

  test("adds up rotations across a commuting cx and makes their weights one", () => {
    const circuit = Circuit.build(2, (c) =>
      c.h(0).h(1).rz(w.at(0), 0).cx(0, 1).rz(w.at(1), 0).rx(w.at(2), 1).h(0).ry(w.at(3), 1),
    );
    const { circuit: reduced, mapWeights } = reduceCircuit(circuit, zs(2), { absorb: false });
    // H turns qubit 1 into an eigenstate of X, which neither the cx nor the rx changes.
    expect(gatesOf(reduced)).toBe("h0 h1 rz0 h0 ry1");
    expect(reduced.numWeights).toBe(2);
    expect([...mapWeights([0.25, 0.5, 9, 0.125])]).toEqual([0.75, 0.125]);
    expect(reduced.vectors.map(({ name, shape }) => [name, shape])).toEqual([["w", [2]]]);
  });

  test("cancels inverse pairs from the inside out", () => {
    const circuit = Circuit.build(3, (c) =>
      c
        .ry(w.at(0), 0)
        .h(1)
        .cx(0, 1)
        .s(0)
        .rzz(w.at(1), 0, 2)
        .rzz(w.at(1).negated(), 2, 0)
        .sdg(0)
        .cx(0, 1)
        .h(1)
        .ry(w.at(2), 1),
    );
    const { circuit: reduced } = reduceCircuit(circuit, zs(3));
    expect(gatesOf(reduced)).toBe("ry0 ry1");
  });

  test("knows the start: rotations about Z, controls on 0 and on 1, and cx onto a plus state do nothing", () => {
    const circuit = Circuit.build(3, (c) =>
      c.rz(w.at(0), 0).crx(w.at(1), 0, 1).x(0).cry(w.at(2), 0, 1).h(2).cx(1, 2).h(2),
    );
    const { circuit: reduced, observables } = reduceCircuit(circuit, zs(3), { absorb: false });
    expect(gatesOf(reduced)).toBe("x0 ry1");
    expect(observables.map(String)).toEqual(zs(3).map(String));
  });

  test("moves the last ring of a strongly entangling circuit into its observables", () => {
    const circuit = stronglyEntangling({ numQubits: 4, layers: 2 });
    const { circuit: reduced, observables } = reduceCircuit(circuit, zs(4));
    expect(reduced.count().cx).toBe(4);
    // Without the first and the last rz of every qubit.
    expect(reduced.numWeights).toBe(16);
    for (const { terms } of observables)
      expect(terms.flatMap(({ pauli }) => pauli.letters.map(([, letter]) => letter))).not.toContain("X");
  });

  test("keeps what is as small as it can be, as it is", () => {
    const circuit = basicEntangler({ numQubits: 3, layers: 1, rotation: "Y" });
    const { circuit: reduced, observables, mapWeights } = reduceCircuit(circuit, zs(3), { absorb: false });
    expect(reduced.equals(circuit)).toBe(true);
    expect(observables.map(String)).toEqual(zs(3).map(String));
    expect([...mapWeights([1, 2, 3])]).toEqual([1, 2, 3]);
  });

  test("a Clifford gate stays where its loss would need a further setting", () => {
    const xz = [SparsePauliOp.parse("XX"), SparsePauliOp.parse("ZZ")];
    const bell = Circuit.build(2, (c) => c.ry(w.at(0), 0).ry(w.at(1), 1).cx(0, 1));
    // XX and ZZ need two settings and become IX and ZI, which need one; that way back the gate stays.
    expect(reduceCircuit(bell, xz).circuit.count()).toEqual({ ry: 2 });
    const single = [SparsePauliOp.parse("IX"), SparsePauliOp.parse("ZI")];
    expect(reduceCircuit(bell, single).circuit.count().cx).toBe(1);
  });

  test("refuses what it cannot reduce", () => {
    const measuring = Circuit.build(1, (c) => c.h(0).measureAll());
    const one = Circuit.build(1, (c) => c.h(0));
    const code = (run: () => unknown): string => {
      try {
        run();
      } catch (error) {
        return (error as { code: string }).code;
      }
      return "none";
    };
    expect(code(() => reduceCircuit(measuring, zs(1)))).toBe("CIRCUIT_NOT_UNITARY");
    expect(code(() => reduceCircuit(one, zs(2)))).toBe("REDUCE_OBSERVABLES");
    expect(code(() => reduceCircuit(one, ["Z"] as never))).toBe("REDUCE_OBSERVABLES");
    expect(code(() => reduceCircuit(one, zs(1), { absrob: true } as never))).toBe("REDUCE_OPTION");
    expect(code(() => reduceCircuit("h" as never, zs(1)))).toBe("CIRCUIT_PART");
  });
});
