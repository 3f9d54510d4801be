import { SimulatorError } from "./errors.ts";
import { availableBytes } from "./simulator/memory.ts";

/** Results this small fit anywhere, so that nobody needs to ask how much memory is free. */
const SMALL_BYTES = 1 << 26;

/** Adds up what the arrays of one job will take, PUB by PUB, before any of them is made. */
export class ResultBudget {
  #limit: number | undefined;
  #bytes = 0;

  /** @param maxBytes by default what the machine has free */
  constructor(maxBytes?: number) {
    this.#limit = maxBytes;
  }

  /**
   * Reserves bytes for one PUB.
   * @param what the array and its size, such as "a result of shape [3, 4]"
   * @throws SimulatorError RESULT_TOO_LARGE
   */
  reserve(bytes: number, what: string): void {
    const before = this.#bytes;
    this.#bytes += bytes;
    if (this.#bytes <= SMALL_BYTES && this.#limit === undefined) return;
    this.#limit ??= availableBytes();
    if (this.#bytes <= this.#limit) return;
    throw new SimulatorError(
      "RESULT_TOO_LARGE",
      `${what} needs ${bytes} bytes${before === 0 ? "" : `, after ${before} for what comes before it,`} but a job can use ${Math.floor(this.#limit)}; ask for less at once, or split the rows over several jobs.`,
    );
  }
}
