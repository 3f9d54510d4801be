import type { WorkMemory } from "../threads/index.ts";
import type { TileProgram } from "./tile-program.ts";

/** Finds a scratch that no other thread uses, and returns its address. There are as many as threads. */
export function lockScratch({ u32 }: WorkMemory, { locks, scratches, scratch, scratchBytes }: TileProgram): number {
  for (let index = 0; ; index = (index + 1) % scratches)
    if (Atomics.compareExchange(u32, locks + index, 0, 1) === 0) return scratch + index * scratchBytes;
}

export function unlockScratch({ u32 }: WorkMemory, { locks, scratch, scratchBytes }: TileProgram, own: number): void {
  Atomics.store(u32, locks + (own - scratch) / scratchBytes, 0);
}
