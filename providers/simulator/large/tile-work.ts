import type { WorkMemory } from "../threads/index.ts";
import { adjointChunk, type ObservableProgram, readChunk } from "./tile-observables.ts";
import type { TileProgram } from "./tile-program.ts";
import { backwardChunk, forwardChunk } from "./tile-run.ts";

/** All that threads need to work on the tiles of one circuit. */
export interface TileTask {
  readonly kind: "tiles";
  readonly tiles: TileProgram;
  readonly observables: ObservableProgram;
}

/** The steps of a circuit of `passes` passes: each pass forward and backward, reading the observables, their adjoint state. */
export const TILE_STEP = {
  forward: (pass: number): number => pass,
  backward: (pass: number, passes: number): number => passes + pass,
  read: (passes: number): number => 2 * passes,
  adjoint: (passes: number): number => 2 * passes + 1,
} as const;

/** Does one chunk of one step; `thread` says whose scratch it uses. */
export function doTiles(memory: WorkMemory, task: TileTask, step: number, chunk: number, thread: number): void {
  const { tiles, observables } = task;
  const { passes } = tiles;
  const count = passes.length;
  if (step < count) forwardChunk(memory, tiles, passes[step]!, chunk, thread);
  else if (step < 2 * count) backwardChunk(memory, tiles, passes[step - count]!, chunk, thread);
  else if (step === TILE_STEP.read(count)) readChunk(memory, tiles, observables, chunk, thread);
  else adjointChunk(memory, tiles, observables, chunk, thread);
}
