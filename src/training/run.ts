import { randomUUID } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { RunLog, RunLogEvent } from "../runs/index.ts";

/**
 * Records one finished step, then fails if the run was aborted. Resolves to false once it was asked to stop: then return the
 * result so far.
 */
export type Emit<Step> = (step: Step) => Promise<boolean>;

export interface RunStartOptions {
  /** Names the run in its store; a random UUID by default. */
  readonly id?: string;
  /** Aborts the run: it fails with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Gets every event before the run goes on. */
  readonly store?: RunLog;
}

export type RunStatus = "running" | "finished" | "failed";

/** The process may do other work at least this often, in milliseconds. */
const SLICE_MS = 10;

/**
 * A computation that reports steps: a promise of its result and an async iterable of its steps. Any number of iterators
 * may read it, each sees every step from the first, however late it starts. When the run fails, the promise rejects and
 * the iterators throw, after the steps that were done. As with any thenable, an async function that returns a run waits for
 * its result.
 * @example for await (const { step, value } of run) console.log(step, value);
 *          const { weights } = await run;
 */
export class Run<Step, Result> implements PromiseLike<Result>, AsyncIterable<Step> {
  readonly id: string;
  readonly #store: RunLog | undefined;
  readonly #controller = new AbortController();
  readonly #signal: AbortSignal;
  readonly #result: Promise<Result>;
  readonly #steps: Step[] = [];
  #status: RunStatus = "running";
  #stopping = false;
  #changed = Promise.withResolvers<void>();
  #sliceStart = 0;

  /** Starts `execute` in the next microtask, so that the caller can attach to the run first. */
  static start<Step, Result>(
    execute: (emit: Emit<Step>, signal: AbortSignal) => Promise<Result>,
    options: RunStartOptions = {},
  ): Run<Step, Result> {
    return new Run(execute, options);
  }

  private constructor(
    execute: (emit: Emit<Step>, signal: AbortSignal) => Promise<Result>,
    { id = randomUUID(), signal, store }: RunStartOptions,
  ) {
    this.id = id;
    this.#store = store;
    this.#signal = signal === undefined ? this.#controller.signal : AbortSignal.any([signal, this.#controller.signal]);
    this.#result = this.#execute(execute);
  }

  /** The steps so far. */
  get steps(): readonly Step[] {
    return this.#steps;
  }
  get status(): RunStatus {
    return this.#status;
  }

  /** Ends the run after the step at hand; it then resolves with the result so far. */
  stop(): void {
    this.#stopping = true;
  }
  /** Ends the run now: it fails with `reason`. Jobs that are out are not cancelled. */
  abort(reason?: unknown): void {
    this.#controller.abort(reason);
  }

  result(): Promise<Result> {
    return this.#result;
  }
  // biome-ignore lint/suspicious/noThenProperty: a run is awaited like a promise
  then<Value = Result, Failure = never>(
    onFulfilled?: ((result: Result) => Value | PromiseLike<Value>) | null,
    onRejected?: ((reason: unknown) => Failure | PromiseLike<Failure>) | null,
  ): Promise<Value | Failure> {
    return this.#result.then(onFulfilled, onRejected);
  }
  catch<Failure = never>(
    onRejected?: ((reason: unknown) => Failure | PromiseLike<Failure>) | null,
  ): Promise<Result | Failure> {
    return this.#result.catch(onRejected);
  }
  finally(onFinally?: (() => void) | null): Promise<Result> {
    return this.#result.finally(onFinally);
  }

  [Symbol.asyncIterator](): AsyncIterator<Step, void> {
    // The iterator throws the error itself, so the promise's rejection is not left unhandled.
    this.#result.catch(() => {});
    return this.#iterate();
  }

  async *#iterate(): AsyncGenerator<Step, void> {
    for (let index = 0; ; index++) {
      while (index >= this.#steps.length && this.#status === "running") await this.#changed.promise;
      if (index >= this.#steps.length) break;
      yield this.#steps[index]!;
    }
    await this.#result;
  }

  async #execute(execute: (emit: Emit<Step>, signal: AbortSignal) => Promise<Result>): Promise<Result> {
    try {
      await Promise.resolve();
      this.#signal.throwIfAborted();
      await this.#append({ type: "started" });
      this.#sliceStart = performance.now();
      const result = await execute((step) => this.#emit(step), this.#signal);
      await this.#append({ type: "finished", result });
      this.#settle("finished");
      return result;
    } catch (error) {
      try {
        await this.#append({ type: "failed", error: describe(error) });
      } catch {
        // The first error says more than a store that cannot take it.
      }
      this.#settle("failed");
      throw error;
    }
  }

  async #emit(step: Step): Promise<boolean> {
    // A step that is done is recorded, aborted or not.
    await this.#append({ type: "step", step });
    this.#steps.push(step);
    this.#announce();
    this.#signal.throwIfAborted();
    if (performance.now() - this.#sliceStart >= SLICE_MS) {
      await setImmediate();
      this.#sliceStart = performance.now();
      this.#signal.throwIfAborted();
    }
    return !this.#stopping;
  }

  async #append(event: RunLogEvent): Promise<void> {
    await this.#store?.append(this.id, event);
  }
  #settle(status: RunStatus): void {
    this.#status = status;
    this.#announce();
  }
  #announce(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}

function describe(error: unknown): { name: string; code?: string; message: string } {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  const { name, message } = error;
  return "code" in error && typeof error.code === "string" ? { name, code: error.code, message } : { name, message };
}
