import { ProviderError } from "../errors.ts";
import { checkOptions } from "../options.ts";
import type { RequestOptions } from "./http-client.ts";
import { IbmError } from "./ibm-error.ts";
import type { Sessions } from "./resources/sessions.ts";
import type { SessionBody } from "./schemas.ts";

export interface SessionOptions {
  /** Name of the backend on which its jobs run. */
  readonly backend: string;
  /** "batch" (default): jobs may run side by side; "dedicated": nobody else's run in between, not on the open plan. */
  readonly mode?: "batch" | "dedicated" | undefined;
  /** After that long it ends: running jobs finish, waiting ones fail. Default and maximum: by the plan. */
  readonly maxTtlSeconds?: number | undefined;
}

/**
 * An open session or batch. Declared with `await using` it is closed where its block ends, also by a throw: it takes no more
 * jobs then, and those in its queue still run.
 */
export class IbmSession implements AsyncDisposable {
  readonly id: string;
  readonly backend: string;
  readonly mode: "batch" | "dedicated";
  readonly #sessions: Sessions;
  #closed: Promise<void> | undefined;

  private constructor(sessions: Sessions, id: string, backend: string, mode: "batch" | "dedicated") {
    this.#sessions = sessions;
    this.id = id;
    this.backend = backend;
    this.mode = mode;
  }

  /**
   * @throws ProviderError IBM_SESSION_OPTIONS; IbmError, such as IBM_SESSION_PLAN for a dedicated session on the open plan
   */
  static async open(sessions: Sessions, options: SessionOptions, request?: RequestOptions): Promise<IbmSession> {
    const {
      backend,
      mode = "batch",
      maxTtlSeconds,
    } = checkOptions(options, "session", ["backend", "mode", "maxTtlSeconds"]);
    if (typeof backend !== "string" || backend === "")
      throw new ProviderError("IBM_SESSION_OPTIONS", "A session needs the name of its backend.");
    if (mode !== "batch" && mode !== "dedicated")
      throw new ProviderError("IBM_SESSION_OPTIONS", 'The mode of a session is "batch" or "dedicated".');
    if (maxTtlSeconds !== undefined && !(Number.isSafeInteger(maxTtlSeconds) && maxTtlSeconds > 0))
      throw new ProviderError(
        "IBM_SESSION_OPTIONS",
        "maxTtlSeconds of a session is a whole number of seconds above 0.",
      );
    const body = { mode, backend, ...(maxTtlSeconds === undefined ? {} : { max_ttl: maxTtlSeconds }) };
    const { id } = await sessions.create(body, request);
    return new IbmSession(sessions, id, backend, mode);
  }

  /** A session that was opened before, such as by a run that goes on. */
  static async resume(sessions: Sessions, id: string, request?: RequestOptions): Promise<IbmSession> {
    const { backend_name: backend = "", mode } = await sessions.retrieve(id, request);
    return new IbmSession(sessions, id, backend, mode === "dedicated" ? "dedicated" : "batch");
  }

  /** State, TTL and times as the service tells them. */
  details(request?: RequestOptions): Promise<SessionBody> {
    return this.#sessions.retrieve(this.id, request);
  }

  /** Takes no more jobs; those in its queue still run. Once closed, closing it again does nothing. */
  close(request?: RequestOptions): Promise<void> {
    this.#closed ??= stopAccepting(this.#sessions, this.id, request).catch((error: unknown) => {
      this.#closed = undefined;
      throw error;
    });
    return this.#closed;
  }

  /** Closes it at once: jobs in its queue will not run, running ones finish. */
  async cancel(request?: RequestOptions): Promise<void> {
    await this.#sessions.close(this.id, request);
    this.#closed ??= Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Lets a session take no more jobs; one that its TTL has ended is left as it is. @throws IbmError */
export async function stopAccepting(sessions: Sessions, id: string, request?: RequestOptions): Promise<void> {
  try {
    await sessions.setAcceptingJobs(id, false, request);
  } catch (error) {
    if (!(error instanceof IbmError && (error.status === 404 || error.code === "IBM_SESSION_CLOSED"))) throw error;
  }
}
