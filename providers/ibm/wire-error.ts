import { IbmError } from "./ibm-error.ts";
import type { Secrets } from "./secrets.ts";
import type { WireFault } from "./wire.ts";

export interface Route {
  readonly method: string;
  readonly path: string;
  /** It leaves nothing behind, whether it was done or not. */
  readonly harmless?: boolean;
}

/** A certificate or an address that will be no better the next time. */
const LASTING = /CERT|^UNABLE_TO_|^ERR_/;

/** The error of a request that got no answer. Its cause is made anew of Node's code and message, without secrets. */
export function wireError(fault: WireFault, route: Route, secrets: Secrets): IbmError {
  const where = `${route.method} ${route.path}`;
  const what = secrets.redact(fault.message);
  const cause = Object.assign(new Error(what), fault.systemCode === undefined ? {} : { code: fault.systemCode });
  const { method, path, harmless } = route;
  const outcome = harmless === true ? "rejected" : "unknown";
  const options = { method, path, cause, outcome, retryable: true } as const;
  switch (fault.kind) {
    case "timeout":
      return new IbmError("IBM_TIMEOUT", `${where} got ${what}. Try again, or give a larger timeout.`, options);
    case "aborted":
      return new IbmError("IBM_ABORTED", `${where} was aborted after it was sent; it may have been done.`, {
        ...options,
        retryable: false,
      });
    case "too-large":
      return new IbmError("IBM_RESPONSE_TOO_LARGE", `${where} was answered, but ${what}. ${largerLimit(route)}`, {
        ...options,
        retryable: false,
      });
    case "encoding":
      return new IbmError("IBM_RESPONSE", `${where} was answered, but ${what}.`, { ...options, retryable: false });
    case "unreachable":
      return new IbmError(
        "IBM_NETWORK",
        `${where} could not be sent: ${what}. Check the network, the URL and the proxy (an option of the client; the environment's is used only if asked for).`,
        { ...options, outcome: "rejected", retryable: !LASTING.test(fault.systemCode ?? "") },
      );
    case "broken":
      return new IbmError("IBM_NETWORK", `${where} got no whole answer: ${what}. Try again.`, options);
  }
}

function largerLimit({ path }: Route): string {
  const option = path === "/jobs/{id}/results" ? "maxResultBytes" : "maxBodyBytes";
  return `If it is right that it is so large, give the client a larger ${option}.`;
}
