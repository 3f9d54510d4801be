import { SimulatorError } from "../errors.ts";
import { assertStateFits, availableBytes, BYTES_PER_AMPLITUDE, gibibytes, maxQubitsFor } from "./memory.ts";

/** Buffers that nobody needs at the moment are kept for the next computation up to this many bytes. */
const KEPT_BYTES = 1 << 28;
/** What any machine has: asking it how much is free takes longer than most small computations. */
const SMALL_BYTES = 1 << 20;

/**
 * The states of one simulator. Programs borrow buffers for one computation and give them back, so that what is held does
 * not grow with the number of programs. Buffers kept for later are freed as soon as a computation needs their room.
 */
export class StateMemory {
  /** Bytes that all buffers together may take; undefined for what the machine has free. */
  readonly maxBytes: number | undefined;
  readonly #kept = new Map<number, Float64Array[]>();
  #keptBytes = 0;
  #lentBytes = 0;

  constructor(maxBytes?: number) {
    this.maxBytes = maxBytes;
  }

  /** Bytes that a new computation may take; buffers that are only kept count as free. */
  get availableBytes(): number {
    return this.maxBytes === undefined ? availableBytes() + this.#keptBytes : this.maxBytes - this.#lentBytes;
  }

  /** Bytes of the buffers that are lent at the moment. */
  get lentBytes(): number {
    return this.#lentBytes;
  }

  /** The most qubits of which a computation may hold `states` state vectors now. */
  maxQubitsFor(states: number): number {
    return maxQubitsFor(states, this.availableBytes);
  }

  /**
   * Checks all that a computation will borrow before it borrows anything.
   * @throws SimulatorError STATE_TOO_LARGE saying how many qubits would fit
   */
  assertFits(numQubits: number, states: number): void {
    if (this.maxBytes === undefined && states * BYTES_PER_AMPLITUDE * 2 ** numQubits <= SMALL_BYTES) return;
    assertStateFits(numQubits, states, this.availableBytes);
  }

  /** Lends a buffer of `length` numbers with any content. @throws SimulatorError STATE_TOO_LARGE */
  take(length: number): Float64Array {
    const buffer = this.tryTake(length);
    if (buffer !== undefined) return buffer;
    throw new SimulatorError(
      "STATE_TOO_LARGE",
      `A state needs another ${gibibytes(8 * length)} but ${gibibytes(this.availableBytes)} can be used; use fewer qubits, or wait until other computations have ended.`,
    );
  }

  /** As `take`, or undefined where there is no room. */
  tryTake(length: number): Float64Array | undefined {
    const found = this.#kept.get(length)?.pop();
    const bytes = 8 * length;
    if (found !== undefined) {
      this.#keptBytes -= bytes;
      this.#lentBytes += bytes;
      return found;
    }
    if (!this.#hasRoom(bytes)) {
      this.#freeKept();
      if (!this.#hasRoom(bytes)) return undefined;
    }
    try {
      const buffer = new Float64Array(length);
      this.#lentBytes += bytes;
      return buffer;
    } catch (error) {
      // The operating system has the last word on what is free.
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }

  /** Takes a buffer back; its borrower must not touch it any more. */
  giveBack(buffer: Float64Array): void {
    const bytes = 8 * buffer.length;
    this.#lentBytes -= bytes;
    if (this.#keptBytes + bytes > KEPT_BYTES) {
      free(buffer);
      return;
    }
    this.#keptBytes += bytes;
    const list = this.#kept.get(buffer.length);
    if (list === undefined) this.#kept.set(buffer.length, [buffer]);
    else list.push(buffer);
  }

  #hasRoom(bytes: number): boolean {
    if (this.maxBytes === undefined) return bytes <= SMALL_BYTES || bytes <= availableBytes();
    return this.#lentBytes + this.#keptBytes + bytes <= this.maxBytes;
  }

  #freeKept(): void {
    for (const list of this.#kept.values()) for (const buffer of list) free(buffer);
    this.#kept.clear();
    this.#keptBytes = 0;
  }
}

/** Gives the memory back at once; the garbage collector may take its time. */
function free(buffer: Float64Array): void {
  (buffer.buffer as ArrayBuffer).transfer(0);
}
