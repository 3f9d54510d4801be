import type { KernelMemory } from "../kernels/kernel-memory.ts";
import { SharedTask } from "../simulator-team.ts";
import { doTiles, type TileTask } from "./tile-work.ts";

/** Does the steps of one circuit, by the caller alone or shared out among the threads of the process's team. */
export class TileThreads {
  readonly threads: number;
  readonly #task: TileTask;
  readonly #shared: SharedTask;

  constructor(task: TileTask, threads: number) {
    this.#task = task;
    this.#shared = new SharedTask(task);
    this.threads = threads;
  }

  /** Does all chunks of a step. */
  run(memory: KernelMemory, step: number, chunks: number): void {
    if (this.threads >= 2 && chunks >= 2) this.#shared.run(memory, step, chunks, this.threads);
    else for (let chunk = 0; chunk < chunks; chunk++) this.runAlone(memory, step, chunk);
  }

  /** Does one chunk of a step in the calling thread. */
  runAlone(memory: KernelMemory, step: number, chunk: number): void {
    doTiles(memory, this.#task, step, chunk, 0);
  }
}
