import { SimulatorError } from "../errors.ts";
import { KernelMemory } from "./kernels/kernel-memory.ts";
import {
  assertStateFits,
  availableBytes,
  BYTES_PER_AMPLITUDE,
  checkMemoryLimit,
  gibibytes,
  maxQubitsFor,
} from "./memory.ts";
import type { KernelTarget } from "./wasm/index.ts";

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
  /** Linear memories that nobody uses: kept as buffers are, beyond that only until they are collected. */
  readonly #linear: (KernelMemory | WeakRef<KernelMemory>)[] = [];
  /** Lent linear memories of which somebody has an array only. */
  readonly #views = new Map<ArrayBufferLike, KernelMemory>();
  /** What other threads hold for the next computation. */
  #elsewhere: { readonly bytes: number; readonly free: () => void } | undefined;
  #keptBytes = 0;
  #lentBytes = 0;

  /** @throws SimulatorError MEMORY_LIMIT when `maxBytes` is no positive number */
  constructor(maxBytes?: number) {
    checkMemoryLimit("maxBytes", maxBytes);
    this.maxBytes = maxBytes;
  }

  /** Bytes that a new computation may take; buffers that are only kept count as free. */
  get availableBytes(): number {
    return this.maxBytes === undefined
      ? availableBytes() + this.#keptBytes + this.#linearBytes()
      : this.maxBytes - this.#lentBytes;
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
    throw this.#noRoom(8 * length);
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
    const linear = this.#views.get(buffer.buffer);
    if (linear !== undefined) {
      this.#views.delete(buffer.buffer);
      this.release(linear);
      return;
    }
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

  /**
   * Lends linear memory of at least `bytes` bytes and the kernels bound to it. Its content is what `contents` left there,
   * where the memory says so, else anything.
   * @throws SimulatorError STATE_TOO_LARGE
   */
  borrow(target: KernelTarget, bytes: number, contents?: object): KernelMemory {
    const idle = this.#reuse(target, bytes, contents);
    try {
      this.#makeRoom(bytes, idle?.bytes ?? 0);
      const memory = idle ?? new KernelMemory(target, bytes);
      memory.reserve(bytes);
      if (memory.contents !== contents) memory.contents = undefined;
      memory.lentBytes = bytes;
      this.#lentBytes += bytes;
      return memory;
    } catch (error) {
      if (idle !== undefined) this.#keep(idle);
      // The operating system has the last word on what is free.
      if (error instanceof RangeError) throw refused(bytes, error);
      throw error;
    }
  }

  /** Frees what is only kept where linear memory of so many bytes, some of them there already, has no room beside it. */
  #makeRoom(bytes: number, there: number): void {
    if (this.maxBytes === undefined) {
      const more = bytes - there;
      if (more <= SMALL_BYTES || more <= availableBytes()) return;
      if (more > this.availableBytes) throw this.#noRoom(bytes);
    } else {
      if (bytes > this.availableBytes) throw this.#noRoom(bytes);
      if (this.#heldBytes + bytes <= this.maxBytes) return;
    }
    this.#freeKept();
  }

  /** Numbers of lent linear memory as a buffer of their own, which gives the memory back with it. */
  view(memory: KernelMemory, address: number, length: number): Float64Array {
    const { buffer } = memory.memory;
    this.#views.set(buffer, memory);
    return new Float64Array(buffer, address, length);
  }

  /** Takes linear memory back; with `keep` false its content now belongs to somebody else. */
  release(memory: KernelMemory, keep = true): void {
    this.#lentBytes -= memory.lentBytes;
    memory.lentBytes = 0;
    if (keep) this.#keep(memory);
  }

  /**
   * Counts memory that threads keep for the next computation, of as many bytes as the largest of them needed, among what is
   * kept. @param free lets the threads' memory go
   */
  keepElsewhere(bytes: number, free: () => void): void {
    this.#elsewhere = { bytes: Math.max(bytes, this.#elsewhere?.bytes ?? 0), free };
  }

  #keep(memory: KernelMemory): void {
    let kept = this.#keptBytes + memory.bytes;
    for (const entry of this.#linear) if (entry instanceof KernelMemory) kept += entry.bytes;
    this.#linear.push(kept > KEPT_BYTES ? new WeakRef(memory) : memory);
  }

  /**
   * A memory that nobody uses: best one that has these contents, else the smallest that is large enough, else the largest.
   * Where bytes are limited, none that is much too large: whoever needs it would have to make another one.
   */
  #reuse(target: KernelTarget, bytes: number, contents: object | undefined): KernelMemory | undefined {
    const largest = this.maxBytes === undefined ? Number.POSITIVE_INFINITY : 2 * Math.max(bytes, SMALL_BYTES);
    let best: KernelMemory | undefined;
    let at = -1;
    for (let index = this.#linear.length - 1; index >= 0; index--) {
      const memory = this.#idle(index);
      if (memory === undefined) {
        this.#linear.splice(index, 1);
        at--;
        continue;
      }
      if (!isAlike(memory.target, target) || memory.bytes > largest) continue;
      const hasContents = contents !== undefined && memory.contents === contents;
      if (!hasContents && best !== undefined && !isBetter(memory.bytes, best.bytes, bytes)) continue;
      best = memory;
      at = index;
      if (hasContents) break;
    }
    if (best !== undefined) this.#linear.splice(at, 1);
    return best;
  }

  #idle(index: number): KernelMemory | undefined {
    const entry = this.#linear[index]!;
    return entry instanceof WeakRef ? entry.deref() : entry;
  }

  #linearBytes(): number {
    let bytes = 0;
    for (let index = 0; index < this.#linear.length; index++) bytes += this.#idle(index)?.bytes ?? 0;
    return bytes;
  }

  #noRoom(bytes: number): SimulatorError {
    return new SimulatorError(
      "STATE_TOO_LARGE",
      `A computation needs another ${gibibytes(bytes)} but ${gibibytes(this.availableBytes)} can be used; use fewer qubits, or wait until other computations have ended.`,
    );
  }

  #hasRoom(bytes: number): boolean {
    if (this.maxBytes === undefined) return bytes <= SMALL_BYTES || bytes <= availableBytes();
    return this.#heldBytes + bytes <= this.maxBytes;
  }

  get #heldBytes(): number {
    return this.#lentBytes + this.#keptBytes + this.#linearBytes() + (this.#elsewhere?.bytes ?? 0);
  }

  #freeKept(): void {
    for (const list of this.#kept.values()) for (const buffer of list) free(buffer);
    this.#kept.clear();
    this.#keptBytes = 0;
    this.#linear.length = 0;
    this.#elsewhere?.free();
    this.#elsewhere = undefined;
  }
}

/** Whether a memory of so many bytes is the better one to lend than another. */
function isBetter(own: number, other: number, needed: number): boolean {
  return other < needed ? own > other : own >= needed && own < other;
}

function refused(bytes: number, cause: RangeError): SimulatorError {
  return new SimulatorError(
    "STATE_TOO_LARGE",
    `A computation needs another ${gibibytes(bytes)} in one piece, which the system refuses (${cause.message}); use fewer qubits, or wait until other computations have ended.`,
    { cause },
  );
}

function isAlike(a: KernelTarget, b: KernelTarget): boolean {
  return a.addressBits === b.addressBits && a.realBits === b.realBits && a.shared === b.shared;
}

/** Gives the memory back at once; the garbage collector may take its time. */
function free(buffer: Float64Array): void {
  (buffer.buffer as ArrayBuffer).transfer(0);
}
