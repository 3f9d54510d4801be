import {
  Circuit,
  dickeState,
  type MixerPattern,
  optionsFault,
  qaoaAnsatz,
  Rng,
  type SparsePauliOp,
  xyMixer,
} from "../../circuits/index.ts";
import { ProblemError } from "../errors.ts";
import { BinaryProblem } from "./binary-problem.ts";
import { freeVariables, type KeptGroup, keptGroups, randomAssignment } from "./kept-constraints.ts";

export interface QaoaProgramOptions {
  /** Layers, p; 1 by default. */
  readonly layers?: number;
  /**
   * "x" turns all constraints into penalties. "ring" and "complete" keep those of kind "exactly" by an XY mixer on each of their groups
   * and a Dicke state to start from, so that every sample fulfils them, and penalise the others. "complete" by default where there is
   * such a constraint, else "x"; "ring" takes fewer gates and more layers.
   */
  readonly mixer?: "x" | MixerPattern;
  /** Weight of the penalties; a safe one by default, see `BinaryProblem.penaltyWeight`. */
  readonly penalty?: number;
}

/** A problem as a circuit: what `minimize`, a sampler and `readSamples` need. */
export interface QaoaProgram {
  readonly problem: BinaryProblem;
  /** With penalties for all constraints that are not kept. */
  readonly penalised: BinaryProblem;
  /** The groups whose constraints hold in every sample of a noiseless device. */
  readonly kept: readonly KeptGroup[];
  /** Weights `gamma` [layers] and `beta` [layers]; gammas are in units of 1/`scale`. */
  readonly circuit: Circuit;
  /** The penalised problem's Hamiltonian, in the problem's own unit. */
  readonly observable: SparsePauliOp;
  /** The unit of the cost in the circuit: with it good gammas are near 1 whatever the problem's unit. */
  readonly scale: number;
}

/** Assignments by which the spread of the cost is judged. */
const SCALE_DRAWS = 512;

/**
 * Builds the quantum alternating operator ansatz of a problem (Farhi et al., arXiv:1411.4028; Hadfield et al., Algorithms 12, 34, 2019).
 * @throws ProblemError PROBLEM_OPTION, PROBLEM_NUMBER, PROBLEM_PENALTY, PROBLEM_FLAT; CircuitError LIBRARY_COUNT
 */
export function qaoaProgram(problem: BinaryProblem, options: QaoaProgramOptions = {}): QaoaProgram {
  const fault =
    problem instanceof BinaryProblem
      ? optionsFault("qaoaProgram", options, ["layers", "mixer", "penalty"])
      : "qaoaProgram takes a BinaryProblem; BinaryProblem.from({ variables, linear, quadratic }) makes one.";
  if (fault !== undefined) throw new ProblemError("PROBLEM_OPTION", fault);
  const groups = keptGroups(problem);
  const { layers = 1, mixer = groups.length > 0 ? "complete" : "x", penalty } = options;
  if (!["x", "ring", "complete"].includes(mixer))
    throw new ProblemError("PROBLEM_OPTION", `qaoaProgram knows mixers x, ring and complete, not ${mixer}.`);
  const kept = mixer === "x" ? [] : groups;
  const keptConstraints = kept.map(({ constraint }) => constraint);
  const rest = problem.constraints.filter((constraint) => !keptConstraints.includes(constraint));
  const penalised = rest.length === 0 ? problem : problem.penalised({ constraints: rest, weight: penalty });
  const scale = scaleOf(penalised, kept);
  const cost = withoutConstants(penalised, kept)
    .hamiltonian()
    .times(1 / scale)
    .simplify();
  if (cost.support.length === 0)
    throw new ProblemError(
      "PROBLEM_FLAT",
      "All assignments that the mixer reaches have the same value, so there is nothing to choose by.",
    );
  const xy = () => xyMixer({ groups: kept.map(({ qubits }) => qubits), pattern: mixer as MixerPattern });
  const circuit = qaoaAnsatz(cost, {
    reps: layers,
    ...(mixer === "x" ? {} : { mixer: xy(), initialState: startState(problem, kept) }),
  });
  return { problem, penalised, kept, circuit, observable: penalised.hamiltonian(), scale };
}

/** The even superposition of all assignments that keep the groups. */
function startState(problem: BinaryProblem, kept: readonly KeptGroup[]): Circuit {
  return Circuit.build(problem.numVariables, (c) => {
    for (const { qubits, ones } of kept) c.place(dickeState(qubits.length, ones), qubits);
    for (const qubit of freeVariables(problem, kept)) c.h(qubit);
  });
}

/**
 * The standard deviation of the cost over the starting state, relative to that of the mixer, about √n: so phases and mixing angles are
 * of one size (the idea of Sureshbabu et al., Quantum 8, 1231, 2024, for constrained problems, too).
 */
function scaleOf(penalised: BinaryProblem, kept: readonly KeptGroup[]): number {
  const rng = Rng.seed("qaoa-scale");
  const values = Float64Array.from({ length: SCALE_DRAWS }, () =>
    penalised.value(randomAssignment(penalised, rng, kept)),
  );
  const mean = values.reduce((sum, value) => sum + value, 0) / SCALE_DRAWS;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / SCALE_DRAWS;
  const scale = Math.sqrt(variance / penalised.numVariables);
  return scale > 1e-12 * Math.abs(mean) ? scale : 1;
}

/**
 * The same cost on the assignments that keep the groups, up to a constant, with smaller angles and fewer gates: within a group the mean
 * of all linear terms and of all couplings acts on each of them alike, and where only one variable is 1 no pair is.
 */
function withoutConstants(problem: BinaryProblem, kept: readonly KeptGroup[]): BinaryProblem {
  const n = problem.numVariables;
  const linear = problem.linear.slice();
  const couplings = Array.from({ length: n }, (_, i) => problem.couplings.slice(i * n, (i + 1) * n));
  for (const { qubits, ones } of kept) {
    const mean = qubits.reduce((sum, i) => sum + linear[i]!, 0) / qubits.length;
    for (const i of qubits) linear[i]! -= mean;
    const pairs = qubits.flatMap((a, i) => qubits.slice(0, i).map((b) => [a, b] as const));
    const shared = pairs.reduce((sum, [a, b]) => sum + couplings[a]![b]!, 0) / Math.max(1, pairs.length);
    // A mean taken off zeros would add gates.
    const isDense = pairs.every(([a, b]) => couplings[a]![b] !== 0);
    for (const [a, b] of pairs)
      for (const [i, j] of [
        [a, b],
        [b, a],
      ] as const)
        couplings[i]![j] = ones === 1 ? 0 : couplings[i]![j]! - (isDense ? shared : 0);
  }
  return BinaryProblem.from({
    variables: problem.variables,
    linear,
    quadratic: couplings.map((row) => row.map((coupling) => coupling / 2)),
  });
}
