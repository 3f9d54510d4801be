import type { Circuit } from "../circuit.ts";
import type { Matrix } from "../matrices.ts";
import { type Parameter, ParameterVector } from "../parameter.ts";
import type { Rng } from "../rng.ts";
import { AffineAngle, type AffineTerm } from "./affine-angle.ts";
import { chainAngles, PairKernel } from "./linalg/derived-angles.ts";
import { specialUnitary } from "./linalg/kak.ts";
import { wrapped } from "./linalg/two-by-two.ts";

/** U = Ry(turns[n]) Rz(angles[n-1]) Ry(turns[n-1]) ... Rz(angles[0]) Ry(turns[0]): values (θ, φ, λ) of its Z-Y-Z form. */
export interface EulerDerivation {
  readonly kind: "euler";
  readonly turns: readonly number[];
  readonly angles: readonly AffineAngle[];
  readonly outputs: readonly Parameter[];
}

/** A diagonal rotation of a two-qubit block: Rz on one qubit, or Rzz. */
export interface BlockRotation {
  readonly on: "low" | "high" | "both";
  readonly angle: AffineAngle;
}

/** A two-qubit block: constants[0], then rotations[0], then constants[1], ... and constants[n] at last (4×4 each). */
export interface BlockForm {
  readonly constants: readonly Matrix[];
  readonly rotations: readonly BlockRotation[];
}

/**
 * Values of a fixed template for a block: (θ, φ, λ) of the gates before (first, second qubit) and after (first, second),
 * then x, y, z of the canonical gate in between. With 2 entanglers the coordinates are folded so that z = 0.
 */
export interface KakDerivation {
  readonly kind: "kak";
  readonly entanglers: 2 | 3;
  readonly block: BlockForm;
  readonly outputs: readonly Parameter[];
}

/**
 * An angle t of rzz as one in [0, π/2], which is all that fractional gates take: values (t', z, x) with
 * rzz(t) = (Z⊗Z)^{z/π} X₁^{x/π} rzz(t') X₁^{x/π}, z and x being 0 or π.
 */
export interface FoldDerivation {
  readonly kind: "fold";
  readonly angle: AffineAngle;
  readonly outputs: readonly Parameter[];
}

export type Derivation = EulerDerivation | KakDerivation | FoldDerivation;

/** Random points at which the values of all angles are known while a circuit is compiled. */
export const NUM_SAMPLES = 3;

/**
 * The derived values of a compilation: what no formula in the parameters gives, and each row of values computes numerically.
 * A derivation reads parameters and earlier derived values, and its results are parameters again. While compiling, all are
 * also known at a few random points, so that what holds for every value can be told from what does not. Functions of
 * parameters count as unrelated numbers there: |x| - x is 0 at half of all points, and yet not zero.
 */
export class Derivations {
  readonly list: Derivation[] = [];
  readonly #prefix: string;
  readonly #samples = new Map<string, Float64Array>();
  readonly #known = new Map<string, Derivation>();
  readonly #kernel = new PairKernel();
  readonly #draws: Rng;

  constructor(source: Circuit, rng: Rng) {
    let prefix = "_d";
    while (source.vectors.some(({ name }) => name.startsWith(prefix))) prefix += "_";
    this.#prefix = prefix;
    this.#draws = rng.fork("samples");
  }

  /** The Z-Y-Z angles [θ, φ, λ] of a chain. */
  euler(turns: readonly number[], angles: readonly AffineAngle[]): readonly AffineAngle[] {
    const key = `e ${turns.join()} ${angles.map((angle) => angle.key).join()}`;
    return this.#derived(key, 3, (outputs) => ({ kind: "euler", turns, angles, outputs }));
  }

  /** The 15 values of the template with 3 entanglers, or of the one with 2 (z is then 0). */
  kak(entanglers: 2 | 3, form: BlockForm): readonly AffineAngle[] {
    // Rotations have determinant 1, so what makes the block's 1 can be done once.
    const block = { constants: form.constants.map(specialUnitary), rotations: form.rotations };
    const key = `k${entanglers} ${block.constants.map((matrix) => matrix.join()).join(";")} ${block.rotations
      .map(({ on, angle }) => on + angle.key)
      .join()}`;
    return this.#derived(key, 15, (outputs) => ({ kind: "kak", entanglers, block, outputs }));
  }

  /** [t', z, x] of an rzz angle. */
  fold(angle: AffineAngle): readonly AffineAngle[] {
    return this.#derived(`f ${angle.key}`, 3, (outputs) => ({ kind: "fold", angle, outputs }));
  }

  /** The angle at a sample point. */
  sample(angle: AffineAngle, index: number): number {
    return angle.evaluate((term) => this.#sampleTerm(term)[index]!);
  }

  #sampleTerm({ key }: AffineTerm): Float64Array {
    let values = this.#samples.get(key);
    if (values === undefined) {
      values = Float64Array.from({ length: NUM_SAMPLES }, () => (2 * this.#draws.uniform() - 1) * Math.PI);
      this.#samples.set(key, values);
    }
    return values;
  }

  #derived(key: string, count: number, make: (outputs: readonly Parameter[]) => Derivation): readonly AffineAngle[] {
    let derivation = this.#known.get(key);
    if (derivation === undefined) {
      const vector = new ParameterVector(`${this.#prefix}${this.list.length}`, "weight", [count]);
      derivation = make(vector.elements);
      this.list.push(derivation);
      this.#known.set(key, derivation);
      this.#evaluateSamples(derivation);
    }
    return derivation.outputs.map((parameter) => AffineAngle.of(parameter));
  }

  #evaluateSamples(derivation: Derivation): void {
    const out = new Float64Array(derivation.outputs.length);
    const samples = derivation.outputs.map(() => new Float64Array(NUM_SAMPLES));
    for (let index = 0; index < NUM_SAMPLES; index++) {
      const values = Float64Array.from(sourcesOf(derivation), (angle) => this.sample(angle, index));
      deriveInto(out, derivation, values, this.#kernel);
      for (const [at, value] of out.entries()) samples[at]![index] = value;
    }
    for (const [at, { name }] of derivation.outputs.entries()) this.#samples.set(name, samples[at]!);
  }
}

/** The angles that a derivation reads, in the order in which it takes their values. */
export function sourcesOf(derivation: Derivation): readonly AffineAngle[] {
  if (derivation.kind === "euler") return derivation.angles;
  if (derivation.kind === "fold") return [derivation.angle];
  return derivation.block.rotations.map(({ angle }) => angle);
}

/** Computes a derivation's outputs from the values of its sources. */
export function deriveInto(out: Float64Array, derivation: Derivation, values: Float64Array, kernel: PairKernel): void {
  if (derivation.kind === "euler") chainAngles(out, derivation.turns, values);
  else if (derivation.kind === "fold") foldInto(out, values[0]!);
  else kernel.derive(out, derivation.block, values, derivation.entanglers === 2);
}

function foldInto(out: Float64Array, angle: number): void {
  let rest = wrapped(angle);
  out[1] = 0;
  if (Math.abs(rest) > Math.PI / 2) {
    rest -= rest > 0 ? Math.PI : -Math.PI;
    out[1] = Math.PI;
  }
  out[0] = Math.abs(rest);
  out[2] = rest < 0 ? Math.PI : 0;
}
