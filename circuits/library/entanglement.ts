import { describeValue } from "../describe-value.ts";
import { CircuitError } from "../errors.ts";

/** Names of entanglement patterns; `ring` and `circular` are the same. */
export const ENTANGLEMENT_NAMES = ["linear", "reverse_linear", "ring", "circular", "full", "pairwise", "sca"] as const;
export type EntanglementName = (typeof ENTANGLEMENT_NAMES)[number];

/** Which qubits each entangling block of a layer acts on. */
export type Entanglement =
  | EntanglementName
  | readonly (readonly number[])[]
  | ((layer: number) => EntanglementName | readonly (readonly number[])[]);

/**
 * The qubits of each entangling block of one layer, in order. Patterns and their order are those of Qiskit's n-local
 * circuits: `linear` (0,1) (1,2) ...; `reverse_linear` the same from the end; `circular` with (n-1,0) first, when there
 * are more qubits than a block has; `full` all combinations; `pairwise` even pairs, then odd pairs; `sca` circular,
 * shifted by one block per layer and mirrored in odd layers (Sim et al., arXiv:1905.10876).
 * A pattern has no blocks when a block needs more qubits than there are.
 * @throws CircuitError ENTANGLEMENT_UNKNOWN, ENTANGLEMENT_BLOCK, ENTANGLEMENT_QUBIT
 */
export function entanglementBlocks(
  entanglement: Entanglement,
  numQubits: number,
  blockSize: number,
  layer = 0,
): readonly (readonly number[])[] {
  const chosen = typeof entanglement === "function" ? entanglement(layer) : entanglement;
  if (Array.isArray(chosen)) return checkedBlocks(chosen, numQubits, blockSize, layer);
  if (typeof chosen !== "string" || !ENTANGLEMENT_NAMES.includes(chosen)) {
    const found = typeof chosen === "string" ? `"${chosen}"` : describeValue(chosen);
    const origin = typeof entanglement === "function" ? `, but what the function returned for layer ${layer}` : "";
    throw new CircuitError(
      "ENTANGLEMENT_UNKNOWN",
      `${found} is no entanglement${origin}. Use ${ENTANGLEMENT_NAMES.join(", ")}, a list of qubit lists such as [[0, 1], [1, 2]], or a function of the layer.`,
    );
  }
  if (chosen === "pairwise" && blockSize > 2)
    throw new CircuitError(
      "ENTANGLEMENT_BLOCK",
      `Pairwise entanglement is for blocks of 1 or 2 qubits, not ${blockSize}.`,
    );
  if (blockSize > numQubits) return [];
  switch (chosen) {
    case "linear":
      return linear(numQubits, blockSize);
    case "reverse_linear":
      return linear(numQubits, blockSize).reverse();
    case "ring":
    case "circular":
      return circular(numQubits, blockSize);
    case "full":
      return combinations(numQubits, blockSize);
    case "pairwise": {
      const blocks = linear(numQubits, blockSize);
      return blockSize === 1
        ? blocks
        : [...blocks.filter((_, i) => i % 2 === 0), ...blocks.filter((_, i) => i % 2 === 1)];
    }
    case "sca": {
      const blocks = circular(numQubits, blockSize);
      const split = blocks.length - (layer % blocks.length);
      const shifted = [...blocks.slice(split), ...blocks.slice(0, split)];
      return layer % 2 === 0 ? shifted : shifted.map((block) => block.toReversed());
    }
  }
}

function linear(numQubits: number, blockSize: number): (readonly number[])[] {
  return Array.from({ length: numQubits - blockSize + 1 }, (_, i) =>
    Array.from({ length: blockSize }, (_, j) => i + j),
  );
}

function circular(numQubits: number, blockSize: number): (readonly number[])[] {
  if (blockSize === 1 || numQubits === blockSize) return linear(numQubits, blockSize);
  const first = numQubits - blockSize + 1;
  return Array.from({ length: numQubits }, (_, i) =>
    Array.from({ length: blockSize }, (_, j) => (first + i + j) % numQubits),
  );
}

function combinations(numQubits: number, blockSize: number): (readonly number[])[] {
  const found: number[][] = [];
  const extend = (block: readonly number[], from: number): void => {
    if (block.length === blockSize) {
      found.push([...block]);
      return;
    }
    for (let qubit = from; qubit <= numQubits - (blockSize - block.length); qubit++)
      extend([...block, qubit], qubit + 1);
  };
  extend([], 0);
  return found;
}

function checkedBlocks(
  blocks: readonly (readonly number[])[],
  numQubits: number,
  blockSize: number,
  layer: number,
): readonly (readonly number[])[] {
  for (const block of blocks) {
    if (!Array.isArray(block))
      throw new CircuitError(
        "ENTANGLEMENT_BLOCK",
        `Entanglement is a list of qubit lists, such as [[0, 1], [1, 2]], but layer ${layer} has ${describeValue(block)} in it.`,
      );
    if (block.length !== blockSize || new Set(block).size !== block.length)
      throw new CircuitError(
        "ENTANGLEMENT_BLOCK",
        `Entanglement block (${block.join(", ")}) of layer ${layer} must have ${blockSize} different qubit(s).`,
      );
    for (const qubit of block)
      if (!Number.isSafeInteger(qubit) || qubit < 0 || qubit >= numQubits)
        throw new CircuitError(
          "ENTANGLEMENT_QUBIT",
          `Entanglement block (${block.join(", ")}) of layer ${layer} names qubit ${qubit}; the circuit has qubits 0 to ${numQubits - 1}.`,
        );
  }
  return blocks;
}
