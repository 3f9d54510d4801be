import { divide } from "../arithmetic.ts";
import type { Angle } from "../expression.ts";
import { GATES, type GateName, gateSpec } from "../gates.ts";

/** A gate of the table on positions of the template's own qubits, with further controls in front. */
export type TemplateCall = readonly [
  gate: GateName,
  params: readonly Angle[],
  qubits: readonly number[],
  numControls?: number,
  controlState?: number,
];

/** What a gate name of an include file stands for; exact, global phase included. */
export interface GateTemplate {
  readonly numParams: number;
  readonly numQubits: number;
  readonly calls: (params: readonly Angle[]) => readonly TemplateCall[];
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** The template of a gate of the table, with further controls. */
export function tableTemplate(gate: GateName, numControls = 0): GateTemplate {
  const { numParams, numQubits } = GATES[gate];
  const qubits = range(numQubits + numControls);
  return { numParams, numQubits: qubits.length, calls: (params) => [[gate, params, qubits, numControls]] };
}

function fixed(numQubits: number, calls: readonly TemplateCall[]): GateTemplate {
  return { numParams: 0, numQubits, calls: () => calls };
}

const named = (key: "qasm2" | "qasm3"): [string, GateTemplate][] =>
  (Object.keys(GATES) as GateName[]).flatMap((gate) => {
    const name = gateSpec(gate)[key];
    return name === undefined || gate === "gphase" ? [] : [[name, tableTemplate(gate)]];
  });

const U2: GateTemplate = {
  numParams: 2,
  numQubits: 1,
  calls: ([p, l]) => [["u", [Math.PI / 2, p!, l!], [0]]],
};

/** Relative-phase Toffoli gates (arXiv:1508.03273), as qelib1.inc defines them. */
const RCCX: readonly TemplateCall[] = [
  ["h", [], [2]],
  ["t", [], [2]],
  ["cx", [], [1, 2]],
  ["tdg", [], [2]],
  ["cx", [], [0, 2]],
  ["t", [], [2]],
  ["cx", [], [1, 2]],
  ["tdg", [], [2]],
  ["h", [], [2]],
];
const RC3X: readonly TemplateCall[] = [
  ["h", [], [3]],
  ["t", [], [3]],
  ["cx", [], [2, 3]],
  ["tdg", [], [3]],
  ["h", [], [3]],
  ["cx", [], [0, 3]],
  ["t", [], [3]],
  ["cx", [], [1, 3]],
  ["tdg", [], [3]],
  ["cx", [], [0, 3]],
  ["t", [], [3]],
  ["cx", [], [1, 3]],
  ["tdg", [], [3]],
  ["h", [], [3]],
  ["t", [], [3]],
  ["cx", [], [2, 3]],
  ["tdg", [], [3]],
  ["h", [], [3]],
];

/** The gates of OpenQASM 2 itself. Lepton reads U as Qiskit does: U(θ,φ,λ) = P(φ) RY(θ) P(λ). */
export const BUILTIN_2: ReadonlyMap<string, GateTemplate> = new Map([
  ["U", tableTemplate("u")],
  ["CX", tableTemplate("cx")],
]);

/** The gates of qelib1.inc with the additions that Qiskit reads (its legacy set), each with Qiskit's global phase. */
export const QELIB1: ReadonlyMap<string, GateTemplate> = new Map([
  ...named("qasm2"),
  ["u3", tableTemplate("u")],
  ["u2", U2],
  ["u1", tableTemplate("p")],
  ["u0", { numParams: 1, numQubits: 1, calls: () => [["id", [], [0]]] }],
  ["cu1", tableTemplate("cp")],
  ["cu3", { numParams: 3, numQubits: 2, calls: ([t, p, l]) => [["cu", [t!, p!, l!, 0], [0, 1]]] }],
  ["c3x", tableTemplate("x", 3)],
  ["c4x", tableTemplate("x", 4)],
  ["c3sqrtx", tableTemplate("sx", 3)],
  ["rccx", fixed(3, RCCX)],
  ["rc3x", fixed(4, RC3X)],
]);

/** Gates of the first qelib1.inc; only these may not be defined anew after the include, since many files bring the rest. */
export const QELIB1_FIRST: ReadonlySet<string> = new Set(
  "u3 u2 u1 cx id x y z h s sdg t tdg rx ry rz cz cy ch ccx crz cu1 cu3".split(" "),
);

/**
 * The gate of OpenQASM 3 itself: U(θ,φ,λ) has the global phase e^{iθ/2} against the u of the table
 * (OpenQASM 3.1 specification, "Built-in gates").
 */
export const BUILTIN_3: ReadonlyMap<string, GateTemplate> = new Map([
  [
    "U",
    {
      numParams: 3,
      numQubits: 1,
      calls: ([t, p, l]: readonly Angle[]): readonly TemplateCall[] => [
        ["u", [t!, p!, l!], [0]],
        ["gphase", [divide(t!, 2)], []],
      ],
    },
  ],
]);

/** The gates of stdgates.inc. As Qiskit does, u2 and u3 are read without the phase e^{-i(φ+λ)/2} of the official file. */
export const STDGATES: ReadonlyMap<string, GateTemplate> = new Map([
  ...named("qasm3"),
  ["CX", tableTemplate("cx")],
  ["phase", tableTemplate("p")],
  ["cphase", tableTemplate("cp")],
  ["u1", tableTemplate("p")],
  ["u2", U2],
]);
