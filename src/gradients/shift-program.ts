import { type Circuit, SlotProgram, type SparsePauliOp } from "../../circuits/index.ts";
import type { Gradients } from "./evaluation.ts";
import { type GradientWants, type ShiftedSlot, shiftedSlots, slotCircuit } from "./slot-circuit.ts";

/** Slot angles to be evaluated: `data` is [distinct, 1 + T, numSlots], row 0 of each group unshifted. */
export interface ShiftedRows {
  readonly distinct: number;
  readonly data: Float64Array;
  /** For each row of parameter values its group. */
  readonly groupOf: Int32Array;
}

/** What shifted evaluations say: values, and derivatives by slot angle. */
export interface SlotJacobian {
  /** [rows, K] */
  readonly values: Float64Array;
  readonly stderr: Float64Array;
  /** [distinct, shifted slots, K] */
  readonly jacobian: Float64Array;
}

/**
 * The parameter-shift rule on slots: exact derivatives from evaluations of the same circuit at shifted angles. All of them
 * for all rows of a batch are one table of slot angles, so forward pass and gradient are one job with one PUB. A parameter
 * that several gates share or that stands in an expression is right by the chain rule.
 */
export class ShiftProgram {
  readonly circuit: Circuit;
  /** The circuit that runs: weights `slot` [numSlots]. */
  readonly slotCircuit: Circuit;
  readonly shifted: readonly ShiftedSlot[];
  /** T, the shifted evaluations of one row. */
  readonly numShifts: number;
  readonly #numObservables: number;
  readonly #slots: SlotProgram;
  readonly #wants: GradientWants;

  constructor(circuit: Circuit, observables: readonly SparsePauliOp[], wants: GradientWants) {
    this.circuit = circuit;
    this.slotCircuit = slotCircuit(circuit);
    this.shifted = shiftedSlots(circuit, observables, wants);
    this.numShifts = this.shifted.reduce((sum, { terms }) => sum + terms.length, 0);
    this.#numObservables = observables.length;
    this.#slots = new SlotProgram(circuit);
    this.#wants = wants;
  }

  /** The evaluations needed for parameter values [rows, P]; equal rows are evaluated once. */
  shiftedRows(values: Float64Array, rows: number): ShiftedRows {
    const { numSlots } = this.#slots;
    const angles = new Float64Array(rows * numSlots);
    this.#slots.evaluate(values, rows, angles);
    const groups = new Map<string, number>();
    const firsts: number[] = [];
    const groupOf = Int32Array.from({ length: rows }, (_, row) => {
      const key = Buffer.from(angles.buffer, 8 * row * numSlots, 8 * numSlots).toString("latin1");
      const found = groups.get(key);
      if (found !== undefined) return found;
      groups.set(key, firsts.length);
      return firsts.push(row) - 1;
    });
    const data = new Float64Array(firsts.length * (1 + this.numShifts) * numSlots);
    let at = 0;
    for (const row of firsts) {
      const base = angles.subarray(row * numSlots, (row + 1) * numSlots);
      data.set(base, at);
      at += numSlots;
      for (const { slot, terms } of this.shifted)
        for (const { shift } of terms) {
          data.set(base, at);
          data[at + slot]! += shift;
          at += numSlots;
        }
    }
    return { distinct: firsts.length, data, groupOf };
  }

  /** Values and slot derivatives from results [distinct, 1 + T, K]. */
  combineShifts({ distinct, groupOf }: ShiftedRows, evs: Float64Array, stds: Float64Array): SlotJacobian {
    const count = this.#numObservables;
    const stride = (1 + this.numShifts) * count;
    const values = new Float64Array(groupOf.length * count);
    const stderr = new Float64Array(groupOf.length * count);
    for (const [row, group] of groupOf.entries()) {
      values.set(evs.subarray(group * stride, group * stride + count), row * count);
      stderr.set(stds.subarray(group * stride, group * stride + count), row * count);
    }
    const jacobian = new Float64Array(distinct * this.shifted.length * count);
    for (let group = 0; group < distinct; group++) {
      let from = group * stride + count;
      for (const [index, { terms }] of this.shifted.entries()) {
        const to = (group * this.shifted.length + index) * count;
        for (const { coefficient } of terms) {
          for (let k = 0; k < count; k++) jacobian[to + k]! += coefficient * evs[from + k]!;
          from += count;
        }
      }
    }
    return { values, stderr, jacobian };
  }

  /** Gradients [rows, P] of Σ cotangents·values, row by row, for cotangents [rows, K]. */
  pullbackRows(
    parameterValues: Float64Array,
    { groupOf }: ShiftedRows,
    jacobian: Float64Array,
    cotangents: Float64Array,
  ): Float64Array {
    const count = this.#numObservables;
    const rows = groupOf.length;
    const { numSlots } = this.#slots;
    const angleGradients = new Float64Array(rows * numSlots);
    for (const [row, group] of groupOf.entries())
      for (const [index, { slot }] of this.shifted.entries()) {
        const from = (group * this.shifted.length + index) * count;
        for (let k = 0; k < count; k++)
          angleGradients[row * numSlots + slot]! += cotangents[row * count + k]! * jacobian[from + k]!;
      }
    const gradients = new Float64Array(rows * this.circuit.parameters.length);
    this.#slots.pullback(parameterValues, rows, angleGradients, gradients);
    return gradients;
  }

  /**
   * Standard errors of the gradients: weights [W] of the sum over rows, inputs [rows, D]. Evaluations at different angles
   * are independent; the K values of one evaluation may come from the same shots, so their errors add up in the worst way.
   */
  standardErrors(
    parameterValues: Float64Array,
    { distinct, groupOf }: ShiftedRows,
    stds: Float64Array,
    cotangents: Float64Array,
  ): { readonly weights: Float64Array; readonly inputs: Float64Array } {
    const count = this.#numObservables;
    const { numInputs, numWeights, parameters } = this.circuit;
    const width = parameters.length;
    const members = membersOf({ distinct, groupOf });
    const weights = new Float64Array(numWeights);
    const inputs = new Float64Array(groupOf.length * numInputs);
    const unit = new Float64Array(this.#slots.numSlots);
    const slopes = new Float64Array(width);
    const shared = new Float64Array(numWeights * count);
    for (let group = 0; group < distinct; group++) {
      let from = (group * (1 + this.numShifts) + 1) * count;
      for (const { slot, terms } of this.shifted) {
        shared.fill(0);
        unit[slot] = 1;
        for (const row of members[group]!) {
          slopes.fill(0);
          this.#slots.pullback(parameterValues.subarray(row * width, (row + 1) * width), 1, unit, slopes);
          const seeds = cotangents.subarray(row * count, (row + 1) * count);
          for (let p = 0; p < numWeights; p++)
            for (let k = 0; k < count; k++) shared[p * count + k]! += slopes[numInputs + p]! * seeds[k]!;
          for (let p = 0; p < numInputs; p++)
            inputs[row * numInputs + p]! += variance(slopes[p]!, seeds, terms, stds, from);
        }
        unit[slot] = 0;
        for (let p = 0; p < numWeights; p++)
          weights[p]! += variance(1, shared.subarray(p * count, (p + 1) * count), terms, stds, from);
        from += terms.length * count;
      }
    }
    return { weights: weights.map(Math.sqrt), inputs: inputs.map(Math.sqrt) };
  }

  /**
   * Variances [T, M] that one shot of each shifted evaluation and part of the observables adds to the gradients, summed over
   * these and as a mean over distinct rows; `spreads` [distinct, 1 + T, M, K] of single shots.
   */
  shotVariances(
    parameterValues: Float64Array,
    rows: ShiftedRows,
    spreads: Float64Array,
    numParts: number,
    cotangents: Float64Array,
  ): Float64Array {
    const count = this.#numObservables;
    const { distinct, groupOf } = rows;
    const { numInputs, numWeights, parameters } = this.circuit;
    const width = parameters.length;
    const members = membersOf(rows);
    const found = new Float64Array(this.numShifts * numParts);
    const unit = new Float64Array(this.#slots.numSlots);
    const slopes = new Float64Array(groupOf.length * width);
    const shared = new Float64Array(count);
    for (let group = 0; group < distinct; group++) {
      let shift = 0;
      for (const { slot, terms } of this.shifted) {
        unit[slot] = 1;
        slopes.fill(0);
        for (const row of members[group]!) {
          const of = [row * width, (row + 1) * width] as const;
          this.#slots.pullback(parameterValues.subarray(...of), 1, unit, slopes.subarray(...of));
        }
        unit[slot] = 0;
        const add = (seeds: Float64Array): void => {
          for (const [index, { coefficient }] of terms.entries())
            for (let m = 0; m < numParts; m++) {
              const from = ((group * (1 + this.numShifts) + 1 + shift + index) * numParts + m) * count;
              let spread = 0;
              for (let k = 0; k < count; k++) spread += Math.abs(seeds[k]!) * spreads[from + k]!;
              found[(shift + index) * numParts + m]! += (coefficient * spread) ** 2 / distinct;
            }
        };
        for (let p = 0; p < numWeights && this.#wants.weights; p++) {
          shared.fill(0);
          for (const row of members[group]!)
            for (let k = 0; k < count; k++)
              shared[k]! += slopes[row * width + numInputs + p]! * cotangents[row * count + k]!;
          if (shared.some((seed) => seed !== 0)) add(shared);
        }
        for (let p = 0; p < numInputs && this.#wants.inputs; p++)
          for (const row of members[group]!) {
            const slope = slopes[row * width + p]!;
            if (slope !== 0) add(cotangents.subarray(row * count, (row + 1) * count).map((seed) => slope * seed));
          }
        shift += terms.length;
      }
    }
    return found;
  }

  /** @internal */
  gradients(
    parameterValues: Float64Array,
    rows: ShiftedRows,
    jacobian: Float64Array,
    stds: Float64Array,
    seeds: Float64Array,
  ): Gradients {
    const { numInputs, numWeights } = this.circuit;
    const width = numInputs + numWeights;
    const perRow = this.pullbackRows(parameterValues, rows, jacobian, seeds);
    const weights = new Float64Array(numWeights);
    const inputs = new Float64Array(rows.groupOf.length * numInputs);
    for (let row = 0; row < rows.groupOf.length; row++) {
      for (let p = 0; p < numInputs; p++) inputs[row * numInputs + p] = perRow[row * width + p]!;
      for (let p = 0; p < numWeights; p++) weights[p]! += perRow[row * width + numInputs + p]!;
    }
    const errors = stds.some((std) => std !== 0)
      ? this.standardErrors(parameterValues, rows, stds, seeds)
      : { weights: new Float64Array(weights.length), inputs: new Float64Array(inputs.length) };
    const { weights: wantWeights, inputs: wantInputs } = this.#wants;
    return {
      weights: wantWeights ? weights : undefined,
      weightStderr: wantWeights ? errors.weights : undefined,
      inputs: wantInputs ? inputs : undefined,
      inputStderr: wantInputs ? errors.inputs : undefined,
    };
  }
}

/** The rows of each group. */
function membersOf({ distinct, groupOf }: Pick<ShiftedRows, "distinct" | "groupOf">): readonly (readonly number[])[] {
  const members = Array.from({ length: distinct }, (): number[] => []);
  for (const [row, group] of groupOf.entries()) members[group]!.push(row);
  return members;
}

/** Σ over terms of (|coefficient·slope| Σ_k |seed_k| std_k)². */
function variance(
  slope: number,
  seeds: Float64Array,
  terms: ShiftedSlot["terms"],
  stds: Float64Array,
  from: number,
): number {
  let sum = 0;
  for (const [index, { coefficient }] of terms.entries()) {
    let spread = 0;
    for (const [k, seed] of seeds.entries()) spread += Math.abs(seed) * stds[from + index * seeds.length + k]!;
    sum += (coefficient * slope * spread) ** 2;
  }
  return sum;
}
