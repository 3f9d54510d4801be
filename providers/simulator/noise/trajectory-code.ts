import {
  type Circuit,
  type Condition,
  type Matrix,
  mapOperation,
  type Operation,
  type Parameter,
  qubitsOf,
  type UnitaryKind,
} from "../../../circuits/index.ts";
import { type StateOperation, stateOperation } from "../state-operations.ts";
import type { NoiseModel } from "./noise-model.ts";
import { type NoisyCircuit, noiseOf } from "./noisy-circuit.ts";

/** One operator of a channel, with E = K†K, whose mean is the probability of K. */
interface Jump {
  readonly operator: StateOperation;
  readonly weight: Matrix;
}

/** Operations of one row with their noise, laid out flat so that a place in the circuit is one number. */
export type Code =
  | { readonly kind: "gate"; readonly gate: StateOperation }
  /** Nothing with probability `identity`, else one of the jumps. */
  | {
      readonly kind: "channel";
      readonly identity: number;
      readonly jumps: readonly Jump[];
      readonly qubits: readonly number[];
    }
  | {
      readonly kind: "measure";
      readonly qubit: number;
      readonly clbit: number;
      readonly errors: readonly [number, number];
    }
  | { readonly kind: "reset"; readonly qubit: number }
  | { readonly kind: "unless"; readonly condition: Condition; to: number }
  | { readonly kind: "jump"; to: number };

/** Lays out what does not depend on a row's values; `codeFor` makes the rest. */
export class TrajectoryCode {
  readonly numQubits: number;
  readonly #columns: ReadonlyMap<string, number>;
  readonly #template: readonly (Code | { readonly kind: "free"; readonly operation: UnitaryKind })[];

  constructor(circuit: Circuit, { qubits, operations, final }: NoisyCircuit, noise: NoiseModel) {
    this.numQubits = qubits.length;
    this.#columns = new Map(circuit.parameters.map(({ name }, index) => [name, index]));
    const place = new Map(qubits.map((qubit, index) => [qubit, index]));
    const code: (Code | { readonly kind: "free"; readonly operation: UnitaryKind })[] = [];
    const addChannels = (operation: Operation): void => {
      for (const { channel, qubits: own } of noiseOf(operation, noise)) {
        const { identity, operators } = channel.unravelling;
        const compact = own.map((qubit) => place.get(qubit)!);
        if (operators.length > 0)
          code.push({
            kind: "channel",
            identity,
            jumps: operators.map((matrix) => ({
              operator: matrixOn(matrix, compact, this.numQubits),
              weight: adjointProduct(matrix),
            })),
            qubits: compact,
          });
      }
    };
    const lay = (operation: Operation): void => {
      if (operation.kind === "gate" || operation.kind === "unitary") {
        const own = mapOperation(operation, { qubit: (qubit) => place.get(qubit)! }) as UnitaryKind;
        if (own.kind === "gate" && own.params.some((param) => typeof param !== "number"))
          code.push({ kind: "free", operation: own });
        else code.push({ kind: "gate", gate: stateOperation(own, this.numQubits, () => Number.NaN) });
      } else if (operation.kind === "measure") {
        addChannels(operation);
        const [qubit, errors] = [place.get(operation.qubit)!, noise.readoutErrors(operation.qubit)];
        code.push({ kind: "measure", qubit, clbit: operation.clbit, errors });
        return;
      } else if (operation.kind === "reset") code.push({ kind: "reset", qubit: place.get(operation.qubit)! });
      else if (operation.kind === "if") {
        const unless = { kind: "unless" as const, condition: operation.condition, to: 0 };
        code.push(unless);
        operation.whenTrue.forEach(lay);
        const jump = { kind: "jump" as const, to: 0 };
        code.push(jump);
        unless.to = code.length;
        operation.whenFalse.forEach(lay);
        jump.to = code.length;
        return;
      }
      if (qubitsOf(operation).length > 0) addChannels(operation);
    };
    operations.forEach(lay);
    final.forEach(addChannels);
    this.#template = code;
  }

  get bytes(): number {
    return 1000 * this.#template.length;
  }

  codeFor(values: Float64Array): readonly Code[] {
    const valueFor = (parameter: Parameter): number => values[this.#columns.get(parameter.name)!]!;
    return this.#template.map((instruction) =>
      instruction.kind === "free"
        ? { kind: "gate", gate: stateOperation(instruction.operation, this.numQubits, valueFor) }
        : instruction,
    );
  }
}

function matrixOn(matrix: Matrix, qubits: readonly number[], numQubits: number): StateOperation {
  return stateOperation(
    { kind: "unitary", matrix, label: "channel", qubits, numControls: 0, controlState: 0 },
    numQubits,
    () => Number.NaN,
  );
}

/** K†K. */
function adjointProduct(matrix: Matrix): Matrix {
  const size = Math.round(Math.sqrt(matrix.length / 2));
  const out = new Float64Array(matrix.length);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++)
      for (let k = 0; k < size; k++) {
        const a = 2 * (k * size + i);
        const b = 2 * (k * size + j);
        out[2 * (i * size + j)]! += matrix[a]! * matrix[b]! + matrix[a + 1]! * matrix[b + 1]!;
        out[2 * (i * size + j) + 1]! += matrix[a]! * matrix[b + 1]! - matrix[a + 1]! * matrix[b]!;
      }
  return out;
}

/** The unnormalised density matrix of some qubits of a state, row-major; the first qubit least significant. O(2^n 2^k). */
export function reducedMatrix(state: Float64Array, qubits: readonly number[]): Matrix {
  const size = 2 ** qubits.length;
  const out = new Float64Array(2 * size * size);
  const mask = qubits.reduce((bits, qubit) => bits | (1 << qubit), 0);
  const offsets = Array.from({ length: size }, (_, index) =>
    qubits.reduce((offset, qubit, bit) => offset | (((index >> bit) & 1) << qubit), 0),
  );
  const free = (state.length / 2 - 1) & ~mask;
  let rest = 0;
  do {
    for (let i = 0; i < size; i++) {
      const a = 2 * (rest | offsets[i]!);
      const ar = state[a]!;
      const ai = state[a + 1]!;
      for (let j = 0; j < size; j++) {
        const b = 2 * (rest | offsets[j]!);
        const at = 2 * (i * size + j);
        out[at]! += ar * state[b]! + ai * state[b + 1]!;
        out[at + 1]! += ai * state[b]! - ar * state[b + 1]!;
      }
    }
    rest = (rest - free) & free;
  } while (rest !== 0);
  return out;
}

/** Re Tr(weight · density). */
export function meanOf(weight: Matrix, density: Matrix): number {
  const size = Math.round(Math.sqrt(weight.length / 2));
  let sum = 0;
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) {
      const a = 2 * (i * size + j);
      const b = 2 * (j * size + i);
      sum += weight[a]! * density[b]! - weight[a + 1]! * density[b + 1]!;
    }
  return sum;
}
