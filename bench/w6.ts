import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, globSync, statSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { BenchOptions } from "./arguments.ts";
import { benchmark } from "./benchmark.ts";
import { installPeers } from "./environments.ts";
import type { Measured, Side } from "./measure.ts";
import { lcgAngles } from "./workloads.ts";

const NUM_QUBITS = 8;
const BATCH = 32;
const root = fileURLToPath(new URL("../", import.meta.url));

/** Builds dist/ when it is older than the sources: users start from what is published. */
function buildPackage(): void {
  const built = `${root}dist/src/index.js`;
  const sources = globSync("{circuits,providers,src}/**/*.ts", { cwd: root });
  const newest = Math.max(...sources.map((file) => statSync(root + file).mtimeMs));
  if (existsSync(built) && statSync(built).mtimeMs > newest) return;
  process.stderr.write("Building dist/ ...\n");
  const { status } = spawnSync(process.execPath, [`${root}scripts/build.ts`], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) throw new Error("dist/ cannot be built; see above.");
}

/** A new process for each run, timed from its start to its answer. */
async function coldSide(name: string, command: string, args: readonly string[]): Promise<Side> {
  const start = async (): Promise<{ seconds: number; check: readonly number[] }> => {
    const begin = performance.now();
    const child = spawn(command, [...args], { stdio: ["ignore", "pipe", "inherit"], env: environment() });
    const [line] = (await Promise.race([
      once(createInterface({ input: child.stdout }), "line"),
      once(child, "exit").then(([code]) => {
        throw new Error(`${name} ended with ${code} before it answered; see its words above.`);
      }),
    ])) as [string];
    const seconds = (performance.now() - begin) / 1000;
    if (child.exitCode === null) await once(child, "exit");
    return { seconds, check: JSON.parse(line) as number[] };
  };
  // The first start reads files from the disk.
  const { seconds: firstSeconds } = await start();
  return {
    name,
    threads: undefined,
    firstSeconds,
    async take({ seconds, repeats }) {
      const took: number[] = [];
      let check: readonly number[] = [];
      const end = performance.now() + 1000 * seconds;
      do {
        const run = await start();
        took.push(run.seconds);
        check = run.check;
      } while (took.length < repeats && performance.now() < end);
      return { seconds: took, check };
    },
    close() {},
  };
}

const environment = (): NodeJS.ProcessEnv => ({ ...process.env, JAX_PLATFORMS: "cpu" });

/** W6: from the start of a process to the first gradient of W1's step with 8 qubits and 32 rows. */
export async function runW6(options: BenchOptions): Promise<void> {
  buildPackage();
  const given = JSON.stringify({
    numQubits: NUM_QUBITS,
    batch: BATCH,
    inputs: [...lcgAngles(1, BATCH * NUM_QUBITS)],
    weights: [...lcgAngles(2, 9 * NUM_QUBITS)],
    cotangents: [...lcgAngles(3, BATCH * NUM_QUBITS)],
  });
  const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
  const peer = (mode: string) => (): Promise<Side> =>
    coldSide(`PennyLane default.qubit, jax, ${mode}`, installPeers("simulators"), [
      script("peers/first_gradient.py"),
      mode,
      given,
    ]);
  const measured: Measured = {
    workload: "W6",
    numQubits: NUM_QUBITS,
    batch: BATCH,
    task: undefined,
    peers: [],
    ours: () => coldSide("lepton", process.execPath, [script("first-gradient.mjs"), given]),
    ...(options.peers ? { otherSides: [peer("jit"), peer("eager")] } : {}),
  };
  await benchmark("w6", [measured], options);
}
