import { divide, multiply, negate } from "./arithmetic.ts";
import { CircuitError } from "./errors.ts";
import type { Angle } from "./expression.ts";
import { complexMatrix, controlledMatrix, type Matrix, rotationMatrix } from "./matrices.ts";

/** One gate of a decomposition; `qubits` are positions in the decomposed gate's own qubit list. */
export type GateCall = readonly [gate: string, params: readonly Angle[], qubits: readonly number[]];

/**
 * One term of the phase polynomial of a diagonal gate: basis state i gets the phase (radians)
 * `constant + coefficient * params[param]` when all bits of `mask` are set in i.
 */
export interface PhaseTerm {
  readonly mask: number;
  readonly constant?: number;
  readonly param?: number;
  readonly coefficient?: number;
}

/**
 * The facts about one gate. All else in Lepton reads them from here: builder, printers, parsers, drawings, simulator,
 * gradients and transpiler. Qubits are in call order, controls first; the first qubit is the least significant bit of
 * the matrix index. Angles in radians. Matrices follow Qiskit, global phase included.
 */
export interface GateSpec {
  readonly numQubits: number;
  readonly numParams: number;
  /** The unitary for given parameters, row-major, interleaved re/im; a new one each time. */
  readonly matrix: (params: readonly number[]) => Matrix;
  /** Absent where the inverse is no row of the table; then the base gate's inverse is controlled instead. */
  readonly inverse?: (params: readonly Angle[]) => readonly [gate: string, params: readonly Angle[]];
  /**
   * Per parameter t, the numbers s such that every matrix element is a combination of exp(-i s t). The differences are
   * the frequencies of an expectation value in t; they give the parameter-shift rule. All nonzero |s| of a row agree.
   */
  readonly harmonics: readonly (readonly number[])[];
  /** An exact sequence of simpler gates, global phase included. Base gates (ry, diagonals, permutations) have none. */
  readonly decomposition?: (params: readonly Angle[]) => readonly GateCall[];
  /** For a diagonal gate: its phase polynomial. */
  readonly phases?: readonly PhaseTerm[];
  /** For a gate that permutes basis states: local state i goes to `permutation[i]`. */
  readonly permutation?: readonly number[];
  /** The gate obtained by one more control in front. */
  readonly controlled?: string;
  /** For a gate with controls in front: how many, and the gate they control. */
  readonly controls?: number;
  readonly base?: string;
  /** In the Clifford group (for every parameter value it takes). */
  readonly clifford: boolean;
  /** The gate to a real power, where that is the same kind of gate. */
  readonly power?: (params: readonly Angle[], exponent: number) => readonly [gate: string, params: readonly Angle[]];
  /** Name in Qiskit's qelib1.inc (legacy set); absent where the printer must define the gate. */
  readonly qasm2?: string;
  /** Name in the official stdgates.inc; absent where the printer must define the gate. */
  readonly qasm3?: string;
  /** Text in drawings, one letter or word per qubit that is no control. */
  readonly symbol: string;
}

const { PI } = Math;
const HALF: readonly number[] = [-0.5, 0.5];
const UNIT: readonly number[] = [-1, 0];
const CONTROLLED_HALF: readonly number[] = [-0.5, 0, 0.5];
const R = Math.SQRT1_2;

const self =
  (gate: string): NonNullable<GateSpec["inverse"]> =>
  (params) => [gate, params];
const to =
  (gate: string): NonNullable<GateSpec["inverse"]> =>
  () => [gate, []];
const negated =
  (gate: string): NonNullable<GateSpec["inverse"]> =>
  ([t]) => [gate, [negate(t!)]];
const scaled =
  (gate: string): NonNullable<GateSpec["power"]> =>
  ([t], k) => [gate, [multiply(t!, k)]];
const phasePower =
  (angle: number, gate = "p"): NonNullable<GateSpec["power"]> =>
  (_, k) => [gate, [angle * k]];
const e = (t: number): readonly [number, number] => [Math.cos(t), Math.sin(t)];
const diagonalPhase = (t: number): Matrix =>
  complexMatrix([
    [1, 0],
    [0, e(t)],
  ]);
const u3 = (t: number, p: number, l: number): Matrix => {
  const c = Math.cos(t / 2);
  const s = Math.sin(t / 2);
  return complexMatrix([
    [c, [-s * Math.cos(l), -s * Math.sin(l)]],
    [
      [s * Math.cos(p), s * Math.sin(p)],
      [c * Math.cos(p + l), c * Math.sin(p + l)],
    ],
  ]);
};
const X = complexMatrix([
  [0, 1],
  [1, 0],
]);
const Y = complexMatrix([
  [0, [0, -1]],
  [[0, 1], 0],
]);
const Z = complexMatrix([
  [1, 0],
  [0, -1],
]);
const H = complexMatrix([
  [R, R],
  [R, -R],
]);
const SX = complexMatrix([
  [
    [0.5, 0.5],
    [0.5, -0.5],
  ],
  [
    [0.5, -0.5],
    [0.5, 0.5],
  ],
]);
const SXDG = complexMatrix([
  [
    [0.5, -0.5],
    [0.5, 0.5],
  ],
  [
    [0.5, 0.5],
    [0.5, -0.5],
  ],
]);
const SWAP = complexMatrix([
  [1, 0, 0, 0],
  [0, 0, 1, 0],
  [0, 1, 0, 0],
  [0, 0, 0, 1],
]);

const fixed = { numParams: 0, harmonics: [] } as const;

/** The gate table; a new gate is one row. Sources: Qiskit 2.x circuit library and OpenQASM 3 stdgates.inc. */
// biome-ignore format: a table reads best with its cells side by side
export const GATES = {
  gphase: {
    numQubits: 0, numParams: 1, harmonics: [[-1]], clifford: false, symbol: "phase",
    matrix: ([t]) => complexMatrix([[e(t!)]]), inverse: negated("gphase"), power: scaled("gphase"),
    phases: [{ mask: 0, param: 0, coefficient: 1 }], controlled: "p", qasm3: "gphase",
  },
  id: {
    ...fixed, numQubits: 1, clifford: true, symbol: "I", matrix: () => complexMatrix([[1, 0], [0, 1]]), inverse: self("id"),
    phases: [], power: () => ["id", []], qasm2: "id", qasm3: "id",
  },
  x: {
    ...fixed, numQubits: 1, clifford: true, symbol: "X", matrix: () => X.slice(), inverse: self("x"), permutation: [1, 0],
    controlled: "cx", qasm2: "x", qasm3: "x",
  },
  y: {
    ...fixed, numQubits: 1, clifford: true, symbol: "Y", matrix: () => Y.slice(), inverse: self("y"), controlled: "cy",
    decomposition: () => [["z", [], [0]], ["x", [], [0]], ["gphase", [PI / 2], []]], qasm2: "y", qasm3: "y",
  },
  z: {
    ...fixed, numQubits: 1, clifford: true, symbol: "Z", matrix: () => Z.slice(), inverse: self("z"), controlled: "cz",
    phases: [{ mask: 1, constant: PI }], power: phasePower(PI), qasm2: "z", qasm3: "z",
  },
  h: {
    ...fixed, numQubits: 1, clifford: true, symbol: "H", matrix: () => H.slice(), inverse: self("h"), controlled: "ch",
    decomposition: () => [["z", [], [0]], ["ry", [PI / 2], [0]]], qasm2: "h", qasm3: "h",
  },
  s: {
    ...fixed, numQubits: 1, clifford: true, symbol: "S", matrix: () => complexMatrix([[1, 0], [0, [0, 1]]]), inverse: to("sdg"),
    controlled: "cs", phases: [{ mask: 1, constant: PI / 2 }], power: phasePower(PI / 2), qasm2: "s", qasm3: "s",
  },
  sdg: {
    ...fixed, numQubits: 1, clifford: true, symbol: "S†", matrix: () => complexMatrix([[1, 0], [0, [0, -1]]]), inverse: to("s"),
    controlled: "csdg", phases: [{ mask: 1, constant: -PI / 2 }], power: phasePower(-PI / 2), qasm2: "sdg", qasm3: "sdg",
  },
  t: {
    ...fixed, numQubits: 1, clifford: false, symbol: "T", matrix: () => complexMatrix([[1, 0], [0, [R, R]]]), inverse: to("tdg"),
    phases: [{ mask: 1, constant: PI / 4 }], power: phasePower(PI / 4), qasm2: "t", qasm3: "t",
  },
  tdg: {
    ...fixed, numQubits: 1, clifford: false, symbol: "T†", matrix: () => complexMatrix([[1, 0], [0, [R, -R]]]), inverse: to("t"),
    phases: [{ mask: 1, constant: -PI / 4 }], power: phasePower(-PI / 4), qasm2: "tdg", qasm3: "tdg",
  },
  sx: {
    ...fixed, numQubits: 1, clifford: true, symbol: "√X", matrix: () => SX.slice(), inverse: to("sxdg"), controlled: "csx",
    decomposition: () => [["rx", [PI / 2], [0]], ["gphase", [PI / 4], []]], qasm2: "sx", qasm3: "sx",
  },
  sxdg: {
    ...fixed, numQubits: 1, clifford: true, symbol: "√X†", matrix: () => SXDG.slice(), inverse: to("sx"),
    decomposition: () => [["rx", [-PI / 2], [0]], ["gphase", [-PI / 4], []]], qasm2: "sxdg",
  },
  rx: {
    numQubits: 1, numParams: 1, harmonics: [HALF], clifford: false, symbol: "Rx", matrix: ([t]) => rotationMatrix("X", t!),
    inverse: negated("rx"), power: scaled("rx"), controlled: "crx",
    decomposition: ([t]) => [["s", [], [0]], ["ry", [t!], [0]], ["sdg", [], [0]]], qasm2: "rx", qasm3: "rx",
  },
  ry: {
    numQubits: 1, numParams: 1, harmonics: [HALF], clifford: false, symbol: "Ry", matrix: ([t]) => rotationMatrix("Y", t!),
    inverse: negated("ry"), power: scaled("ry"), controlled: "cry", qasm2: "ry", qasm3: "ry",
  },
  rz: {
    numQubits: 1, numParams: 1, harmonics: [HALF], clifford: false, symbol: "Rz", matrix: ([t]) => rotationMatrix("Z", t!),
    inverse: negated("rz"), power: scaled("rz"), controlled: "crz",
    phases: [{ mask: 0, param: 0, coefficient: -0.5 }, { mask: 1, param: 0, coefficient: 1 }], qasm2: "rz", qasm3: "rz",
  },
  p: {
    numQubits: 1, numParams: 1, harmonics: [UNIT], clifford: false, symbol: "P", matrix: ([t]) => diagonalPhase(t!),
    inverse: negated("p"), power: scaled("p"), controlled: "cp", phases: [{ mask: 1, param: 0, coefficient: 1 }],
    qasm2: "p", qasm3: "p",
  },
  u: {
    numQubits: 1, numParams: 3, harmonics: [HALF, UNIT, UNIT], clifford: false, symbol: "U",
    matrix: ([t, p, l]) => u3(t!, p!, l!), inverse: ([t, p, l]) => ["u", [negate(t!), negate(l!), negate(p!)]],
    decomposition: ([t, p, l]) => [["p", [l!], [0]], ["ry", [t!], [0]], ["p", [p!], [0]]], qasm2: "u", qasm3: "u3",
  },
  cx: {
    ...fixed, numQubits: 2, clifford: true, symbol: "X", controls: 1, base: "x", controlled: "ccx",
    matrix: () => controlledMatrix(X, 1), inverse: self("cx"), permutation: [0, 3, 2, 1], qasm2: "cx", qasm3: "cx",
  },
  cy: {
    ...fixed, numQubits: 2, clifford: true, symbol: "Y", controls: 1, base: "y",
    matrix: () => controlledMatrix(Y, 1), inverse: self("cy"),
    decomposition: () => [["sdg", [], [1]], ["cx", [], [0, 1]], ["s", [], [1]]], qasm2: "cy", qasm3: "cy",
  },
  cz: {
    ...fixed, numQubits: 2, clifford: true, symbol: "Z", controls: 1, base: "z", controlled: "ccz",
    matrix: () => controlledMatrix(Z, 1), inverse: self("cz"), phases: [{ mask: 3, constant: PI }], power: phasePower(PI, "cp"),
    qasm2: "cz", qasm3: "cz",
  },
  ch: {
    ...fixed, numQubits: 2, clifford: false, symbol: "H", controls: 1, base: "h",
    matrix: () => controlledMatrix(H, 1), inverse: self("ch"),
    decomposition: () => [["ry", [-PI / 4], [1]], ["cz", [], [0, 1]], ["ry", [PI / 4], [1]]], qasm2: "ch", qasm3: "ch",
  },
  cs: {
    ...fixed, numQubits: 2, clifford: false, symbol: "S", controls: 1, base: "s",
    matrix: () => controlledMatrix(diagonalPhase(PI / 2), 1), inverse: to("csdg"),
    phases: [{ mask: 3, constant: PI / 2 }], power: phasePower(PI / 2, "cp"),
  },
  csdg: {
    ...fixed, numQubits: 2, clifford: false, symbol: "S†", controls: 1, base: "sdg",
    matrix: () => controlledMatrix(diagonalPhase(-PI / 2), 1), inverse: to("cs"),
    phases: [{ mask: 3, constant: -PI / 2 }], power: phasePower(-PI / 2, "cp"),
  },
  csx: {
    ...fixed, numQubits: 2, clifford: false, symbol: "√X", controls: 1, base: "sx",
    matrix: () => controlledMatrix(SX, 1),
    decomposition: () => [["h", [], [1]], ["cs", [], [0, 1]], ["h", [], [1]]], qasm2: "csx",
  },
  cp: {
    numQubits: 2, numParams: 1, harmonics: [UNIT], clifford: false, symbol: "P", controls: 1, base: "p",
    matrix: ([t]) => controlledMatrix(diagonalPhase(t!), 1), inverse: negated("cp"), power: scaled("cp"),
    phases: [{ mask: 3, param: 0, coefficient: 1 }], qasm2: "cp", qasm3: "cp",
  },
  crx: {
    numQubits: 2, numParams: 1, harmonics: [CONTROLLED_HALF], clifford: false, symbol: "Rx", controls: 1, base: "rx",
    matrix: ([t]) => controlledMatrix(rotationMatrix("X", t!), 1), inverse: negated("crx"), power: scaled("crx"),
    decomposition: ([t]) => [["h", [], [1]], ["crz", [t!], [0, 1]], ["h", [], [1]]], qasm2: "crx", qasm3: "crx",
  },
  cry: {
    numQubits: 2, numParams: 1, harmonics: [CONTROLLED_HALF], clifford: false, symbol: "Ry", controls: 1, base: "ry",
    matrix: ([t]) => controlledMatrix(rotationMatrix("Y", t!), 1), inverse: negated("cry"), power: scaled("cry"),
    decomposition: ([t]) => [
      ["ry", [divide(t!, 2)], [1]], ["cx", [], [0, 1]], ["ry", [divide(t!, -2)], [1]], ["cx", [], [0, 1]],
    ],
    qasm2: "cry", qasm3: "cry",
  },
  crz: {
    numQubits: 2, numParams: 1, harmonics: [CONTROLLED_HALF], clifford: false, symbol: "Rz", controls: 1, base: "rz",
    matrix: ([t]) => controlledMatrix(rotationMatrix("Z", t!), 1), inverse: negated("crz"), power: scaled("crz"),
    phases: [{ mask: 1, param: 0, coefficient: -0.5 }, { mask: 3, param: 0, coefficient: 1 }], qasm2: "crz", qasm3: "crz",
  },
  cu: {
    numQubits: 2, numParams: 4, harmonics: [CONTROLLED_HALF, UNIT, UNIT, UNIT], clifford: false, symbol: "U", controls: 1,
    matrix: ([t, p, l, g]) => controlledMatrix(u3(t!, p!, l!), 1, e(g!)),
    inverse: ([t, p, l, g]) => ["cu", [negate(t!), negate(l!), negate(p!), negate(g!)]],
    decomposition: ([t, p, l, g]) => [
      ["p", [g!], [0]], ["cp", [l!], [0, 1]], ["cry", [t!], [0, 1]], ["cp", [p!], [0, 1]],
    ],
    qasm2: "cu", qasm3: "cu",
  },
  swap: {
    ...fixed, numQubits: 2, clifford: true, symbol: "x", matrix: () => SWAP.slice(), inverse: self("swap"), permutation: [0, 2, 1, 3],
    controlled: "cswap", qasm2: "swap", qasm3: "swap",
  },
  iswap: {
    ...fixed, numQubits: 2, clifford: true, symbol: "iSwap", inverse: () => ["xx_plus_yy", [PI, 0]],
    matrix: () => complexMatrix([[1, 0, 0, 0], [0, 0, [0, 1], 0], [0, [0, 1], 0, 0], [0, 0, 0, 1]]),
    decomposition: () => [["s", [], [0]], ["s", [], [1]], ["cz", [], [0, 1]], ["swap", [], [0, 1]]],
  },
  ecr: {
    ...fixed, numQubits: 2, clifford: true, symbol: "ECR", inverse: self("ecr"),
    matrix: () =>
      complexMatrix([
        [0, R, 0, [0, R]],
        [R, 0, [0, -R], 0],
        [0, [0, R], 0, R],
        [[0, -R], 0, R, 0],
      ]),
    decomposition: () => [
      ["s", [], [0]], ["sx", [], [1]], ["cx", [], [0, 1]], ["x", [], [0]], ["gphase", [-PI / 4], []],
    ],
  },
  rxx: {
    numQubits: 2, numParams: 1, harmonics: [HALF], clifford: false, symbol: "Rxx", matrix: ([t]) => rotationMatrix("XX", t!),
    inverse: negated("rxx"), power: scaled("rxx"),
    decomposition: ([t]) => [
      ["h", [], [0]], ["h", [], [1]], ["rzz", [t!], [0, 1]], ["h", [], [0]], ["h", [], [1]],
    ],
    qasm2: "rxx",
  },
  ryy: {
    numQubits: 2, numParams: 1, harmonics: [HALF], clifford: false, symbol: "Ryy", matrix: ([t]) => rotationMatrix("YY", t!),
    inverse: negated("ryy"), power: scaled("ryy"),
    decomposition: ([t]) => [
      ["sx", [], [0]], ["sx", [], [1]], ["rzz", [t!], [0, 1]], ["sxdg", [], [0]], ["sxdg", [], [1]],
    ],
  },
  rzz: {
    numQubits: 2, numParams: 1, harmonics: [HALF], clifford: false, symbol: "Rzz", matrix: ([t]) => rotationMatrix("ZZ", t!),
    inverse: negated("rzz"), power: scaled("rzz"),
    phases: [
      { mask: 0, param: 0, coefficient: -0.5 }, { mask: 1, param: 0, coefficient: 1 },
      { mask: 2, param: 0, coefficient: 1 }, { mask: 3, param: 0, coefficient: -2 },
    ],
    qasm2: "rzz",
  },
  rzx: {
    numQubits: 2, numParams: 1, harmonics: [HALF], clifford: false, symbol: "Rzx", matrix: ([t]) => rotationMatrix("XZ", t!),
    inverse: negated("rzx"), power: scaled("rzx"),
    decomposition: ([t]) => [["h", [], [1]], ["rzz", [t!], [0, 1]], ["h", [], [1]]],
  },
  xx_plus_yy: {
    numQubits: 2, numParams: 2, harmonics: [CONTROLLED_HALF, [-1, 0, 1]], clifford: false, symbol: "XX+YY",
    matrix: ([t, b]) => {
      const c = Math.cos(t! / 2);
      const s = Math.sin(t! / 2);
      const [re, im] = e(b!);
      return complexMatrix([[1, 0, 0, 0], [0, c, [-s * im, -s * re], 0], [0, [s * im, -s * re], c, 0], [0, 0, 0, 1]]);
    },
    inverse: ([t, b]) => ["xx_plus_yy", [negate(t!), b!]],
    power: ([t, b], k) => ["xx_plus_yy", [multiply(t!, k), b!]],
    decomposition: ([t, b]) => [
      ["rz", [b!], [0]], ["rxx", [divide(t!, 2)], [0, 1]], ["ryy", [divide(t!, 2)], [0, 1]], ["rz", [negate(b!)], [0]],
    ],
  },
  xx_minus_yy: {
    numQubits: 2, numParams: 2, harmonics: [CONTROLLED_HALF, [-1, 0, 1]], clifford: false, symbol: "XX-YY",
    matrix: ([t, b]) => {
      const c = Math.cos(t! / 2);
      const s = Math.sin(t! / 2);
      const [re, im] = e(b!);
      return complexMatrix([[c, 0, 0, [-s * im, -s * re]], [0, 1, 0, 0], [0, 0, 1, 0], [[s * im, -s * re], 0, 0, c]]);
    },
    inverse: ([t, b]) => ["xx_minus_yy", [negate(t!), b!]],
    power: ([t, b], k) => ["xx_minus_yy", [multiply(t!, k), b!]],
    decomposition: ([t, b]) => [
      ["rz", [negate(b!)], [1]], ["rxx", [divide(t!, 2)], [0, 1]], ["ryy", [divide(t!, -2)], [0, 1]], ["rz", [b!], [1]],
    ],
  },
  ccx: {
    ...fixed, numQubits: 3, clifford: false, symbol: "X", controls: 2, base: "x", matrix: () => controlledMatrix(X, 2),
    inverse: self("ccx"), permutation: [0, 1, 2, 7, 4, 5, 6, 3], qasm2: "ccx", qasm3: "ccx",
  },
  ccz: {
    ...fixed, numQubits: 3, clifford: false, symbol: "Z", controls: 2, base: "z", matrix: () => controlledMatrix(Z, 2),
    inverse: self("ccz"), phases: [{ mask: 7, constant: PI }],
  },
  cswap: {
    ...fixed, numQubits: 3, clifford: false, symbol: "x", controls: 1, base: "swap", matrix: () => controlledMatrix(SWAP, 1),
    inverse: self("cswap"), permutation: [0, 1, 2, 5, 4, 3, 6, 7], qasm2: "cswap", qasm3: "cswap",
  },
} as const satisfies Record<string, GateSpec>;

/** The name of a gate of the table. */
export type GateName = keyof typeof GATES;

export function isGateName(name: string): name is GateName {
  return Object.hasOwn(GATES, name);
}

/** The row of a gate. @throws CircuitError GATE_UNKNOWN */
export function gateSpec(name: string): GateSpec {
  if (!isGateName(name))
    throw new CircuitError("GATE_UNKNOWN", `"${name}" is not a gate. Known gates: ${Object.keys(GATES).join(", ")}.`);
  return GATES[name];
}

/** The frequencies of an expectation value in a parameter with these harmonics: their positive differences, ascending. */
export function frequenciesOf(harmonics: readonly number[]): readonly number[] {
  const differences = new Set<number>();
  for (const a of harmonics) for (const b of harmonics) if (a > b) differences.add(a - b);
  return [...differences].sort((a, b) => a - b);
}
