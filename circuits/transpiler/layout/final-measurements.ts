import { clbitsOf, type MeasureOperation, type Operation, qubitsOf } from "../../operation.ts";

/**
 * Takes measurements after which nothing happens to their qubits and bits out of a circuit, so that they can come after all
 * else: a qubit that is measured early and then moved would turn the circuit into a dynamic one.
 */
export function withoutFinalMeasurements(operations: readonly Operation[]): {
  readonly rest: readonly Operation[];
  readonly measurements: readonly MeasureOperation[];
} {
  const qubitsInUse = new Set<number>();
  const clbitsInUse = new Set<number>();
  const rest: Operation[] = [];
  const measurements: MeasureOperation[] = [];
  for (const operation of operations.toReversed()) {
    if (operation.kind === "measure" && !qubitsInUse.has(operation.qubit) && !clbitsInUse.has(operation.clbit))
      measurements.push(operation);
    else rest.push(operation);
    for (const qubit of qubitsOf(operation)) qubitsInUse.add(qubit);
    for (const clbit of clbitsOf(operation)) clbitsInUse.add(clbit);
  }
  return { rest: rest.reverse(), measurements: measurements.reverse() };
}
