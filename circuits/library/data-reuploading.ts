import { multiply } from "../arithmetic.ts";
import { Circuit } from "../circuit.ts";
import { input, weight } from "../parameter.ts";
import { checkCount, checkOptions } from "./checks.ts";
import { type RotationAxis, rotationGate } from "./embeddings.ts";
import { type Entanglement, entanglementBlocks } from "./entanglement.ts";

/**
 * Data re-uploading (Pérez-Salinas et al., arXiv:1907.02085): every layer encodes the whole sample again, then applies
 * trained rz ry rz on every qubit and, but for the last layer, CZ along the entanglement. A layer has
 * K = max(numQubits, numFeatures) encoding rotations; rotation k puts feature k mod numFeatures on qubit k mod numQubits, so
 * that few features repeat and many go round.
 * Inputs `x` [numFeatures]; weights `w` [layers, numQubits, 3], and with `trainableScaling` also `s` [layers, K], the
 * factors of the features (start them at 1).
 * @throws CircuitError LIBRARY_COUNT, LIBRARY_OPTION, ENTANGLEMENT_UNKNOWN, ENTANGLEMENT_BLOCK, ENTANGLEMENT_QUBIT
 */
export function dataReuploading(options: {
  readonly numQubits: number;
  readonly layers: number;
  readonly numFeatures?: number;
  readonly rotation?: RotationAxis;
  readonly entanglement?: Entanglement;
  readonly trainableScaling?: boolean;
  readonly name?: string;
  readonly weightName?: string;
  readonly scalingName?: string;
}): Circuit {
  checkOptions("dataReuploading", options, [
    "numQubits",
    "layers",
    "numFeatures",
    "rotation",
    "entanglement",
    "trainableScaling",
    "name",
    "weightName",
    "scalingName",
  ]);
  const { numQubits, layers, numFeatures = numQubits, rotation = "X", entanglement = "ring" } = options;
  const { trainableScaling = false, name = "x", weightName = "w", scalingName = "s" } = options;
  checkCount("dataReuploading", "numQubits", numQubits);
  checkCount("dataReuploading", "layers", layers);
  checkCount("dataReuploading", "numFeatures", numFeatures);
  const gate = rotationGate("dataReuploading", rotation);
  const rotations = Math.max(numQubits, numFeatures);
  const x = input(name, numFeatures);
  const w = weight(weightName, [layers, numQubits, 3]);
  const s = trainableScaling ? weight(scalingName, [layers, rotations]) : undefined;
  return Circuit.build(numQubits, (c) => {
    c.declare(x, w);
    if (s !== undefined) c.declare(s);
    for (let layer = 0; layer < layers; layer++) {
      for (let k = 0; k < rotations; k++) {
        const feature = x.at(k % numFeatures);
        c[gate](s === undefined ? feature : multiply(s.at(layer, k), feature), k % numQubits);
      }
      for (let qubit = 0; qubit < numQubits; qubit++)
        c.rz(w.at(layer, qubit, 0), qubit)
          .ry(w.at(layer, qubit, 1), qubit)
          .rz(w.at(layer, qubit, 2), qubit);
      if (layer + 1 < layers) for (const [i, j] of entanglementBlocks(entanglement, numQubits, 2, layer)) c.cz(i!, j!);
    }
  });
}
