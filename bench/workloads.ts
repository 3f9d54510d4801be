import { Circuit, input, SparsePauliOp, weight } from "../circuits/index.ts";

/** Angles that any language can rebuild: x' = (1664525·x + 1013904223) mod 2³², value = x'/2³²·2π - π. */
export function lcgAngles(seed: number, count: number): Float64Array {
  let x = seed;
  return Float64Array.from({ length: count }, () => {
    x = (1664525 * x + 1013904223) % 4294967296;
    return (x / 4294967296) * 2 * Math.PI - Math.PI;
  });
}

/** W1, the step of a quantum machine learning model: angle embedding and three strongly entangling layers, ⟨Z⟩ of every qubit. */
export function w1Circuit(numQubits: number): Circuit {
  const x = input("x", numQubits);
  const w = weight("w", [3, numQubits, 3]);
  return Circuit.build(numQubits, (builder) => {
    for (let qubit = 0; qubit < numQubits; qubit++) builder.ry(x.at(qubit), qubit);
    for (let layer = 0; layer < 3; layer++) {
      for (let qubit = 0; qubit < numQubits; qubit++)
        builder
          .rz(w.at(layer, qubit, 0), qubit)
          .ry(w.at(layer, qubit, 1), qubit)
          .rz(w.at(layer, qubit, 2), qubit);
      const range = (layer % (numQubits - 1)) + 1;
      for (let qubit = 0; qubit < numQubits; qubit++) builder.cx(qubit, (qubit + range) % numQubits);
    }
  });
}

export function w1Observables(numQubits: number): readonly SparsePauliOp[] {
  return Array.from({ length: numQubits }, (_, qubit) => SparsePauliOp.z(numQubits, qubit));
}
