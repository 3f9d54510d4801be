import { type Operation, operationMatrix, type UnitaryKind } from "../../circuits/index.ts";

/** A table over variables of two values; entry index has the first variable as least significant bit. */
interface Factor {
  readonly variables: readonly number[];
  /** Interleaved, 2^variables entries. */
  readonly values: Float64Array;
}

const MAX_VARIABLES = 20;

/** The circuit is too entangled for this way. */
export class TooManyVariables extends Error {}

/**
 * One amplitude ⟨outcome|U|0…0⟩ by summing over the paths' variables one at a time, that with the fewest neighbours first:
 * any number of qubits, as long as the circuit is shallow or sparse (Boixo et al., arXiv 1712.05384). Measurements are passed
 * over. @param outcome the bit of each qubit in use at the end; 0 for those not named
 * @throws TooManyVariables where more than 2^20 entries would be needed at once
 */
export function amplitude(
  operations: readonly Operation[],
  outcome: ReadonlyMap<number, number>,
): readonly [number, number] {
  const { factors, last } = factorsOf(operations);
  // The end of each wire is fixed.
  let current = factors;
  for (const [qubit, variable] of last) {
    const bit = outcome.get(qubit) ?? 0;
    if (variable === undefined) {
      if (bit !== 0) return [0, 0];
      continue;
    }
    current = current.map((factor) => (factor.variables.includes(variable) ? fixed(factor, variable, bit) : factor));
  }
  for (const [qubit, bit] of outcome) if (!last.has(qubit) && bit !== 0) return [0, 0];
  return eliminate(current);
}

function factorsOf(operations: readonly Operation[]) {
  const factors: Factor[] = [];
  /** The variable of each qubit's wire now; undefined while it is |0⟩ for certain. */
  const last = new Map<number, number | undefined>();
  let count = 0;
  for (const operation of operations) {
    if (operation.kind !== "gate" && operation.kind !== "unitary") continue;
    const before = operation.qubits.map((qubit) => last.get(qubit));
    const stays = operation.qubits.map((_, i) => keepsBit(operation, i));
    const after = operation.qubits.map((_, i) => (stays[i] ? before[i] : count++));
    factors.push(factorOf(operation, before, after, stays));
    for (const [i, qubit] of operation.qubits.entries()) last.set(qubit, after[i]);
  }
  return { factors, last };
}

function keepsBit(operation: UnitaryKind, i: number): boolean {
  const matrix = operationMatrix(operation);
  const size = 2 ** operation.qubits.length;
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++)
      if (
        ((row ^ column) >> i) & 1 &&
        Math.hypot(matrix[2 * (row * size + column)]!, matrix[2 * (row * size + column) + 1]!) > 1e-14
      )
        return false;
  return true;
}

function factorOf(
  operation: UnitaryKind,
  before: readonly (number | undefined)[],
  after: readonly (number | undefined)[],
  stays: readonly boolean[],
): Factor {
  const matrix = operationMatrix(operation);
  const size = 2 ** operation.qubits.length;
  const variables = [...new Set([...before, ...after].filter((variable) => variable !== undefined))];
  const values = new Float64Array(2 * 2 ** variables.length);
  const bitOf = (variable: number | undefined, index: number): number =>
    variable === undefined ? 0 : (index >> variables.indexOf(variable)) & 1;
  for (let index = 0; index < values.length / 2; index++) {
    let row = 0;
    let column = 0;
    operation.qubits.forEach((_, i) => {
      column |= bitOf(before[i], index) << i;
      row |= bitOf(stays[i] ? before[i] : after[i], index) << i;
    });
    values[2 * index] = matrix[2 * (row * size + column)]!;
    values[2 * index + 1] = matrix[2 * (row * size + column) + 1]!;
  }
  return { variables, values };
}

function fixed(factor: Factor, variable: number, bit: number): Factor {
  const at = factor.variables.indexOf(variable);
  const values = new Float64Array(factor.values.length / 2);
  for (let index = 0; index < values.length / 2; index++) {
    const from = ((index >> at) << (at + 1)) | (bit << at) | (index & ((1 << at) - 1));
    values[2 * index] = factor.values[2 * from]!;
    values[2 * index + 1] = factor.values[2 * from + 1]!;
  }
  return { variables: factor.variables.filter((other) => other !== variable), values };
}

function eliminate(factors: readonly Factor[]): readonly [number, number] {
  let re = 1;
  let im = 0;
  const scale = ({ values }: Factor): void => {
    [re, im] = [re * values[0]! - im * values[1]!, re * values[1]! + im * values[0]!];
  };
  const byVariable = new Map<number, Set<Factor>>();
  const add = (factor: Factor): void => {
    if (factor.variables.length === 0) scale(factor);
    for (const variable of factor.variables) {
      const set = byVariable.get(variable);
      if (set === undefined) byVariable.set(variable, new Set([factor]));
      else set.add(factor);
    }
  };
  factors.forEach(add);
  const scopeOf = (variable: number): Set<number> => {
    const scope = new Set<number>();
    for (const factor of byVariable.get(variable)!) for (const other of factor.variables) scope.add(other);
    return scope;
  };
  while (byVariable.size > 0) {
    let next = -1;
    let least = Number.POSITIVE_INFINITY;
    for (const variable of byVariable.keys()) {
      const size = scopeOf(variable).size;
      if (size < least) {
        least = size;
        next = variable;
      }
    }
    if (least > MAX_VARIABLES) throw new TooManyVariables(`An amplitude needs tables of ${least} variables.`);
    const scope = [next, ...[...scopeOf(next)].filter((variable) => variable !== next)];
    const group = [...byVariable.get(next)!];
    for (const factor of group) for (const variable of factor.variables) byVariable.get(variable)!.delete(factor);
    byVariable.delete(next);
    for (const variable of scope) if (byVariable.get(variable)?.size === 0) byVariable.delete(variable);
    add(summed(group, scope));
  }
  return [re, im];
}

/** The product of factors over `scope`, summed over its first variable. */
function summed(group: readonly Factor[], scope: readonly number[]): Factor {
  const product = new Float64Array(2 * 2 ** scope.length);
  for (let i = 0; i < product.length; i += 2) product[i] = 1;
  for (const { variables, values } of group) {
    const places = variables.map((variable) => scope.indexOf(variable));
    for (let index = 0; index < product.length / 2; index++) {
      let from = 0;
      for (let k = 0; k < places.length; k++) from |= ((index >> places[k]!) & 1) << k;
      const x = product[2 * index]!;
      const y = product[2 * index + 1]!;
      product[2 * index] = x * values[2 * from]! - y * values[2 * from + 1]!;
      product[2 * index + 1] = x * values[2 * from + 1]! + y * values[2 * from]!;
    }
  }
  const values = new Float64Array(product.length / 2);
  for (let index = 0; index < values.length / 2; index++) {
    values[2 * index] = product[4 * index]! + product[4 * index + 2]!;
    values[2 * index + 1] = product[4 * index + 1]! + product[4 * index + 3]!;
  }
  return { variables: scope.slice(1), values };
}
