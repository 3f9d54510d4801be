import { type Circuit, mapOperation, SparsePauliOp } from "../../../circuits/index.ts";
import { checkEstimatorPubs, checkSamplerPubs } from "../../../providers/index.ts";
import {
  type AnyPub,
  both,
  estimator,
  type Mutant,
  type Mutation,
  mapErrors,
  mapOperations,
  mapRegisters,
  mapValues,
  withBytes,
} from "./mutant.ts";

const ORDER = "a vector of more than ten elements keeps its order, and inputs precede weights wherever they are used";
const KNOWN_ERRORS = "standard errors of weighted sums and of several groups are their variances'";
const PLAIN_ERRORS = "standard errors: 0 where exact; else near 1/sqrt(shots) and five of them cover the truth";
const OWN_PRECISION = "a PUB's own precision goes before the Estimator's";

const values: readonly Mutant[] = [
  ["the sign is lost", { result: mapValues(Math.abs) }, estimator("known states: |0>, |1>, |+>, Bell and GHZ")],
  [
    "qubits are counted from the other end",
    {
      circuit: (circuit) =>
        mapOperations((o) => [mapOperation(o, { qubit: (q) => circuit.numQubits - 1 - q })])(circuit),
    },
    estimator("qubit 0 is the rightmost letter of a label"),
  ],
  [
    "of a map only the first letter is read",
    { pub: (pub) => ({ ...pub, observables: firstLetters(pub.observables) as NonNullable<AnyPub["observables"]> }) },
    estimator("all forms of an observable agree"),
  ],
  [
    "constants are forgotten",
    {
      pub: (pub) => ({
        ...pub,
        observables: JSON.parse(JSON.stringify(pub.observables), (_, value) =>
          typeof value === "string" ? value.replace(/^.*II \+ /, "") : value,
        ),
      }),
    },
    estimator("sums: coefficients, constants and terms that need several bases"),
  ],
  [
    "elements come one place late",
    { result: mapValues((_, index, all) => all.at(index - 1)!) },
    estimator(
      "batch shapes of values and observables broadcast as in numpy",
      "a batch equals a loop over its rows",
      "values by name: own shapes split off, batches broadcast, same as by position",
    ),
  ],
  [
    "what lies beyond 16 elements is 0",
    {
      result: (result, pub) =>
        result.evs === undefined
          ? mapRegisters((bits) =>
              withBytes(
                bits,
                bits.bytes.map((byte, i) => (i < 16 * bits.shots ? byte : 0)),
              ),
            )(result, pub)
          : { ...result, evs: result.evs.map((value, i) => (i < 16 ? value : 0)) },
    },
    both("a batch of two dozen elements is computed to its end"),
  ],
  [
    "results come last PUB first",
    { results: (results) => results.toReversed() },
    {
      ...estimator("results come in the order of the PUBs, each with its own circuit and shape"),
      sampler: ["results come in the order of the PUBs, with a PUB's own shots before the Sampler's"],
    },
  ],
];

function firstLetters(observables: unknown): unknown {
  if (Array.isArray(observables)) return observables.map(firstLetters);
  if (typeof observables !== "object" || observables instanceof SparsePauliOp) return observables;
  return Object.fromEntries(Object.entries(observables as object).slice(0, 1));
}

/** Binds column `order[i]` of the values to parameter i. */
function reordered(order: (circuit: Circuit) => readonly number[]): Mutation {
  return {
    pub: (pub) => {
      if (pub.circuit.parameters.length === 0 || pub.parameterValues === undefined) return pub;
      const { circuit, values: rows } =
        pub.observables === undefined
          ? checkSamplerPubs([pub], 100)[0]!
          : checkEstimatorPubs([{ ...pub, observables: pub.observables }], 0)[0]!;
      const width = circuit.parameters.length;
      const columns = order(circuit);
      const data = rows.data.map((_, i) => rows.data[i - (i % width) + columns[i % width]!]!);
      return { ...pub, parameterValues: { shape: [...rows.shape, width], data } };
    },
  };
}

const parameters: readonly Mutant[] = [
  [
    "elements are bound in the order of their names as text",
    reordered((circuit) => {
      const sorted = circuit.parameters.toSorted((a, b) => (a.name < b.name ? -1 : 1));
      return circuit.parameters.map((_, i) => circuit.parameters.indexOf(sorted[i]!));
    }),
    both(ORDER),
  ],
  [
    "parameters are bound in the order of their first use",
    reordered((circuit) => {
      const angles = circuit.operations.flatMap((o) => (o.kind === "gate" ? o.params : []));
      const used = new Set(
        angles.flatMap((angle) => (typeof angle === "number" ? [] : angle.parameters)).map((p) => p.name),
      );
      return circuit.parameters.map(({ name }) => [...used].indexOf(name));
    }),
    both(ORDER),
  ],
];

const isSum = ({ observables }: AnyPub): boolean => typeof observables === "string" && observables.includes("*");
/** Of the coefficients of an observable given as text. */
const sumOf = ({ observables }: AnyPub, of: (coefficient: number) => number): number =>
  SparsePauliOp.parse(observables as string).terms.reduce((sum, { coefficient }) => sum + of(coefficient), 0);

const standardErrors: readonly Mutant[] = [
  [
    "standard errors are 0",
    { result: mapErrors(() => 0) },
    { sampled: [PLAIN_ERRORS, KNOWN_ERRORS], exact: [KNOWN_ERRORS] },
  ],
  ["exact values have a standard error", { result: mapErrors((std) => std + 1e-3) }, { exact: [PLAIN_ERRORS] }],
  [
    "standard errors are the precision that was asked for",
    { result: mapErrors((std, pub) => (std === 0 ? 0 : (pub.precision ?? std))) },
    estimator(KNOWN_ERRORS),
  ],
  [
    "standard errors of sums are 0",
    { result: mapErrors((std, pub) => (isSum(pub) ? 0 : std)) },
    estimator(KNOWN_ERRORS),
  ],
  [
    "standard errors of terms are added, not their squares",
    { result: mapErrors((std, pub) => (isSum(pub) ? 0.1 * sumOf(pub, Math.abs) : std)) },
    estimator(KNOWN_ERRORS),
  ],
  [
    "terms that share shots are taken for independent",
    {
      result: mapErrors((std, pub) =>
        typeof pub.observables === "string" && pub.observables.includes("ZI ")
          ? 0.1 * Math.sqrt(sumOf(pub, (c) => c * c))
          : std,
      ),
    },
    estimator("standard errors know which terms share their shots"),
  ],
  ["a PUB's precision is ignored", { pub: ({ precision: _, ...pub }) => pub }, estimator(OWN_PRECISION)],
];

export const valueMutants: readonly Mutant[] = [...values, ...parameters, ...standardErrors];
