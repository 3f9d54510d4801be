import { Target } from "../../circuits/index.ts";
import { type DeviceDescription, loadDevice } from "../devices/index.ts";
import { ProviderError } from "../errors.ts";

export const BACKEND_STATES = ["online", "paused", "offline", "maintenance"] as const;
/** Paused and in maintenance it takes jobs and runs none; offline it takes none. */
export type BackendState = (typeof BACKEND_STATES)[number];

/** A backend of the emulator. */
export interface EmulatedDevice extends DeviceDescription {
  readonly name: string;
  /** All that it can do, fractional gates included. */
  readonly target: Target;
  properties: DeviceDescription["properties"];
  state: BackendState;
}

/** @throws ProviderError DEVICE_UNKNOWN, DEVICE_FILE, EMULATOR_OPTION; TranspilerError TARGET_CONFIGURATION */
export function openDevices(devices: readonly (string | DeviceDescription)[]): readonly EmulatedDevice[] {
  const opened = devices.map((device): EmulatedDevice => {
    const { configuration, properties } = typeof device === "string" ? loadDevice(device) : device;
    const target = Target.fromIbm(configuration, properties, { fractionalGates: true });
    return { name: configuration.backend_name, configuration, properties, target, state: "online" };
  });
  const twice = opened.find(({ name }, index) => opened.findIndex((other) => other.name === name) !== index);
  if (twice !== undefined)
    throw new ProviderError("EMULATOR_OPTION", `The device ${twice.name} is named twice in devices; name it once.`);
  return opened;
}
