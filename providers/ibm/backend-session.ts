import { abortable } from "./abortable.ts";
import type { Sessions } from "./resources/sessions.ts";
import { IbmSession } from "./session.ts";

export interface BackendSessionOptions {
  readonly sessions: Sessions;
  /** Name of the backend. */
  readonly backend: string;
  readonly mode: "batch" | "dedicated";
  /** One that was opened before, such as by another process of the same run; used until the service says that it is closed. */
  readonly id?: string | undefined;
  /** Awaited before a session that was opened gets its first job. */
  readonly onSession?: ((id: string) => void | Promise<void>) | undefined;
}

/** The session in which a backend's jobs run: opened when the first one is submitted, and again after it was closed. */
export class BackendSession {
  readonly #options: BackendSessionOptions;
  readonly #opened: string[] = [];
  #current: Promise<string> | undefined;

  constructor(options: BackendSessionOptions) {
    this.#options = options;
    if (options.id !== undefined) this.#current = Promise.resolve(options.id);
  }

  /** Ids of the sessions that were opened, in order. */
  get opened(): readonly string[] {
    return [...this.#opened];
  }

  /** The id of an open session. @throws IbmError, what `onSession` throws, the signal's reason when it is aborted */
  async id(signal?: AbortSignal): Promise<string> {
    signal?.throwIfAborted();
    const current = this.#current ?? this.#open();
    this.#current = current;
    return abortable(current, signal);
  }

  /** The service has closed it. */
  forget(id: string): void {
    const current = this.#current;
    void current?.then((open) => {
      if (open === id && this.#current === current) this.#current = undefined;
    });
  }

  /** Takes no more jobs; those in its queue still run. Another session is opened for a job that is submitted later. */
  async close(): Promise<void> {
    const current = this.#current;
    if (current === undefined) return;
    this.#current = undefined;
    const { sessions } = this.#options;
    await (await IbmSession.resume(sessions, await current)).close();
  }

  async #open(): Promise<string> {
    const { sessions, backend, mode, onSession } = this.#options;
    try {
      const { id } = await IbmSession.open(sessions, { backend, mode });
      this.#opened.push(id);
      await onSession?.(id);
      return id;
    } catch (error) {
      this.#current = undefined;
      throw error;
    }
  }
}
