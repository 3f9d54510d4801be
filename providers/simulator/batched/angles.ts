import { type Circuit, type Slot, SlotProgram, slotsOf } from "../../../circuits/index.ts";
import type { AffineAngle } from "../normal-form.ts";

/** An angle that a kernel needs, times a factor: rotations need half of theirs. */
export interface AngleUse {
  readonly angle: AffineAngle;
  readonly factor: number;
}

/** Some angles as sums over slots, in flat arrays: use k has the terms starts[k] to starts[k + 1] - 1. */
interface Terms {
  readonly uses: Int32Array;
  readonly constants: Float64Array;
  readonly factors: Float64Array;
  readonly starts: Int32Array;
  readonly slots: Int32Array;
  readonly coefficients: Float64Array;
}

/**
 * The angles of a circuit for many rows of parameter values, in two kinds: those that all rows of a call share, and those of
 * each row (lane). Lane angles that are one parameter, times and plus a constant, are copied without a detour.
 */
export class Angles {
  /** For each use, its place among the shared ones, or -1; and the same among those of lanes. */
  readonly sharedIndex: Int32Array;
  readonly laneIndex: Int32Array;
  readonly numShared: number;
  readonly numLane: number;
  readonly #shared: Terms;
  readonly #lane: Terms;
  readonly #sharedSlots: SlotProgram;
  readonly #laneSlots: SlotProgram;
  readonly #slotAngles: Float64Array;
  readonly #slotGradients: Float64Array;
  /** Places in the two programs of each slot, -1 where it is of the other kind. */
  readonly #inShared: Int32Array;
  readonly #inLane: Int32Array;
  readonly #sharedBuffer: Float64Array;
  readonly #laneBuffer: Float64Array;
  /** Of lane use k, the column of its only parameter, or -1. */
  readonly #columns: Int32Array;
  readonly #direct: boolean;

  /** @param isLane whether a slot may differ from row to row */
  constructor(circuit: Circuit, uses: readonly AngleUse[], isLane: (slot: Slot) => boolean) {
    const slots = slotsOf(circuit);
    const lane = slots.map(isLane);
    const isLaneUse = uses.map(({ angle }) => angle.slots.some((slot) => lane[slot]));
    this.sharedIndex = places(isLaneUse.map((value) => !value));
    this.laneIndex = places(isLaneUse);
    this.#shared = termsOf(uses, this.sharedIndex);
    this.#lane = termsOf(uses, this.laneIndex);
    this.numShared = this.#shared.uses.length;
    this.numLane = this.#lane.uses.length;
    this.#inShared = places(lane.map((value) => !value));
    this.#inLane = places(lane);
    this.#sharedSlots = new SlotProgram(
      circuit,
      slots.filter(({ index }) => !lane[index]),
    );
    this.#laneSlots = new SlotProgram(
      circuit,
      slots.filter(({ index }) => lane[index]),
    );
    this.#slotAngles = new Float64Array(slots.length);
    this.#slotGradients = new Float64Array(slots.length);
    this.#sharedBuffer = new Float64Array(this.#sharedSlots.numSlots);
    this.#laneBuffer = new Float64Array(this.#laneSlots.numSlots);
    const column = new Map(circuit.parameters.map(({ name }, index) => [name, index]));
    this.#columns = this.#lane.uses.map((use) => {
      const { angle } = uses[use]!;
      const node = angle.slots.length === 1 ? slots[angle.slots[0]!]!.expression.node : undefined;
      return node?.kind === "parameter" ? column.get(node.parameter.name)! : -1;
    });
    this.#direct = this.#columns.every((index) => index >= 0);
  }

  /** Adds each shared angle of a row [P], times its factor, to out[at + positions[k]]. */
  addShared(row: Float64Array, positions: Int32Array, out: Float64Array, at: number): void {
    const { constants, factors, starts, slots, coefficients } = this.#shared;
    this.#sharedSlots.evaluate(row, 1, this.#sharedBuffer);
    spread(this.#inShared, this.#sharedBuffer, this.#slotAngles);
    for (let k = 0; k < constants.length; k++) {
      let angle = constants[k]!;
      for (let term = starts[k]!; term < starts[k + 1]!; term++)
        angle += coefficients[term]! * this.#slotAngles[slots[term]!]!;
      out[at + positions[k]!]! += factors[k]! * angle;
    }
  }

  /**
   * Writes the lane angles, times their factors, of some rows to out[from + k·stride + lane]. Each must be one parameter,
   * which is read at values[at + lane·width + column].
   */
  setLanes(
    values: Float64Array,
    at: number,
    width: number,
    rows: number,
    out: Float64Array | Float32Array,
    from: number,
    stride: number,
  ): void {
    const { constants, factors, starts, coefficients } = this.#lane;
    for (let k = 0; k < constants.length; k++) {
      const constant = factors[k]! * constants[k]!;
      const coefficient = factors[k]! * coefficients[starts[k]!]!;
      const to = from + k * stride;
      for (let lane = 0, source = at + this.#columns[k]!; lane < rows; lane++, source += width)
        out[to + lane] = constant + coefficient * values[source]!;
    }
  }

  /** As `setLanes` for one row [P] and angles that are any expressions: writes to out[from + k·stride]. */
  setLane(row: Float64Array, out: Float64Array | Float32Array, from: number, stride: number): void {
    const { constants, factors, starts, slots, coefficients } = this.#lane;
    this.#laneSlots.evaluate(row, 1, this.#laneBuffer);
    spread(this.#inLane, this.#laneBuffer, this.#slotAngles);
    for (let k = 0; k < constants.length; k++) {
      let angle = constants[k]!;
      for (let term = starts[k]!; term < starts[k + 1]!; term++)
        angle += coefficients[term]! * this.#slotAngles[slots[term]!]!;
      out[from + k * stride] = factors[k]! * angle;
    }
  }

  /** Whether some lane angle is more than one parameter, so that each row must be evaluated by itself. */
  get needsRow(): boolean {
    return !this.#direct;
  }

  /** Starts the gradients of a call. */
  clearGradients(): void {
    this.#slotGradients.fill(0);
  }

  /**
   * Adds the gradients of some rows to out[at + lane·width + column], for angles that are one parameter each. That of lane
   * angle k is gradients[from + k·stride + lane], times `scales[k]`.
   */
  pullbackLanes(
    gradients: Float64Array | Float32Array,
    from: number,
    stride: number,
    scales: Float64Array,
    out: Float64Array,
    at: number,
    width: number,
    rows: number,
  ): void {
    const { starts, coefficients } = this.#lane;
    for (let k = 0; k < scales.length; k++) {
      const factor = scales[k]! * coefficients[starts[k]!]!;
      const source = from + k * stride;
      let to = at + this.#columns[k]!;
      for (let lane = 0; lane < rows; lane++, to += width) out[to]! += factor * gradients[source + lane]!;
    }
  }

  /**
   * As `pullbackLanes` for one row [P] and angles that are any expressions: pulls gradients[from + k·stride] back to `out`
   * [P]. Parts that fall to shared slots are counted for `pullbackShared`.
   */
  pullbackLane(
    row: Float64Array,
    gradients: Float64Array | Float32Array,
    from: number,
    stride: number,
    scales: Float64Array,
    out: Float64Array,
  ): void {
    const { starts, slots, coefficients } = this.#lane;
    this.#laneBuffer.fill(0);
    for (let k = 0; k < scales.length; k++) {
      const gradient = scales[k]! * gradients[from + k * stride]!;
      for (let term = starts[k]!; term < starts[k + 1]!; term++) {
        const slot = slots[term]!;
        const place = this.#inLane[slot]!;
        if (place >= 0) this.#laneBuffer[place]! += coefficients[term]! * gradient;
        else this.#slotGradients[slot]! += coefficients[term]! * gradient;
      }
    }
    this.#laneSlots.pullback(row, 1, this.#laneBuffer, out);
  }

  /** Counts the gradient in shared angle k. */
  addShare(k: number, gradient: number): void {
    const { starts, slots, coefficients } = this.#shared;
    for (let at = starts[k]!; at < starts[k + 1]!; at++)
      this.#slotGradients[slots[at]!]! += coefficients[at]! * gradient;
  }

  /** Adds the pullback of all gradients in shared slots at a row [P] to `out` [P]. */
  pullbackShared(row: Float64Array, out: Float64Array): void {
    const inShared = this.#inShared;
    for (let slot = 0; slot < inShared.length; slot++)
      if (inShared[slot]! >= 0) this.#sharedBuffer[inShared[slot]!] = this.#slotGradients[slot]!;
    this.#sharedSlots.pullback(row, 1, this.#sharedBuffer, out);
  }
}

/** Consecutive numbers for the true entries, -1 for the others. */
function places(chosen: readonly boolean[]): Int32Array {
  let count = 0;
  return Int32Array.from(chosen, (value) => (value ? count++ : -1));
}

function termsOf(uses: readonly AngleUse[], index: Int32Array): Terms {
  const own = Int32Array.from(uses.keys()).filter((use) => index[use]! >= 0);
  const angles = [...own].map((use) => uses[use]!.angle);
  const starts = new Int32Array(angles.length + 1);
  for (const [k, { slots }] of angles.entries()) starts[k + 1] = starts[k]! + slots.length;
  return {
    uses: own,
    constants: Float64Array.from(angles, ({ constant }) => constant),
    factors: Float64Array.from(own, (use) => uses[use]!.factor),
    starts,
    slots: Int32Array.from(angles.flatMap(({ slots }) => slots)),
    coefficients: Float64Array.from(angles.flatMap(({ coefficients }) => coefficients)),
  };
}

function spread(index: Int32Array, from: Float64Array, to: Float64Array): void {
  for (let slot = 0; slot < index.length; slot++) if (index[slot]! >= 0) to[slot] = from[index[slot]!]!;
}
