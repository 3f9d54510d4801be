import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { webAssembly } from "../providers/simulator/wasm/index.ts";

const PAGE = 65536;
const UNROLLED = 4;

/**
 * The smallest WASM module that multiplies doubles in place: `scale(from, to, factor)` over bytes of the shared memory
 * `env.memory`, four vectors of two doubles a turn. Written out by the binary format's sections
 * (https://webassembly.github.io/spec/core/binary/modules.html), so that what is measured is plain to see.
 */
export function scaleModule(pages: number): Uint8Array<ArrayBuffer> {
  const [i32, f64, v128] = [0x7f, 0x7c, 0x7b];
  const [localGet, localSet, localTee] = [0x20, 0x21, 0x22];
  const step = Array.from({ length: UNROLLED }, (_, k) => [
    ...[localGet, 0, localGet, 0],
    ...[0xfd, 0x00, 4, 16 * k], // v128.load align=16 offset
    ...[localGet, 3, 0xfd, 0xf2, 0x01], // f64x2.mul
    ...[0xfd, 0x0b, 4, 16 * k], // v128.store
  ]).flat();
  const body = [
    ...[1, 1, v128], // one local: the factor twice
    ...[localGet, 2, 0xfd, 0x14, localSet, 3], // f64x2.splat
    ...[0x03, 0x40], // loop
    ...step,
    ...[localGet, 0, 0x41, ...signed(16 * UNROLLED), 0x6a, localTee, 0], // from += 64
    ...[localGet, 1, 0x49, 0x0d, 0], // while from < to
    ...[0x0b, 0x0b],
  ];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 3, i32, i32, f64, 0]),
    ...section(2, [1, ...name("env"), ...name("memory"), 0x02, 0x03, ...unsigned(pages), ...unsigned(pages)]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...name("scale"), 0x00, 0]),
    ...section(10, [1, ...unsigned(body.length), ...body]),
  ]);
}

const section = (id: number, content: readonly number[]): number[] => [id, ...unsigned(content.length), ...content];
const name = (text: string): number[] => [text.length, ...Buffer.from(text)];

/** LEB128. */
function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}
function signed(value: number): number[] {
  return value < 64 ? [value] : [(value & 127) | 128, ...signed(value >> 7)];
}

/** Control words: turn number, threads that have ended it. */
const TURN = 0;
const DONE = 1;

/** What a thread does; it is also run in workers, so it stands alone. */
const WORKER = `
const { workerData: { module, memory, control, from, to } } = require("node:worker_threads");
const { scale } = new WebAssembly.Instance(new WebAssembly.Module(module), { env: { memory } }).exports;
const words = new Int32Array(control);
for (let turn = 0; ; turn++) {
  Atomics.wait(words, ${TURN}, turn);
  if (Atomics.load(words, ${TURN}) < 0) break;
  scale(from, to, 1.0000001);
  Atomics.add(words, ${DONE}, 1);
  Atomics.notify(words, ${DONE});
}`;

/** Reads and writes `bytes` of memory in place with some threads, again and again. */
export class InPlaceScale {
  readonly bytes: number;
  readonly threads: number;
  readonly #control = new Int32Array(new SharedArrayBuffer(8));
  readonly #workers: readonly Worker[];

  constructor(bytes: number, threads = availableParallelism()) {
    this.bytes = bytes;
    this.threads = threads;
    const pages = bytes / PAGE;
    const memory = new webAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    // Touched, so that the operating system's own work is done.
    new Float64Array(memory.buffer).fill(1);
    const module = scaleModule(pages);
    const share = bytes / threads;
    this.#workers = Array.from(
      { length: threads },
      (_, k) =>
        new Worker(WORKER, {
          eval: true,
          workerData: { module, memory, control: this.#control.buffer, from: k * share, to: (k + 1) * share },
        }),
    );
  }

  /** Once over all bytes. Workers that are still starting are waited for. */
  run(): void {
    Atomics.store(this.#control, DONE, 0);
    Atomics.add(this.#control, TURN, 1);
    Atomics.notify(this.#control, TURN);
    for (let done = 0; done < this.threads; done = Atomics.load(this.#control, DONE))
      Atomics.wait(this.#control, DONE, done);
  }

  async close(): Promise<void> {
    Atomics.store(this.#control, TURN, -1);
    Atomics.notify(this.#control, TURN);
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
