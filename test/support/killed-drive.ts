import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { RunStore } from "../../src/runs/index.ts";
import type { ServiceAddress } from "./emulated-provider.ts";
import type { KillAt } from "./kill-at.ts";
import type { Said } from "./killed-program.ts";
import { type KilledRunSettings, weightsDigest } from "./killed-run.ts";
import { KillingProxy, type ProxyKill } from "./killing-proxy.ts";

/** How one process ends: at a crash point, at a moment of the network's, or at a random time. */
export type Kill =
  | { readonly at: KillAt }
  | { readonly proxy: ProxyKill }
  /** Milliseconds after the process was started, or after its first request. */
  | { readonly after: number; readonly since: "start" | "request" };

/** One run, and the deaths of the processes that drive it, one after another; the last of them comes to the end. */
export interface Scenario {
  readonly id: string;
  readonly kind: KilledRunSettings["kind"];
  /** Who drives it: a program of its own, or the command line. */
  readonly by: "program" | "command";
  readonly seed: number;
  readonly steps: number;
  readonly large?: boolean;
  readonly kills: readonly Kill[];
}

export interface Driven {
  /** Of `kills` those that came before the process had ended. */
  readonly killed: readonly Kill[];
  /** Steps that a process had said were done, and that the ledger did not have when it was dead. */
  readonly stepsLost: number;
  /** Digest of the weights, and the value that the program found at the end. */
  readonly weights: string | undefined;
  readonly value: number | undefined;
  /** Of each process but the first: milliseconds from its start to its first request. */
  readonly resumes: readonly number[];
}

/** Where processes are started, and what they share. */
export interface KillGround {
  /** Of scratch files. */
  readonly folder: string;
  readonly ledger: string;
  /** The same, open in this process. */
  readonly store: RunStore;
  readonly service: ServiceAddress;
}

const PATIENCE_MS = 120_000;
export const PRELOAD = fileURLToPath(new URL("kill-at.ts", import.meta.url));
export const PROGRAM = fileURLToPath(new URL("killed-program.ts", import.meta.url));
export const CONFIG = fileURLToPath(new URL("killed-run.ts", import.meta.url));
export const COMMAND = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

/** Starts the run, and after each death starts it again with the very same command, until it has ended. */
export async function driveKilled(ground: KillGround, scenario: Scenario): Promise<Driven> {
  await using proxy = await KillingProxy.open(ground.service.iamUrl);
  const killed: Kill[] = [];
  const resumes: number[] = [];
  let stepsLost = 0;
  for (let attempt = 0; ; attempt++) {
    const kill = scenario.kills[attempt];
    const began = performance.now();
    const child = startProcess(ground, scenario, proxy, kill);
    const { signal, code, output, errors } = await ended(child);
    const first = proxy.requests[0];
    if (attempt > 0 && first !== undefined) resumes.push(first.at - began);
    if (signal === "SIGKILL" && kill !== undefined) {
      killed.push(kill);
      const row = await ground.store.run(scenario.id);
      const done = Math.max(0, ...output.map((said) => ("step" in said ? said.step : 0)));
      stepsLost += Math.max(0, done - (row?.step ?? 0));
      continue;
    }
    if (code !== 0)
      throw new Error(`${JSON.stringify(scenario)}: process ${attempt} ended with ${code ?? signal}: ${errors}`);
    await proxy.settled();
    return { killed, stepsLost, resumes, ...outcome(ground, scenario, output) };
  }
}

/** What a run comes to that nobody kills, and how long it talks to the service. */
export interface Straight {
  readonly weights: string;
  readonly value: number | undefined;
  readonly milliseconds: number;
}

/** The same run without a ledger and without a death: what all others are to come to. */
export async function driveStraight(
  { folder, service }: Pick<KillGround, "folder" | "service">,
  run: Omit<KilledRunSettings, "service">,
): Promise<Straight> {
  await using proxy = await KillingProxy.open(service.iamUrl);
  const settings: KilledRunSettings = { ...run, service: through(proxy, service) };
  const child = spawn(process.execPath, [PROGRAM], {
    env: processEnvironment(folder, settings),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { code, output, errors } = await ended(child);
  const last = output.at(-1);
  if (code !== 0 || last === undefined || !("weights" in last)) throw new Error(`${JSON.stringify(run)}: ${errors}`);
  const milliseconds = performance.now() - proxy.requests[0]!.at;
  return { weights: last.weights, value: last.value, milliseconds };
}

function startProcess(
  { folder, ledger, service }: KillGround,
  { id, kind, by, seed, steps, large = false }: Scenario,
  proxy: KillingProxy,
  kill: Kill | undefined,
): ChildProcess {
  const settings: KilledRunSettings = { kind, seed, steps, large, service: through(proxy, service) };
  const command = ["train", CONFIG, "--run", id, "--store", ledger, "--out", outFile(folder, id)];
  const child = spawn(
    process.execPath,
    ["--import", PRELOAD, ...(by === "program" ? [PROGRAM, ledger, id] : [COMMAND, ...command])],
    {
      cwd: folder,
      env: {
        ...processEnvironment(folder, settings),
        ...(kill !== undefined && "at" in kill ? { KILL_AT: JSON.stringify(kill.at) } : {}),
      },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const strike = (): void => void child.kill("SIGKILL");
  proxy.begin(kill !== undefined && "proxy" in kill ? kill.proxy : undefined, strike);
  if (kill !== undefined && "after" in kill) {
    const arm = (): void => void setTimeout(strike, kill.after).unref();
    if (kill.since === "start") arm();
    else proxy.onFirst(arm);
  }
  return child;
}

/** What is compiled once need not be compiled by each of many processes. */
export function processEnvironment(folder: string, settings: KilledRunSettings): NodeJS.ProcessEnv {
  return { ...process.env, NODE_COMPILE_CACHE: join(folder, "compiled"), KILLED_RUN: JSON.stringify(settings) };
}

export function through(proxy: KillingProxy, service: ServiceAddress): ServiceAddress {
  return { ...service, url: `${proxy.origin}${new URL(service.url).pathname}`, iamUrl: proxy.origin };
}

function outFile(folder: string, id: string): string {
  return join(folder, `${id}.safetensors`);
}

function outcome({ folder }: KillGround, { id, by }: Scenario, output: readonly Said[]) {
  if (by === "command") return { weights: weightsDigest(readFileSync(outFile(folder, id))), value: undefined };
  const last = output.at(-1);
  return last !== undefined && "weights" in last
    ? { weights: last.weights, value: last.value }
    : { weights: undefined, value: undefined };
}

/** What a process says until it has ended, by itself or not. */
export async function ended(child: ChildProcess) {
  let text = "";
  let errors = "";
  child.stdout?.on("data", (part) => (text += part));
  child.stderr?.on("data", (part) => (errors += part));
  const late = setTimeout(() => child.kill("SIGABRT"), PATIENCE_MS);
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  clearTimeout(late);
  // What the command line prints for readers is passed over, and so is a line that a kill has cut.
  const output = text.split("\n").flatMap((line): Said[] => (/^\{.*\}$/.test(line) ? [JSON.parse(line) as Said] : []));
  return { code, signal, output, errors: errors.slice(-2000) };
}
