import { type ChildProcess, spawn } from "node:child_process";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A peer gave no answer in time. */
export class PeerTimeout extends Error {}

/** A peer in a child process that answers one JSON line per request; see bench/peers/protocol.py. */
export class Peer {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;

  constructor(python: string, script: string, args: readonly string[], threads: number) {
    const count = String(threads);
    const env = {
      ...process.env,
      BENCH_THREADS: count,
      JAX_PLATFORMS: "cpu",
      // Without reports of slow compilation.
      TF_CPP_MIN_LOG_LEVEL: "3",
      OMP_NUM_THREADS: count,
      QULACS_NUM_THREADS: count,
      MKL_NUM_THREADS: count,
      OPENBLAS_NUM_THREADS: count,
      PYTHONWARNINGS: "ignore",
    };
    // Some machines name an old kernel for OpenBLAS, which slows a current numpy down.
    delete (env as NodeJS.ProcessEnv).OPENBLAS_CORETYPE;
    delete (env as NodeJS.ProcessEnv).OPENBLAS_L2_SIZE;
    const path = fileURLToPath(new URL(`peers/${script}`, import.meta.url));
    // jax takes its thread count from the processor affinity only.
    const command = threads === 1 ? ["taskset", "-c", "0", python, path, ...args] : [python, path, ...args];
    this.#child = spawn(command[0]!, command.slice(1), { env, stdio: ["pipe", "pipe", "inherit"] });
    // A peer that has died says so by ending its answers.
    this.#child.stdin!.on("error", () => {});
    this.#reader = createInterface({ input: this.#child.stdout! });
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  /** @throws PeerTimeout after `limit` seconds, when the peer has been ended */
  async answer<Answer>(limit = Number.POSITIVE_INFINITY): Promise<Answer> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      if (limit !== Number.POSITIVE_INFINITY)
        timer = setTimeout(() => {
          this.#child.kill("SIGKILL");
          reject(new PeerTimeout(`no answer within ${limit} s`));
        }, 1000 * limit);
    });
    try {
      const { value, done } = await Promise.race([this.#lines.next(), late]);
      if (done) throw new Error("The peer ended without an answer; see its words above.");
      return JSON.parse(value) as Answer;
    } finally {
      clearTimeout(timer);
    }
  }

  ask<Answer>(request: unknown, limit?: number): Promise<Answer> {
    this.#child.stdin!.write(`${JSON.stringify(request)}\n`);
    return this.answer(limit);
  }

  close(): void {
    this.#child.stdin!.end();
    this.#reader.close();
    this.#child.kill();
  }
}
