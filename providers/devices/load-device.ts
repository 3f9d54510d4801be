import { existsSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describeValue, Target, type TargetOptions } from "../../circuits/index.ts";
import { ProviderError } from "../errors.ts";
import { nearNames } from "../near-names.ts";
import { type DeviceDescription, type DeviceSnapshot, unpackDevice } from "./snapshot.ts";

/** Files beside this module; each is named here as a whole, so that the build finds it. */
const SHIPPED: Readonly<Record<string, URL>> = {
  torino: new URL("./torino.json", import.meta.url),
  sherbrooke: new URL("./sherbrooke.json", import.meta.url),
  manila: new URL("./manila.json", import.meta.url),
};

/** Devices whose snapshots come with Lepton: 133 qubits (cz), 127 qubits (ecr) and 5 qubits (cx). */
export const DEVICE_NAMES: readonly string[] = Object.freeze(Object.keys(SHIPPED));

const shipped = new Map<string, DeviceDescription>();

/**
 * A device's configuration and calibration in IBM's form.
 * @param device a shipped name (`torino`, also as `ibm_torino`), a folder that holds `conf.json` and `props.json`, or a
 * prefix such as `devices/torino` for `devices/torino.conf.json` and `devices/torino.props.json`
 * @throws ProviderError DEVICE_UNKNOWN when there is no such device, DEVICE_FILE when its files cannot be read
 */
export function loadDevice(device: string): DeviceDescription {
  if (typeof device !== "string")
    throw new ProviderError(
      "DEVICE_UNKNOWN",
      `A device is named by a text such as "${DEVICE_NAMES[0]}", not ${describeValue(device)}.`,
    );
  const name = device.replace(/^(ibm|fake)_/, "");
  const url = Object.hasOwn(SHIPPED, name) ? SHIPPED[name] : undefined;
  if (url !== undefined) {
    let found = shipped.get(name);
    if (found === undefined) {
      found = unpackDevice(JSON.parse(readFileSync(fileURLToPath(url), "utf8")) as DeviceSnapshot);
      shipped.set(name, found);
    }
    return found;
  }
  const folder = device.endsWith("/") || (existsSync(device) && statSync(device).isDirectory());
  const prefix = folder ? `${device.replace(/\/+$/, "")}/` : `${device}.`;
  const [conf, props] = [`${prefix}conf.json`, `${prefix}props.json`];
  if (!existsSync(conf)) {
    const near = nearNames(name, DEVICE_NAMES);
    throw new ProviderError(
      "DEVICE_UNKNOWN",
      `There is no device ${device}: none of this name comes with Lepton (${DEVICE_NAMES.join(", ")}), and there is no file ${conf}.${near.length === 0 ? "" : ` Did you mean ${near.join(" or ")}?`}`,
    );
  }
  return { configuration: readJson(conf), properties: readJson(props) };
}

/** The same as a target to compile for. @throws as `loadDevice`; TranspilerError TARGET_CONFIGURATION */
export function loadTarget(device: string, options: TargetOptions = {}): Target {
  const { configuration, properties } = loadDevice(device);
  return Target.fromIbm(configuration, properties, options);
}

function readJson<Json>(file: string): Json {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Json;
  } catch (cause) {
    throw new ProviderError(
      "DEVICE_FILE",
      `${file} cannot be read as JSON: ${(cause as Error).message}; a device is a pair of files conf.json and props.json in the form of IBM's REST API.`,
      { cause },
    );
  }
}
