import type { KernelMemory } from "./kernels/kernel-memory.ts";
import { doChunk, type SimulatorTask } from "./simulator-work.ts";
import { WorkerTeam } from "./threads/index.ts";

type SimulatorTeam = WorkerTeam<SimulatorTask>;

let team: SimulatorTeam | undefined;
const unused = new FinalizationRegistry<{ readonly team: SimulatorTeam; readonly id: number }>(({ team: own, id }) =>
  own.unload(id),
);

/** The process's threads, or as many of its own. */
export function simulatorTeam(maxThreads?: number): SimulatorTeam {
  const make = (): SimulatorTeam =>
    new WorkerTeam(new URL("./simulator-worker.ts", import.meta.url), doChunk, maxThreads);
  if (maxThreads !== undefined) return make();
  team ??= make();
  return team;
}

/** A task whose chunks a team's threads share out. They learn of it when it first runs, and forget it with this object. */
export class SharedTask {
  readonly #task: SimulatorTask;
  #team: SimulatorTeam | undefined;
  #id: number | undefined;

  /** @param own the team; that of the process when left out */
  constructor(task: SimulatorTask, own?: SimulatorTeam) {
    this.#task = task;
    this.#team = own;
  }

  /**
   * Does all chunks of a step on up to `threads` threads, the caller's among them.
   * @param memory shared linear memory
   * @throws what a chunk has thrown; SimulatorError WORKER_LOST
   */
  run(memory: KernelMemory, step: number, chunks: number, threads: number): void {
    this.#team ??= simulatorTeam();
    if (this.#id === undefined) {
      this.#id = this.#team.load(this.#task);
      unused.register(this, { team: this.#team, id: this.#id });
    }
    this.#team.run(this.#id, memory, step, chunks, threads);
  }

  /**
   * Frees what the team's workers hold, by ending them; others start when they are needed. Whoever keeps this does not keep
   * the task, which is forgotten with its last user only.
   */
  get dismissWorkers(): () => void {
    this.#team ??= simulatorTeam();
    const team = this.#team;
    return () => team.dismiss();
  }
}
