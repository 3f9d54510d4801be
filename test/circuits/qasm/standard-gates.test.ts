import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Circuit, circuitMatrix, GATES, type GateName, gateSpec } from "../../../circuits/index.ts";
import { parseQasm } from "../../../circuits/qasm/index.ts";

const fixture = (path: string): string => readFileSync(new URL(`../../fixtures/qasm/${path}`, import.meta.url), "utf8");
const ANGLES = [0.713, -1.829, 2.417, 0.377];

interface Signature {
  readonly name: string;
  readonly numParams: number;
  readonly numQubits: number;
}

/** The gates that an include file defines. */
function signatures(text: string): readonly Signature[] {
  const found = text.matchAll(/^\s*gate\s+(\w+)\s*(?:\(([^)]*)\))?\s*([\w\s,]+?)\s*\{/gmu);
  return [...found].map(([, name, params, qubits]) => ({
    name: name!,
    numParams: params === undefined ? 0 : params.split(",").length,
    numQubits: qubits!.split(",").length,
  }));
}

/** The include file with every gate renamed, so that nothing but its definitions can give the gates their meaning. */
function renamed(text: string): string {
  const names = new Set(signatures(text).map(({ name }) => name));
  const code = text.replaceAll(/\/\/[^\n]*/g, "");
  return code.replaceAll(/[a-zA-Z]\w*/g, (word, at: number) =>
    names.has(word) && /(?:gate|[{;@]|\n)\s*$/.test(code.slice(0, at)) ? `my_${word}_gate` : word,
  );
}

function callOf({ name, numParams, numQubits }: Signature): string {
  const args = numParams === 0 ? "" : `(${ANGLES.slice(0, numParams).join(", ")})`;
  return `${name}${args} ${Array.from({ length: numQubits }, (_, i) => `q[${i}]`).join(", ")};`;
}

/** The largest difference of two matrices; with `upToPhase` after their phases were made equal. */
function distance(a: Float64Array, b: Float64Array, upToPhase: boolean): number {
  let [re, im] = [0, 0];
  for (let i = 0; i < a.length; i += 2) {
    re += b[i]! * a[i]! + b[i + 1]! * a[i + 1]!;
    im += b[i]! * a[i + 1]! - b[i + 1]! * a[i]!;
  }
  const norm = upToPhase ? Math.hypot(re, im) : 1;
  if (!upToPhase) [re, im] = [1, 0];
  let worst = 0;
  for (let i = 0; i < a.length; i += 2) {
    const [br, bi] = [(b[i]! * re - b[i + 1]! * im) / norm, (b[i]! * im + b[i + 1]! * re) / norm];
    worst = Math.max(worst, Math.abs(a[i]! - br), Math.abs(a[i + 1]! - bi));
  }
  return worst;
}

describe("stdgates.inc: each gate is what the official definition says, global phase included", () => {
  const official = fixture("openqasm/examples/stdgates.inc");
  const all = signatures(official);
  test("the file defines 32 gates", () => expect(all.length).toBe(32));

  test.each(all)("$name", (signature) => {
    const { name, numQubits } = signature;
    const byDefinition = parseQasm(
      `OPENQASM 3.0; ${renamed(official)} qubit[${numQubits}] q; ${callOf({ ...signature, name: `my_${name}_gate` })}`,
    );
    const byName = parseQasm(`OPENQASM 3.0; include "stdgates.inc"; qubit[${numQubits}] q; ${callOf(signature)}`);
    expect(byName.operations.length).toBe(1);
    const [ours, theirs] = [circuitMatrix(byName), circuitMatrix(byDefinition)];
    if (name === "CX") {
      // The file controls U(π, 0, π), which is i·x, so its CX has an s on the control; as Qiskit, we read a plain cx.
      const withPhase = circuitMatrix(byName.extend((c) => c.s(0)));
      expect(distance(withPhase, theirs, false)).toBeLessThan(1e-12);
      expect(byName.operations).toEqual(Circuit.build(2, (c) => c.cx(0, 1)).operations);
      return;
    }
    // As Qiskit, we read u2 and u3 without the phase exp(-i(φ+λ)/2) of the official file.
    const phaseDiffers = name === "u2" || name === "u3";
    expect(distance(ours, theirs, phaseDiffers)).toBeLessThan(1e-12);
    if (phaseDiffers) {
      const [phi, lambda] = name === "u2" ? [ANGLES[0]!, ANGLES[1]!] : [ANGLES[1]!, ANGLES[2]!];
      expect(theirs[0]).toBeCloseTo(ours[0]! * Math.cos((phi + lambda) / 2), 12);
      expect(theirs[1]).toBeCloseTo(-ours[0]! * Math.sin((phi + lambda) / 2), 12);
    }
  });
});

describe("qelib1.inc: each gate is what the file's definition says, up to a global phase", () => {
  const file = fixture("qasmbench/qelib1.inc");
  const all = signatures(file);
  test("the file defines 35 gates", () => expect(all.length).toBe(35));
  // This copy of the file is from before Qiskit corrected two definitions; we read both gates as Qiskit does.
  const mistaken = ["c3sqrtx", "c4x"];

  test.each(all.filter(({ name }) => !mistaken.includes(name)))("$name", (signature) => {
    const { name, numQubits } = signature;
    const head = `qreg q[${numQubits}];`;
    const byDefinition = parseQasm(
      `OPENQASM 2.0; ${renamed(file)} ${head} ${callOf({ ...signature, name: `my_${name}_gate` })}`,
    );
    const byName = parseQasm(`OPENQASM 2.0; include "qelib1.inc"; ${head} ${callOf(signature)}`);
    expect(distance(circuitMatrix(byName), circuitMatrix(byDefinition), true)).toBeLessThan(1e-12);
  });

  test("c3sqrtx is √X under three controls, of which the file defines the inverse", () => {
    const signature = all.find(({ name }) => name === "c3sqrtx")!;
    const byName = parseQasm(`OPENQASM 2.0; include "qelib1.inc"; qreg q[4]; c3sqrtx q[0], q[1], q[2], q[3];`);
    const byDefinition = parseQasm(
      `OPENQASM 2.0; ${renamed(file)} qreg q[4]; ${callOf({ ...signature, name: "my_c3sqrtx_gate" })}`,
    );
    const wanted = Circuit.build(1, (c) => c.sx(0)).control(3);
    expect(distance(circuitMatrix(byName), circuitMatrix(wanted), false)).toBeLessThan(1e-12);
    expect(distance(circuitMatrix(wanted.inverse()), circuitMatrix(byDefinition), true)).toBeLessThan(1e-12);
  });

  test("c4x flips the last qubit where all four controls are 1", () => {
    const byName = parseQasm(`OPENQASM 2.0; include "qelib1.inc"; qreg q[5]; c4x q[0], q[1], q[2], q[3], q[4];`);
    const matrix = circuitMatrix(byName);
    for (let column = 0; column < 32; column++)
      for (let row = 0; row < 32; row++) {
        const wanted = row === ((column & 15) === 15 ? column ^ 16 : column) ? 1 : 0;
        expect(matrix[2 * (row * 32 + column)]).toBeCloseTo(wanted, 12);
        expect(matrix[2 * (row * 32 + column) + 1]).toBeCloseTo(0, 12);
      }
  });
});

test("U of OpenQASM 3 has the matrix of the specification, also under a control", () => {
  const [t, p, l] = [0.7, -1.9, 2.3];
  // U(θ,φ,λ) = ½ [[1+e^{iθ}, -ie^{iλ}(1-e^{iθ})], [ie^{iφ}(1-e^{iθ}), e^{i(φ+λ)}(1+e^{iθ})]]
  const times = (a: readonly number[], b: readonly number[]) => [
    a[0]! * b[0]! - a[1]! * b[1]!,
    a[0]! * b[1]! + a[1]! * b[0]!,
  ];
  const e = (angle: number) => [Math.cos(angle), Math.sin(angle)];
  const plus = [(1 + Math.cos(t)) / 2, Math.sin(t) / 2];
  const minus = [(1 - Math.cos(t)) / 2, -Math.sin(t) / 2];
  const wanted = [plus, times(times([0, -1], e(l)), minus), times(times([0, 1], e(p)), minus), times(e(p + l), plus)];
  const single = circuitMatrix(parseQasm(`OPENQASM 3.0; qubit q; U(${t}, ${p}, ${l}) q;`));
  for (const [i, value] of wanted.flat().entries()) expect(single[i]).toBeCloseTo(value, 12);
  const controlled = circuitMatrix(parseQasm(`OPENQASM 3.0; qubit[2] q; ctrl @ U(${t}, ${p}, ${l}) q[0], q[1];`));
  const at = (row: number, column: number) => [
    ...controlled.subarray(2 * (row * 4 + column), 2 * (row * 4 + column) + 2),
  ];
  const block = [at(1, 1), at(1, 3), at(3, 1), at(3, 3)].flat();
  for (const [i, value] of wanted.flat().entries()) expect(block[i]).toBeCloseTo(value, 12);
});

test("names of both include files come from the gate table", () => {
  for (const gate of Object.keys(GATES) as GateName[]) {
    const { numParams, numQubits, qasm2, qasm3 } = gateSpec(gate);
    if (gate === "gphase") continue;
    const qubits = Array.from({ length: numQubits }, (_, i) => i);
    const wanted = Circuit.build(numQubits, (c) => c.gate(gate, ANGLES.slice(0, numParams), qubits));
    const call = (name: string) => callOf({ name, numParams, numQubits });
    if (qasm2 !== undefined)
      expect(parseQasm(`OPENQASM 2.0; include "qelib1.inc"; qreg q[${numQubits}]; ${call(qasm2)}`).hash).toBe(
        wanted.hash,
      );
    if (qasm3 !== undefined)
      expect(parseQasm(`OPENQASM 3.0; include "stdgates.inc"; qubit[${numQubits}] q; ${call(qasm3)}`).hash).toBe(
        wanted.hash,
      );
  }
});
