import { optionsFault, Rng } from "../../circuits/index.ts";
import type { Clock } from "../clock.ts";
import { ProviderError } from "../errors.ts";
import { type CredentialOptions, findCredentials, type IbmCredentials } from "./credentials.ts";
import { HttpClient, type RequestOptions } from "./http-client.ts";
import { SubmitLimiter } from "./limiter.ts";
import { Listeners } from "./listeners.ts";
import { Backends } from "./resources/backends.ts";
import { type DiscoveredInstance, Discovery } from "./resources/discovery.ts";
import { Instances } from "./resources/instances.ts";
import { Jobs } from "./resources/jobs.ts";
import { Sessions } from "./resources/sessions.ts";
import { Tags } from "./resources/tags.ts";
import { Versions } from "./resources/versions.ts";
import { Workloads } from "./resources/workloads.ts";
import type { Notify, RetryPolicy } from "./retry.ts";
import { Secrets } from "./secrets.ts";
import { type Sending, sendingOf } from "./sending.ts";
import { isLoopback } from "./urls.ts";
import type { Exchange, ProxySetting } from "./wire.ts";

export interface IbmClientOptions extends CredentialOptions {
  /** Found before by `findCredentials`; instead of the options that say where they are. */
  readonly credentials?: IbmCredentials | undefined;
  /** Date of the API's version; default "2026-04-15". */
  readonly apiVersion?: string | undefined;
  /** URL of an HTTP proxy, or "environment" for what HTTPS_PROXY, HTTP_PROXY and NO_PROXY say. Default: none. */
  readonly proxy?: string | false | undefined;
  /**
   * What may be submitted: everything (default), only jobs that the service keeps no parameters of (`private`), or nothing, so
   * that a run can be planned and looked at without sending any. LEPTON_SEND in the environment can only make it stricter.
   */
  readonly send?: Sending | undefined;
  /** Of each try; default 60. */
  readonly timeoutSeconds?: number | undefined;
  /**
   * Of a submit; default 900. A submit that was broken off with its process may still be accepted for so long, so another
   * process that takes its run over waits for it.
   */
  readonly submitTimeoutSeconds?: number | undefined;
  /** Most bytes of an answer once inflated; default 64 MiB. */
  readonly maxBodyBytes?: number | undefined;
  /** The same for results, and jobs with their params; default 128 MiB. */
  readonly maxResultBytes?: number | undefined;
  readonly retry?: Partial<RetryPolicy> | undefined;
  /** Share one between clients of one user, since the service counts submits by user. */
  readonly limiter?: SubmitLimiter | undefined;
  /** Added to the User-Agent. */
  readonly userAgent?: string | undefined;
  /** Time for waits; for tests. */
  readonly clock?: Clock | undefined;
  /** @internal Sends the requests without a network; for tests. */
  readonly exchange?: Exchange | undefined;
  /** Seed of the jitter of waits; default: another one in each process. */
  readonly seed?: number | string | undefined;
  /**
   * Told in a line of plain words, without secrets, what is waited for: a request that is tried again, a token that was refused,
   * a session that is opened, a submit whose answer was lost, a job in the queue. Nobody by default.
   */
  readonly notify?: Notify | undefined;
  /** Instead of process.env. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
}

const OPTIONS: readonly (keyof IbmClientOptions)[] = [
  "token",
  "instance",
  "url",
  "iamUrl",
  "privateEndpoint",
  "accountFile",
  "accountName",
  "credentials",
  "apiVersion",
  "proxy",
  "send",
  "timeoutSeconds",
  "submitTimeoutSeconds",
  "maxBodyBytes",
  "maxResultBytes",
  "retry",
  "limiter",
  "userAgent",
  "clock",
  "exchange",
  "seed",
  "notify",
  "environment",
];
const MIB = 1 << 20;

/** The REST surface of one instance of IBM Quantum, a class for each kind of resource and a method for each route. */
export class IbmClient {
  readonly credentials: IbmCredentials;
  /** What may be submitted. */
  readonly sending: Sending;
  readonly backends: Backends;
  readonly jobs: Jobs;
  readonly sessions: Sessions;
  readonly instances: Instances;
  readonly tags: Tags;
  readonly versions: Versions;
  readonly workloads: Workloads;
  readonly discovery: Discovery;
  readonly notify: Notify;
  readonly #troubles = new Listeners();
  readonly #http: HttpClient;

  constructor(credentials: IbmCredentials, options: IbmClientOptions) {
    const { proxy, secrets } = proxyAndSecrets(options.proxy, credentials);
    const rng = Rng.seed(options.seed ?? `${process.pid} ${performance.timeOrigin}`).fork("ibm", "retry");
    const http = new HttpClient({
      credentials,
      secrets,
      apiVersion: options.apiVersion ?? "2026-04-15",
      userAgent: ["lepton", `node/${process.versions.node}`, options.userAgent].filter(Boolean).join(" "),
      proxy,
      timeoutSeconds: options.timeoutSeconds ?? 60,
      maxBodyBytes: options.maxBodyBytes ?? 64 * MIB,
      clock: options.clock,
      exchange: options.exchange,
      random: () => rng.uniform(),
      retry: options.retry,
      notify: (line) => {
        this.notify(line);
        this.#troubles.tell(line);
      },
    });
    const { limiter = submitLimiter(credentials, options.clock) } = options;
    this.credentials = credentials;
    this.sending = sendingOf(options.send, options.environment);
    this.notify = options.notify ?? (() => {});
    this.backends = new Backends(http);
    this.jobs = new Jobs(http, {
      limiter,
      maxResultBytes: options.maxResultBytes ?? 128 * MIB,
      submitTimeoutSeconds: options.submitTimeoutSeconds ?? 900,
      sending: this.sending,
    });
    this.sessions = new Sessions(http, this.sending);
    this.instances = new Instances(http);
    this.tags = new Tags(http);
    this.versions = new Versions(http);
    this.workloads = new Workloads(http);
    this.discovery = new Discovery(http, credentials.urls);
    this.#http = http;
  }

  /** Tells of requests that are tried again and of tokens that were refused. @returns ends it */
  watch(listener: Notify): () => void {
    return this.#troubles.add(listener);
  }

  /** The service's time, milliseconds since 1970, by its last answer: what `created_after` is to be compared with. */
  serverNow(): number {
    return this.#http.serverNow();
  }
}

/** At a loopback address there is an emulator, which says itself when there are too many. */
function submitLimiter({ urls }: IbmCredentials, clock: Clock | undefined): SubmitLimiter {
  return new SubmitLimiter({
    ...(isLoopback(new URL(urls.api).hostname) ? { limit: Infinity } : {}),
    ...(clock === undefined ? {} : { clock }),
  });
}

/**
 * A client with the credentials of the options, the environment or Qiskit's file; see `findCredentials`. Nothing is sent yet.
 * @throws ProviderError IBM_OPTION and what `findCredentials` throws
 */
export function createIbmClient(options: IbmClientOptions = {}): IbmClient {
  const own = ownOptions(options);
  return new IbmClient(own.credentials ?? findCredentials(own, own.environment), own);
}

/** The instances of the account, found by IBM Cloud's search. It takes seconds, so nothing else calls it. Needs no instance. */
export async function discoverInstances(
  options: IbmClientOptions = {},
  request?: RequestOptions,
): Promise<readonly DiscoveredInstance[]> {
  const own = ownOptions(options);
  const credentials = own.credentials ?? findCredentials(own, own.environment, false);
  return new IbmClient(credentials, own).discovery.instances(request);
}

/**
 * The options without what a polluted Object.prototype would add, such as a proxy.
 * @throws ProviderError IBM_OPTION
 */
function ownOptions(options: IbmClientOptions): IbmClientOptions {
  const unknown = optionsFault("An IBM client", options, OPTIONS);
  if (unknown !== undefined) throw new ProviderError("IBM_OPTION", unknown);
  if (options.notify !== undefined && typeof options.notify !== "function")
    throw new ProviderError("IBM_OPTION", "notify of an IBM client is a function that takes a line of text.");
  for (const name of ["timeoutSeconds", "submitTimeoutSeconds", "maxBodyBytes", "maxResultBytes"] as const) {
    const value = options[name];
    if (value !== undefined && !(Number.isFinite(value) && value > 0))
      throw new ProviderError("IBM_OPTION", `${name} of an IBM client is to be a finite number above 0.`);
  }
  const unknownRetry = optionsFault("retry of an IBM client", options.retry ?? {}, [
    "retries",
    "baseSeconds",
    "capSeconds",
    "maxRetryAfterSeconds",
  ]);
  if (unknownRetry !== undefined) throw new ProviderError("IBM_OPTION", unknownRetry);
  for (const [name, value] of Object.entries(options.retry ?? {}))
    if (value !== undefined && !(typeof value === "number" && value >= 0))
      throw new ProviderError("IBM_OPTION", `retry.${name} of an IBM client is to be a number of 0 or more.`);
  // A line break would begin another header.
  for (const name of ["apiVersion", "userAgent"] as const)
    if (options[name] !== undefined && !/^[\x20-\x7e]{1,200}$/.test(options[name]))
      throw new ProviderError("IBM_OPTION", `${name} of an IBM client is to be 1 to 200 printable ASCII characters.`);
  return Object.assign(Object.create(null), options);
}

function proxyAndSecrets(
  option: string | false | undefined,
  credentials: IbmCredentials,
): { readonly proxy: ProxySetting; readonly secrets: Secrets } {
  const secrets = new Secrets(...credentials.revealSecrets());
  if (option === undefined || option === false) return { proxy: false, secrets };
  if (option === "environment") return { proxy: "environment", secrets };
  if (!URL.canParse(option) || !/^https?:$/.test(new URL(option).protocol))
    throw new ProviderError(
      "IBM_OPTION",
      'proxy of an IBM client is to be a URL such as http://proxy.example:3128, "environment", or false.',
    );
  const proxy = new URL(option);
  for (const part of [proxy.username, proxy.password]) secrets.add(decodeURIComponent(part));
  return { proxy, secrets };
}
