import {
  Circuit,
  causalCone,
  mapOperation,
  type Operation,
  type SparsePauliOp,
  slotsOf,
  weight,
} from "../../circuits/index.ts";
import { type ShiftTerm, shiftRule } from "./shift-rules.ts";

/** Which gradients are wanted. */
export interface GradientWants {
  /** For the weights, summed over the rows of a batch. */
  readonly weights: boolean;
  /** For the inputs of every row. */
  readonly inputs: boolean;
}

/** How many parameters are differentiated. */
export function wantedParameters(circuit: Circuit, wants: GradientWants): number {
  return (wants.weights ? circuit.numWeights : 0) + (wants.inputs ? circuit.numInputs : 0);
}

/**
 * The same circuit with every slot's angle a parameter of its own: weights `slot` [numSlots], in slot order. Shifting one
 * of them shifts one gate, which shifting a parameter that several gates share would not.
 */
export function slotCircuit(circuit: Circuit): Circuit {
  const numSlots = slotsOf(circuit).length;
  const slot = numSlots === 0 ? undefined : weight("slot", numSlots);
  let next = 0;
  return Circuit.build(circuit.numQubits, (builder) => {
    for (const { name, size } of circuit.registers) builder.register(name, size);
    for (const operation of circuit.operations)
      builder.append(
        mapOperation(operation, { angle: (angle) => (typeof angle === "number" ? angle : slot!.at(next++)) }),
      );
  });
}

/** A slot that must be shifted, and how. */
export interface ShiftedSlot {
  readonly slot: number;
  readonly terms: readonly ShiftTerm[];
}

/**
 * The slots whose derivative is needed: they depend on what is wanted, can influence the observables, and have a
 * frequency at all.
 */
export function shiftedSlots(
  circuit: Circuit,
  observables: readonly SparsePauliOp[],
  wants: GradientWants,
): readonly ShiftedSlot[] {
  const matters = causalCone(circuit, observables);
  const positionOf = circuit.operations.flatMap((operation, position) =>
    new Array<number>(numSlotsOf(operation)).fill(position),
  );
  const rules = new Map<string, readonly ShiftTerm[]>();
  return slotsOf(circuit).flatMap(({ index, expression, frequencies }) => {
    const wanted = expression.parameters.some(({ role }) => (role === "weight" ? wants.weights : wants.inputs));
    if (!wanted || !matters[positionOf[index]!] || frequencies.length === 0) return [];
    const key = frequencies.join();
    const terms = rules.get(key) ?? shiftRule(frequencies);
    rules.set(key, terms);
    return [{ slot: index, terms }];
  });
}

function numSlotsOf(operation: Operation): number {
  if (operation.kind === "if")
    return [...operation.whenTrue, ...operation.whenFalse].reduce((sum, inner) => sum + numSlotsOf(inner), 0);
  return operation.kind === "gate" ? operation.params.filter((param) => typeof param !== "number").length : 0;
}
