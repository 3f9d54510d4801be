import { complexMatrix, type Matrix } from "../../../circuits/index.ts";

/** A channel by its formula: what a noise model stores, and its JSON. Probabilities 0 to 1, times in seconds. */
export type ChannelSpec =
  /** rho -> (1 - p) rho + p 1/2^n; p up to 4^n/(4^n - 1), where no state is left unchanged. */
  | { readonly kind: "depolarizing"; readonly probability: number; readonly numQubits: 1 | 2 }
  /** Decay to |0> in t1 and loss of coherence in t2 <= 2 t1. */
  | { readonly kind: "thermal-relaxation"; readonly t1: number; readonly t2: number; readonly duration: number }
  | { readonly kind: "amplitude-damping"; readonly gamma: number }
  | { readonly kind: "phase-damping"; readonly lambda: number }
  /** Decay to a mixture in which |1> has the probability `excited`. */
  | { readonly kind: "generalized-amplitude-damping"; readonly gamma: number; readonly excited: number }
  | { readonly kind: "bit-flip"; readonly probability: number }
  | { readonly kind: "phase-flip"; readonly probability: number }
  | { readonly kind: "pauli"; readonly x: number; readonly y: number; readonly z: number }
  /** Operators K with sum K†K = 1; row-major, re and im interleaved. */
  | { readonly kind: "kraus"; readonly operators: readonly (readonly number[])[] };

export type ChannelKind = ChannelSpec["kind"];

interface ChannelRow<Spec> {
  /** The numbers of the spec, in the order of the constructor. */
  readonly fields: readonly (keyof Spec & string)[];
  /** What is wrong with the numbers, in words; undefined when nothing is. */
  readonly fault: (spec: Spec) => { readonly code: ChannelFault; readonly text: string } | undefined;
  readonly operators: (spec: Spec) => readonly Matrix[];
}

export type ChannelFault = "NOISE_PROBABILITY" | "NOISE_TIME" | "NOISE_KRAUS";

/** How far sum K†K may be from the unit matrix. */
const KRAUS_TOLERANCE = 1e-8;

const PAULIS: readonly Matrix[] = [
  complexMatrix([
    [1, 0],
    [0, 1],
  ]),
  complexMatrix([
    [0, 1],
    [1, 0],
  ]),
  complexMatrix([
    [0, [0, -1]],
    [[0, 1], 0],
  ]),
  complexMatrix([
    [1, 0],
    [0, -1],
  ]),
];
const diagonal = (a: number, b: number): Matrix =>
  complexMatrix([
    [a, 0],
    [0, b],
  ]);
const lowering = (a: number): Matrix =>
  complexMatrix([
    [0, a],
    [0, 0],
  ]);
const raising = (a: number): Matrix =>
  complexMatrix([
    [0, 0],
    [a, 0],
  ]);
const scaled = (matrix: Matrix, factor: number): Matrix => matrix.map((value) => value * factor);

const isProbability = (value: unknown): boolean => typeof value === "number" && value >= 0 && value <= 1;
const probabilities =
  <Spec>(...fields: readonly (keyof Spec & string)[]): ChannelRow<Spec>["fault"] =>
  (spec) => {
    const wrong = fields.find((field) => !isProbability(spec[field]));
    return wrong === undefined
      ? undefined
      : { code: "NOISE_PROBABILITY", text: `${wrong} is ${spec[wrong]}; it must be a number from 0 to 1.` };
  };

/** Operators of a mixture of Pauli matrices on one qubit. */
const mixture = (x: number, y: number, z: number): readonly Matrix[] =>
  [Math.max(0, 1 - x - y - z), x, y, z].map((p, index) => scaled(PAULIS[index]!, Math.sqrt(p)));

/** One row a kind; a new channel is one row and one constructor. Sources: Nielsen and Chuang, chapter 8. */
export const CHANNELS: { readonly [Kind in ChannelKind]: ChannelRow<Extract<ChannelSpec, { kind: Kind }>> } = {
  depolarizing: {
    fields: ["probability", "numQubits"],
    fault({ probability, numQubits }) {
      if (numQubits !== 1 && numQubits !== 2)
        return { code: "NOISE_PROBABILITY", text: `numQubits is ${numQubits}; it must be 1 or 2.` };
      const most = 4 ** numQubits / (4 ** numQubits - 1);
      return typeof probability === "number" && probability >= 0 && probability <= most
        ? undefined
        : {
            code: "NOISE_PROBABILITY",
            text: `probability is ${probability}; on ${numQubits} qubit(s) it must be a number from 0 to 4^n/(4^n - 1) = ${most}.`,
          };
    },
    operators({ probability, numQubits }) {
      const count = 4 ** numQubits;
      const each = probability / count;
      return Array.from({ length: count }, (_, index) => {
        const weight = Math.sqrt(index === 0 ? Math.max(0, 1 - each * (count - 1)) : each);
        const first = PAULIS[index & 3]!;
        return scaled(numQubits === 1 ? first : tensor(PAULIS[index >> 2]!, first), weight);
      });
    },
  },
  "thermal-relaxation": {
    fields: ["t1", "t2", "duration"],
    fault({ t1, t2, duration }) {
      const fault = (text: string) => ({ code: "NOISE_TIME", text }) as const;
      if (!(t1 > 0)) return fault(`t1 is ${t1}; it must be a number of seconds above 0.`);
      if (!(t2 > 0)) return fault(`t2 is ${t2}; it must be a number of seconds above 0.`);
      if (!(duration >= 0 && Number.isFinite(duration)))
        return fault(`duration is ${duration}; it must be a number of seconds of 0 or more.`);
      return t2 <= 2 * t1 ? undefined : fault(`t2 is ${t2}; no qubit keeps its phase longer than 2 t1 = ${2 * t1}.`);
    },
    operators({ t1, t2, duration }) {
      const excited = Math.exp(-duration / t1);
      const coherence = Math.exp(-duration / t2);
      return [
        diagonal(1, coherence),
        diagonal(0, Math.sqrt(Math.max(0, excited - coherence * coherence))),
        lowering(Math.sqrt(-Math.expm1(-duration / t1))),
      ];
    },
  },
  "amplitude-damping": {
    fields: ["gamma"],
    fault: probabilities("gamma"),
    operators: ({ gamma }) => [diagonal(1, Math.sqrt(1 - gamma)), lowering(Math.sqrt(gamma))],
  },
  "phase-damping": {
    fields: ["lambda"],
    fault: probabilities("lambda"),
    operators: ({ lambda }) => [diagonal(1, Math.sqrt(1 - lambda)), diagonal(0, Math.sqrt(lambda))],
  },
  "generalized-amplitude-damping": {
    fields: ["gamma", "excited"],
    fault: probabilities("gamma", "excited"),
    operators({ gamma, excited }) {
      const [down, up] = [Math.sqrt(1 - excited), Math.sqrt(excited)];
      const kept = Math.sqrt(1 - gamma);
      return [
        diagonal(down, down * kept),
        lowering(down * Math.sqrt(gamma)),
        diagonal(up * kept, up),
        raising(up * Math.sqrt(gamma)),
      ];
    },
  },
  "bit-flip": {
    fields: ["probability"],
    fault: probabilities("probability"),
    operators: ({ probability }) => mixture(probability, 0, 0),
  },
  "phase-flip": {
    fields: ["probability"],
    fault: probabilities("probability"),
    operators: ({ probability }) => mixture(0, 0, probability),
  },
  pauli: {
    fields: ["x", "y", "z"],
    fault(spec) {
      const { x, y, z } = spec;
      const single = probabilities<typeof spec>("x", "y", "z")(spec);
      if (single !== undefined || x + y + z <= 1 + 1e-12) return single;
      return { code: "NOISE_PROBABILITY", text: `x + y + z is ${x + y + z}; together they are at most 1.` };
    },
    operators: ({ x, y, z }) => mixture(x, y, z),
  },
  kraus: {
    fields: ["operators"],
    fault({ operators }) {
      const fault = (text: string) => ({ code: "NOISE_KRAUS", text }) as const;
      if (!Array.isArray(operators) || operators.length === 0) return fault("there are no operators.");
      const length = operators[0]?.length;
      if (operators.some((operator) => operator?.length !== length) || (length !== 8 && length !== 32))
        return fault(
          "each operator needs 8 numbers (one qubit) or 32 (two), row-major with re and im interleaved; complexMatrix(rows) makes them.",
        );
      const error = completenessError(operators.map((operator) => Float64Array.from(operator)));
      return error <= KRAUS_TOLERANCE
        ? undefined
        : fault(`the sum of K†K differs from the unit matrix by ${error} (at most ${KRAUS_TOLERANCE} is allowed).`);
    },
    operators: ({ operators }) => operators.map((operator) => Float64Array.from(operator)),
  },
};

/** a on the high qubit, b on the low one. */
function tensor(a: Matrix, b: Matrix): Matrix {
  const out = new Float64Array(32);
  for (let i = 0; i < 4; i++)
    for (let j = 0; j < 4; j++) {
      const x = 2 * ((i >> 1) * 2 + (j >> 1));
      const y = 2 * ((i & 1) * 2 + (j & 1));
      out[2 * (i * 4 + j)] = a[x]! * b[y]! - a[x + 1]! * b[y + 1]!;
      out[2 * (i * 4 + j) + 1] = a[x]! * b[y + 1]! + a[x + 1]! * b[y]!;
    }
  return out;
}

/** The largest element of |sum K†K - 1|; not a number where an entry is none. */
function completenessError(operators: readonly Matrix[]): number {
  const size = Math.round(Math.sqrt(operators[0]!.length / 2));
  let worst = 0;
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) {
      let re = i === j ? -1 : 0;
      let im = 0;
      for (const operator of operators)
        for (let k = 0; k < size; k++) {
          const a = 2 * (k * size + i);
          const b = 2 * (k * size + j);
          re += operator[a]! * operator[b]! + operator[a + 1]! * operator[b + 1]!;
          im += operator[a]! * operator[b + 1]! - operator[a + 1]! * operator[b]!;
        }
      const error = Math.hypot(re, im);
      worst = Number.isNaN(error) ? Number.NaN : Math.max(worst, error);
    }
  return worst;
}
