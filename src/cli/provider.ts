import type { IbmProvider } from "../../providers/ibm/index.ts";
import type { Backend } from "../../providers/primitives.ts";
import { UsageError } from "./errors.ts";
import type { Io } from "./io.ts";

/** The service's own default standard error, so that a plan for a snapshot is one for the device. */
const DEVICE_PRECISION = 1 / 64;

/**
 * A backend by the name that the command line gives it: `local`, `device:NAME` (a snapshot, simulated with its noise),
 * `ibm:NAME`, or `ibm` for the one with the shortest queue.
 * @throws UsageError PROVIDER_UNKNOWN; ProviderError DEVICE_UNKNOWN, DEVICE_FILE; what IBM's provider throws
 */
export async function providerOf(text: string, io: Io): Promise<Backend> {
  const [kind, name] = split(text);
  if (kind === "local" && name === undefined) {
    const { localSimulator } = await import("../../providers/index.ts");
    return localSimulator();
  }
  if (kind === "device" && name !== undefined) {
    const { deviceSimulator } = await import("../../providers/index.ts");
    const { loadTarget } = await import("../../providers/devices/index.ts");
    return deviceSimulator(loadTarget(name), { precision: DEVICE_PRECISION });
  }
  if (kind === "ibm") {
    const provider = await ibmFor(io);
    return name === undefined ? provider.leastBusy() : provider.backend(name);
  }
  throw new UsageError(
    "PROVIDER_UNKNOWN",
    `"${text}" is no provider: give local, device:NAME (such as device:torino), ibm:NAME, or ibm for the one with the shortest queue.`,
  );
}

/** IBM Quantum by the environment's credentials, telling what is waited for. */
export async function ibmFor(io: Io): Promise<IbmProvider> {
  const { ibmProvider } = await import("../../providers/ibm/index.ts");
  return ibmProvider({ notify: (line) => io.err(`${line}\n`) });
}

/** The name may hold colons itself, as a path on some systems does. */
function split(text: string): readonly [kind: string, name: string | undefined] {
  const at = text.indexOf(":");
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1) || undefined];
}
