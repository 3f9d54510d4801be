import { type Clock, systemClock } from "../clock.ts";
import { abortable } from "./abortable.ts";
import { IbmError } from "./ibm-error.ts";
import { parseJson } from "./json.ts";
import type { components } from "./openapi.d.ts";
import { responseError } from "./response-error.ts";
import { type Notify, type RetryPolicy, withRetries } from "./retry.ts";
import { httpDate, retryAfterSeconds } from "./retry-after.ts";
import type { Secrets } from "./secrets.ts";
import { exchange } from "./transport.ts";
import { type Exchange, type ProxySetting, WireFault } from "./wire.ts";
import { wireError } from "./wire-error.ts";

export interface IamTokensOptions {
  /** Gives the API key when a token is asked for. */
  readonly apiKey: () => string;
  /** Such as https://iam.cloud.ibm.com */
  readonly url: string;
  readonly secrets: Secrets;
  readonly proxy?: ProxySetting;
  readonly clock?: Clock | undefined;
  /** Sends the requests; `exchange` by default. */
  readonly exchange?: Exchange | undefined;
  readonly random: () => number;
  readonly retry?: Partial<RetryPolicy> | undefined;
  /** Default 60. */
  readonly timeoutSeconds?: number | undefined;
  readonly userAgent?: string | undefined;
  readonly notify?: Notify | undefined;
}

interface HeldToken {
  readonly text: string;
  /** From here on a new one is asked for: 80 % of its life. Milliseconds by our clock. */
  readonly refreshAt: number;
  readonly expiresAt: number;
}

const ROUTE = { method: "POST", path: "/identity/token", harmless: true } as const;
const MAX_BYTES = 1 << 20;
/** After a refresh has failed, the token that still holds is used this long before the next. */
const REFRESH_PAUSE_MS = 30_000;

/**
 * Bearer tokens for one API key. A token is asked for when it is first needed and again at 80 % of its life, by one request
 * however many wait for it. Its life is counted from when it was asked for, by what the server's own clock says is left.
 */
export class IamTokens {
  readonly #options: IamTokensOptions;
  readonly #clock: Clock;
  #token: HeldToken | undefined;
  #refresh: Promise<HeldToken> | undefined;

  constructor(options: IamTokensOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /**
   * A token that holds.
   * @throws IbmError IBM_API_KEY when IAM does not take the key; IBM_SERVICE, IBM_NETWORK, IBM_TIMEOUT when it cannot be
   * reached, after retries; the signal's reason when aborted
   */
  async token(signal?: AbortSignal): Promise<string> {
    const held = this.#token;
    const now = this.#clock.now();
    if (held !== undefined && now < held.refreshAt) return held.text;
    this.#refresh ??= this.#start();
    try {
      return (await abortable(this.#refresh, signal)).text;
    } catch (error) {
      const holds = held !== undefined && held === this.#token && this.#clock.now() < held.expiresAt;
      if (!holds || signal?.aborted === true || !(error instanceof IbmError && error.retryable)) throw error;
      this.#token = { ...held, refreshAt: this.#clock.now() + REFRESH_PAUSE_MS };
      return held.text;
    }
  }

  /** Drops a token that the service has refused. @returns false where it was replaced meanwhile */
  reject(token: string): boolean {
    const isHeld = this.#token?.text === token;
    if (isHeld) this.#token = undefined;
    return isHeld;
  }

  /** One refresh for all who wait; none of their signals ends it. */
  #start(): Promise<HeldToken> {
    const { retry: policy, random, notify } = this.#options;
    const how = { repeat: "always", policy, clock: this.#clock, random, notify } as const;
    const refresh = withRetries(() => this.#request(), how);
    return refresh
      .then((token) => {
        this.#token = token;
        return token;
      })
      .finally(() => {
        this.#refresh = undefined;
      });
  }

  async #request(): Promise<HeldToken> {
    const { apiKey, url, secrets, proxy = false, timeoutSeconds = 60, userAgent } = this.#options;
    const sentAt = this.#clock.now();
    const form = new URLSearchParams({ grant_type: "urn:ibm:params:oauth:grant-type:apikey", apikey: apiKey() });
    const answer = await (this.#options.exchange ?? exchange)(
      {
        method: "POST",
        url: `${url}/identity/token`,
        headers: {
          Accept: "application/json",
          "Content-Type": "application/x-www-form-urlencoded",
          ...(userAgent === undefined ? {} : { "User-Agent": userAgent }),
        },
        body: form.toString(),
        timeoutSeconds,
        maxBytes: MAX_BYTES,
      },
      proxy,
    ).catch((error: unknown) => {
      throw error instanceof WireFault ? wireError(error, ROUTE, secrets) : error;
    });
    const serverNow = httpDate(answer.header("date")) ?? sentAt;
    const body = answer.body.toString("utf8");
    if (answer.status !== 200) {
      const wait = retryAfterSeconds(answer.header("retry-after"), serverNow);
      throw responseError({ ...ROUTE, status: answer.status, body, retryAfterSeconds: wait, iam: true }, secrets);
    }
    return heldToken(body, sentAt, serverNow, secrets);
  }
}

/** @throws IbmError IBM_RESPONSE when the answer holds no token that could be sent */
function heldToken(body: string, sentAt: number, serverNow: number, secrets: Secrets): HeldToken {
  const { access_token: text, expires_in: seconds, expiration } = readToken(body);
  if (typeof text !== "string" || !/^[\x21-\x7e]+$/.test(text))
    throw new IbmError("IBM_RESPONSE", "IAM answered no token; check the IAM URL.", {
      method: ROUTE.method,
      path: ROUTE.path,
      outcome: "rejected",
      status: 200,
    });
  secrets.add(text);
  const left = [
    typeof seconds === "number" ? seconds * 1000 : Number.NaN,
    typeof expiration === "number" ? expiration * 1000 - serverNow : Number.NaN,
  ].filter((life) => Number.isFinite(life));
  // Without a word about its life it is used for a minute. An expired one is not kept at all: the next call asks again.
  const life = left.length === 0 ? 60_000 : Math.max(0, Math.min(...left));
  return { text, refreshAt: sentAt + 0.8 * life, expiresAt: sentAt + life };
}

function readToken(body: string): Partial<components["schemas"]["Token"]> {
  try {
    const value = parseJson(body);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
