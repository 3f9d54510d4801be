import { type Circuit, SparsePauliOp } from "../../circuits/index.ts";
import { type LightCone, lightCone } from "./light-cone.ts";

/** Above this many qubits it pays to look for terms whose light cones are smaller than all together. */
const SPLIT_ABOVE = 10;

/** A light cone, and of each observable the terms that it decides. */
export interface ConePart {
  readonly cone: LightCone;
  readonly observables: readonly SparsePauliOp[];
}

/** One cone for all terms, or several smaller ones where their states together are smaller. */
export function partition(circuit: Circuit, observables: readonly SparsePauliOp[]): readonly ConePart[] {
  const whole = lightCone(circuit, [...new Set(observables.flatMap(({ support }) => support))]);
  const single = [{ cone: whole, observables }];
  if (whole.numQubits <= SPLIT_ABOVE) return single;
  const cones = new Map<string, LightCone>();
  const coneOfSupport = (support: readonly number[]): LightCone => {
    const key = support.join();
    const cone = cones.get(key) ?? lightCone(circuit, support);
    cones.set(key, cone);
    return cone;
  };
  const terms = observables
    .flatMap(({ terms: own }, observable) =>
      own.map((term) => ({ observable, term, support: term.pauli.letters.map(([qubit]) => qubit) })),
    )
    .map((entry) => ({ ...entry, cone: coneOfSupport(entry.support) }))
    .sort((a, b) => b.cone.numQubits - a.cone.numQubits);
  const groups: { support: Set<number>; cone: LightCone; members: typeof terms }[] = [];
  for (const entry of terms) {
    const found = groups.find(({ cone }) => entry.cone.qubits.every((qubit) => cone.qubits.includes(qubit)));
    if (found === undefined) groups.push({ support: new Set(entry.support), cone: entry.cone, members: [entry] });
    else {
      found.members.push(entry);
      for (const qubit of entry.support) found.support.add(qubit);
    }
  }
  const parts = groups.map(({ support, members }) => ({
    cone: lightCone(circuit, [...support]),
    observables: observables.map(({ numQubits }, observable) =>
      SparsePauliOp.fromTerms(
        numQubits,
        members.filter((member) => member.observable === observable).map(({ term }) => term),
      ),
    ),
  }));
  const cost = (cone: LightCone): number => 2 ** cone.numQubits * (1 + cone.operations.length);
  return parts.reduce((sum, { cone }) => sum + cost(cone), 0) < cost(whole) ? parts : single;
}
