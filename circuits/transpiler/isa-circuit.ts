import { Circuit } from "../circuit.ts";
import { constantValue } from "../expression.ts";
import { mapOperation, type Operation } from "../operation.ts";
import { ParameterVector } from "../parameter.ts";
import { AffineAngle } from "./affine-angle.ts";

/** A circuit in which every angle that depends on parameters is an element of one vector of weights. */
export interface IsaCircuit {
  readonly circuit: Circuit;
  /** The angle that each element stands for. */
  readonly angles: readonly AffineAngle[];
}

const VECTOR_NAME = "isa";

/** Gives each different angle that depends on parameters an element of the vector `isa`, in order of appearance. */
export function isaCircuit(source: Circuit, operations: readonly Operation[], numQubits: number): IsaCircuit {
  const index = new Map<string, number>();
  const angles: AffineAngle[] = [];
  const visit = (operation: Operation): void => {
    if (operation.kind === "if") [...operation.whenTrue, ...operation.whenFalse].forEach(visit);
    if (operation.kind !== "gate") return;
    for (const param of operation.params) {
      if (constantValue(param) !== undefined) continue;
      const angle = AffineAngle.of(param);
      if (!index.has(angle.key)) index.set(angle.key, angles.push(angle) - 1);
    }
  };
  operations.forEach(visit);
  if (angles.length === 0)
    return { circuit: new Circuit({ numQubits, registers: source.registers, operations, vectors: [] }), angles };
  const vector = new ParameterVector(VECTOR_NAME, "weight", [angles.length]);
  const bound = operations.map((operation) =>
    mapOperation(operation, {
      angle: (angle) =>
        constantValue(angle) === undefined ? vector.elements[index.get(AffineAngle.of(angle).key)!]! : angle,
    }),
  );
  return {
    circuit: new Circuit({ numQubits, registers: source.registers, operations: bound, vectors: [vector] }),
    angles,
  };
}
