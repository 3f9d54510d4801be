import { GATES, type Operation } from "../../../circuits/index.ts";
import { both, estimator, type Mutant, type Mutation, mapOperations } from "./mutant.ts";

const GATE = "every gate of the table acts as its matrix";
const CONTROLS = "further controls act on the states they ask for";
const UNITARIES = "unitaries act as their matrices";
const CONDITIONS = "conditions read all their bits, least significant first";
const DYNAMIC = {
  ...estimator("expectation values of dynamic circuits are means over all outcomes"),
  sampler: ["measurement, reset and branches inside a circuit"],
};
const PAUSES = { ...estimator("barriers and delays change no value"), sampler: ["barriers and delays change no bit"] };

const drop = (matches: (o: Operation) => boolean): Mutation => ({
  circuit: mapOperations((o) => (matches(o) ? [] : [o])),
});

/** The identity does nothing, and a global phase alone is seen by nobody. */
const visible = Object.keys(GATES).filter((gate) => gate !== "id" && gate !== "gphase");

const gates: readonly Mutant[] = [
  ...visible.map(
    (gate): Mutant => [
      `${gate} is ignored`,
      drop((o) => o.kind === "gate" && o.gate === gate && o.numControls === 0),
      both(GATE),
    ],
  ),
  ["gates with further controls are ignored", drop((o) => o.kind === "gate" && o.numControls > 0), both(CONTROLS)],
  ["unitaries are ignored", drop((o) => o.kind === "unitary"), both(UNITARIES)],
  [
    "controls of state 0 act on 1",
    {
      circuit: mapOperations((o) =>
        o.kind === "gate" || o.kind === "unitary" ? [{ ...o, controlState: 2 ** o.numControls - 1 }] : [o],
      ),
    },
    both(CONTROLS, UNITARIES),
  ],
  [
    "barriers end the circuit",
    {
      circuit: (circuit) => {
        const end = circuit.operations.findIndex(({ kind }) => kind === "barrier");
        let at = 0;
        return mapOperations((o) => (end >= 0 && at++ > end && o.kind !== "measure" ? [] : [o]))(circuit);
      },
    },
    PAUSES,
  ],
  [
    "delays are not known",
    {
      circuit: mapOperations((o) => {
        if (o.kind === "delay") throw new TypeError("cannot read delay");
        return [o];
      }),
    },
    PAUSES,
  ],
];

const branches = (replace: (o: Extract<Operation, { kind: "if" }>) => readonly Operation[]): Mutation => ({
  circuit: mapOperations((o) => (o.kind === "if" ? replace(o) : [o])),
});

const dynamic: readonly Mutant[] = [
  ["branches are ignored", branches(() => []), DYNAMIC],
  ["resets are ignored", drop(({ kind }) => kind === "reset"), DYNAMIC],
  ["the else branch is ignored", branches((o) => [{ ...o, whenFalse: [] }]), both(CONDITIONS)],
  [
    "a condition reads its first bit only",
    branches((o) => [{ ...o, condition: { clbits: o.condition.clbits.slice(0, 1), value: o.condition.value % 2 } }]),
    both(CONDITIONS),
  ],
  [
    "a condition reads its bits in reverse",
    branches((o) => [{ ...o, condition: { ...o.condition, clbits: o.condition.clbits.toReversed() } }]),
    both(CONDITIONS),
  ],
  [
    "of measurements into one bit the first counts",
    {
      circuit: (circuit) => {
        const seen = new Set<number>();
        return mapOperations((o) => {
          if (o.kind !== "measure") return [o];
          if (seen.has(o.clbit)) return [];
          seen.add(o.clbit);
          return [o];
        })(circuit);
      },
    },
    { sampler: ["of two measurements into one bit the later counts"] },
  ],
  [
    "a backend without dynamic circuits leaves out the branches",
    { dynamicCircuits: false, ...branches(() => []) },
    {
      "without dynamic circuits": [
        "estimator: refuses circuits that measure and branch inside",
        "sampler: refuses circuits that measure and branch inside",
      ],
    },
  ],
];

export const circuitMutants: readonly Mutant[] = [...gates, ...dynamic];
