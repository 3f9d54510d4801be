import { Circuit, input, SparsePauliOp, stronglyEntangling, weight } from "../circuits/index.ts";

/** Angles that any language can rebuild: x' = (1664525·x + 1013904223) mod 2³², value = x'/2³²·2π - π. */
export function lcgAngles(seed: number, count: number): Float64Array {
  let x = seed;
  return Float64Array.from({ length: count }, () => {
    x = (1664525 * x + 1013904223) % 4294967296;
    return (x / 4294967296) * 2 * Math.PI - Math.PI;
  });
}

/** ⟨Z⟩ of every qubit. */
export function everyZ(numQubits: number): readonly SparsePauliOp[] {
  return Array.from({ length: numQubits }, (_, qubit) => SparsePauliOp.z(numQubits, qubit));
}

/** W1, the step of a quantum machine learning model: angle embedding by RY and three strongly entangling layers. */
export function w1Circuit(numQubits: number): Circuit {
  const x = input("x", numQubits);
  return Circuit.build(numQubits, (c) => {
    for (let qubit = 0; qubit < numQubits; qubit++) c.ry(x.at(qubit), qubit);
  }).compose(stronglyEntangling({ numQubits, layers: 3 }));
}

/** W2, the step of a variational eigensolver: six layers of RY and RZ, five chains of CX between them. */
export function w2Circuit(numQubits: number): Circuit {
  const w = weight("w", [12, numQubits]);
  return Circuit.build(numQubits, (c) => {
    for (let layer = 0; layer < 6; layer++) {
      if (layer > 0) for (let qubit = 0; qubit + 1 < numQubits; qubit++) c.cx(qubit, qubit + 1);
      for (let qubit = 0; qubit < numQubits; qubit++) c.ry(w.at(2 * layer, qubit), qubit);
      for (let qubit = 0; qubit < numQubits; qubit++) c.rz(w.at(2 * layer + 1, qubit), qubit);
    }
  });
}

/** The transverse-field Ising chain: -Σ Z_i Z_{i+1} - 0.9 Σ X_i. */
export function isingChain(numQubits: number): SparsePauliOp {
  return SparsePauliOp.fromMaps(numQubits, [
    ...Array.from({ length: numQubits - 1 }, (_, i) => [{ [i]: "Z", [i + 1]: "Z" }, -1] as const),
    ...Array.from({ length: numQubits }, (_, i) => [{ [i]: "X" }, -0.9] as const),
  ]);
}

/** W3, a random circuit: in each layer RZ RY RZ on every qubit, then CZ on every other pair of neighbours. */
export function w3Circuit(numQubits: number, depth = 20): Circuit {
  const angles = lcgAngles(7, 20 * numQubits * 3);
  return Circuit.build(numQubits, (c) => {
    for (let layer = 0; layer < depth; layer++) {
      for (let qubit = 0; qubit < numQubits; qubit++) {
        const at = 3 * (layer * numQubits + qubit);
        c.rz(angles[at]!, qubit)
          .ry(angles[at + 1]!, qubit)
          .rz(angles[at + 2]!, qubit);
      }
      for (let qubit = layer % 2; qubit + 1 < numQubits; qubit += 2) c.cz(qubit, qubit + 1);
    }
  });
}

/** The quantum Fourier transform without its final swaps, from the highest qubit down. */
export function qftCircuit(numQubits: number): Circuit {
  return Circuit.build(numQubits, (c) => {
    for (let high = numQubits - 1; high >= 0; high--) {
      c.h(high);
      for (let low = high - 1; low >= 0; low--) c.cp(Math.PI / 2 ** (high - low), low, high);
    }
  });
}

/** What a state is compared by: Paulis that see amplitudes and phases. */
export function stateProbes(numQubits: number): readonly SparsePauliOp[] {
  return [
    SparsePauliOp.z(numQubits, 0),
    SparsePauliOp.fromMaps(numQubits, [[{ [numQubits - 1]: "X" }, 1]]),
    SparsePauliOp.fromMaps(numQubits, [[{ 1: "Y", 2: "Z" }, 1]]),
  ];
}
