import type { BitArray } from "../../../providers/index.ts";
import {
  both,
  estimator,
  type Mutant,
  type Mutation,
  mapOperations,
  mapRegisters,
  oneByOne,
  only,
  withBytes,
} from "./mutant.ts";

const SEEDS = "the same seed and PUBs give the same bytes, another seed others";
const OWN = {
  ...estimator("PUBs, rows and groups of terms draw samples of their own"),
  sampler: ["PUBs and rows draw samples of their own"],
};

let seed = 0;
const samples: readonly Mutant[] = [
  ["seeds are ignored", { options: (options) => ({ ...options, seed: ++seed }) }, both(SEEDS)],
  ["there is one seed for all", { options: (options) => ({ ...options, seed: 1 }) }, both(SEEDS)],
  [
    "every PUB draws the same samples",
    { run: (submit, pubs, _, again) => oneByOne(submit, pubs, (pub) => only(again(), pub)) },
    OWN,
  ],
  [
    "a second run repeats the first",
    { run: (_, pubs, options, again) => again()(pubs, options) },
    {
      ...estimator("a further run of the same Estimator draws samples of its own"),
      sampler: ["a further run of the same Sampler draws samples of its own"],
    },
  ],
  [
    "every row draws the same samples",
    {
      result: (result, pub) =>
        result.evs === undefined
          ? mapRegisters((bits) => {
              const row = bits.bytes.length / (bits.shape[0] ?? 1);
              return withBytes(
                bits,
                bits.bytes.map((_, i) => bits.bytes[i % row]!),
              );
            })(result, pub)
          : { ...result, evs: result.evs.map(() => result.evs[0]!) },
    },
    OWN,
  ],
  [
    "every group of terms draws the same samples",
    { result: (result) => ({ ...result, evs: result.evs.map((_, i) => result.evs[i % (result.shape.at(-1) ?? 1)]!) }) },
    estimator("PUBs, rows and groups of terms draw samples of their own"),
  ],
];

/** Changes the bytes of every register. */
const bytes = (change: (bits: BitArray) => Uint8Array): Mutation => ({
  result: mapRegisters((bits) => withBytes(bits, change(bits))),
});

const bits: readonly Mutant[] = [
  [
    "bits are read from the other end",
    {
      circuit: (circuit) =>
        mapOperations((o) => [o.kind === "measure" ? { ...o, qubit: circuit.numQubits - 1 - o.qubit } : o])(circuit),
    },
    { sampler: ["bitstrings have the highest bit leftmost"] },
  ],
  [
    "the least significant byte comes first",
    bytes(({ numBits, bytes: own }) => {
      const width = Math.ceil(numBits / 8);
      return own.map((_, i) => own[i - (i % width) + width - 1 - (i % width)]!);
    }),
    { sampler: ["bits come packed, most significant byte first, element by element and shot by shot"] },
  ],
  [
    "all shots are alike",
    bytes(({ bytes: own }) => own.map(() => own[0]!)),
    { sampler: ["a Bell state gives 00 and 11 in halves"] },
  ],
  [
    "bits that nothing measures are 1",
    bytes(({ numBits, bytes: own }) => own.map((byte) => byte | (1 << (numBits - 1)))),
    { sampler: ["any qubit goes to any bit; bits that nothing measures are 0"] },
  ],
  [
    "rows come in reverse",
    bytes(({ bytes: own }) => own.toReversed()),
    { sampler: ["rows of values make the batch shape, each element with its own shots"] },
  ],
  [
    "shots are sorted",
    bytes(({ bytes: own }) => own.toSorted()),
    { sampler: ["the first half of the shots is as fair as the second"] },
  ],
  [
    "a PUB's shots are ignored",
    { pub: ({ shots: _, ...pub }) => pub },
    { sampler: ["results come in the order of the PUBs, with a PUB's own shots before the Sampler's"] },
  ],
];

export const sampleMutants: readonly Mutant[] = [...samples, ...bits];
