import fc from "fast-check";
import { Rng } from "../../../circuits/index.ts";
import { BinaryProblem, type ConstraintDescription } from "../../../src/index.ts";

/** A problem of n variables with random coefficients, some couplings of which are 0. */
export function randomProblem(
  n: number,
  seed: number,
  constraints: readonly ConstraintDescription[] = [],
): BinaryProblem {
  const rng = Rng.seed(seed);
  return BinaryProblem.from({
    variables: n,
    constant: rng.normal(),
    linear: Array.from({ length: n }, () => rng.normal()),
    quadratic: Array.from({ length: n }, () =>
      Array.from({ length: n }, () => (rng.uniform() < 0.4 ? 0 : rng.normal())),
    ),
    constraints,
  });
}

/** Problems of 1 to 7 variables with up to three constraints, which may contradict each other. */
export const problems: fc.Arbitrary<BinaryProblem> = fc
  .record({ n: fc.integer({ min: 1, max: 7 }), seed: fc.nat(), kinds: fc.array(fc.nat({ max: 3 }), { maxLength: 3 }) })
  .map(({ n, seed, kinds }) => {
    const rng = Rng.seed(seed).fork("constraints");
    const constraints = kinds.map((kind): ConstraintDescription => {
      const names = [...rng.permutation(n)].slice(0, 1 + rng.integer(n)).map((i) => `x${i}`);
      if (kind === 0) return { exactly: rng.integer(names.length + 1), of: names };
      if (kind === 1) return { oneHot: names };
      if (kind === 2) return { atMostOne: names };
      return { sum: Object.fromEntries(names.map((name) => [name, 1 + rng.integer(3)])), equals: rng.integer(5) };
    });
    return randomProblem(n, seed, constraints);
  });

/** All bitstrings of n variables, in the order of their index. */
export const allBits = (n: number): readonly string[] =>
  Array.from({ length: 2 ** n }, (_, index) => index.toString(2).padStart(n, "0"));
