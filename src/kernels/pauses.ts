/** Milliseconds of work after which others get their turn. */
const SLICE = 50;

/** Lets the rest of the process work now and then during a long computation, and ends it when its signal says so. */
export class Pauses {
  readonly #signal: AbortSignal | undefined;
  #began = performance.now();

  constructor(signal: AbortSignal | undefined) {
    signal?.throwIfAborted();
    this.#signal = signal;
  }

  /** Whether `pause` should be awaited. */
  get due(): boolean {
    return performance.now() - this.#began > SLICE;
  }

  /** @throws the signal's reason when aborted */
  async pause(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#signal?.throwIfAborted();
    this.#began = performance.now();
  }
}
