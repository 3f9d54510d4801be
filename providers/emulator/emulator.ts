import { inspect } from "node:util";
import type { EmulatorControl } from "./control.ts";
import { openCore } from "./core.ts";
import { EmulatorServer } from "./http/server.ts";
import type { Journal } from "./journal.ts";
import type { EmulatorOptions } from "./settings.ts";

/** An emulator of IBM Quantum's REST API that runs in this process. Printed or as JSON it shows neither tokens nor CRN. */
export interface Emulator extends AsyncDisposable {
  /** Base of the API, such as http://127.0.0.1:4711/api/v1. */
  readonly url: string;
  /** Where tokens are got: the same without `/api/v1`. */
  readonly iamUrl: string;
  /** The API key that it accepts. */
  readonly token: string;
  /** What the control route accepts, and nothing else does. */
  readonly controlToken: string;
  readonly crn: string;
  /** Names of its backends. */
  readonly devices: readonly string[];
  /** Its time, by which everything is dated. */
  readonly clock: { now(): number };
  /** Requests so far, without bodies and secrets. */
  readonly journal: Journal;
  readonly control: EmulatorControl;
  /** Stops it; jobs that have not ended are run again when it is started with the same state file. */
  close(): Promise<void>;
}

/**
 * Starts an HTTP server on loopback that speaks the REST API of IBM Quantum on top of Lepton's simulator: token, backends,
 * jobs, sessions, usage, workloads. Jobs are OpenQASM 3 for the programs sampler and estimator. Same seed and same body of a
 * job, same numbers, whatever the order of arrival; `docs/emulator.md` says what is emulated and what is not.
 * @example await using emulator = await startEmulator({ devices: ["manila"], clock: "automatic" });
 * @throws ProviderError EMULATOR_OPTION, EMULATOR_ADDRESS, EMULATOR_LISTEN (port taken), EMULATOR_STATE, DEVICE_UNKNOWN,
 * DEVICE_FILE; TranspilerError TARGET_CONFIGURATION
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const core = openCore(options);
  const { service, responder, clock, control, journal, token, controlToken } = core;
  const { settings, devices } = service;
  const server = new EmulatorServer(service, responder);
  let port: number;
  try {
    port = await server.listen(settings.port, settings.host);
  } catch (error) {
    await core.close();
    throw error;
  }
  const origin = `http://${settings.host.includes(":") ? `[${settings.host}]` : settings.host}:${port}`;
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    clock.stop();
    await server.close();
    await core.close();
  };
  const closeOnce = (): Promise<void> => {
    closing ??= close();
    return closing;
  };
  const shown = { url: `${origin}/api/v1`, iamUrl: origin, devices: devices.map(({ name }) => name) };
  const printed = { toJSON: () => shown, [inspect.custom]: () => `Emulator ${inspect(shown)}` };
  return {
    ...shown,
    ...printed,
    token,
    controlToken,
    crn: settings.crn,
    clock,
    journal,
    control,
    close: closeOnce,
    [Symbol.asyncDispose]: () => closeOnce(),
  };
}
