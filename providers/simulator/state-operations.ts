import { gateSpec, type Matrix, type Parameter, type UnitaryKind } from "../../circuits/index.ts";

/**
 * One gate of one row, ready to be applied in place to a state of n qubits (interleaved re/im, qubit 0 least
 * significant).
 */
export interface StateOperation {
  apply(state: Float64Array): void;
}

/** Makes a gate or unitary ready; `valueFor` gives the row's parameter values (radians). */
export function stateOperation(
  operation: UnitaryKind,
  numQubits: number,
  valueFor: (parameter: Parameter) => number,
): StateOperation {
  let { numControls, controlState } = operation;
  let matrix: Matrix;
  if (operation.kind === "unitary") matrix = operation.matrix;
  else {
    const params = operation.params.map((param) => (typeof param === "number" ? param : param.evaluate(valueFor)));
    const { base, controls, matrix: own } = gateSpec(operation.gate);
    // A controlled gate of the table is its base gate on the part of the state where the controls are set.
    if (base !== undefined && controls !== undefined && gateSpec(base).numParams === params.length) {
      controlState += (2 ** controls - 1) * 2 ** numControls;
      numControls += controls;
      matrix = gateSpec(base).matrix(params);
    } else matrix = own(params);
  }
  let controlMask = 0;
  let controlValue = 0;
  for (const [index, qubit] of operation.qubits.slice(0, numControls).entries()) {
    controlMask |= 1 << qubit;
    if (Math.floor(controlState / 2 ** index) % 2 === 1) controlValue |= 1 << qubit;
  }
  const targets = operation.qubits.slice(numControls);
  return targets.length === 1
    ? oneQubit(matrix, targets[0]!, controlMask, controlValue, numQubits)
    : manyQubits(matrix, targets, controlMask, controlValue, numQubits);
}

/** O(2^n / 2^controls): the free qubits' values are visited as the submasks of `free`. */
function oneQubit(
  matrix: Matrix,
  qubit: number,
  controlMask: number,
  controlValue: number,
  numQubits: number,
): StateOperation {
  const bit = 1 << qubit;
  const free = (2 ** numQubits - 1) & ~(controlMask | bit);
  const [ar, ai, br, bi, cr, ci, dr, di] = matrix as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return {
    apply(state) {
      let rest = 0;
      do {
        const i = 2 * (rest | controlValue);
        const j = 2 * (rest | controlValue | bit);
        const xr = state[i]!;
        const xi = state[i + 1]!;
        const yr = state[j]!;
        const yi = state[j + 1]!;
        state[i] = ar * xr - ai * xi + br * yr - bi * yi;
        state[i + 1] = ar * xi + ai * xr + br * yi + bi * yr;
        state[j] = cr * xr - ci * xi + dr * yr - di * yi;
        state[j + 1] = cr * xi + ci * xr + dr * yi + di * yr;
        rest = (rest - free) & free;
      } while (rest !== 0);
    },
  };
}

/** O(2^n·2^k) for k targets, or 2^n for none (a phase). */
function manyQubits(
  matrix: Matrix,
  targets: readonly number[],
  controlMask: number,
  controlValue: number,
  numQubits: number,
): StateOperation {
  const local = 2 ** targets.length;
  const targetMask = targets.reduce((mask, qubit) => mask | (1 << qubit), 0);
  const free = (2 ** numQubits - 1) & ~(controlMask | targetMask);
  const offsets = Int32Array.from({ length: local }, (_, index) =>
    targets.reduce((offset, qubit, bit) => offset | (((index >> bit) & 1) << qubit), controlValue),
  );
  const input = new Float64Array(2 * local);
  return {
    apply(state) {
      let rest = 0;
      do {
        for (let i = 0; i < local; i++) {
          const from = 2 * (rest | offsets[i]!);
          input[2 * i] = state[from]!;
          input[2 * i + 1] = state[from + 1]!;
        }
        for (let i = 0; i < local; i++) {
          let re = 0;
          let im = 0;
          for (let j = 0; j < local; j++) {
            const entry = 2 * (i * local + j);
            const a = matrix[entry]!;
            const b = matrix[entry + 1]!;
            re += a * input[2 * j]! - b * input[2 * j + 1]!;
            im += a * input[2 * j + 1]! + b * input[2 * j]!;
          }
          const to = 2 * (rest | offsets[i]!);
          state[to] = re;
          state[to + 1] = im;
        }
        rest = (rest - free) & free;
      } while (rest !== 0);
    },
  };
}

/** The probability that a normalised state reads 1 on a qubit, in [0, 1]. */
export function probabilityOfOne(state: Float64Array, qubit: number): number {
  const stride = 2 << qubit;
  let zero = 0;
  let one = 0;
  for (let base = 0; base < state.length; base += 2 * stride) {
    for (let at = base; at < base + stride; at++) zero += state[at]! * state[at]!;
    for (let at = base + stride; at < base + 2 * stride; at++) one += state[at]! * state[at]!;
  }
  return one / (zero + one);
}

/** Projects a state onto `outcome` of a qubit, which has `probability`, and normalises it. */
export function collapse(state: Float64Array, qubit: number, outcome: 0 | 1, probability: number): void {
  const stride = 2 << qubit;
  const scale = 1 / Math.sqrt(probability);
  for (let base = 0; base < state.length; base += 2 * stride) {
    const kept = base + outcome * stride;
    const lost = base + (1 - outcome) * stride;
    for (let at = kept; at < kept + stride; at++) state[at]! *= scale;
    state.fill(0, lost, lost + stride);
  }
}

/** Moves a state that reads 1 on a qubit to 0 there. */
export function clearQubit(state: Float64Array, qubit: number): void {
  const stride = 2 << qubit;
  for (let base = 0; base < state.length; base += 2 * stride) {
    state.copyWithin(base, base + stride, base + 2 * stride);
    state.fill(0, base + stride, base + 2 * stride);
  }
}
