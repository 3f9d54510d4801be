import { type Command, Option } from "commander";
import type { Emulator, EmulatorOptions } from "../../../providers/emulator/index.ts";
import { type Io, jsonLine } from "../io.ts";
import { collect, integer, once, positive } from "../options.ts";

interface EmulatorCommandOptions {
  readonly port: number;
  readonly device?: readonly string[];
  readonly seed: number;
  readonly noise: "on" | "off";
  readonly sampling: "shots" | "exact";
  readonly token?: string;
  readonly controlToken?: string;
  readonly crn?: string;
  readonly state?: string;
  readonly plan: "open" | "paid";
  readonly clock: "real" | "virtual" | "automatic";
  readonly speed?: number;
  readonly queueSeconds: number;
  readonly json?: boolean;
}

export function addEmulator(program: Command, io: Io): void {
  program
    .command("emulator")
    .description(
      "Serve IBM Quantum's REST API on this machine: devices with their noise, jobs, sessions, faults on demand.",
    )
    .option("--port <p>", "port; 0 takes any that is free", integer(0), 0)
    .option(
      "--device <d>",
      "torino, sherbrooke, manila, or a folder or prefix with conf.json and props.json; repeatable (default: torino)",
      collect,
    )
    .option("--seed <s>", "decides all samples", integer(0), 0)
    .addOption(
      new Option("--noise <on|off>", "the noise of the device's calibration").choices(["on", "off"]).default("on"),
    )
    .addOption(
      new Option("--sampling <how>", "exact: expectation values without shot noise")
        .choices(["shots", "exact"])
        .default("shots"),
    )
    .option("--token <key>", "the API key that it accepts; a random one by default", once)
    .option("--control-token <key>", "what the control route for faults asks for; a random one by default", once)
    .option("--crn <crn>", "the instance that it serves", once)
    .option("--state <file>", "keep jobs, sessions and usage in this file, beyond a restart", once)
    .addOption(new Option("--plan <plan>", "of the account").choices(["open", "paid"]).default("paid"))
    .addOption(
      new Option("--clock <kind>", "automatic: a clock that jumps, so that nothing is waited for")
        .choices(["real", "virtual", "automatic"])
        .default("real"),
    )
    .option("--speed <factor>", "seconds of the quantum computer in one of the clock", positive)
    .option("--queue-seconds <s>", "how long a job is queued at least", integer(0), 0)
    .option("--json", "print {url, iamUrl, token, controlToken, crn, devices} as the first line")
    .addHelpText(
      "after",
      `
It runs until it is stopped (Ctrl-C). Programs find it by the variables that it prints.

Examples:
  lepton emulator --device torino --device manila --seed 7
  lepton emulator --port 4711 --state jobs.json --token my-key --json`,
    )
    .action(async (options: EmulatorCommandOptions) => {
      const { startEmulator } = await import("../../../providers/emulator/index.ts");
      const emulator = await startEmulator(emulatorOptions(options));
      const { url, iamUrl, token, controlToken, crn, devices } = emulator;
      io.out(options.json === true ? jsonLine({ url, iamUrl, token, controlToken, crn, devices }) : textOf(emulator));
      await io.untilStopped();
      await emulator.close();
      io.err("The emulator has stopped.\n");
    });
}

function emulatorOptions(options: EmulatorCommandOptions): EmulatorOptions {
  const { port, device, seed, noise, sampling, token, controlToken, crn, state, plan, clock, speed, queueSeconds } =
    options;
  return {
    port,
    seed,
    noise: noise === "on",
    sampling,
    plan,
    clock,
    queueSeconds,
    ...(device === undefined ? {} : { devices: device }),
    ...(token === undefined ? {} : { token }),
    ...(controlToken === undefined ? {} : { controlToken }),
    ...(crn === undefined ? {} : { crn }),
    ...(state === undefined ? {} : { stateFile: state }),
    ...(speed === undefined ? {} : { speed }),
  };
}

function textOf(started: Emulator): string {
  return `IBM Quantum, emulated: ${started.devices.join(", ")} at ${started.url}

For the programs that are to use it, in their terminal:
export LEPTON_IBM_TOKEN='${started.token}'
export LEPTON_IBM_INSTANCE='${started.crn}'
export LEPTON_IBM_URL='${started.url}'
export LEPTON_IBM_IAM_URL='${started.iamUrl}'

Control token for faults: ${started.controlToken}
`;
}
