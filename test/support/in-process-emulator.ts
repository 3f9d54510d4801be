import { Readable } from "node:stream";
import type { Clock } from "../../providers/clock.ts";
import { type EmulatorClock, VirtualClock } from "../../providers/emulator/clock.ts";
import type { EmulatorControl } from "../../providers/emulator/control.ts";
import { type EmulatorCore, openCore } from "../../providers/emulator/core.ts";
import type { Reply } from "../../providers/emulator/http/responder.ts";
import type { Journal } from "../../providers/emulator/journal.ts";
import type { EmulatorOptions } from "../../providers/emulator/settings.ts";
import { type IbmProvider, type IbmProviderOptions, ibmProvider } from "../../providers/ibm/index.ts";
import { readBody } from "../../providers/ibm/transport.ts";
import { WireFault, type WireRequest, type WireResponse } from "../../providers/ibm/wire.ts";

export interface InProcessOptions extends Omit<EmulatorOptions, "port" | "host" | "allowRemote" | "stateFile"> {
  /** Where the clock stands at first, milliseconds since 1970; 2026-01-01 by default. */
  readonly start?: number;
  /** Seconds by the clock that a request takes to the service, and its answer back; 0 by default. */
  readonly latencySeconds?: number;
}

export interface ProcessOptions extends IbmProviderOptions {
  /** By how much the process's own clock is ahead of the service's; 0 by default. */
  readonly skewSeconds?: number;
}

/**
 * The emulator without a server, and programs that use it through the real client, all on one virtual clock. By default
 * ("automatic") time goes on to the next timer whenever nothing else is to be done, so that nobody ever waits; while
 * something is done outside of promises alone (files, threads, child processes), `hold` keeps it still.
 */
export class InProcessEmulator implements AsyncDisposable {
  readonly core: EmulatorCore;
  readonly time: VirtualClock;
  /** The service's clock, for what is no part of a program. */
  readonly clock: Clock;
  readonly latencySeconds: number;

  private constructor(core: EmulatorCore, time: VirtualClock, latencySeconds: number) {
    this.core = core;
    this.time = time;
    this.clock = clockOf(time);
    this.latencySeconds = latencySeconds;
  }

  static open(options: InProcessOptions = {}): InProcessEmulator {
    const { start = Date.UTC(2026, 0, 1), latencySeconds = 0, clock = "automatic", ...others } = options;
    if (clock === "real") throw new Error("The emulator in this process goes by a virtual clock.");
    const time = new VirtualClock({ start, automatic: clock === "automatic" });
    const core = openCore({ token: "in-process-key", clock, ...others }, time);
    return new InProcessEmulator(core, time, latencySeconds);
  }

  get control(): EmulatorControl {
    return this.core.control;
  }

  get journal(): Journal {
    return this.core.journal;
  }

  /** Another program at the emulator, with a provider of its own. */
  process(options: ProcessOptions = {}): InProcessProgram {
    return new InProcessProgram(this, options);
  }

  /** Time stands still until what this returns is called. */
  hold(): () => void {
    return this.time.hold();
  }

  /**
   * Answers one request as the emulator's server would, by way of the network's faults.
   * @param ended aborted when nobody waits any more, though what was sent arrives
   * @throws WireFault
   */
  async exchange(request: WireRequest, ended?: AbortSignal): Promise<WireResponse> {
    const { time } = this;
    if (request.signal?.aborted === true) throw new WireFault("aborted", "aborted");
    const cut = Promise.withResolvers<never>();
    cut.promise.catch(() => {});
    const abort = (): void => cut.reject(new WireFault("aborted", "aborted"));
    const timer = time.schedule(request.timeoutSeconds, "work", () =>
      cut.reject(new WireFault("timeout", `no answer within ${request.timeoutSeconds} s`)),
    );
    const stop = (): void => timer.cancel();
    request.signal?.addEventListener("abort", abort, { once: true });
    ended?.addEventListener("abort", stop, { once: true });
    try {
      return await Promise.race([this.#answer(request), cut.promise]);
    } finally {
      timer.cancel();
      request.signal?.removeEventListener("abort", abort);
      ended?.removeEventListener("abort", stop);
    }
  }

  async #answer(request: WireRequest): Promise<WireResponse> {
    const { clock, latencySeconds, core } = this;
    if (latencySeconds > 0) await clock.sleep(1000 * latencySeconds);
    const { pathname, search } = new URL(request.url);
    // Whatever the client takes it for.
    const headers: Record<string, string> = { host: "127.0.0.1" };
    for (const [name, value] of Object.entries(request.headers)) headers[name.toLowerCase()] = value;
    const body = Buffer.from(request.body ?? "");
    const incoming = { method: request.method, url: pathname + search, headers, peer: "127.0.0.1", body: () => body };
    const reply = await core.responder.respond(incoming);
    if (latencySeconds > 0) await clock.sleep(1000 * latencySeconds);
    return responseOf(reply, request.maxBytes, this.time);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.core.close();
  }
}

/** A program at the emulator: what it does can be ended at any time, as by SIGKILL, or stopped for a while, as by SIGSTOP. */
export class InProcessProgram {
  readonly provider: IbmProvider;
  readonly clock: Clock;
  /** Nothing can be reached while it is set. */
  offline = false;
  /** How many requests were sent. */
  requests = 0;
  /** Called before a request leaves, and when its answer (or its failure) is there, before anybody sees it. */
  onRequest: ((request: WireRequest, stage: "sending" | "answered") => void) | undefined;
  /** What takes the place of an answer on its way to the program. @throws WireFault */
  onAnswer: ((request: WireRequest, response: WireResponse) => WireResponse) | undefined;
  readonly #end = new AbortController();
  readonly #timers = new Set<() => void>();
  #stopped: PromiseWithResolvers<void> | undefined;

  constructor(world: InProcessEmulator, { skewSeconds = 0, ...options }: ProcessOptions) {
    const { token, service } = world.core;
    const clock = clockOf(world.time, skewSeconds, (cancel) => {
      if (this.killed) cancel();
      else this.#timers.add(cancel);
      return () => this.#timers.delete(cancel);
    });
    this.clock = { now: clock.now, sleep: (milliseconds, signal) => this.delivered(clock.sleep(milliseconds, signal)) };
    this.provider = ibmProvider({
      token,
      instance: service.settings.crn,
      url: "http://127.0.0.1:1/api/v1",
      iamUrl: "http://127.0.0.1:1",
      accountFile: false,
      environment: {},
      seed: 1,
      clock: this.clock,
      exchange: async (request) => {
        if (this.killed) return never();
        this.onRequest?.(request, "sending");
        if (this.killed) return never();
        this.requests++;
        if (this.offline) throw new WireFault("unreachable", "connect ECONNREFUSED 127.0.0.1:1", "ECONNREFUSED");
        const answer = world.exchange(request, this.#end.signal);
        return this.delivered(
          answer
            .finally(() => {
              if (!this.killed) this.onRequest?.(request, "answered");
            })
            .then((response) => this.onAnswer?.(request, response) ?? response),
        );
      },
      ...options,
    });
  }

  get killed(): boolean {
    return this.#end.signal.aborted;
  }

  /** Nothing that it awaits from the clock or the network ever comes; what it has sent arrives. */
  kill(): void {
    this.#end.abort();
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }

  get stopped(): boolean {
    return this.#stopped !== undefined;
  }

  /** What it awaits comes only when it goes on; what it has sent arrives, and time passes. */
  stop(): void {
    this.#stopped ??= Promise.withResolvers<void>();
  }

  go(): void {
    this.#stopped?.resolve();
    this.#stopped = undefined;
  }

  /** Something that the program awaits: it comes while the program runs, and never to one that was killed. */
  async delivered<Value>(value: Promise<Value>): Promise<Value> {
    const outcome = await value.then(
      (known) => () => known,
      (error: unknown) => () => {
        throw error;
      },
    );
    while (this.#stopped !== undefined) await this.#stopped.promise;
    return this.killed ? never() : outcome();
  }
}

/** A new one each time: what waits for it can be forgotten. */
function never(): Promise<never> {
  return new Promise(() => {});
}

type Watch = (cancel: () => void) => () => void;

function clockOf(time: EmulatorClock, skewSeconds = 0, watch: Watch = () => () => {}): Clock {
  return {
    now: () => time.now() + 1000 * skewSeconds,
    sleep(milliseconds, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      if (signal?.aborted === true) {
        reject(signal.reason);
        return promise;
      }
      const timer = time.schedule(milliseconds / 1000, "work", () => {
        forget();
        signal?.removeEventListener("abort", abort);
        resolve();
      });
      const forget = watch(() => timer.cancel());
      const abort = (): void => {
        timer.cancel();
        forget();
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", abort, { once: true });
      return promise;
    },
  };
}

async function responseOf(reply: Reply, maxBytes: number, time: EmulatorClock): Promise<WireResponse> {
  if (reply.kind === "silence") return never();
  if (reply.kind === "drop") throw new WireFault("broken", "socket hang up", "ECONNRESET");
  const { status, headers, body } = reply.answer;
  const date = new Date(time.now()).toUTCString();
  const header = (name: string): string | undefined => headers[name] ?? (name === "date" ? date : undefined);
  const encoding = headers["content-encoding"];
  if (encoding !== undefined)
    return { status, header, body: await readBody(Readable.from([body]), encoding, maxBytes, neverAborted) };
  if (body.length > maxBytes)
    throw new WireFault("too-large", `the body is larger than the limit of ${maxBytes} bytes (decoded)`);
  return { status, header, body };
}

const neverAborted = new AbortController().signal;
