import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** What pip installs into each virtual environment under bench/.venv; exact versions, so that ratios of different days compare. */
const ENVIRONMENTS = {
  simulators: [
    "pennylane==0.45.1",
    "pennylane-lightning==0.45.0",
    "jax[cpu]==0.10.2",
    "qulacs==0.6.14",
    "qiskit==2.6.2",
    "qiskit-aer==0.18.2",
  ],
  torch: ["pennylane==0.45.1", "torch==2.9.1", "qiskit==2.6.2", "qiskit-machine-learning==0.9.1"],
  transpile: ["qiskit==2.6.2", "qiskit-ibm-runtime==0.51.0"],
} as const;
export type Environment = keyof typeof ENVIRONMENTS;

/** Where PyTorch keeps builds without CUDA; where it cannot be reached, pip takes PyPI's, whose code for processors is the same. */
const TORCH_INDEX = "https://download.pytorch.org/whl/cpu";

const ready = new Map<Environment, string>();

/** Makes a virtual environment once and returns its Python. @throws Error with pip's own words when that fails */
export function installPeers(environment: Environment): string {
  const known = ready.get(environment);
  if (known !== undefined) return known;
  const requirements = ENVIRONMENTS[environment];
  const folder = fileURLToPath(new URL(`.venv/${environment}`, import.meta.url));
  const python = `${folder}/bin/python`;
  const stamp = `${folder}/.installed`;
  const wanted = requirements.join("\n");
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== wanted) {
    process.stderr.write(`Installing ${requirements.join(", ")} into bench/.venv/${environment} ...\n`);
    const index = environment === "torch" ? ["--extra-index-url", TORCH_INDEX] : [];
    execute("python3", ["-m", "venv", folder]);
    execute(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...index, ...requirements]);
    writeFileSync(stamp, wanted);
  }
  ready.set(environment, python);
  return python;
}

function execute(command: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, [...args], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed: ${stderr}`);
}
