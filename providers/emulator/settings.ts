import { describeValue, optionsFault } from "../../circuits/index.ts";
import type { DeviceDescription } from "../devices/index.ts";
import { ProviderError } from "../errors.ts";
import { KEY_FORM, OTHER_THAN_KEY } from "../ibm/credentials.ts";
import { IBM_LIMITS } from "../ibm/limits.ts";

export interface EmulatorLimits {
  /** Seconds of the quantum computers in 28 days; 600 on the open plan, null (the default of the paid one) for any number. */
  readonly usageSeconds?: number | null;
  /** Jobs that may be submitted in a minute; 5 by default as at IBM, null (the default of the automatic clock) for any number. */
  readonly submissionsPerMinute?: number | null;
  /** Control instructions that a circuit may take on one qubit; 26,800,000 by default as at IBM. */
  readonly controlInstructionsPerQubit?: number;
  /** Bytes of one request; 64 MiB by default. */
  readonly maxBodyBytes?: number;
  /** Days after which an ended job is forgotten; three years by default. */
  readonly retentionDays?: number;
  /** Most seconds that a session lasts from its first job on; 600 on the open plan and 28,800 on the paid one by default. */
  readonly sessionMaxSeconds?: number;
  /** Seconds without a job after which a session becomes inactive; 60 by default. */
  readonly sessionInteractiveSeconds?: number;
}

export interface EmulatorOptions {
  /** 0, the default, takes any that is free. */
  readonly port?: number;
  /** 127.0.0.1 by default. */
  readonly host?: string;
  /** Listen on an address that other machines can reach; false by default. */
  readonly allowRemote?: boolean;
  /** Shipped names, paths as for `loadDevice`, or descriptions in IBM's form; torino by default. */
  readonly devices?: readonly (string | DeviceDescription)[];
  /** Decides all samples and the chance of faults; 0 by default. */
  readonly seed?: number;
  /** With the noise that the device's calibration tells; true by default. */
  readonly noise?: boolean;
  /** "exact": expectation values without shot noise; samplers answer samples all the same. "shots" by default. */
  readonly sampling?: "shots" | "exact";
  /** The API key that is accepted; a random one by default. */
  readonly token?: string;
  /** What the control route asks for; a random one by default. */
  readonly controlToken?: string;
  /** The instance; an invented one in us-east by default. */
  readonly crn?: string;
  /** The open plan has 600 seconds and no dedicated sessions; "paid" by default. */
  readonly plan?: "open" | "paid";
  /**
   * "real" by default. "virtual": time stands still until `control.advance`. "automatic": a virtual clock that jumps to the
   * next change of a job as soon as nothing else is to be done, so that no job is ever waited for.
   */
  readonly clock?: "real" | "virtual" | "automatic";
  /** Seconds that a job is queued at least; 0 by default. */
  readonly queueSeconds?: number;
  /**
   * Seconds of the quantum computer that pass in one of the clock; jobs never end before they are computed. By default as
   * fast as possible (Infinity) by the real clock, and 1 by a virtual one.
   */
  readonly speed?: number;
  /** Keeps jobs, sessions and usage in this file, beyond a restart. */
  readonly stateFile?: string;
  readonly limits?: EmulatorLimits;
}

/** Options with everything filled in. */
export interface Settings {
  readonly port: number;
  readonly host: string;
  readonly allowRemote: boolean;
  readonly devices: readonly (string | DeviceDescription)[];
  readonly seed: number;
  readonly noise: boolean;
  readonly exact: boolean;
  readonly crn: string;
  readonly plan: "open" | "paid";
  readonly clock: "real" | "virtual" | "automatic";
  readonly queueSeconds: number;
  readonly speed: number;
  readonly stateFile: string | undefined;
  readonly usageSeconds: number | undefined;
  readonly submissionsPerMinute: number | undefined;
  readonly controlInstructionsPerQubit: number;
  readonly maxBodyBytes: number;
  readonly retentionSeconds: number;
  readonly sessionMaxSeconds: number;
  readonly sessionInteractiveSeconds: number;
  /** Most seconds of one job. */
  readonly maxCost: number;
}

export const CRN_PATTERN = /^crn:v1:[\w-]+:[\w-]+:quantum-computing:([\w-]+):a\/([\w-]+):([\w-]+)::$/;
const DEFAULT_CRN =
  "crn:v1:bluemix:public:quantum-computing:us-east:a/1e970000e3a34ea0b0d0000000000001:1e970000-e3a3-4ea0-b0d0-000000000001::";
const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|localhost)$/;
const OPEN_PLAN_SECONDS = 600;
const LONGEST_JOB_SECONDS = 10_800;
const THREE_YEARS_DAYS = 3 * 365;

const OPTIONS = [
  "port",
  "host",
  "allowRemote",
  "devices",
  "seed",
  "noise",
  "sampling",
  "token",
  "controlToken",
  "crn",
  "plan",
  "clock",
  "queueSeconds",
  "speed",
  "stateFile",
  "limits",
] as const satisfies readonly (keyof EmulatorOptions)[];
const LIMITS = [
  "usageSeconds",
  "submissionsPerMinute",
  "controlInstructionsPerQubit",
  "maxBodyBytes",
  "retentionDays",
  "sessionMaxSeconds",
  "sessionInteractiveSeconds",
] as const satisfies readonly (keyof EmulatorLimits)[];

/** @throws ProviderError EMULATOR_OPTION, EMULATOR_ADDRESS */
export function settingsOf(options: EmulatorOptions): Settings {
  assertKnown("startEmulator", options, OPTIONS);
  const { limits = {}, plan = "paid", clock = "real", host = "127.0.0.1", allowRemote = false } = options;
  assertKnown("limits of startEmulator", limits, LIMITS);
  among("plan", plan, ["open", "paid"]);
  among("clock", clock, ["real", "virtual", "automatic"]);
  among("sampling", options.sampling ?? "shots", ["shots", "exact"]);
  if (typeof host !== "string" || (!LOOPBACK.test(host) && !allowRemote))
    throw new ProviderError(
      "EMULATOR_ADDRESS",
      `host ${describeValue(host)} can be reached from other machines; use 127.0.0.1, or say allowRemote: true.`,
    );
  const crn = options.crn ?? DEFAULT_CRN;
  if (typeof crn !== "string" || !CRN_PATTERN.test(crn))
    throw new ProviderError(
      "EMULATOR_OPTION",
      "crn of startEmulator is no CRN of an instance; one has the form crn:v1:bluemix:public:quantum-computing:us-east:a/ACCOUNT:INSTANCE::.",
    );
  const { devices = ["torino"] } = options;
  if (!Array.isArray(devices) || devices.length === 0)
    throw new ProviderError(
      "EMULATOR_OPTION",
      'devices of startEmulator is a list of one or more, such as ["torino"].',
    );
  const { usageSeconds, submissionsPerMinute } = limits;
  return {
    port: number("port", options.port ?? 0, { integer: true, most: 65_535 }),
    host,
    allowRemote,
    devices,
    seed: number("seed", options.seed ?? 0, { integer: true, least: Number.MIN_SAFE_INTEGER }),
    noise: flag("noise", options.noise ?? true),
    exact: options.sampling === "exact",
    crn,
    plan,
    clock,
    queueSeconds: number("queueSeconds", options.queueSeconds ?? 0),
    speed: speedOf(options.speed ?? (clock === "real" ? Infinity : 1)),
    stateFile: options.stateFile,
    usageSeconds:
      usageSeconds === null || (usageSeconds === undefined && plan === "paid")
        ? undefined
        : number("limits.usageSeconds", usageSeconds ?? OPEN_PLAN_SECONDS),
    submissionsPerMinute:
      submissionsPerMinute === null || (submissionsPerMinute === undefined && clock === "automatic")
        ? undefined
        : number("limits.submissionsPerMinute", submissionsPerMinute ?? 5, { integer: true, least: 1 }),
    controlInstructionsPerQubit: number(
      "limits.controlInstructionsPerQubit",
      limits.controlInstructionsPerQubit ?? IBM_LIMITS.maxControlInstructionsPerQubit,
      { integer: true, least: 1 },
    ),
    maxBodyBytes: number("limits.maxBodyBytes", limits.maxBodyBytes ?? 1 << 26, { integer: true, least: 1 }),
    retentionSeconds: 86_400 * number("limits.retentionDays", limits.retentionDays ?? THREE_YEARS_DAYS),
    sessionMaxSeconds: number(
      "limits.sessionMaxSeconds",
      limits.sessionMaxSeconds ?? (plan === "open" ? OPEN_PLAN_SECONDS : 28_800),
    ),
    sessionInteractiveSeconds: number("limits.sessionInteractiveSeconds", limits.sessionInteractiveSeconds ?? 60),
    maxCost: plan === "open" ? OPEN_PLAN_SECONDS : LONGEST_JOB_SECONDS,
  };
}

/** A text that a header can hold; as `token` also one that clients take for a key. @throws ProviderError EMULATOR_OPTION */
export function secretOf(name: "token" | "controlToken", given: unknown): string | undefined {
  if (given === undefined) return given;
  if (typeof given !== "string" || !/^[\x21-\x7e]+$/.test(given))
    throw new ProviderError(
      "EMULATOR_OPTION",
      `${name} of startEmulator is a text of printable characters without spaces.`,
    );
  if (name === "token" && (!KEY_FORM.test(given) || OTHER_THAN_KEY.test(given)))
    throw new ProviderError(
      "EMULATOR_OPTION",
      "token of startEmulator has 4 to 4096 characters and is neither a CRN nor a URL: clients refuse other keys.",
    );
  return given;
}

function assertKnown(what: string, options: unknown, known: readonly string[]): void {
  const fault = optionsFault(what, options, known);
  if (fault !== undefined) throw new ProviderError("EMULATOR_OPTION", fault);
}

function among(name: string, value: unknown, known: readonly string[]): void {
  if (!known.includes(value as string))
    throw new ProviderError(
      "EMULATOR_OPTION",
      `${name} of startEmulator is one of ${known.join(", ")}, not ${describeValue(value)}.`,
    );
}

function flag(name: string, value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw new ProviderError("EMULATOR_OPTION", `${name} of startEmulator is true or false, not ${describeValue(value)}.`);
}

function speedOf(value: unknown): number {
  if (typeof value === "number" && value > 0) return value;
  throw new ProviderError(
    "EMULATOR_OPTION",
    `speed of startEmulator is a positive number or Infinity, not ${describeValue(value)}.`,
  );
}

function number(
  name: string,
  value: unknown,
  { integer = false, least = 0, most = Number.MAX_SAFE_INTEGER } = {},
): number {
  if (typeof value === "number" && value >= least && value <= most && (!integer || Number.isInteger(value)))
    return value;
  throw new ProviderError(
    "EMULATOR_OPTION",
    `${name} of startEmulator is ${integer ? "an integer" : "a number"} of ${least} or more${most < Number.MAX_SAFE_INTEGER ? `, up to ${most}` : ""}, not ${describeValue(value)}.`,
  );
}
