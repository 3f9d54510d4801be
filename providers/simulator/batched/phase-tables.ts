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

/** Made in double precision and rounded at the end. */
function buildSingle(memory: KernelMemory, numQubits: number, step: LaneStep, sources: TableSources): void {
  const size = 2 ** numQubits;
  const { f64 } = memory;
  const cosines = sources.cosines / 8;
  const sines = sources.sines / 8;
  const made = new Float64Array(2 * size);
  for (let i = 0; i < size; i++) {
    let re = sources.scale;
    let im = 0;
    const turn = (c: number, s: number): void => {
      const kept = re;
      re = c * kept - s * im;
      im = c * im + s * kept;
    };
    for (const { block, table } of step.runs)
      for (let q = 0; block >= 0 && q < numQubits; q++)
        if ((table[i]! >> q) & 1) turn(f64[cosines + block + q]!, f64[sines + block + q]!);
    if (step.constants !== undefined) turn(step.constants.values[2 * i]!, step.constants.values[2 * i + 1]!);
    made[2 * i] = re;
    made[2 * i + 1] = im;
  }
  multiplyMultiples(made, 0, f64, step.runs, sources);
  memory.f32.set(made, step.table / 4);
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
