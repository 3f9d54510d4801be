import { givensTwin } from "../providers/simulator/kernels/givens.ts";
import { KernelMemory } from "../providers/simulator/kernels/kernel-memory.ts";
import type { BenchOptions } from "./arguments.ts";
import { InPlaceScale } from "./bandwidth.ts";
import { figures, median, saveResults, table } from "./report.ts";

const NUM_QUBITS = 24;
/** Interleaved double-precision amplitudes. */
const BYTES = 16 * 2 ** NUM_QUBITS;
const TILE_BYTES = 1 << 16;
const QUBITS = [0, 1, 6, 9, 12, 18, 23];

/** A kernel that applies one gate to a whole state in place. To measure another, add it to `KERNELS`. */
interface SweepKernel {
  readonly name: string;
  readonly threads: number;
  /** Makes a state of `NUM_QUBITS` qubits and returns the sweep over it. */
  prepare(): { sweep(qubit: number): void; close(): void };
}

const KERNELS: readonly SweepKernel[] = [
  {
    name: "RY, WASM SIMD",
    threads: 1,
    prepare() {
      const { memory, kernels } = new KernelMemory({ addressBits: 32, realBits: 64, shared: false }, BYTES + 16);
      // Touched, so that the operating system's own work is done.
      new Float64Array(memory.buffer).fill(1);
      // As the tiles of a state are computed: read in order first where the pairs are fetched out of order.
      const sweep = (qubit: number): void => {
        const stride = 16 << qubit;
        if (stride < 512 || stride > 8192) kernels.givens1!(0, BYTES, stride, 0, 1e-9);
        else
          for (let tile = 0; tile < BYTES; tile += TILE_BYTES) {
            kernels.warmTile!(tile, TILE_BYTES, BYTES);
            kernels.givens1!(tile, TILE_BYTES, stride, 0, 1e-9);
          }
      };
      return { sweep, close() {} };
    },
  },
  {
    name: "RY, plain typed arrays",
    threads: 1,
    prepare() {
      const size = 2 ** NUM_QUBITS;
      const state = new Float64Array(2 * size).fill(1);
      return { sweep: (qubit) => givensTwin(state, 2, [{ stride: 16 << qubit, form: 0, t: 1e-9 }]), close() {} };
    },
  },
];

function seconds(run: () => void): number {
  const start = performance.now();
  run();
  return (performance.now() - start) / 1000;
}

/** One gate on one qubit of 24: how much of the machine's bandwidth for reading and writing in place it reaches. */
export async function runSweep({ rounds }: BenchOptions): Promise<void> {
  const rows: object[] = [];
  const cells: string[][] = [];
  for (const { name, threads, prepare } of KERNELS) {
    const scale = new InPlaceScale(BYTES, threads);
    const { sweep, close } = prepare();
    try {
      scale.run();
      for (const qubit of QUBITS) {
        sweep(qubit);
        const [own, plain]: [number[], number[]] = [[], []];
        // In turns, so that what else the machine does meets both.
        for (let round = 0; round < rounds; round++) {
          plain.push(seconds(() => scale.run()));
          own.push(seconds(() => sweep(qubit)));
        }
        const rate = (times: readonly number[]): number => (2 * BYTES) / median(times) / 1e9;
        const share = median(plain) / median(own);
        rows.push({
          kernel: name,
          threads,
          qubit,
          gigabytesPerSecond: rate(own),
          bandwidth: rate(plain),
          share,
          shareOfLeast: Math.min(...plain) / Math.min(...own),
        });
        cells.push([name, String(threads), String(qubit), figures(rate(own)), figures(rate(plain)), percent(share)]);
      }
    } finally {
      close();
      await scale.close();
    }
  }
  console.log(table(["sweep, n = 24", "threads", "qubit", "GB/s", "in-place scale GB/s", "share"], cells));
  saveResults("sweep", { rows });
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
