import type { Slot } from "../../../circuits/index.ts";
import type { Angles, AngleUse } from "./angles.ts";
import type { LaneSteps } from "./lane-steps.ts";
import type { LevelScales } from "./level-scales.ts";
import type { LevelPlan } from "./levels.ts";

/** One use of an angle: where it is, and what it depends on; level 0 is the prefix. */
interface Use {
  readonly level: number;
  /** The run of the prefix, or -1. */
  readonly run: number;
  readonly isPhase: boolean;
  readonly lane: number;
  readonly onInput: boolean;
  readonly onWeight: boolean;
}

/** Which gradients a call has to compute at which level, and how far back it must go for them. */
export class WantedGradients {
  /** For each level, 1 where some gradient of this kind is wanted. */
  readonly rotations: Uint8Array;
  readonly laneRotations: Uint8Array;
  readonly phases: Uint8Array;
  readonly lanePhases: Uint8Array;
  /** For each run of the prefix, 1 where some gradient is wanted; and the first of them or of the tail, or infinity. */
  readonly prefix: Uint8Array;
  firstRun = 0;
  /** The first level whose ψ and λ are needed. */
  deepest = 0;
  /** Room for one number of each basis state. */
  readonly sums: Float64Array;
  readonly #uses: readonly Use[];
  readonly #laneUses: readonly Use[];
  /** What the arrays were made for. */
  #inputs: boolean | undefined;
  #weights: boolean | undefined;
  readonly #ofQubit: Float64Array;

  constructor(
    { levels, numQubits }: LevelPlan,
    { prefix, tail }: LaneSteps,
    uses: readonly AngleUse[],
    angles: Angles,
    slots: readonly Slot[],
  ) {
    const runs = [...prefix, ...tail];
    this.prefix = new Uint8Array(prefix.length);
    this.rotations = new Uint8Array(levels.length);
    this.laneRotations = new Uint8Array(levels.length);
    this.phases = new Uint8Array(levels.length);
    this.lanePhases = new Uint8Array(levels.length);
    this.sums = new Float64Array(2 ** numQubits);
    this.#ofQubit = new Float64Array(numQubits);
    const depends = (own: readonly number[], role: "input" | "weight"): boolean =>
      own.some((slot) => slots[slot]!.expression.parameters.some((parameter) => parameter.role === role));
    let use = 0;
    const ofPrefix = runs.flatMap(({ kind, count }, run) =>
      Array.from({ length: count }, (): Use => {
        const own = uses[use]!.angle.slots;
        return {
          level: 0,
          run,
          isPhase: kind === "phase",
          lane: angles.laneIndex[use++]!,
          onInput: depends(own, "input"),
          onWeight: depends(own, "weight"),
        };
      }),
    );
    const ofLevels = levels.flatMap(({ rotations, phases }, level) =>
      [...rotations, ...phases].map((_, index): Use => {
        const own = uses[use]!.angle.slots;
        return {
          level,
          run: -1,
          isPhase: index >= rotations.length,
          lane: angles.laneIndex[use++]!,
          onInput: depends(own, "input"),
          onWeight: depends(own, "weight"),
        };
      }),
    );
    this.#uses = [...ofPrefix, ...ofLevels];
    this.#laneUses = this.#uses.filter(({ lane }) => lane >= 0);
  }

  prepare(inputs: boolean, weights: boolean): void {
    if (this.#inputs === inputs && this.#weights === weights) return;
    this.#inputs = inputs;
    this.#weights = weights;
    this.firstRun = Number.POSITIVE_INFINITY;
    for (const list of [this.prefix, this.rotations, this.laneRotations, this.phases, this.lanePhases]) list.fill(0);
    this.deepest = this.rotations.length;
    for (const { level, run, isPhase, lane, onInput, onWeight } of this.#uses) {
      if (!(inputs && onInput) && !(weights && onWeight)) continue;
      if (run >= 0) {
        if (run < this.prefix.length) this.prefix[run] = 1;
        this.firstRun = Math.min(this.firstRun, run);
        this.deepest = 0;
        continue;
      }
      const list = isPhase
        ? lane >= 0
          ? this.lanePhases
          : this.phases
        : lane >= 0
          ? this.laneRotations
          : this.rotations;
      list[level] = 1;
      this.deepest = Math.min(this.deepest, isPhase ? level - 1 : level);
    }
  }

  /** For each lane angle, what its gradient in memory must be multiplied by. */
  scaleLanes({ recovered, lambda }: LevelScales, scales: Float64Array): void {
    for (let index = 0; index < this.#laneUses.length; index++) {
      const { level, run, isPhase, lane } = this.#laneUses[index]!;
      if (run >= 0) scales[lane] = (isPhase ? 2 : 1) * lambda[0]!;
      else scales[lane] = isPhase ? 2 * recovered[level - 1]! * lambda[level - 1]! : recovered[level]! * lambda[level]!;
    }
  }

  /** Of `sums`, for each qubit the sum over all basis states in which it is 1, by folding halves; destroys them. */
  foldOnes(numQubits: number): Float64Array {
    const { sums } = this;
    for (let qubit = numQubits - 1; qubit >= 0; qubit--) {
      const half = 1 << qubit;
      let ones = 0;
      for (let i = 0; i < half; i++) {
        ones += sums[half + i]!;
        sums[i]! += sums[half + i]!;
      }
      this.#ofQubit[qubit] = ones;
    }
    return this.#ofQubit;
  }
}
