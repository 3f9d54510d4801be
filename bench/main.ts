import { type BenchOptions, parseArguments, USAGE } from "./arguments.ts";

type Benchmark = (options: BenchOptions) => Promise<void>;

/** Loaded when asked for: TensorFlow.js and the corpora take their time. */
const BENCHMARKS: Readonly<Record<string, () => Promise<Benchmark>>> = {
  w1: async () => (await import("./w1.ts")).runW1,
  w2: async () => (await import("./w2.ts")).runW2,
  w3: async () => (await import("./w3.ts")).runW3,
  w3q: async () => (await import("./w3.ts")).runW3q,
  w4: async () => (await import("./w4.ts")).runW4,
  w5: async () => (await import("./w5.ts")).runW5,
  w6: async () => (await import("./w6.ts")).runW6,
  accuracy: async () => (await import("./accuracy.ts")).runAccuracy,
  sweep: async () => (await import("./sweep.ts")).runSweep,
  beyond: async () => (await import("./beyond.ts")).runBeyond,
  transpile: async () => (await import("./transpile.ts")).runTranspile,
  int8: async () => (await import("./int8.ts")).runInt8,
  compression: async () => (await import("./compression.ts")).runCompression,
  compress: async () => (await import("./compress.ts")).runCompress,
  compute: async () => (await import("./compute.ts")).runCompute,
  docs: async () => (await import("./docs.ts")).refreshDocs,
};
const DEFAULT = ["w1", "w2", "w3", "w3q", "w4", "w5", "w6", "sweep", "beyond", "int8"];

function refuse(message: string): never {
  console.error(`${message}\n${USAGE}\nBenchmarks: ${Object.keys(BENCHMARKS).join(" ")}`);
  process.exit(2);
}

function checkedArguments(): ReturnType<typeof parseArguments> {
  try {
    return parseArguments(process.argv.slice(2));
  } catch (error) {
    return refuse((error as Error).message);
  }
}

const { benchmarks, options } = checkedArguments();
const unknown = benchmarks.find((name) => !Object.hasOwn(BENCHMARKS, name));
if (unknown !== undefined) refuse(`There is no benchmark ${unknown}.`);
for (const name of benchmarks.length === 0 ? DEFAULT : benchmarks) await (await BENCHMARKS[name]!())(options);
process.exit();
