import type { Circuit, CompiledCircuit, SparsePauliOp, Target } from "../../circuits/index.ts";
import { Circuit as CircuitOf, weight } from "../../circuits/index.ts";
import { mapOperation } from "../../circuits/operation.ts";
import { SlotProgram, slotsOf } from "../../circuits/slots.ts";

/** A circuit that is of the device's instruction set already, as a compiled one: qubit q on physical qubit `layout[q]`. */
export function identityCompile(
  source: Circuit,
  target: Target,
  layout: readonly number[] = Array.from({ length: source.numQubits }, (_, qubit) => qubit),
): CompiledCircuit {
  const slots = slotsOf(source);
  const program = new SlotProgram(source, slots);
  const angles = slots.length === 0 ? undefined : weight("angle", [slots.length]);
  let next = 0;
  const circuit = CircuitOf.build(target.numQubits, (builder) => {
    for (const { name, size } of source.registers) builder.register(name, size);
    for (const operation of source.operations)
      builder.append(
        mapOperation(operation, {
          qubit: (qubit) => layout[qubit]!,
          angle: (angle) => (typeof angle === "number" ? angle : angles!.at(next++)),
        }),
      );
  });
  return {
    source,
    target,
    effort: 0,
    seed: 0,
    circuit,
    initialLayout: layout,
    finalLayout: layout,
    metrics: {
      twoQubitGates: 0,
      twoQubitDepth: 0,
      depth: circuit.depth(),
      gates: circuit.count(),
      durationSeconds: 1e-6,
      estimatedSuccess: 1,
    },
    bindRows(values, rows, out = new Float64Array(rows * slots.length)) {
      program.evaluate(values, rows, out);
      return out;
    },
    applyLayout: (observable: SparsePauliOp) => observable.placed(target.numQubits, layout),
  };
}
