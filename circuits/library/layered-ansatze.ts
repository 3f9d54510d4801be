import { Circuit } from "../circuit.ts";
import { CircuitError } from "../errors.ts";
import { GATES, type GateName, gateSpec } from "../gates.ts";
import { weight } from "../parameter.ts";
import { checkCount, checkOptions } from "./checks.ts";
import { type RotationAxis, rotationGate } from "./embeddings.ts";

/** @throws CircuitError ENTANGLER_GATE unless `gate` acts on 2 qubits without parameters */
function checkEntangler(circuit: string, gate: GateName): void {
  const { numQubits, numParams } = gateSpec(gate);
  if (numQubits === 2 && numParams === 0) return;
  const fit = Object.entries(GATES).filter(([, spec]) => spec.numQubits === 2 && spec.numParams === 0);
  throw new CircuitError(
    "ENTANGLER_GATE",
    `${circuit} entangles with a two-qubit gate without parameters (${fit.map(([name]) => name).join(", ")}), not ${gate}.`,
  );
}

/**
 * Strongly entangling layers (Schuld et al., arXiv:1804.00633), as PennyLane's StronglyEntanglingLayers: in layer l every
 * qubit q gets rz(w[l,q,0]) ry(w[l,q,1]) rz(w[l,q,2]), then CX goes from each qubit q to (q + r_l) mod n. Weights `w`
 * [layers, numQubits, 3].
 * @param options.ranges r_l for each layer, 1 to n-1; by default (l mod (n-1)) + 1
 * @throws CircuitError LIBRARY_COUNT, ENTANGLER_RANGES, ENTANGLER_GATE
 */
export function stronglyEntangling(options: {
  readonly numQubits: number;
  readonly layers: number;
  readonly ranges?: readonly number[];
  readonly entangler?: GateName;
  readonly name?: string;
}): Circuit {
  checkOptions("stronglyEntangling", options, ["numQubits", "layers", "ranges", "entangler", "name"]);
  const { numQubits, layers, entangler = "cx", name = "w" } = options;
  checkCount("stronglyEntangling", "numQubits", numQubits);
  checkCount("stronglyEntangling", "layers", layers);
  checkEntangler("stronglyEntangling", entangler);
  const ranges = options.ranges ?? Array.from({ length: layers }, (_, layer) => (layer % (numQubits - 1)) + 1);
  if (ranges.length !== layers)
    throw new CircuitError(
      "ENTANGLER_RANGES",
      `${layers} layer(s) need as many ranges, but ${ranges.length} were given.`,
    );
  if (numQubits > 1)
    for (const [layer, range] of ranges.entries())
      if (!Number.isSafeInteger(range) || range < 1 || range >= numQubits)
        throw new CircuitError(
          "ENTANGLER_RANGES",
          `The range of layer ${layer} must be an integer from 1 to ${numQubits - 1}, not ${range}.`,
        );
  const w = weight(name, [layers, numQubits, 3]);
  return Circuit.build(numQubits, (c) => {
    for (let layer = 0; layer < layers; layer++) {
      for (let qubit = 0; qubit < numQubits; qubit++)
        c.rz(w.at(layer, qubit, 0), qubit)
          .ry(w.at(layer, qubit, 1), qubit)
          .rz(w.at(layer, qubit, 2), qubit);
      if (numQubits > 1)
        for (let qubit = 0; qubit < numQubits; qubit++)
          c.gate(entangler, [], [qubit, (qubit + ranges[layer]!) % numQubits]);
    }
  });
}

/**
 * Basic entangling layers, as PennyLane's BasicEntanglerLayers: one rotation on every qubit, then CX around the ring
 * (a single CX for two qubits). Weights `w` [layers, numQubits].
 * @throws CircuitError LIBRARY_COUNT, LIBRARY_OPTION, ENTANGLER_GATE
 */
export function basicEntangler(options: {
  readonly numQubits: number;
  readonly layers: number;
  readonly rotation?: RotationAxis;
  readonly entangler?: GateName;
  readonly name?: string;
}): Circuit {
  checkOptions("basicEntangler", options, ["numQubits", "layers", "rotation", "entangler", "name"]);
  const { numQubits, layers, rotation = "X", entangler = "cx", name = "w" } = options;
  checkCount("basicEntangler", "numQubits", numQubits);
  checkCount("basicEntangler", "layers", layers);
  checkEntangler("basicEntangler", entangler);
  const gate = rotationGate("basicEntangler", rotation);
  const w = weight(name, [layers, numQubits]);
  const links = numQubits > 2 ? numQubits : numQubits - 1;
  return Circuit.build(numQubits, (c) => {
    for (let layer = 0; layer < layers; layer++) {
      for (let qubit = 0; qubit < numQubits; qubit++) c[gate](w.at(layer, qubit), qubit);
      for (let qubit = 0; qubit < links; qubit++) c.gate(entangler, [], [qubit, (qubit + 1) % numQubits]);
    }
  });
}
