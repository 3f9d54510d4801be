import { createHash, randomUUID, timingSafeEqual } from "node:crypto";
import { inspect } from "node:util";
import { type EmulatorClock, RealClock, VirtualClock } from "./clock.ts";
import { EmulatorControl } from "./control.ts";
import { openDevices } from "./device.ts";
import { DeviceBackends } from "./device-backends.ts";
import { FaultRules } from "./faults/fault-rules.ts";
import { Responder } from "./http/responder.ts";
import { EmulatorServer } from "./http/server.ts";
import { IamTokens } from "./iam-tokens.ts";
import { JobExecution } from "./jobs/execution.ts";
import { JobQueue } from "./jobs/job-queue.ts";
import { Sessions } from "./jobs/sessions.ts";
import { Usage } from "./jobs/usage.ts";
import { Journal } from "./journal.ts";
import type { Service } from "./service.ts";
import { type EmulatorOptions, type Settings, secretOf, settingsOf } from "./settings.ts";
import { FORGETFUL, openStateFile, type StateLog } from "./state/state-file.ts";

/** Where virtual clocks stand at first: 2026-01-01T00:00:00Z. */
const VIRTUAL_START = Date.UTC(2026, 0, 1);

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

/** An emulator without a way in: requests are brought to its responder. */
export interface EmulatorCore {
  readonly service: Service;
  readonly responder: Responder;
  readonly clock: EmulatorClock;
  readonly control: EmulatorControl;
  readonly journal: Journal;
  readonly token: string;
  readonly controlToken: string;
  close(): Promise<void>;
}

/**
 * As `startEmulator`, but without a server.
 * @param time the clock that it goes by, instead of one of its own
 */
export function openCore(options: EmulatorOptions = {}, time?: EmulatorClock): EmulatorCore {
  const settings = settingsOf(options);
  const token = secretOf("token", options.token) ?? `emulator-${randomUUID()}`;
  const controlToken = secretOf("controlToken", options.controlToken) ?? `control-${randomUUID()}`;
  const devices = openDevices(settings.devices);
  const log = settings.stateFile === undefined ? FORGETFUL : openStateFile(settings.stateFile);
  const clock = time ?? clockOf(settings, log);
  const usage = new Usage(clock, log, settings.usageSeconds);
  const { queueSeconds, speed, retentionSeconds, seed, exact, controlInstructionsPerQubit } = settings;
  const backends = new DeviceBackends(settings.noise);
  const execution = new JobExecution({ clock, devices, seed, exact, backends, controlInstructionsPerQubit });
  const queue = new JobQueue({ clock, devices, log, usage, execution, queueSeconds, speed, retentionSeconds });
  const sessions = new Sessions({
    clock,
    log,
    queue,
    maxSeconds: settings.sessionMaxSeconds,
    interactiveSeconds: settings.sessionInteractiveSeconds,
  });
  const service: Service = {
    settings,
    clock,
    devices,
    tokens: new IamTokens(token, clock),
    queue,
    sessions,
    usage,
    behaviour: {
      listLagSeconds: 0,
      tagLagSeconds: 0,
      ignoreTagFilter: false,
      pageCap: undefined,
      submissionsPerMinute: settings.submissionsPerMinute,
    },
    submissions: [],
  };
  const journal = new Journal();
  const control = new EmulatorControl(service, new FaultRules(seed), journal);
  const responder = new Responder({ service, control, journal, isControlToken: sameAs(controlToken) });
  const close = async (): Promise<void> => {
    clock.stop();
    await queue.close();
    log.close();
  };
  return { service, responder, clock, control, journal, token, controlToken, close };
}

/** A virtual clock goes on where the saved jobs have left it. */
function clockOf({ clock }: Settings, { saved }: StateLog): EmulatorClock {
  if (clock === "real") return new RealClock();
  const times = [
    ...saved.jobs.flatMap(({ created, started, ended }) => [created, started ?? 0, ended ?? 0]),
    ...saved.sessions.flatMap(({ timestamps }) => timestamps.map(({ timestamp }) => timestamp)),
  ];
  const start = times.reduce((latest, time) => Math.max(latest, time), VIRTUAL_START);
  return new VirtualClock({ start, automatic: clock === "automatic" });
}

function sameAs(secret: string): (candidate: string) => boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  const own = digest(secret);
  return (candidate) => timingSafeEqual(own, digest(candidate));
}
