import { firstFitGroups } from "../commuting-groups.ts";
import { type PauliTerm, SparsePauliOp } from "../observable.ts";
import { type Operation, qubitsOf } from "../operation.ts";
import { CliffordImages, carriedBack } from "./clifford-images.ts";

export interface Absorbed {
  readonly operations: readonly Operation[];
  readonly observables: readonly SparsePauliOp[];
}

/**
 * Takes Clifford gates off the end of a circuit and into what is measured: ⟨C†·O·C⟩ before the gate is ⟨O⟩ after it, and a
 * Pauli string stays one. A gate stays where the observables would need more measurement settings without it.
 */
export function absorbCliffords(operations: readonly Operation[], observables: readonly SparsePauliOp[]): Absorbed {
  const kept: Operation[] = [];
  const blocked = new Set<number>();
  let current = observables;
  let settings = settingsOf(current);
  for (const operation of operations.toReversed()) {
    const qubits = qubitsOf(operation);
    const isLast =
      (operation.kind === "gate" || operation.kind === "unitary") && !qubits.some((qubit) => blocked.has(qubit));
    const images = isLast ? new CliffordImages(operation) : undefined;
    const before = images?.isClifford === true ? throughGate(current, operation, images) : undefined;
    const needed = before === undefined ? Number.POSITIVE_INFINITY : settingsOf(before);
    if (needed > settings) {
      kept.push(operation);
      for (const qubit of qubits) blocked.add(qubit);
      continue;
    }
    current = before!;
    settings = needed;
  }
  return { operations: kept.reverse(), observables: current };
}

function throughGate(
  observables: readonly SparsePauliOp[],
  operation: Operation,
  images: CliffordImages,
): readonly SparsePauliOp[] | undefined {
  if (operation.kind !== "gate" && operation.kind !== "unitary") return undefined;
  const carried = observables.map((observable) => {
    const terms: PauliTerm[] = [];
    for (const { coefficient, pauli } of observable.terms) {
      const image = carriedBack(pauli, operation, images);
      if (image === undefined) return undefined;
      terms.push({ coefficient: image.negative ? -coefficient : coefficient, pauli: image.pauli });
    }
    return SparsePauliOp.fromTerms(observable.numQubits, terms);
  });
  return carried.includes(undefined) ? undefined : (carried as SparsePauliOp[]);
}

/** Settings of the qubits that measure all terms of all observables. */
function settingsOf(observables: readonly SparsePauliOp[]): number {
  return firstFitGroups(observables.flatMap(({ terms }) => terms)).length;
}
