import { type Clock, systemClock } from "../clock.ts";
import type { IbmCredentials } from "./credentials.ts";
import { IamTokens } from "./iam.ts";
import { IbmError } from "./ibm-error.ts";
import { JsonSyntax, parseJson } from "./json.ts";
import { requestUrl } from "./request-url.ts";
import { responseError } from "./response-error.ts";
import { giveUp, type Notify, type Repeat, type RetryPolicy, withRetries } from "./retry.ts";
import { httpDate, retryAfterSeconds } from "./retry-after.ts";
import type { AnyRouteValues, Method, RouteAnswer, RouteOf, RouteValues } from "./routes.ts";
import type { Secrets } from "./secrets.ts";
import { exchange } from "./transport.ts";
import { type Exchange, type ProxySetting, WireFault, type WireResponse } from "./wire.ts";
import { type Route, wireError } from "./wire-error.ts";

export interface HttpClientOptions {
  readonly credentials: IbmCredentials;
  readonly secrets: Secrets;
  readonly apiVersion: string;
  readonly userAgent: string;
  readonly proxy: ProxySetting;
  readonly timeoutSeconds: number;
  /** Most decoded bytes of an answer. */
  readonly maxBodyBytes: number;
  readonly clock?: Clock | undefined;
  /** Sends the requests; `exchange` by default. */
  readonly exchange?: Exchange | undefined;
  readonly random: () => number;
  readonly retry?: Partial<RetryPolicy> | undefined;
  readonly notify?: Notify | undefined;
}

/** Of one call. */
export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  /** Of each try. */
  readonly timeoutSeconds?: number | undefined;
  /** Further tries; as the client's policy says by default. */
  readonly retries?: number | undefined;
}

/** What a resource settles for its route. */
export interface CallOptions extends RequestOptions {
  /** Default: "if-rejected" for POST, else "always". */
  readonly repeat?: Repeat | undefined;
  readonly maxBytes?: number | undefined;
  readonly accept?: string | undefined;
  /** Awaited before each try. */
  readonly beforeTry?: (() => Promise<void>) | undefined;
  /** Awaited right before each time that the request is sent; gives its body. What it throws is thrown, and nothing is sent. */
  readonly prepare?: (() => unknown) | undefined;
  /** Told of each try that failed. */
  readonly onFailedTry?: ((error: IbmError) => void) | undefined;
  /** Base address of another service, to which the CRN is not told. */
  readonly otherService?: string | undefined;
}

/** The text of an answer, as it came. */
export interface TextAnswer {
  readonly status: number;
  readonly text: string;
  /** Whether its content type says JSON. */
  readonly json: boolean;
}

/**
 * One typed call for each method over the routes of openapi.yaml. It authenticates, retries what may be retried, and turns
 * every failure into an IbmError; see docs/ibm.md. Bodies are sent and read as JSON in which the service may answer bare NaN
 * and Infinity.
 */
export class HttpClient {
  readonly #options: HttpClientOptions;
  readonly #clock: Clock;
  readonly #tokens: IamTokens;
  /** The server's clock less ours, in milliseconds. */
  #skew = 0;

  constructor(options: HttpClientOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    const { credentials, secrets, proxy, clock, random, retry, userAgent } = options;
    this.#tokens = new IamTokens({
      apiKey: () => credentials.revealApiKey(),
      url: credentials.urls.iam,
      secrets,
      proxy,
      clock,
      exchange: options.exchange,
      random,
      retry,
      timeoutSeconds: options.timeoutSeconds,
      userAgent,
      notify: options.notify,
    });
  }

  get<P extends RouteOf<"get">>(route: P, values: RouteValues<"get", P>, options?: CallOptions) {
    return this.#json("get", route, values, options);
  }
  post<P extends RouteOf<"post">>(route: P, values: RouteValues<"post", P>, options?: CallOptions) {
    return this.#json("post", route, values, options);
  }
  put<P extends RouteOf<"put">>(route: P, values: RouteValues<"put", P>, options?: CallOptions) {
    return this.#json("put", route, values, options);
  }
  patch<P extends RouteOf<"patch">>(route: P, values: RouteValues<"patch", P>, options?: CallOptions) {
    return this.#json("patch", route, values, options);
  }
  delete<P extends RouteOf<"delete">>(route: P, values: RouteValues<"delete", P>, options?: CallOptions) {
    return this.#json("delete", route, values, options);
  }

  /** The answer's text as it is; undefined where the service has none (204). */
  async getText<P extends RouteOf<"get">>(
    route: P,
    values: RouteValues<"get", P>,
    options?: CallOptions,
  ): Promise<TextAnswer | undefined> {
    const answer = await this.#send("get", route, values, options);
    if (answer.status === 204) return undefined;
    const json = /[/+]json\b/i.test(answer.header("content-type") ?? "");
    return { status: answer.status, text: answer.body.toString("utf8"), json };
  }

  /** The server's time, milliseconds since 1970, by the Date of its last answer; ours before the first. */
  serverNow(): number {
    return this.#clock.now() + this.#skew;
  }

  async #json<M extends Method, P extends RouteOf<M>>(
    method: M,
    route: P,
    values: RouteValues<M, P>,
    options?: CallOptions,
  ): Promise<RouteAnswer<M, P>> {
    const answer = await this.#send(method, route, values, options);
    // What the service answers is taken as openapi.yaml says; who reads numbers of it checks them.
    if (answer.status === 204 || answer.body.length === 0) return undefined as RouteAnswer<M, P>;
    try {
      return parseJson(answer.body.toString("utf8")) as RouteAnswer<M, P>;
    } catch (error) {
      if (!(error instanceof JsonSyntax)) throw error;
      const where = { method: method.toUpperCase(), path: route };
      throw new IbmError("IBM_RESPONSE_JSON", `${where.method} ${route} answered no JSON: ${error.message}.`, {
        ...where,
        outcome: "unknown",
        status: answer.status,
      });
    }
  }

  /** @throws IbmError unless the status is one of success; the signal's reason when aborted */
  #send(method: Method, route: string, values: AnyRouteValues, options: CallOptions = {}): Promise<WireResponse> {
    const { signal, repeat = method === "post" ? "if-rejected" : "always" } = options;
    const url = requestUrl(options.otherService ?? this.#options.credentials.urls.api, route, values);
    const body = values.body === undefined ? undefined : JSON.stringify(values.body);
    const { prepare } = options;
    const prepared = async (): Promise<string | undefined> =>
      prepare === undefined ? body : JSON.stringify(await (async () => prepare())().catch(giveUp));
    const where: Route = { method: method.toUpperCase(), path: route, harmless: repeat === "always" };
    // IAM's own tries are not to be multiplied with these.
    const freshToken = (): Promise<string> => this.#tokens.token(signal).catch(giveUp);
    const attempt = async (): Promise<WireResponse> => {
      await options.beforeTry?.();
      const token = await freshToken();
      const answer = await this.#once(where, url, await prepared(), token, options, repeat);
      if (answer.status !== 401) return this.#accept(where, answer);
      // Refused before anything was done, so it can be sent again whatever it is: once, with a new token.
      if (this.#tokens.reject(token))
        this.#options.notify?.("The service refused the token (401), so a new one is asked for.");
      const renewed = await freshToken();
      return this.#accept(where, await this.#once(where, url, await prepared(), renewed, options, repeat));
    };
    const watched = async (): Promise<WireResponse> => {
      try {
        return await attempt();
      } catch (error) {
        if (error instanceof IbmError) options.onFailedTry?.(error);
        throw error;
      }
    };
    const { retry, random, notify } = this.#options;
    const policy = options.retries === undefined ? retry : { ...retry, retries: options.retries };
    return withRetries(watched, { repeat, policy, clock: this.#clock, random, signal, notify });
  }

  async #once(
    where: Route,
    url: string,
    body: string | undefined,
    token: string,
    options: CallOptions,
    repeat: Repeat,
  ): Promise<WireResponse> {
    const { credentials, secrets, apiVersion, userAgent, proxy, timeoutSeconds, maxBodyBytes } = this.#options;
    options.signal?.throwIfAborted();
    const headers = {
      Accept: options.accept ?? "application/json",
      Authorization: `Bearer ${token}`,
      "User-Agent": userAgent,
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...(options.otherService !== undefined
        ? {}
        : { "IBM-API-Version": apiVersion, "Service-CRN": credentials.revealCrn() }),
    };
    try {
      const answer = await (this.#options.exchange ?? exchange)(
        {
          method: where.method,
          url,
          headers,
          body,
          timeoutSeconds: options.timeoutSeconds ?? timeoutSeconds,
          maxBytes: options.maxBytes ?? maxBodyBytes,
          signal: options.signal,
          freshConnection: repeat !== "always",
        },
        proxy,
      );
      const date = httpDate(answer.header("date"));
      if (date !== undefined) this.#skew = date - this.#clock.now();
      return answer;
    } catch (error) {
      if (!(error instanceof WireFault)) throw error;
      // Where repeating has no effect it does not matter whether it was done, and the caller's reason says more.
      if (error.kind === "aborted" && repeat === "always") throw options.signal?.reason ?? error;
      throw wireError(error, where, secrets);
    }
  }

  #accept(where: Route, answer: WireResponse): WireResponse {
    if (answer.status >= 200 && answer.status < 300) return answer;
    const wait = retryAfterSeconds(answer.header("retry-after"), this.serverNow());
    const body = answer.body.toString("utf8");
    throw responseError({ ...where, status: answer.status, body, retryAfterSeconds: wait }, this.#options.secrets);
  }
}
