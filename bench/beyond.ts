import {
  angleEmbedding,
  basicEntangler,
  Circuit,
  dataReuploading,
  efficientSU2,
  hamiltonianVariational,
  input,
  nLocal,
  type PauliLetter,
  qaoaAnsatz,
  Rng,
  realAmplitudes,
  SparsePauliOp,
  trotter,
} from "../circuits/index.ts";
import type { BenchOptions } from "./arguments.ts";
import { benchmark } from "./benchmark.ts";
import { type GradientWork, gradientCase } from "./gradient.ts";
import type { Measured } from "./measure.ts";
import { AER, LIGHTNING, PENNYLANE_JAX, QULACS } from "./peer-list.ts";
import { stateCase } from "./state.ts";
import { everyZ, lcgAngles } from "./workloads.ts";

/** Pauli strings of random letters on up to `weight` qubits, as the Hamiltonians of chemistry have: diagonal and not. */
function manyTerms(numQubits: number, numTerms: number, weight: number): SparsePauliOp {
  const rng = Rng.seed(17);
  const letters: readonly PauliLetter[] = ["X", "Y", "Z"];
  return SparsePauliOp.fromMaps(
    numQubits,
    Array.from({ length: numTerms }, () => {
      const qubits = rng.permutation(numQubits).subarray(0, 1 + rng.integer(weight));
      const map = Object.fromEntries(Array.from(qubits, (qubit) => [qubit, letters[rng.integer(3)]!]));
      return [map, rng.uniform() - 0.5] as const;
    }),
  ).simplify();
}

/** Σ Z_i Z_j over a ring and its chords. */
function graphCost(numQubits: number): SparsePauliOp {
  const chords = [1, 3].flatMap((reach) =>
    Array.from({ length: numQubits }, (_, i) => [{ [i]: "Z", [(i + reach) % numQubits]: "Z" }, 0.5] as const),
  );
  return SparsePauliOp.fromMaps(numQubits, chords);
}

/** Neighbours that interact by one kind of letters. */
function bonds(numQubits: number, letter: "X" | "Y" | "Z", first: number): SparsePauliOp {
  const pairs: (readonly [Record<number, PauliLetter>, number])[] = [];
  for (let i = first; i + 1 < numQubits; i += 2) pairs.push([{ [i]: letter, [i + 1]: letter }, 1]);
  return SparsePauliOp.fromMaps(numQubits, pairs);
}

function heisenberg(numQubits: number): SparsePauliOp {
  const letters = ["X", "Y", "Z"] as const;
  return letters
    .flatMap((letter) => [0, 1].map((first) => bonds(numQubits, letter, first)))
    .reduce((a, b) => a.plus(b));
}

/** Weights by angles that any language can rebuild, so that the circuit is a state's. */
function bound(circuit: Circuit): Circuit {
  const values = lcgAngles(19, circuit.parameters.length);
  const byName = Object.groupBy(circuit.parameters.keys(), (index) => circuit.parameters[index]!.vector.name);
  return circuit.bind(
    Object.fromEntries(
      Object.entries(byName).map(([name, indices]) => [name, indices!.map((index) => values[index]!)]),
    ),
  );
}

const seeds = { inputs: 23, weights: 29, cotangents: 31 };
const step = (name: string, batch: number, circuit: Circuit, observables = everyZ(circuit.numQubits)): Measured =>
  gradientCase({ workload: "beyond", name, circuit, observables, batch, seeds, peers: [PENNYLANE_JAX] });
const energy = (name: string, circuit: Circuit, observable: SparsePauliOp): Measured => {
  const work: Omit<GradientWork, "peers"> = {
    workload: "beyond",
    name,
    circuit,
    observables: [observable],
    batch: 1,
    seeds,
  };
  return gradientCase({ ...work, peers: [LIGHTNING, QULACS] });
};
const state = (name: string, circuit: Circuit): Measured =>
  stateCase({ workload: "beyond", name, circuit, peers: [LIGHTNING, QULACS, AER] });

/** A chain of controlled rotations about all three axes, between layers of RX. */
function controlledRotations(numQubits: number): Circuit {
  const layers = nLocal({
    numQubits,
    rotationGates: ["rx"],
    entanglingGates: ["crx", "cry", "crz"],
    entanglement: "linear",
    reps: 2,
  });
  return angleEmbedding({ numQubits, rotation: "Y" }).compose(layers);
}

/** Two inputs that turn all qubits, at another rate each, between RY-CX layers: all amplitudes are real. */
function sharedInputs(numQubits: number): Circuit {
  const x = input("x", 2);
  const encoding = Circuit.build(numQubits, (c) => {
    for (let qubit = 0; qubit < numQubits; qubit++) c.ry(x.at(qubit % 2).times(1 + qubit / 4), qubit);
  });
  return realAmplitudes({ numQubits, reps: 0, name: "first" })
    .compose(encoding)
    .compose(realAmplitudes({ numQubits, reps: 2, entanglement: "ring" }));
}

const CASES: readonly (() => Measured)[] = [
  () =>
    step("basic entangler", 64, angleEmbedding({ numQubits: 6 }).compose(basicEntangler({ numQubits: 6, layers: 4 }))),
  () => step("data re-uploading", 64, dataReuploading({ numQubits: 5, layers: 4, rotation: "Y" })),
  () => step("controlled rotations", 32, controlledRotations(7)),
  () => step("shared inputs, real amplitudes", 128, sharedInputs(9)),
  () =>
    step("many terms, batch", 32, angleEmbedding({ numQubits: 6 }).compose(efficientSU2({ numQubits: 6, reps: 2 })), [
      manyTerms(6, 40, 4),
      manyTerms(6, 12, 2),
    ]),
  () => step("three qubits", 1000, dataReuploading({ numQubits: 3, layers: 6, entanglement: "full" })),
  () => energy("real amplitudes, many terms", realAmplitudes({ numQubits: 14, reps: 4 }), manyTerms(14, 300, 4)),
  () => energy("QAOA, shared parameters", qaoaAnsatz(graphCost(16), { reps: 4 }), graphCost(16)),
  () =>
    energy(
      "Hamiltonian variational",
      hamiltonianVariational(
        (["X", "Y", "Z"] as const).flatMap((letter) => [0, 1].map((first) => bonds(18, letter, first))),
        { layers: 3, initialState: efficientSU2({ numQubits: 18, reps: 1, name: "v" }) },
      ),
      heisenberg(18),
    ),
  () => state("efficient SU(2), full", bound(efficientSU2({ numQubits: 19, reps: 3, entanglement: "full" }))),
  () => state("Trotter steps", bound(realAmplitudes({ numQubits: 21, reps: 1 })).compose(trotterSteps(21))),
  () =>
    state(
      "controlled rotations, state",
      bound(
        nLocal({
          numQubits: 21,
          rotationGates: ["rx"],
          entanglingGates: ["crz", "cry"],
          entanglement: "ring",
          reps: 3,
        }),
      ),
    ),
];

function trotterSteps(numQubits: number): Circuit {
  return trotter(heisenberg(numQubits), { time: 0.7, steps: 3 });
}

/** Circuits that are in none of the workloads, beside the same peers: what holds there must hold here. */
export async function runBeyond(options: BenchOptions): Promise<void> {
  await benchmark(
    "beyond",
    CASES.map((make) => make()),
    options,
  );
}
