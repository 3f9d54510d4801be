import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";

const ENVIRONMENT = fileURLToPath(new URL(".venv", import.meta.url));
/** Exact versions, so that ratios of different days compare. */
const REQUIREMENTS = {
  w1: ["pennylane==0.45.1", "jax[cpu]==0.10.2"],
  transpile: ["qiskit==2.6.2", "qiskit-ibm-runtime==0.51.0"],
} as const;

/** Makes a benchmark's peers' virtual environment once. @throws Error with pip's own words when that fails */
export function installPeers(benchmark: keyof typeof REQUIREMENTS): string {
  const requirements = REQUIREMENTS[benchmark];
  const environment = benchmark === "w1" ? ENVIRONMENT : `${ENVIRONMENT}/${benchmark}`;
  const python = `${environment}/bin/python`;
  const stamp = `${environment}/.installed`;
  if (!existsSync(stamp)) {
    process.stderr.write(`Installing ${requirements.join(", ")} into bench/.venv ...\n`);
    for (const [command, args] of [
      ["python3", ["-m", "venv", environment]],
      [python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...requirements]],
      ["touch", [stamp]],
    ] as const) {
      const { status, stderr } = spawnSync(command, [...args], { encoding: "utf8" });
      if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed: ${stderr}`);
    }
  }
  return python;
}

/** A peer in a child process that answers one JSON line per request. */
export class Peer {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;

  constructor(python: string, script: string, args: readonly string[], threads: number) {
    const env = {
      ...process.env,
      JAX_PLATFORMS: "cpu",
      OMP_NUM_THREADS: String(threads),
      OPENBLAS_NUM_THREADS: String(threads),
    };
    const path = fileURLToPath(new URL(`peers/${script}`, import.meta.url));
    // jax takes its thread count from the processor affinity only.
    const command = threads === 1 ? ["taskset", "-c", "0", python, path, ...args] : [python, path, ...args];
    this.#child = spawn(command[0]!, command.slice(1), { env, stdio: ["pipe", "pipe", "inherit"] });
    this.#reader = createInterface({ input: this.#child.stdout! });
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  async answer<Answer>(): Promise<Answer> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("The peer ended without an answer; see its words above.");
    return JSON.parse(value) as Answer;
  }

  ask<Answer>(request: unknown): Promise<Answer> {
    this.#child.stdin!.write(`${JSON.stringify(request)}\n`);
    return this.answer();
  }

  close(): void {
    this.#child.stdin!.end();
    this.#reader.close();
  }
}
