import type { KernelMemory } from "../kernels/kernel-memory.ts";
import { WorkerTeam } from "../threads/index.ts";
import { doTiles, type TileTask } from "./tile-work.ts";

let team: WorkerTeam<TileTask> | undefined;
const unused = new FinalizationRegistry<number>((id) => team?.unload(id));

/** Does the steps of one circuit, by the caller alone or shared out among the threads of the process's team. */
export class TileThreads {
  readonly threads: number;
  readonly #task: TileTask;
  #id: number | undefined;

  constructor(task: TileTask, threads: number) {
    this.#task = task;
    this.threads = threads;
  }

  /** Does all chunks of a step. */
  run(memory: KernelMemory, step: number, chunks: number): void {
    if (this.threads < 2 || chunks < 2) {
      for (let chunk = 0; chunk < chunks; chunk++) this.runAlone(memory, step, chunk);
      return;
    }
    team ??= new WorkerTeam(new URL("./tile-worker.ts", import.meta.url), doTiles);
    if (this.#id === undefined) {
      this.#id = team.load(this.#task);
      unused.register(this, this.#id);
    }
    team.run(this.#id, memory, step, chunks, this.threads);
  }

  /** Does one chunk of a step in the calling thread. */
  runAlone(memory: KernelMemory, step: number, chunk: number): void {
    doTiles(memory, this.#task, step, chunk, 0);
  }
}
