import type { Matrix } from "../../matrices.ts";
import type { UnitaryKind } from "../../operation.ts";
import { AffineAngle } from "../affine-angle.ts";
import { type BlockForm, type Derivations, NUM_SAMPLES } from "../derivations.ts";
import { local, rotation } from "../ir.ts";
import { SWAP } from "../linalg/constants.ts";
import { PairKernel } from "../linalg/derived-angles.ts";
import { multiply4, phaseFreeDistance } from "../linalg/four-by-four.ts";
import { canonicalGate, coordinatesOf, entanglerCount, KakDecomposition, toMagic } from "../linalg/kak.ts";
import { oneEntangler, oneRotation, threeEntanglers, twoEntanglers } from "./canonical-template.ts";

/** A block rewritten. */
export interface SynthesizedBlock {
  /** CZ that it takes; a free rzz counts 2, or 1 where the device has it. */
  readonly entanglers: number;
  readonly operations: readonly UnitaryKind[];
  /** Whether the operations leave the qubits exchanged, which a swap after them would undo. */
  readonly exchanged: boolean;
}

export interface SynthesisOptions {
  /** Where numeric derivations may be made; without it only what formulas express is. */
  readonly derivations?: Derivations;
  /** Whether the device runs rzz itself. */
  readonly fractional: boolean;
}

const TOLERANCE = 1e-9;
const NEGLIGIBLE = 1e-11;
const GOLDEN = 0.618_033_988_749_894_9;

/** Finds gates with few entanglers for two-qubit blocks, with free angles or without. Holds working memory. */
export class BlockSynthesis {
  readonly #kernel = new PairKernel();
  readonly #kak = new KakDecomposition();
  readonly #work = new Float64Array(32);
  readonly #adjoint = new Float64Array(32);
  readonly #inner = new Float64Array(32);

  /**
   * The block on (low, high), exchanged at its end where `mirror` allows and fewer do, with the fewest entanglers known, or undefined where only a numeric derivation could rewrite it
   * and none may be made. Every structure returned holds for all values of the free angles.
   */
  synthesize(
    form: BlockForm,
    low: number,
    high: number,
    options: SynthesisOptions & { readonly mirror?: boolean },
  ): SynthesizedBlock | undefined {
    if (form.rotations.length === 0) return this.#constant(form.constants[0]!, low, high, options);
    const plain = this.#affine(form, low, high, options);
    const exchanged = options.mirror === true ? this.#affine(exchangedForm(form), low, high, options) : undefined;
    if (exchanged !== undefined && plain !== undefined && exchanged.entanglers < plain.entanglers)
      return { ...exchanged, exchanged: true };
    if (plain !== undefined && (plain.entanglers < 3 || options.derivations === undefined)) return plain;
    if (options.derivations === undefined) return undefined;
    return this.#derived(form, low, high, options.derivations, plain);
  }

  #constant(
    matrix: Matrix,
    low: number,
    high: number,
    options: SynthesisOptions & { readonly mirror?: boolean },
  ): SynthesizedBlock {
    this.#kak.decompose(matrix);
    this.#kak.fold();
    let count: number = this.#constantCost(options);
    let exchanged = false;
    if (options.mirror === true && count > 0) {
      multiply4(this.#work, SWAP, matrix);
      this.#kak.decompose(this.#work);
      this.#kak.fold();
      const other = this.#constantCost(options);
      exchanged = other < count;
      if (exchanged) count = other;
      else {
        this.#kak.decompose(matrix);
        this.#kak.fold();
      }
    }
    const [x, y, z] = this.#kak.coordinates;
    const fixed = [AffineAngle.of(x!), AffineAngle.of(y!), AffineAngle.of(z!)] as const;
    const classOf = entanglerCount(this.#kak.coordinates);
    const core =
      classOf === 0
        ? []
        : classOf === 1
          ? oneEntangler(low, high)
          : classOf === 3
            ? threeEntanglers(fixed, low, high)
            : count === 1
              ? oneRotation(fixed[0], low, high)
              : twoEntanglers(fixed[0], fixed[1], low, high);
    return { entanglers: count, operations: this.#between(core, low, high), exchanged };
  }

  #constantCost({ fractional }: SynthesisOptions): number {
    const { coordinates } = this.#kak;
    const count = entanglerCount(coordinates);
    return fractional && count === 2 && coordinates[1]! < NEGLIGIBLE ? 1 : count;
  }

  /** The core with the local gates of the last decomposition around it. */
  #between(core: readonly UnitaryKind[], low: number, high: number): readonly UnitaryKind[] {
    const { beforeLow, beforeHigh, afterLow, afterHigh } = this.#kak;
    return [
      local(beforeLow.slice(), low),
      local(beforeHigh.slice(), high),
      ...core,
      local(afterLow.slice(), low),
      local(afterHigh.slice(), high),
    ];
  }

  /**
   * Where the local gates of the Cartan decomposition do not depend on the free angles and the coordinates are affine in
   * them, as for rzz next to a swap. Found at one point, and taken only if it holds at another far away.
   */
  #affine(form: BlockForm, low: number, high: number, options: SynthesisOptions): SynthesizedBlock | undefined {
    const variables = variablesOf(form);
    const numVariables = variables.linear.length;
    const point = Float64Array.from({ length: numVariables }, (_, i) => 0.4 + 1.9 * ((GOLDEN * (i + 1)) % 1));
    const angles = new Float64Array(form.rotations.length);
    const valuesAt = (values: Float64Array): void => {
      for (const [i, { variable, factor, constant }] of variables.ofRotation.entries())
        angles[i] = factor * values[variable]! + constant;
      this.#kernel.product(form, angles);
    };
    valuesAt(point);
    const kak = this.#kak;
    kak.decompose(this.#kernel.matrix);
    const phases = new Float64Array(4);
    if (!this.#corePhases(phases)) return undefined;
    const base = phases.slice();
    const slopes: Float64Array[] = [];
    const step = 0.05;
    for (let variable = 0; variable < numVariables; variable++) {
      const moved = point.slice();
      moved[variable]! += step;
      valuesAt(moved);
      if (!this.#corePhases(phases)) return undefined;
      const slope = new Float64Array(3);
      coordinatesOf(
        slope,
        phases.map((phase, i) => within(phase - base[i]!) / step),
      );
      slopes.push(slope.map(snapped));
    }
    const start = new Float64Array(3);
    for (let axis = 0; axis < 3; axis++)
      start[axis] = slopes.reduce((rest, slope, i) => rest - slope[axis]! * point[i]!, kak.coordinates[axis]!);
    const far = point.map((value, i) => -2.3 * value + 0.7 * i - 0.3);
    valuesAt(far);
    if (!this.#corePhases(phases)) return undefined;
    const predicted = start.map((value, axis) => slopes.reduce((sum, slope, i) => sum + slope[axis]! * far[i]!, value));
    if (!(phaseFreeDistance(canonicalGate(predicted), this.#inner) < TOLERANCE)) return undefined;
    const coordinates = [0, 1, 2].map((axis) => {
      let sum = AffineAngle.zero;
      for (const [i, slope] of slopes.entries()) sum = sum.plus(variables.linear[i]!.linear(slope[axis]!));
      if (!sum.isConstant) return sum.plusConstant(start[axis]!);
      // A coordinate that does not vary counts modulo π/2.
      const turns = Math.round(start[axis]! / (Math.PI / 2));
      kak.shift(axis, turns);
      const rest = start[axis]! - (turns * Math.PI) / 2;
      return AffineAngle.of(Math.abs(rest) < NEGLIGIBLE ? 0 : rest);
    });
    if (coordinates.every((coordinate) => coordinate.isConstant)) {
      valuesAt(point);
      return this.#constant(this.#kernel.matrix, low, high, { fractional: options.fractional });
    }
    // Those that vanish go last.
    for (const [a, b] of [
      [0, 1],
      [1, 2],
      [0, 1],
    ] as const)
      if (coordinates[a]!.isZero && !coordinates[b]!.isZero) {
        kak.exchange(a, b);
        [coordinates[a], coordinates[b]] = [coordinates[b]!, coordinates[a]!];
      }
    const [x, y, z] = coordinates as [AffineAngle, AffineAngle, AffineAngle];
    if (y.isZero)
      return {
        entanglers: options.fractional ? 1 : 2,
        operations: this.#between(oneRotation(x, low, high), low, high),
        exchanged: false,
      };
    const core = z.isZero ? twoEntanglers(x, y, low, high) : threeEntanglers([x, y, z], low, high);
    return { entanglers: z.isZero ? 2 : 3, operations: this.#between(core, low, high), exchanged: false };
  }

  /**
   * The phases of the last product in the magic basis, the local gates found before taken off; false where they do not
   * diagonalise it. The product without them is left in `#inner`.
   */
  #corePhases(phases: Float64Array): boolean {
    const { afterLow, afterHigh, beforeLow, beforeHigh } = this.#kak;
    adjointOfTensor(this.#adjoint, afterHigh, afterLow);
    multiply4(this.#work, this.#adjoint, this.#kernel.matrix);
    adjointOfTensor(this.#adjoint, beforeHigh, beforeLow);
    multiply4(this.#inner, this.#work, this.#adjoint);
    toMagic(this.#adjoint, this.#inner, this.#work);
    for (let i = 0; i < 4; i++)
      for (let j = 0; j < 4; j++) {
        const re = this.#adjoint[8 * i + 2 * j]!;
        const im = this.#adjoint[8 * i + 2 * j + 1]!;
        if (i === j) phases[i] = Math.atan2(im, re);
        else if (Math.hypot(re, im) > TOLERANCE) return false;
      }
    return true;
  }

  /** A template whose angles each row computes, if it is smaller than what is known; its size is that of the largest class seen. */
  #derived(
    form: BlockForm,
    low: number,
    high: number,
    derivations: Derivations,
    known: SynthesizedBlock | undefined,
  ): SynthesizedBlock | undefined {
    let count = 0;
    const angles = new Float64Array(form.rotations.length);
    for (let index = 0; index < NUM_SAMPLES && count < 3; index++) {
      for (const [i, { angle }] of form.rotations.entries()) angles[i] = derivations.sample(angle, index);
      this.#kernel.product(form, angles);
      this.#kak.decompose(this.#kernel.matrix);
      this.#kak.fold();
      count = Math.max(count, entanglerCount(this.#kak.coordinates));
    }
    if (known !== undefined && known.entanglers <= count) return known;
    const entanglers = count === 3 ? 3 : 2;
    const d = derivations.kak(entanglers, form);
    const turns = (at: number, qubit: number): readonly UnitaryKind[] => [
      rotation("Z", d[at + 2]!, qubit),
      rotation("Y", d[at]!, qubit),
      rotation("Z", d[at + 1]!, qubit),
    ];
    const core =
      entanglers === 3
        ? threeEntanglers([d[12]!, d[13]!, d[14]!], low, high)
        : twoEntanglers(d[12]!, d[13]!, low, high);
    return {
      entanglers,
      operations: [...turns(0, low), ...turns(3, high), ...core, ...turns(6, low), ...turns(9, high)],
      exchanged: false,
    };
  }
}

interface Variables {
  readonly linear: readonly AffineAngle[];
  readonly ofRotation: readonly { readonly variable: number; readonly factor: number; readonly constant: number }[];
}

/** The angles' linear parts that are not multiples of each other, and each angle by one of them. */
function variablesOf(form: BlockForm): Variables {
  const index = new Map<string, number>();
  const linear: AffineAngle[] = [];
  const ofRotation = form.rotations.map(({ angle }) => {
    const factor = angle.terms[0]!.coefficient;
    const part = angle.linear(1 / factor);
    const key = part.terms.map((term) => `${term.coefficient.toPrecision(12)}*${term.key}`).join("+");
    let variable = index.get(key);
    if (variable === undefined) {
      variable = linear.push(part) - 1;
      index.set(key, variable);
    }
    return { variable, factor, constant: angle.constant };
  });
  return { linear, ofRotation };
}

/** The block followed by a swap. */
function exchangedForm(form: BlockForm): BlockForm {
  const last = new Float64Array(32);
  multiply4(last, SWAP, form.constants.at(-1)!);
  return { constants: [...form.constants.slice(0, -1), last], rotations: form.rotations };
}

function adjointOfTensor(out: Matrix, high: Matrix, low: Matrix): void {
  for (let i = 0; i < 4; i++)
    for (let j = 0; j < 4; j++) {
      const p = 4 * (j >> 1) + 2 * (i >> 1);
      const q = 4 * (j & 1) + 2 * (i & 1);
      out[8 * i + 2 * j] = high[p]! * low[q]! - high[p + 1]! * low[q + 1]!;
      out[8 * i + 2 * j + 1] = -(high[p]! * low[q + 1]! + high[p + 1]! * low[q]!);
    }
}

function within(angle: number): number {
  return angle - 2 * Math.PI * Math.round(angle / (2 * Math.PI));
}

/** Slopes are sums of halves of the angles' factors; what finite differences add to multiples of 1/4 is rounding. */
function snapped(slope: number): number {
  const quarters = Math.round(4 * slope) / 4;
  return Math.abs(slope - quarters) < 1e-10 ? quarters + 0 : slope;
}
