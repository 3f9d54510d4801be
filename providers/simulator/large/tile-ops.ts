import type { AffineAngle } from "../normal-form.ts";
import type { MonomialSweep, ProductSweep, RotationSweep, Sweep, UnitarySweep } from "./pass-slots.ts";
import {
  type Fold,
  localMask,
  localPlaces,
  type MonomialOp,
  type ProductOp,
  type RotationOp,
  scratchLayout,
  spreadMatrix,
  type TileOp,
  type UnitaryOp,
} from "./tile-program.ts";
import type { MonomialTables } from "./tile-tables.ts";

const UNIT = 16;
const REAL = 8;
/** Rotations of one sweep at most: givens3. */
const ROTATIONS = 3;

/** The operations of a pass while they are made from its sweeps. */
export class OpList {
  readonly ops: TileOp[] = [];
  readonly gradients: AffineAngle[] = [];
  readonly angles: (readonly AffineAngle[])[] = [];
  readonly owned: (readonly [from: number, count: number])[] = [];
  sumBytes = 0;
  readonly #inner: number;
  readonly #tileBits: number;
  readonly #allocate: (bytes: number) => number;
  readonly #constant: (data: Float64Array | Uint32Array) => number;

  constructor(
    inner: number,
    tileBits: number,
    allocate: (bytes: number) => number,
    constant: (data: Float64Array | Uint32Array) => number,
  ) {
    this.#inner = inner;
    this.#tileBits = tileBits;
    this.#allocate = allocate;
    this.#constant = constant;
  }

  add(sweep: Sweep, monomials: MonomialTables): void {
    switch (sweep.kind) {
      case "rotations":
        this.#rotations(sweep);
        return;
      case "monomial":
        this.#monomial(sweep, monomials);
        return;
      case "product":
        this.#product(sweep);
        return;
      case "unitary":
        this.#unitary(sweep);
    }
  }

  #numbers(count: number): number {
    return this.#allocate(REAL * count) / REAL;
  }

  #push(op: TileOp, angles: readonly AffineAngle[], from: number): void {
    this.ops.push(op);
    this.angles.push(angles);
    this.owned.push([from, this.gradients.length - from]);
  }

  #gradient(angle: AffineAngle): number {
    return this.gradients.push(angle) - 1;
  }

  #rotations({ rotations }: RotationSweep): void {
    const sorted = [...rotations].sort((a, b) => a.qubit - b.qubit);
    for (let start = 0; start < sorted.length; start += ROTATIONS) {
      const group = sorted.slice(start, start + ROTATIONS);
      const gradient = this.gradients.length;
      for (const { angle } of group) this.#gradient(angle);
      const op: RotationOp = {
        kind: "rotations",
        strides: group.map(({ qubit }) => UNIT * localMask(1 << qubit, this.#inner)),
        numbers: this.#numbers(ROTATIONS + 2),
        gradient,
      };
      this.#push(
        op,
        group.map(({ angle }) => angle),
        gradient,
      );
    }
  }

  #monomial(sweep: MonomialSweep, monomials: MonomialTables): void {
    const from = this.gradients.length;
    const folds: Fold[] = [];
    for (const { mask, angle } of sweep.phases) {
      if (angle.slots.length === 0) continue;
      const condition = mask & ~this.#inner;
      folds.push({
        mask: localMask(mask, this.#inner),
        condition: condition === 0 ? 0 : 1 << sweep.conditions.indexOf(condition),
        gradient: this.#gradient(angle),
      });
    }
    const { tables, places } = monomials.get(sweep)!;
    let sums = -1;
    if (folds.length > 0) {
      sums = scratchLayout(this.#tileBits).sums + this.sumBytes;
      this.sumBytes += Math.max(UNIT, 2 ** sweep.conditions.length * REAL * 2 ** this.#tileBits);
    }
    const op: MonomialOp = {
      kind: "monomial",
      conditions: sweep.conditions,
      tables,
      places,
      numbers: this.#numbers(3),
      sums,
      folds,
    };
    this.#push(op, [], from);
  }

  #product({ phases }: ProductSweep): void {
    const from = this.gradients.length;
    const bitOf = (mask: number): number => 31 - Math.clz32(localMask(mask, this.#inner));
    const op: ProductOp = {
      kind: "product",
      bits: Int32Array.from(phases, ({ mask }) => bitOf(mask)),
      conditions: Int32Array.from(phases, ({ mask }) => mask & ~this.#inner),
      gradients: Int32Array.from(phases, ({ angle }) => (angle.slots.length === 0 ? -1 : this.#gradient(angle))),
      numbers: this.#numbers(3 + phases.length),
    };
    this.#push(
      op,
      phases.map(({ angle }) => angle),
      from,
    );
  }

  #unitary({ unitary }: UnitarySweep): void {
    const inner = this.#inner;
    const places = localPlaces(unitary.qubits, inner);
    const controls = UNIT * localMask(unitary.controls & inner, inner);
    const op: UnitaryOp = {
      kind: "unitary",
      condition: unitary.controls & ~inner,
      controls,
      occupied: controls | places.at(-1)!,
      dimension: places.length,
      numbers: this.#numbers(2),
      places: this.#constant(Uint32Array.from(places)),
      matrix: this.#constant(spreadMatrix(unitary, false)),
      adjoint: this.#constant(spreadMatrix(unitary, true)),
    };
    this.#push(op, [], this.gradients.length);
  }
}
