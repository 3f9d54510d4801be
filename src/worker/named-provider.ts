import type { Backend } from "../../providers/index.ts";
import { TrainingError } from "../errors.ts";

/** The service's own default standard error, so that a plan for a snapshot is one for the device. */
const DEVICE_PRECISION = 1 / 64;

/** Finds a backend by its name. */
export type NamedProviders = (text: string) => Promise<Backend>;

/**
 * Backends by the names that command lines and tasks give them: `local`, `device:NAME` (a snapshot, simulated with its noise),
 * `ibm:NAME`, or `ibm` for the one with the shortest queue. All of IBM Quantum share one client with the environment's
 * credentials, made when it is first asked for.
 * @param notify is told in a line what the client waits for
 * @throws (when called) TrainingError PROVIDER_UNKNOWN; ProviderError DEVICE_UNKNOWN, DEVICE_FILE; what IBM's provider throws
 */
export function namedProviders(notify: (line: string) => void = () => {}): NamedProviders {
  let ibm: Promise<import("../../providers/ibm/index.ts").IbmProvider> | undefined;
  const ibmClient = () => {
    ibm ??= import("../../providers/ibm/index.ts").then(({ ibmProvider }) => ibmProvider({ notify }));
    // Another try may find what was missing.
    ibm.catch(() => {
      ibm = undefined;
    });
    return ibm;
  };
  return async (text) => {
    const [kind, name] = split(text);
    if (kind === "local" && name === undefined) {
      const { localSimulator } = await import("../../providers/index.ts");
      return localSimulator();
    }
    if (kind === "device" && name !== undefined) {
      const { deviceSimulator, loadTarget } = await import("../../providers/index.ts");
      return deviceSimulator(loadTarget(name), { precision: DEVICE_PRECISION });
    }
    if (kind === "ibm") {
      const provider = await ibmClient();
      // A worker that stays is to compile each run for the calibration of its day.
      return name === undefined
        ? provider.leastBusy(undefined, { refresh: true })
        : provider.backend(name, { refresh: true });
    }
    throw new TrainingError(
      "PROVIDER_UNKNOWN",
      `"${text}" is no provider: give local, device:NAME (such as device:torino), ibm:NAME, or ibm for the one with the shortest queue.`,
    );
  };
}

/** The name may hold colons itself, as a path on some systems does. */
function split(text: string): readonly [kind: string, name: string | undefined] {
  const at = text.indexOf(":");
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1) || undefined];
}
