import { multiply } from "../arithmetic.ts";
import type { CircuitBuilder } from "../builder.ts";
import { CircuitError } from "../errors.ts";
import type { Angle } from "../expression.ts";
import { checkChoice, checkOptions } from "./checks.ts";

/** Appends exp(-i·beta·M) for some mixer M, or a product of such factors. */
export type Mixer = (builder: CircuitBuilder, beta: Angle) => void;

/** Which pairs of a group an XY mixer joins: neighbours on a ring, or all of them. */
export type MixerPattern = "ring" | "complete";

/**
 * Pairs in an order in which consecutive ones share no qubit where that is possible, so that they can run at once: a ring's even links,
 * its odd ones and, for an odd length, the last; for all pairs the rounds of a round robin.
 */
function mixerPairs(qubits: readonly number[], pattern: MixerPattern): readonly (readonly [number, number])[] {
  const size = qubits.length;
  if (size < 2) return [];
  if (pattern === "ring") {
    const links = Array.from({ length: size === 2 ? 1 : size }, (_, i) => i);
    const isLast = (i: number): boolean => size % 2 === 1 && size > 2 && i === size - 1;
    const parity = (wanted: number) => links.filter((i) => i % 2 === wanted && !isLast(i));
    return [...parity(0), ...parity(1), ...links.filter(isLast)].map(
      (i) => [qubits[i]!, qubits[(i + 1) % size]!] as const,
    );
  }
  // The circle method: place 0 stays, the others turn; an odd size has a place that rests.
  const places = size + (size % 2);
  const pairs: (readonly [number, number])[] = [];
  for (let round = 0; round < places - 1; round++) {
    const at = (seat: number): number => (seat === 0 ? 0 : ((seat - 1 + round) % (places - 1)) + 1);
    for (let seat = 0; seat < places / 2; seat++) {
      const [a, b] = [at(seat), at(places - 1 - seat)];
      if (a < size && b < size) pairs.push([qubits[Math.min(a, b)]!, qubits[Math.max(a, b)]!]);
    }
  }
  return pairs;
}

/**
 * The XY mixer of quantum alternating operators (Hadfield et al., Algorithms 12, 34, 2019): the product over the pairs of each group of
 * exp(-i·beta·(XX + YY)/2). Every factor keeps the number of ones in the group, so a state within the constraint "exactly k ones in
 * each group" stays there. Qubits in no group get exp(-i·beta·X), so that they are free.
 * @param groups lists of qubits; no qubit twice
 * @throws CircuitError LIBRARY_OPTION, QUBIT_DUPLICATE; and QUBIT_RANGE when it is used in a circuit with fewer qubits
 * @example qaoaAnsatz(cost, { mixer: xyMixer({ groups: [[0, 1, 2, 3]] }), initialState: dickeState(4, 2) })
 */
export function xyMixer(options: {
  readonly groups: readonly (readonly number[])[];
  /** "ring" by default. */
  readonly pattern?: MixerPattern;
}): Mixer {
  checkOptions("xyMixer", options, ["groups", "pattern"]);
  const { groups, pattern = "ring" } = options;
  checkChoice("xyMixer", "pattern", pattern, ["ring", "complete"]);
  const members = groups.flat();
  const twice = members.find((qubit, i) => members.indexOf(qubit) !== i);
  if (twice !== undefined)
    throw new CircuitError(
      "QUBIT_DUPLICATE",
      `Qubit ${twice} stands twice in the groups of xyMixer; groups of one mixer share no qubit.`,
    );
  const pairs = groups.flatMap((group) => mixerPairs(group, pattern));
  return (builder, beta) => {
    for (const [a, b] of pairs) builder.xx_plus_yy(multiply(2, beta), 0, a, b);
    for (let qubit = 0; qubit < builder.numQubits; qubit++)
      if (!members.includes(qubit)) builder.rx(multiply(2, beta), qubit);
  };
}
