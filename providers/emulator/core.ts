import { createHash, randomUUID, timingSafeEqual } from "node:crypto";
import { type EmulatorClock, RealClock, VirtualClock } from "./clock.ts";
import { EmulatorControl } from "./control.ts";
import { openDevices } from "./device.ts";
import { DeviceBackends } from "./device-backends.ts";
import { FaultRules } from "./faults/fault-rules.ts";
import { Responder } from "./http/responder.ts";
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
