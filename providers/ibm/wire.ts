/** A request as it goes over the wire. */
export interface WireRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly timeoutSeconds: number;
  /** Most bytes of the answer's body, decoded. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
  /** A connection of its own, so that one which the server is just closing cannot make the outcome doubtful. */
  readonly freshConnection?: boolean | undefined;
}

export interface WireResponse {
  readonly status: number;
  /** One header by its name in small letters. */
  header(name: string): string | undefined;
  /** What is used of a buffer: the declarations of the package then need no types of Node. */
  readonly body: { readonly length: number; toString(encoding: "utf8"): string };
}

/** Why there is no answer. */
export type WireFaultKind =
  /** No connection was made: nothing was sent. */
  | "unreachable"
  /** The connection broke after that. */
  | "broken"
  | "timeout"
  | "aborted"
  | "too-large"
  | "encoding";

/** A request without an answer. It holds nothing of what was sent. */
export class WireFault extends Error {
  readonly kind: WireFaultKind;
  /** Node's code, such as ECONNRESET. */
  readonly systemCode: string | undefined;
  constructor(kind: WireFaultKind, message: string, systemCode?: string) {
    super(message);
    this.name = "WireFault";
    this.kind = kind;
    this.systemCode = systemCode;
  }
}

/** Where requests go through: nothing (false), one proxy, or what HTTPS_PROXY and its kin say ("environment"). */
export type ProxySetting = false | "environment" | URL;

/** Sends one request, once. @throws WireFault */
export type Exchange = (request: WireRequest, proxy: ProxySetting) => Promise<WireResponse>;
