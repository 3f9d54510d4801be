import { describe, expect, test } from "vitest";
import { Circuit, circuitMatrix, type Operation, Rng, weight } from "../../../../circuits/index.ts";
import { phaseFreeDistance } from "../../../../circuits/transpiler/linalg/four-by-four.ts";
import {
  anticommute,
  conjugateBy,
  isNegative,
  multiplyBy,
  type SignedPauli,
  singlePauli,
} from "../../../../circuits/transpiler/linalg/signed-pauli.ts";
import { type NetworkPairs, pauliNetwork } from "../../../../circuits/transpiler/passes/pauli-network.ts";
import { simplify } from "../../../../circuits/transpiler/passes/simplify.ts";
import { unroll } from "../../../../circuits/transpiler/passes/unroll.ts";
import { randomParametrized } from "../../../support/compiled-equivalence.ts";

const MODES: readonly NetworkPairs[] = ["circuit", "line"];

function circuitOf(numQubits: number, operations: readonly Operation[]): Circuit {
  return Circuit.build(numQubits, (c) => {
    for (const operation of operations) c.append(operation);
  });
}
const entanglers = (operations: readonly Operation[]): number =>
  operations.filter((operation) => operation.kind === "gate" && operation.gate === "cz").length;

describe.each(MODES)("a Pauli network on pairs of the %s", (pairs) => {
  test("is the same unitary for all values of the parameters", () => {
    for (let trial = 0; trial < 10; trial++) {
      const rng = Rng.seed(`network ${trial}`);
      const numQubits = 2 + rng.integer(4);
      const source = randomParametrized(rng, numQubits, 16);
      const network = pauliNetwork(simplify(unroll(source.operations, numQubits)), numQubits, pairs);
      if (network === undefined) continue;
      for (const values of [
        { x: [0.3, -1.2, 2.1], w: [0.7, 0.1, -0.4, 1.9] },
        { x: [0, Math.PI, Math.PI / 2], w: [0, Math.PI, 0, -Math.PI / 2] },
      ]) {
        const bound = circuitOf(numQubits, network)
          .extend((c) => c.declare(...source.vectors))
          .bind(values);
        expect(phaseFreeDistance(circuitMatrix(bound), circuitMatrix(source.bind(values)))).toBeLessThan(1e-9);
      }
    }
  });

  test("makes a short chain of a full layer of cx", () => {
    const w = weight("w", [2, 6]);
    const source = Circuit.build(6, (c) => {
      for (let q = 0; q < 6; q++) c.ry(w.at(0, q), q);
      for (let a = 0; a < 6; a++) for (let b = a + 1; b < 6; b++) c.cx(a, b);
      for (let q = 0; q < 6; q++) c.ry(w.at(1, q), q);
    });
    const network = pauliNetwork(simplify(unroll(source.operations, 6)), 6, pairs)!;
    expect(entanglers(network)).toBeLessThanOrEqual(10);
  });

  test("stays on neighbours, or gives up beyond its limit", () => {
    const source = randomParametrized(Rng.seed("limit"), 4, 30);
    const unrolled = simplify(unroll(source.operations, 4));
    const network = pauliNetwork(unrolled, 4, pairs)!;
    if (pairs === "line")
      for (const operation of network)
        if (operation.kind === "gate" && operation.gate === "cz")
          expect(Math.abs(operation.qubits[0]! - operation.qubits[1]!)).toBe(1);
    expect(pauliNetwork(unrolled, 4, pairs, entanglers(network) - 1)).toBeUndefined();
    expect(pauliNetwork(unrolled, 4, pairs, entanglers(network))).toEqual(network);
  });

  test("leaves circuits that measure, and those without rotations, to others", () => {
    const measured = Circuit.build(2, (c) => {
      c.register("c", 1);
      c.rx(0.3, 0).cx(0, 1).measure(0, 0);
    });
    expect(pauliNetwork(unroll(measured.operations, 2), 2, pairs)).toBeUndefined();
    expect(pauliNetwork(unroll(Circuit.build(2, (c) => c.h(0).cx(0, 1)).operations, 2), 2, pairs)).toBeUndefined();
  });
});

describe("signed Pauli operators", () => {
  const matrixOf = ({ x, z, phase }: SignedPauli): Float64Array => {
    // i^phase X^x Z^z; a global phase on a circuit of two qubits.
    const circuit = Circuit.build(2, (c) => {
      for (let q = 0; q < 2; q++) {
        if ((z >> q) & 1) c.z(q);
        if ((x >> q) & 1) c.x(q);
      }
      c.gphase((phase * Math.PI) / 2);
    });
    return circuitMatrix(circuit);
  };
  const all: readonly SignedPauli[] = Array.from({ length: 16 }, (_, i) => {
    const pauli = { x: i & 3, z: i >> 2, phase: 0 };
    // Hermitian: one factor i a Y.
    pauli.phase = [0, 1, 1, 2][pauli.x & pauli.z]!;
    return pauli;
  });

  test("multiply, commute and turn under entanglers as their matrices do", () => {
    const controlled = Circuit.build(2, (c) => c.h(1).cz(0, 1).h(1));
    const c = circuitMatrix(controlled);
    const times = (a: Float64Array, b: Float64Array): Float64Array => {
      const out = new Float64Array(32);
      for (let i = 0; i < 4; i++)
        for (let j = 0; j < 4; j++)
          for (let k = 0; k < 4; k++) {
            const [p, q] = [2 * (4 * i + k), 2 * (4 * k + j)];
            out[2 * (4 * i + j)]! += a[p]! * b[q]! - a[p + 1]! * b[q + 1]!;
            out[2 * (4 * i + j) + 1]! += a[p]! * b[q + 1]! + a[p + 1]! * b[q]!;
          }
      return out;
    };
    const close = (a: Float64Array, b: Float64Array): boolean => a.every((value, i) => Math.abs(value - b[i]!) < 1e-12);
    for (const a of all) {
      expect(isNegative(a)).toBe(false);
      for (const b of all) {
        const product = { ...a };
        multiplyBy(product, b);
        expect(close(matrixOf(product), times(matrixOf(a), matrixOf(b)))).toBe(true);
        const ab = times(matrixOf(a), matrixOf(b));
        const ba = times(matrixOf(b), matrixOf(a));
        expect(anticommute(a, b)).toBe(!close(ab, ba));
      }
      // cx is its own inverse.
      const turned = { ...a };
      conjugateBy({ a: 0, p: "Z", b: 1, q: "X" }, turned);
      expect(close(matrixOf(turned), times(times(c, matrixOf(a)), c))).toBe(true);
    }
    expect(singlePauli("Y", 1)).toEqual({ x: 2, z: 2, phase: 1 });
  });
});
