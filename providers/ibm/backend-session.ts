import { abortable } from "./abortable.ts";
import { Listeners } from "./listeners.ts";
import type { Sessions } from "./resources/sessions.ts";
import type { Notify } from "./retry.ts";
import { IbmSession, stopAccepting } from "./session.ts";

export interface BackendSessionOptions {
  readonly sessions: Sessions;
  /** Name of the backend. */
  readonly backend: string;
  readonly mode: "batch" | "dedicated";
  /** One that was opened before, such as by another process of the same run; used until the service says that it is closed. */
  readonly id?: string | undefined;
  /** Awaited before a session that was opened gets its first job. */
  readonly onSession?: ((id: string) => void | Promise<void>) | undefined;
  /** Told in plain words of each that was opened. */
  readonly notify?: Notify | undefined;
}

/** The session in which a backend's jobs run: opened when the first one is submitted, and again after it was closed. */
export class BackendSession {
  readonly #options: BackendSessionOptions;
  readonly #opened: string[] = [];
  readonly #watching = new Listeners();
  #id: string | undefined;
  /** The one that the service has closed, until another is opened. */
  #lost: string | undefined;
  #opening: Promise<string> | undefined;

  constructor(options: BackendSessionOptions) {
    this.#options = options;
    this.#id = options.id;
  }

  /** Ids of the sessions that were opened, in order. */
  get opened(): readonly string[] {
    return [...this.#opened];
  }

  /** The id of an open session. @throws IbmError, what `onSession` throws, the signal's reason when it is aborted */
  async id(signal?: AbortSignal): Promise<string> {
    signal?.throwIfAborted();
    if (this.#id !== undefined) return this.#id;
    // One for all who ask; none of their signals ends it.
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return abortable(this.#opening, signal);
  }

  /** The service has closed it: the next job gets another one. */
  forget(id: string): void {
    if (this.#id !== id) return;
    this.#id = undefined;
    this.#lost = id;
  }

  /** Tells of each that is opened. @returns ends it */
  watch(listener: Notify): () => void {
    return this.#watching.add(listener);
  }

  /** Takes no more jobs; those in its queue still run. Another session is opened for a job that is submitted later. */
  async close(): Promise<void> {
    // One that is just being opened would be left open, and be charged, with nobody to use it.
    const id = this.#id ?? (await this.#opening?.catch(() => undefined));
    if (id === undefined) return;
    if (this.#id === id) this.#id = undefined;
    await stopAccepting(this.#options.sessions, id);
  }

  async #open(): Promise<string> {
    const { sessions, backend, mode, onSession, notify } = this.#options;
    const { id } = await IbmSession.open(sessions, { backend, mode });
    this.#opened.push(id);
    const kind = mode === "batch" ? "batch" : "dedicated session";
    const why = this.#lost === undefined ? "" : `, since the service has closed ${this.#lost}`;
    const line = `The ${kind} ${id} was opened at ${backend}${why}.`;
    this.#lost = undefined;
    notify?.(line);
    this.#watching.tell(line);
    try {
      await onSession?.(id);
    } catch (error) {
      // Nobody would close it.
      await stopAccepting(sessions, id).catch(() => {});
      throw error;
    }
    this.#id = id;
    return id;
  }
}
