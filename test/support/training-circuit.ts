import {
  type Angle,
  add,
  Circuit,
  cos,
  divide,
  GATES,
  type GateName,
  gateSpec,
  input,
  multiply,
  negate,
  type Rng,
  SparsePauliOp,
  sin,
  weight,
} from "../../circuits/index.ts";
import { unitaryOperation } from "../../circuits/operation.ts";
import { haarUnitary } from "./haar.ts";

/** What a random circuit is made of. */
export type Flavour = "everything" | "phases" | "permutations" | "monomials" | "rotations" | "numbers" | "layers";

export const FLAVOURS: readonly Flavour[] = [
  "everything",
  "phases",
  "permutations",
  "monomials",
  "rotations",
  "numbers",
  "layers",
];

const isPhase = (name: GateName): boolean => gateSpec(name).phases !== undefined;
const isPermutation = (name: GateName): boolean => gateSpec(name).permutation !== undefined;

function gatesOf(flavour: Flavour, numQubits: number): readonly GateName[] {
  const all = (Object.keys(GATES) as GateName[]).filter((name) => GATES[name].numQubits <= numQubits);
  switch (flavour) {
    case "phases":
      return all.filter(isPhase);
    case "permutations":
      return all.filter(isPermutation);
    case "monomials":
      return all.filter((name) => isPhase(name) || isPermutation(name));
    case "rotations":
      return all.filter((name) => ["ry", "rx", "rz", "cx", "crx", "rzz", "rxx", "x", "u"].includes(name));
    default:
      return all;
  }
}

/**
 * A random circuit with inputs x (2) and weights w (3): of gates of the whole table and further controls of either sign;
 * dense unitaries of one to three qubits with controls where there is `everything`; angles that are numbers, parameters, or
 * expressions of inputs and weights together.
 */
export function randomTrainingCircuit(rng: Rng, numQubits: number, numOperations: number, flavour: Flavour): Circuit {
  const x = input("x", 2);
  const w = weight("w", 3);
  const names = gatesOf(flavour, numQubits);
  const parameters = [...x, ...w];
  const angle = (): Angle => {
    if (flavour === "numbers") return [0, Math.PI, -Math.PI / 2, 2 * rng.normal()][rng.integer(4)]!;
    const [a, b] = [parameters[rng.integer(5)]!, parameters[rng.integer(5)]!];
    const choices: readonly Angle[] = [
      2 * rng.normal(),
      Math.PI / 2,
      a,
      a,
      negate(a),
      add(multiply(rng.normal(), a), 0.3),
      multiply(a, b),
      divide(sin(a), 2),
      add(cos(b), multiply(-1.5, a)),
    ];
    return choices[rng.integer(choices.length)]!;
  };
  return Circuit.build(numQubits, (builder) => {
    builder.declare(x, w);
    if (flavour === "layers") {
      // Data and weights by turns, as models have them.
      for (let layer = 0; layer * numQubits < numOperations; layer++) {
        for (let q = 0; q < numQubits; q++)
          builder.ry(layer % 2 === 0 ? parameters[q % 2]! : parameters[2 + (q % 3)]!, q);
        for (let q = 0; q < numQubits; q++) builder.rz(parameters[(q + layer) % 5]!, q);
        for (let q = 0; q + 1 < numQubits; q++) builder.cx(q, q + 1);
      }
      return;
    }
    for (let k = 0; k < numOperations; k++) {
      const qubits = [...rng.permutation(numQubits)];
      if (flavour === "everything" && rng.integer(6) === 0) {
        const own = 1 + rng.integer(Math.min(3, numQubits));
        const numControls = Math.min(numQubits - own, rng.integer(3));
        const matrix = haarUnitary(rng, 2 ** own);
        const state = rng.integer(2 ** numControls);
        builder.append(unitaryOperation(matrix, qubits.slice(0, own + numControls), undefined, numControls, state));
        continue;
      }
      const name = names[rng.integer(names.length)]!;
      const { numParams, numQubits: own } = gateSpec(name);
      const numControls = Math.min(numQubits - own, [0, 0, 0, 1, 2][rng.integer(5)]!);
      builder.gate(name, Array.from({ length: numParams }, angle), qubits.slice(0, own + numControls), {
        numControls,
        controlState: rng.integer(2 ** numControls),
      });
    }
  });
}

/** Observables of every kind: diagonal or not, many strings or one, the identity, none at all. */
export function randomObservables(rng: Rng, numQubits: number): readonly SparsePauliOp[] {
  const label = (letters: string): string =>
    Array.from({ length: numQubits }, () => letters[rng.integer(letters.length)]).join("");
  const sum = (letters: string, count: number): SparsePauliOp =>
    SparsePauliOp.fromLabels(Array.from({ length: count }, () => [label(letters), rng.normal()] as const));
  const identity = SparsePauliOp.fromLabels([["I".repeat(numQubits), -0.7]]);
  const single = SparsePauliOp.z(numQubits, rng.integer(numQubits));
  const kinds: readonly (() => readonly SparsePauliOp[])[] = [
    () => Array.from({ length: numQubits }, (_, qubit) => SparsePauliOp.z(numQubits, qubit)),
    () => [single, identity],
    () => [identity],
    () => [SparsePauliOp.fromTerms(numQubits, []), single],
    () => [sum("IZ", 3), sum("IZ", 2)],
    () => [sum("IZ", 12), single],
    () => [sum("IXYZ", 6), sum("IXYZ", 1), single],
    () => [sum("XY", 20)],
    () => [sum("IXYZ", 40), identity, sum("Y", 1)],
  ];
  return kinds[rng.integer(kinds.length)]!();
}
