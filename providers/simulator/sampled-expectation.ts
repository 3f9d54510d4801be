import type { Circuit, Rng, SparsePauliOp } from "../../circuits/index.ts";
import { BranchedCircuit } from "./branched-circuit.ts";
import type { Engine } from "./engine.ts";
import { GroupTally, TallySums } from "./group-tally.ts";
import { turnXToZ, turnYToZ } from "./kernels/basis.ts";
import { finallyMeasuredQubits, liveQubits } from "./live-circuit.ts";
import { type MeasurementGroup, measurementGroups } from "./measurement-groups.ts";
import { isLarge } from "./pauses.ts";
import { sampleSorted } from "./sampling.ts";
import type { StateMemory } from "./state-memory.ts";

type Basis = MeasurementGroup["basis"];

/** How one setting reads its qubits. Those that are neither read nor coins are |0⟩ and measured in Z: they read 0. */
interface Plan {
  /** The setting's place among all groups, which names its samples. */
  readonly index: number;
  readonly group: MeasurementGroup;
  /** Qubits whose outcome the state decides. */
  readonly read: Basis;
  /** Qubits whose outcome is a fair coin whatever the rest does. */
  readonly coins: readonly number[];
  /** The qubits of the circuit that decide the outcomes of `read`. */
  readonly cone: readonly number[];
}

/** One measurement setting, made ready for the states of its part. */
interface Setting {
  readonly index: number;
  readonly tally: GroupTally;
  /** Bits of the state whose basis is to be turned before it is read in Z. */
  readonly turns: readonly (readonly [turn: typeof turnXToZ, bit: number])[];
}

/** Settings that see the same qubits of the circuit, and so are read from the same state. */
interface Part {
  readonly branched: BranchedCircuit;
  readonly settings: readonly Setting[];
}

/** Expectation values of K observables estimated from samples; each row is simulated once for all its settings. */
export class SampledExpectation {
  readonly bytes: number;
  readonly #memory: StateMemory;
  readonly #parts: readonly Part[];
  /** Of each observable, the terms that need no measurement. */
  readonly #constants: Float64Array;
  readonly #sums: TallySums;

  /** @throws SimulatorError STATE_TOO_LARGE */
  constructor(engine: Engine, memory: StateMemory, circuit: Circuit, observables: readonly SparsePauliOp[]) {
    this.#memory = memory;
    this.#constants = new Float64Array(observables.length);
    this.#sums = new TallySums(observables.length);
    const planOf = planner(circuit);
    const plans = new Map<string, Plan[]>();
    for (const [index, group] of measurementGroups(observables).entries()) {
      if (group.basis.length === 0) {
        for (const term of group.terms) addTo(this.#constants, term.coefficients);
        continue;
      }
      const plan = planOf(index, group);
      const key = plan.cone.join();
      const found = plans.get(key);
      if (found === undefined) plans.set(key, [plan]);
      else found.push(plan);
    }
    this.#parts = [...plans.values()].map((members) => makePart(engine, memory, circuit, members, this.#sums));
    this.bytes = this.#parts.reduce(
      (sum, { branched, settings }) => sum + branched.bytes + settings.reduce((all, { tally }) => all + tally.bytes, 0),
      8 * 5 * observables.length,
    );
  }

  /**
   * Estimates one row [P] from `shots` shots a setting: writes means [K] and squared standard errors [K]. Yields after each
   * setting, and now and then while a large state is computed.
   * @param rng forked by setting, so that samples do not depend on the order of work
   * @param charge is told the executions as they are done
   */
  *estimate(
    values: Float64Array,
    shots: number,
    rng: Rng,
    means: Float64Array,
    variances: Float64Array,
    charge: (executions: number) => void,
  ): Generator<void> {
    means.set(this.#constants);
    variances.fill(0);
    for (const { branched, settings } of this.#parts) {
      const root = yield* branched.prepare(values);
      try {
        for (const setting of settings) {
          const draw = rng.fork("group", setting.index);
          this.#sums.clear();
          if (branched.branches)
            yield* branched.follow<number>(root, values, shots, {
              split: (count, probabilityOfOne) => splitShots(count, probabilityOfOne, draw),
              leaf: (count, state) => {
                for (const [turn, bit] of setting.turns) turn(state, bit);
                setting.tally.add(sampleSorted(state, count, draw), draw);
              },
            });
          else yield* this.#readOnce(root, setting, setting === settings.at(-1), shots, draw);
          this.#sums.addTo(means, variances);
          charge(shots);
          yield;
        }
      } finally {
        this.#memory.giveBack(root);
      }
    }
  }

  /** Reads a state that other settings need unchanged, unless this is the last one. */
  *#readOnce(root: Float64Array, setting: Setting, last: boolean, shots: number, rng: Rng): Generator<void> {
    const { turns, tally } = setting;
    const state = last || turns.length === 0 ? root : this.#memory.take(root.length);
    try {
      if (state !== root) state.set(root);
      for (const [turn, bit] of turns) {
        turn(state, bit);
        if (isLarge(state)) yield;
      }
      tally.add(sampleSorted(state, shots, rng), rng);
    } finally {
      if (state !== root) this.#memory.giveBack(state);
    }
  }
}

/** How many of `count` shots read 0 and how many 1; undefined for none. */
function splitShots(
  count: number,
  probabilityOfOne: number,
  rng: Rng,
): readonly [number | undefined, number | undefined] {
  let ones = 0;
  for (let shot = 0; shot < count; shot++) if (rng.uniform() < probabilityOfOne) ones++;
  return [ones < count ? count - ones : undefined, ones > 0 ? ones : undefined];
}

function planner(circuit: Circuit): (index: number, group: MeasurementGroup) => Plan {
  const measured = finallyMeasuredQubits(circuit);
  const coneOf = liveQubits(circuit);
  const cones = new Map<string, { readonly cone: readonly number[]; readonly holds: ReadonlySet<number> }>();
  return (index, group) => {
    // A qubit that is measured and not touched again has no coherence left, so that X and Y there are coins.
    const coherent = group.basis.filter(([qubit, letter]) => letter === "Z" || !measured.has(qubit));
    const support = coherent.map(([qubit]) => qubit);
    const key = support.join();
    let known = cones.get(key);
    if (known === undefined) {
      const cone = coneOf(support);
      known = { cone, holds: new Set(cone) };
      cones.set(key, known);
    }
    const { cone, holds } = known;
    const read = coherent.filter(([qubit]) => holds.has(qubit));
    // X and Y are coins too on a qubit that nothing touches.
    const coins = group.basis.filter((entry) => entry[1] !== "Z" && !read.includes(entry)).map(([qubit]) => qubit);
    return { index, group, read, coins, cone };
  };
}

function makePart(
  engine: Engine,
  memory: StateMemory,
  circuit: Circuit,
  plans: readonly Plan[],
  sums: TallySums,
): Part {
  const qubits = [...new Set(plans.flatMap(({ read }) => read.map(([qubit]) => qubit)))];
  const copies = plans.slice(0, -1).some(({ read }) => read.some(([, letter]) => letter !== "Z"));
  const branched = new BranchedCircuit(engine, memory, circuit, { qubits }, (branches) =>
    copies && !branches ? 1 : 0,
  );
  const place = new Map(branched.live.qubits.map((qubit, bit) => [qubit, bit]));
  const settings = plans.map(({ index, group, read, coins }): Setting => {
    const bits = new Map(read.map(([qubit]) => [qubit, place.get(qubit)!]));
    return {
      index,
      tally: new GroupTally(group, { bits, coins }, sums),
      turns: read
        .filter(([, letter]) => letter !== "Z")
        .map(([qubit, letter]) => [letter === "X" ? turnXToZ : turnYToZ, bits.get(qubit)!] as const),
    };
  });
  return { branched, settings };
}

function addTo(sums: Float64Array, values: Float64Array): void {
  for (let k = 0; k < sums.length; k++) sums[k]! += values[k]!;
}
