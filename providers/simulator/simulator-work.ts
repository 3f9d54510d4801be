import { type BatchTask, doShare } from "./batched/share-work.ts";
import { doTiles, type TileTask } from "./large/tile-work.ts";
import type { WorkMemory } from "./threads/index.ts";

/** What the threads of the simulator can work on. */
export type SimulatorTask = TileTask | BatchTask;

/** Does one chunk of one step of whichever task, in any thread. */
export function doChunk(memory: WorkMemory, task: SimulatorTask, step: number, chunk: number, thread: number): void {
  if (task.kind === "tiles") doTiles(memory, task, step, chunk, thread);
  else doShare(memory, task, step, chunk);
}
