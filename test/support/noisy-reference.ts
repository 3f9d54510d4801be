import { Circuit, circuitMatrix, type Matrix, type Operation, operationName, qubitsOf } from "../../circuits/index.ts";
import type { NoiseModel } from "../../providers/index.ts";
import { labelMatrix } from "./linear-algebra.ts";

/** The unnormalised density matrix (row-major, interleaved) that goes with some classical bits. */
export interface ReferenceMember {
  readonly rho: Matrix;
  readonly clbits: readonly number[];
}

const PROJECTORS = [Float64Array.of(1, 0, 0, 0, 0, 0, 0, 0), Float64Array.of(0, 0, 0, 0, 0, 0, 1, 0)] as const;
const LOWERING = Float64Array.of(0, 0, 1, 0, 0, 0, 0, 0);

/** A bound noisy circuit by whole matrices and Kraus operators, every set of classical bits kept. */
export function referenceEnsemble(circuit: Circuit, noise: NoiseModel): readonly ReferenceMember[] {
  const size = 2 ** circuit.numQubits;
  const rho = new Float64Array(2 * size * size);
  rho[0] = 1;
  return follow(circuit, noise, circuit.operations, [{ rho, clbits: new Array<number>(circuit.numClbits).fill(0) }]);
}

function follow(
  circuit: Circuit,
  noise: NoiseModel,
  operations: readonly Operation[],
  start: readonly ReferenceMember[],
): readonly ReferenceMember[] {
  let members = start;
  const each = (change: (rho: Matrix) => Matrix): void => {
    members = members.map(({ rho, clbits }) => ({ rho: change(rho), clbits }));
  };
  const operators = (kraus: readonly Matrix[], qubits: readonly number[]): ((rho: Matrix) => Matrix) => {
    const whole = kraus.map((matrix) => embedded(matrix, qubits, circuit.numQubits));
    return (rho) => whole.map((matrix) => sandwich(matrix, rho)).reduce(sum);
  };
  for (const operation of operations) {
    const own = qubitsOf(operation);
    const channels = () => {
      for (const { channel, on } of noise.channelsOf(operationName(operation), own))
        each(
          operators(
            channel.operators,
            on.map((place) => own[place]!),
          ),
        );
    };
    switch (operation.kind) {
      case "gate":
      case "unitary": {
        const matrix = circuitMatrix(Circuit.build(circuit.numQubits, (c) => c.append(operation)));
        each((rho) => sandwich(matrix, rho));
        channels();
        break;
      }
      case "measure": {
        channels();
        const [e0, e1] = noise.readoutErrors(operation.qubit);
        const parts = PROJECTORS.map((projector) => operators([projector], own));
        members = merged(
          members.flatMap(({ rho, clbits }) =>
            [0, 1].flatMap((truth) =>
              [0, 1].map((read) => {
                const error = truth === 0 ? e0 : e1;
                const weight = read === truth ? 1 - error : error;
                return {
                  rho: parts[truth]!(rho).map((value) => value * weight),
                  clbits: clbits.with(operation.clbit, read),
                };
              }),
            ),
          ),
        );
        break;
      }
      case "reset":
        each(operators([PROJECTORS[0], LOWERING], own));
        channels();
        break;
      case "delay": {
        const idle = noise.idle(operation.qubit, operation.duration);
        if (idle !== undefined) each(operators(idle.operators, own));
        channels();
        break;
      }
      case "if": {
        const { clbits: bits, value } = operation.condition;
        const holds = ({ clbits }: ReferenceMember): boolean =>
          bits.reduce((read, bit, index) => read + clbits[bit]! * 2 ** index, 0) === value;
        members = merged([
          ...follow(circuit, noise, operation.whenTrue, members.filter(holds)),
          ...follow(
            circuit,
            noise,
            operation.whenFalse,
            members.filter((member) => !holds(member)),
          ),
        ]);
        break;
      }
      default:
    }
  }
  return members;
}

function merged(members: readonly ReferenceMember[]): readonly ReferenceMember[] {
  const known = new Map<string, ReferenceMember>();
  for (const member of members) {
    const key = member.clbits.join("");
    const found = known.get(key);
    known.set(key, found === undefined ? member : { ...found, rho: sum(found.rho, member.rho) });
  }
  return [...known.values()];
}

/** The mean of what is read when every letter of a label is measured, bits misread by the model. */
export function referenceValue(members: readonly ReferenceMember[], label: string, noise: NoiseModel): number {
  const letters = [...label].reverse();
  // A misread letter is (1 - e0 - e1) P + (e1 - e0) 1: expand the product.
  let terms: [string, number][] = [["", 1]];
  for (const [qubit, letter] of letters.entries()) {
    const [e0, e1] = noise.readoutErrors(qubit);
    terms = terms.flatMap(([text, weight]): [string, number][] =>
      letter === "I"
        ? [[`I${text}`, weight]]
        : [
            [`${letter}${text}`, weight * (1 - e0 - e1)],
            [`I${text}`, weight * (e1 - e0)],
          ],
    );
  }
  let value = 0;
  for (const { rho } of members)
    for (const [text, weight] of terms) value += weight * realTrace(labelMatrix(text), rho);
  return value;
}

export function realTrace(a: Matrix, b: Matrix): number {
  const size = Math.sqrt(a.length / 2);
  let trace = 0;
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) {
      const x = 2 * (i * size + j);
      const y = 2 * (j * size + i);
      trace += a[x]! * b[y]! - a[x + 1]! * b[y + 1]!;
    }
  return trace;
}

function embedded(matrix: Matrix, qubits: readonly number[], numQubits: number): Matrix {
  const size = 2 ** numQubits;
  const small = 2 ** qubits.length;
  const local = (index: number): number => qubits.reduce((bits, qubit, at) => bits | (((index >> qubit) & 1) << at), 0);
  const others = ~qubits.reduce((mask, qubit) => mask | (1 << qubit), 0);
  const out = new Float64Array(2 * size * size);
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++)
      if ((row & others) === (column & others)) {
        const from = 2 * (local(row) * small + local(column));
        out[2 * (row * size + column)] = matrix[from]!;
        out[2 * (row * size + column) + 1] = matrix[from + 1]!;
      }
  return out;
}

/** m · rho · m†. */
function sandwich(m: Matrix, rho: Matrix): Matrix {
  return product(m, product(rho, m, true), false);
}

function product(a: Matrix, b: Matrix, adjoint: boolean): Matrix {
  const size = Math.sqrt(a.length / 2);
  const out = new Float64Array(a.length);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++)
      for (let k = 0; k < size; k++) {
        const x = 2 * (i * size + k);
        const y = adjoint ? 2 * (j * size + k) : 2 * (k * size + j);
        const im = adjoint ? -b[y + 1]! : b[y + 1]!;
        out[2 * (i * size + j)]! += a[x]! * b[y]! - a[x + 1]! * im;
        out[2 * (i * size + j) + 1]! += a[x]! * im + a[x + 1]! * b[y]!;
      }
  return out;
}

function sum(a: Matrix, b: Matrix): Matrix {
  return a.map((value, at) => value + b[at]!);
}
