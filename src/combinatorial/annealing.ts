import { optionsFault, Rng } from "../../circuits/index.ts";
import { ProblemError } from "../errors.ts";
import type { BinaryProblem } from "./binary-problem.ts";
import { bitstring, freeVariables, keptGroups, randomAssignment } from "./kept-constraints.ts";

export interface AnnealingResult {
  /** The best assignment that was seen, the last variable leftmost; a feasible one where there was any. */
  readonly bits: string;
  readonly value: number;
  readonly feasible: boolean;
  /** Moves that were tried. */
  readonly moves: number;
}

/**
 * Simulated annealing (Kirkpatrick et al., Science 220, 671, 1983): moves that swap a 1 and a 0 within a group of which exactly so many
 * are 1, and flips of the other variables, accepted by Metropolis at temperatures that fall geometrically; other constraints are
 * penalties. A classical measure for what a quantum computer gives.
 * @param options sweeps of n moves, 100 by default; restarts from new assignments, 1 by default; seed 0 by default; penalty as of
 * `BinaryProblem.penalised`
 * @throws ProblemError PROBLEM_OPTION, PROBLEM_NUMBER, PROBLEM_PENALTY
 */
export function simulatedAnnealing(
  problem: BinaryProblem,
  options: {
    readonly sweeps?: number;
    readonly restarts?: number;
    readonly seed?: number | string;
    readonly penalty?: number;
  } = {},
): AnnealingResult {
  const fault = optionsFault("simulatedAnnealing", options, ["sweeps", "restarts", "seed", "penalty"]);
  if (fault !== undefined) throw new ProblemError("PROBLEM_OPTION", fault);
  const { sweeps = 100, restarts = 1, seed = 0, penalty } = options;
  for (const [name, value] of Object.entries({ sweeps, restarts }))
    if (!Number.isSafeInteger(value) || value < 1)
      throw new ProblemError("PROBLEM_NUMBER", `simulatedAnnealing needs ${name} to be 1 or more, not ${value}.`);
  const groups = keptGroups(problem);
  const kept = groups.map(({ constraint }) => constraint);
  const rest = problem.constraints.filter((constraint) => !kept.includes(constraint));
  const energy = rest.length === 0 ? problem : problem.penalised({ constraints: rest, weight: penalty });
  const free = freeVariables(problem, groups);
  const movable = groups.filter(({ qubits, ones }) => ones > 0 && ones < qubits.length);
  const rng = Rng.seed(seed).fork("simulated-annealing");
  let best: AnnealingResult | undefined;
  let moves = 0;
  const note = (x: Uint8Array): void => {
    const value = problem.value(x);
    const feasible = problem.isFeasible(x);
    const isBetter = best === undefined || (feasible === best.feasible ? value < best.value : feasible);
    if (isBetter) best = { bits: bitstring(x), value, feasible, moves };
  };
  for (let restart = 0; restart < restarts; restart++) {
    const x = randomAssignment(problem, rng, groups);
    const walk = new Walk(energy, x);
    note(x);
    const steps = movable.length + free.length === 0 ? 0 : sweeps * problem.numVariables;
    // From a temperature at which most moves are accepted to one at which hardly any uphill one is.
    const hottest = walk.spread;
    for (let step = 0; step < steps; step++) {
      const temperature = hottest * 1e-3 ** (step / Math.max(1, steps - 1));
      const pick = rng.integer(free.length + movable.reduce((sum, { qubits }) => sum + qubits.length, 0));
      const [on, off] = pick < free.length ? [free[pick]!, -1] : pairIn(movable, pick - free.length, x, rng);
      const change = off < 0 ? walk.flipChange(on) : walk.swapChange(on, off);
      moves++;
      if (change > 0 && rng.uniform() >= Math.exp(-change / temperature)) continue;
      walk.flip(on);
      if (off >= 0) walk.flip(off);
      if (walk.energy <= walk.lowest) {
        walk.lowest = walk.energy;
        note(x);
      }
    }
  }
  return { ...best!, moves };
}

/** A variable of the group in which place `pick` lies, and another one of the group with the other value. */
function pairIn(
  groups: readonly { readonly qubits: readonly number[] }[],
  pick: number,
  x: Uint8Array,
  rng: Rng,
): readonly [number, number] {
  let place = pick;
  const group = groups.find(({ qubits }) => {
    if (place < qubits.length) return true;
    place -= qubits.length;
    return false;
  })!;
  const first = group.qubits[place]!;
  const others = group.qubits.filter((qubit) => x[qubit] !== x[first]);
  return [first, others[rng.integer(others.length)]!];
}

/** An assignment with its energy, and what each variable's 1 would add or adds to it. */
class Walk {
  readonly #couplings: Float64Array;
  readonly #fields: Float64Array;
  readonly #x: Uint8Array;
  energy: number;
  lowest: number;
  /** The largest change that one variable can make. */
  readonly spread: number;

  constructor({ linear, couplings, numVariables: n }: BinaryProblem, x: Uint8Array) {
    this.#couplings = couplings;
    this.#x = x;
    this.#fields = linear.slice();
    let spread = 1e-12;
    this.energy = 0;
    for (let i = 0; i < n; i++) {
      let [low, high] = [linear[i]!, linear[i]!];
      for (let j = 0; j < n; j++) {
        const coupling = couplings[i * n + j]!;
        low += Math.min(0, coupling);
        high += Math.max(0, coupling);
        if (x[j] === 1) this.#fields[i]! += coupling;
      }
      spread = Math.max(spread, Math.abs(low), Math.abs(high));
      // A pair is counted at both of its ends.
      if (x[i] === 1) this.energy += (linear[i]! + this.#fields[i]!) / 2;
    }
    this.lowest = this.energy;
    this.spread = spread;
  }

  flipChange(i: number): number {
    return this.#x[i] === 1 ? -this.#fields[i]! : this.#fields[i]!;
  }

  /** Of two variables with different values. */
  swapChange(i: number, j: number): number {
    return this.flipChange(i) + this.flipChange(j) - this.#couplings[i * this.#x.length + j]!;
  }

  flip(i: number): void {
    const n = this.#x.length;
    this.energy += this.flipChange(i);
    const sign = this.#x[i] === 1 ? -1 : 1;
    this.#x[i] = 1 - this.#x[i]!;
    for (let j = 0; j < n; j++) this.#fields[j]! += sign * this.#couplings[i * n + j]!;
  }
}
