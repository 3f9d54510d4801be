import type { KernelMemory } from "../kernels/kernel-memory.ts";
import { MAX_ANGLE } from "../kernels/sincos.ts";
import type { LaneStep, PhaseRun } from "./lane-steps.ts";

/** Cosines and sines of `length` angles at these addresses, in the view's numbers. */
export function cosAndSin(
  memory: KernelMemory,
  angles: number,
  cosines: number,
  sines: number,
  length: number,
  view: Float64Array | Float32Array,
): void {
  const bytes = view.BYTES_PER_ELEMENT;
  const from = angles / bytes;
  const { sincos } = memory.kernels;
  let fits = sincos !== undefined;
  for (let i = from; fits && i < from + length; i++) fits = Math.abs(view[i]!) <= MAX_ANGLE;
  if (fits) {
    sincos!(angles, cosines, sines, bytes * length);
    return;
  }
  for (let i = 0; i < length; i++) {
    const angle = view[from + i]!;
    view[cosines / bytes + i] = Math.cos(angle);
    view[sines / bytes + i] = Math.sin(angle);
  }
}

/** Where a call's shared angles are, and room for a table. Addresses; shared angles are always f64. */
export interface TableSources {
  readonly scale: number;
  readonly cosines: number;
  readonly sines: number;
  readonly scratch: number;
  readonly identity: number;
}

/** Fills a level's table with scale·e^{iΦ} of each basis state, Φ the sum of the phases that all rows share. */
export function buildTable(memory: KernelMemory, numQubits: number, step: LaneStep, sources: TableSources): void {
  if (memory.target.realBits === 32) buildSingle(memory, numQubits, step, sources);
  else buildDouble(memory, numQubits, step, sources);
}

function buildDouble(memory: KernelMemory, numQubits: number, step: LaneStep, sources: TableSources): void {
  const { phaseProduct, multiplyTables } = memory.kernels;
  const { scale, cosines, sines, scratch, identity } = sources;
  const size = 2 ** numQubits;
  const { table, runs, constants } = step;
  const first = runs.find(({ isFirst, block }) => isFirst && block >= 0);
  // Block 0 holds zeros: without a first run the table starts as the scale alone.
  const block = first?.block ?? 0;
  phaseProduct!(table, numQubits, scale, cosines + 8 * block, sines + 8 * block);
  for (const run of runs)
    if (run !== first && run.block >= 0) {
      phaseProduct!(scratch, numQubits, 1, cosines + 8 * run.block, sines + 8 * run.block);
      multiplyTables!(table, size, scratch, run.where);
    }
  if (constants !== undefined) multiplyTables!(table, size, constants.address, identity);
  multiplyMultiples(memory.f64, table / 8, memory.f64, runs, sources);
}

/** A table of the largest size asked for so far, in double precision. */
let made = new Float64Array(0);

/** Made in double precision and rounded at the end. */
function buildSingle(memory: KernelMemory, numQubits: number, step: LaneStep, sources: TableSources): void {
  const length = 2 * 2 ** numQubits;
  const { f64, f32 } = memory;
  if (made.length < length) made = new Float64Array(length);
  made[0] = sources.scale;
  made[1] = 0;
  // The angles of a run that sees basis states as they are, by doubling.
  const first = step.runs.find(({ isFirst, block }) => isFirst && block >= 0);
  const from = first?.block ?? 0;
  for (let q = 0, half = 2; q < numQubits; q++, half *= 2) {
    const c = f64[sources.cosines / 8 + from + q]!;
    const s = f64[sources.sines / 8 + from + q]!;
    for (let at = 0; at < half; at += 2) multiplyInto(half + at, at, c, s);
  }
  for (const run of step.runs)
    if (run !== first && run.block >= 0)
      for (let q = 0; q < numQubits; q++) {
        const c = f64[sources.cosines / 8 + run.block + q]!;
        const s = f64[sources.sines / 8 + run.block + q]!;
        for (let at = 0; at < length; at += 2) if ((run.table[at / 2]! >> q) & 1) multiplyInto(at, at, c, s);
      }
  if (step.constants !== undefined) {
    const { values } = step.constants;
    for (let at = 0; at < length; at += 2) multiplyInto(at, at, values[at]!, values[at + 1]!);
  }
  multiplyMultiples(made, 0, f64, step.runs, sources);
  for (let k = 0; k < length; k++) f32[step.table / 4 + k] = made[k]!;
}

/** The entry `to` of the table that is being made becomes the entry `from` times c + i·s. */
function multiplyInto(to: number, from: number, c: number, s: number): void {
  const re = made[from]!;
  const im = made[from + 1]!;
  made[to] = c * re - s * im;
  made[to + 1] = c * im + s * re;
}

function multiplyMultiples(
  table: Float64Array,
  start: number,
  f64: Float64Array,
  runs: readonly PhaseRun[],
  { cosines, sines }: TableSources,
): void {
  for (const { multiples } of runs)
    for (const { position, indices } of multiples) {
      const c = f64[cosines / 8 + position]!;
      const s = f64[sines / 8 + position]!;
      for (let k = 0; k < indices.length; k++) {
        const at = start + 2 * indices[k]!;
        const re = table[at]!;
        const im = table[at + 1]!;
        table[at] = c * re - s * im;
        table[at + 1] = c * im + s * re;
      }
    }
}
