import { describe, expect, test } from "vitest";
import {
  type Angle,
  Circuit,
  circuitMatrix,
  GATES,
  type GateName,
  type GateSpec,
  operationMatrix,
  Rng,
  type UnitaryKind,
} from "../../circuits/index.ts";
import {
  adjointMatrix,
  controlledMatrix,
  dimensionOf,
  type Matrix,
  multiplyMatrices,
} from "../../circuits/matrices.ts";
import { goldenCircuit, goldenObservable, goldenStates } from "../support/golden.ts";
import {
  distance,
  expectationOf,
  identity,
  labelMatrix,
  observableMatrix,
  stateOf,
} from "../support/linear-algebra.ts";

const NAMES = Object.keys(GATES) as GateName[];
const rows = NAMES.map((name) => [name, GATES[name] as GateSpec] as const);
const having = (fact: keyof GateSpec) => rows.filter(([, spec]) => spec[fact] !== undefined);

/** Three draws of parameters; one draw for a gate that has none. */
const draws = (name: GateName): readonly (readonly number[])[] => {
  const rng = Rng.seed("gate table").fork(name);
  const { numParams } = GATES[name];
  return Array.from({ length: numParams === 0 ? 1 : 3 }, () =>
    Array.from({ length: numParams }, () => 8 * rng.uniform() - 4),
  );
};
const numbers = (angles: readonly Angle[]): number[] =>
  angles.map((angle) => (typeof angle === "number" ? angle : Number.NaN));
const matrixOf = (gate: string, params: readonly Angle[]): Matrix =>
  (GATES[gate as GateName] as GateSpec).matrix(numbers(params));
const e = (phase: number): readonly [number, number] => [Math.cos(phase), Math.sin(phase)];

describe("gate table", () => {
  test.each(rows)("%s: the matrix has the size its qubits ask for and is unitary", (name, spec) => {
    for (const params of draws(name)) {
      const matrix = spec.matrix(params);
      const size = 2 ** spec.numQubits;
      expect(matrix).toHaveLength(2 * size * size);
      expect(distance(multiplyMatrices(adjointMatrix(matrix), matrix), identity(size))).toBeLessThan(1e-14);
    }
  });

  test.each(rows)("%s: what a caller does to a matrix changes nothing for others", (name, spec) => {
    const [params] = draws(name);
    const wanted = [...spec.matrix(params!)];
    spec.matrix(params!).fill(9);
    const qubits = Array.from({ length: spec.numQubits }, (_, i) => i);
    const circuit = Circuit.build(spec.numQubits, (c) => c.gate(name, params!, qubits));
    operationMatrix(circuit.operations[0] as UnitaryKind).fill(9);
    expect([...spec.matrix(params!)]).toEqual(wanted);
    expect([...circuitMatrix(circuit)]).toEqual(wanted);
  });

  test.each(having("inverse"))("%s: the inverse undoes it, global phase included", (name, spec) => {
    for (const params of draws(name)) {
      const [gate, angles] = spec.inverse!(params);
      const product = multiplyMatrices(matrixOf(gate, angles), spec.matrix(params));
      expect(distance(product, identity(2 ** spec.numQubits))).toBeLessThan(1e-14);
    }
  });

  test.each(rows)("%s: a circuit of it inverts, also where the table has no inverse row", (name, spec) => {
    const [params] = draws(name);
    const circuit = Circuit.build(spec.numQubits, (c) =>
      c.gate(
        name,
        params!,
        Array.from({ length: spec.numQubits }, (_, i) => i),
      ),
    );
    const both = circuitMatrix(circuit.compose(circuit.inverse()));
    expect(distance(both, identity(2 ** spec.numQubits))).toBeLessThan(1e-14);
  });

  test.each(having("decomposition"))("%s: the decomposition is the matrix, global phase included", (name, spec) => {
    for (const params of draws(name)) {
      const circuit = Circuit.build(spec.numQubits, (c) => {
        for (const [gate, angles, qubits] of spec.decomposition!(params)) c.gate(gate, angles, qubits);
      });
      expect(distance(circuitMatrix(circuit), spec.matrix(params))).toBeLessThan(1e-14);
    }
  });

  test("decompositions end at gates that are ry, diagonal or a permutation, and never in a circle", () => {
    const depthOf = (name: string, seen: readonly string[]): number => {
      expect(seen).not.toContain(name);
      const spec = GATES[name as GateName] as GateSpec;
      if (spec.decomposition === undefined) {
        expect(name === "ry" || spec.phases !== undefined || spec.permutation !== undefined, name).toBe(true);
        return 0;
      }
      const calls = spec.decomposition(Array.from({ length: spec.numParams }, () => 0.3));
      return 1 + Math.max(...calls.map(([gate]) => depthOf(gate, [...seen, name])));
    };
    for (const name of NAMES) expect(depthOf(name, [])).toBeLessThan(6);
  });

  test.each(having("phases"))("%s: the phase polynomial is the diagonal of the matrix", (name, spec) => {
    for (const params of draws(name)) {
      const matrix = spec.matrix(params);
      const size = dimensionOf(matrix);
      const expected = new Float64Array(matrix.length);
      for (let i = 0; i < size; i++) {
        let phase = 0;
        for (const { mask, constant = 0, param, coefficient = 0 } of spec.phases!)
          if ((i & mask) === mask) phase += constant + (param === undefined ? 0 : coefficient * params[param]!);
        expected.set(e(phase), 2 * (i * size + i));
      }
      expect(distance(matrix, expected)).toBeLessThan(1e-14);
    }
  });

  test.each(having("permutation"))("%s: the permutation is the matrix", (_, spec) => {
    const size = 2 ** spec.numQubits;
    const expected = new Float64Array(2 * size * size);
    for (const [from, target] of spec.permutation!.entries()) expected[2 * (target * size + from)] = 1;
    expect(distance(spec.matrix([]), expected)).toBe(0);
    expect([...spec.permutation!].sort((a, b) => a - b)).toEqual(Array.from({ length: size }, (_, i) => i));
  });

  test.each(having("controlled"))("%s: one more control in front gives the row it names", (name, spec) => {
    const controlled = GATES[spec.controlled as GateName] as GateSpec;
    for (const params of draws(name))
      expect(distance(controlledMatrix(spec.matrix(params), 1), controlled.matrix(params))).toBeLessThan(1e-15);
    expect(controlled.numQubits).toBe(spec.numQubits + 1);
    expect(controlled.numParams).toBe(spec.numParams);
  });

  test.each(having("base"))("%s: it is its base gate under its controls", (name, spec) => {
    const base = GATES[spec.base as GateName] as GateSpec;
    expect(spec.controls).toBe(spec.numQubits - base.numQubits);
    for (const params of draws(name))
      expect(distance(controlledMatrix(base.matrix(params), spec.controls!), spec.matrix(params))).toBeLessThan(1e-15);
  });

  test.each(having("controls"))("%s: with a control at 0 it does nothing", (name, spec) => {
    const [params] = draws(name);
    const matrix = spec.matrix(params!);
    const size = dimensionOf(matrix);
    const all = 2 ** spec.controls! - 1;
    // cu has a control but also a phase on it, which still needs the control at 1.
    for (let row = 0; row < size; row++)
      for (let column = 0; column < size; column++)
        if ((row & all) !== all || (column & all) !== all) {
          expect(matrix[2 * (row * size + column)]).toBe(row === column ? 1 : 0);
          expect(matrix[2 * (row * size + column) + 1]).toBe(0);
        }
  });

  test.each(having("power"))("%s: its power rule", (name, spec) => {
    for (const params of draws(name)) {
      const once = spec.matrix(params);
      const power = (k: number): Matrix => matrixOf(...spec.power!(params, k));
      const size = 2 ** spec.numQubits;
      expect(distance(power(0), identity(size))).toBeLessThan(1e-14);
      expect(distance(power(1), once)).toBeLessThan(1e-14);
      expect(distance(power(3), multiplyMatrices(once, multiplyMatrices(once, once)))).toBeLessThan(1e-13);
      expect(distance(multiplyMatrices(power(-1), once), identity(size))).toBeLessThan(1e-14);
      const root = power(1 / 3);
      expect(distance(multiplyMatrices(root, multiplyMatrices(root, root)), once)).toBeLessThan(1e-13);
    }
  });

  test.each(rows.filter(([, spec]) => spec.numParams > 0))(
    "%s: as functions of a parameter, matrix elements hold exactly the listed harmonics",
    (name, spec) => {
      expect(spec.harmonics).toHaveLength(spec.numParams);
      for (const [index, harmonics] of spec.harmonics.entries()) {
        const magnitudes = new Set(harmonics.filter((s) => s !== 0).map(Math.abs));
        expect(magnitudes.size).toBe(1);
        // All harmonics are multiples of 1/2 below 4, so 16 samples over the period 4π separate them (discrete Fourier).
        const samples = 16;
        const found = new Set<number>();
        for (const params of draws(name)) {
          const matrices = Array.from({ length: samples }, (_, k) =>
            spec.matrix(params.with(index, (4 * Math.PI * k) / samples)),
          );
          for (let at = 0; at < matrices[0]!.length; at += 2)
            for (let s = -samples / 4; s < samples / 4; s += 0.5) {
              let re = 0;
              let im = 0;
              for (const [k, matrix] of matrices.entries()) {
                const [cosine, sine] = e((s * 4 * Math.PI * k) / samples);
                re += (matrix[at]! * cosine - matrix[at + 1]! * sine) / samples;
                im += (matrix[at]! * sine + matrix[at + 1]! * cosine) / samples;
              }
              if (Math.hypot(re, im) > 1e-12) found.add(s === 0 ? 0 : s);
            }
        }
        const ascending = (values: Iterable<number>): number[] => [...values].sort((a, b) => a - b);
        expect(ascending(found)).toEqual(ascending(harmonics));
      }
    },
  );

  test.each(rows)("%s: it is marked Clifford exactly if it maps every Pauli to a Pauli", (_, spec) => {
    const { numQubits, numParams } = spec;
    if (numParams > 0) {
      expect(spec.clifford).toBe(false);
      return;
    }
    const matrix = spec.matrix([]);
    const labels = Array.from({ length: 4 ** numQubits }, (_, code) =>
      Array.from({ length: numQubits }, (_, q) => "IXYZ"[(code >> (2 * q)) & 3]).join(""),
    );
    const maps = labels.every((label) => {
      const image = multiplyMatrices(multiplyMatrices(matrix, labelMatrix(label)), adjointMatrix(matrix));
      return labels.some((other) => {
        const candidate = labelMatrix(other);
        const minus = candidate.map((value) => -value);
        return distance(image, candidate) < 1e-12 || distance(image, minus) < 1e-12;
      });
    });
    expect(spec.clifford).toBe(maps);
  });

  test("every name in a row refers to a row", () => {
    for (const [name, spec] of rows) {
      const params = Array.from({ length: spec.numParams }, () => 0.7);
      const named = [
        ...(spec.inverse === undefined ? [] : [spec.inverse(params)[0]]),
        ...(spec.power === undefined ? [] : [spec.power(params, 0.5)[0]]),
        ...(spec.decomposition?.(params) ?? []).map(([gate]) => gate),
        ...[spec.controlled, spec.base].filter((gate) => gate !== undefined),
      ];
      for (const gate of named) expect(NAMES, `${name} names ${gate}`).toContain(gate);
    }
  });

  test("names in OpenQASM are used once, or for the same gate", () => {
    for (const version of ["qasm2", "qasm3"] as const) {
      const used = rows.map(([, spec]) => spec[version]).filter((name) => name !== undefined);
      expect(new Set(used).size).toBe(used.length);
    }
  });
});

describe("golden states", () => {
  test.each(goldenStates())("$id: amplitudes and expectation values", (item) => {
    const state = stateOf(goldenCircuit(item));
    expect(distance(state, item.amplitudes.flat())).toBeLessThan(1e-9);
    for (const [pauli, value] of Object.entries(item.expectations))
      expect(
        Math.abs(expectationOf(observableMatrix(goldenObservable(item.n, [[pauli, 1]])), state) - value),
      ).toBeLessThan(1e-9);
  });

  test("every gate of the table that acts on qubits occurs in a golden state, or is fixed by the rows that do", () => {
    const seen = new Set(goldenStates().flatMap(({ ops }) => ops.map(({ gate }) => gate)));
    // No golden circuit has these; the tests above tie them to rows that occur: by decomposition, phases or inverse.
    const tied = ["gphase", "id", "csdg", "rzx", "xx_plus_yy", "xx_minus_yy"];
    expect(NAMES.filter((name) => !seen.has(name)).filter((name) => !tied.includes(name))).toEqual([]);
  });
});
