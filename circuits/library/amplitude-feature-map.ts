import { add, atan2, hypot, multiply, subtract } from "../arithmetic.ts";
import { Circuit } from "../circuit.ts";
import type { Angle } from "../expression.ts";
import { input } from "../parameter.ts";
import { checkCount, checkOptions } from "./checks.ts";
import { appendMultiplexor, grayAngles } from "./multiplexor.ts";

const MAX_QUBITS = 10;
const SYMBOLIC = { add, subtract, scale: multiply };

/**
 * Amplitude embedding of data: prepares Σ x_i/|x| |i> from |0...0> exactly for every row of features that is not all zero,
 * whatever its norm; a row of zeros gives |0...0>. Signs are kept, also that of the whole. 2^n features take n qubits, by
 * 2^n - 1 ry and 2^n - 2 CX whose angles are arc tangents of sums of squares of the inputs (Möttönen et al.,
 * arXiv:quant-ph/0407010). Inputs `x` [numFeatures].
 *
 * The features can be differentiated, as a trained layer before this one asks. Where both of a pair of amplitudes that
 * differ in one qubit are zero, the angle between them has no derivative, which is then taken as 0.
 * @param options.numQubits 1 to 10: written out, the angles grow as 4^n (15 MB of OpenQASM at 10)
 * @param options.numFeatures 2^numQubits by default; with fewer, the last amplitudes are 0
 * @throws CircuitError LIBRARY_COUNT
 * @example amplitudeFeatureMap({ numQubits: 6 }) // 64 features, such as the pixels of an 8 x 8 image
 */
export function amplitudeFeatureMap(options: {
  readonly numQubits: number;
  readonly numFeatures?: number;
  readonly name?: string;
}): Circuit {
  checkOptions("amplitudeFeatureMap", options, ["numQubits", "numFeatures", "name"]);
  const { numQubits, name = "x" } = options;
  checkCount("amplitudeFeatureMap", "numQubits", numQubits, 1, MAX_QUBITS);
  const { numFeatures = 2 ** numQubits } = options;
  checkCount("amplitudeFeatureMap", "numFeatures", numFeatures, 1, 2 ** numQubits);
  const x = input(name, numFeatures);
  // Halved qubit by qubit: each pair of amplitudes is a length and an angle, and the lengths are the next amplitudes.
  let amplitudes: readonly Angle[] = Array.from({ length: 2 ** numQubits }, (_, i) => x.elements[i] ?? 0);
  const levels: (readonly Angle[])[] = [];
  for (let qubit = 0; qubit < numQubits; qubit++) {
    const pairs = Array.from(
      { length: amplitudes.length / 2 },
      (_, i) => [amplitudes[2 * i]!, amplitudes[2 * i + 1]!] as const,
    );
    const isLength = qubit > 0;
    levels.push(pairs.map(([left, right]) => (isLength && right === 0 ? 0 : multiply(2, atan2(right, left)))));
    amplitudes = pairs.map(([left, right]) => (isLength && right === 0 ? left : hypot(left, right)));
  }
  return Circuit.build(numQubits, (builder) => {
    builder.declare(x);
    for (let qubit = numQubits - 1; qubit >= 0; qubit--)
      appendMultiplexor(builder, qubit, { ry: grayAngles(levels[qubit]!, SYMBOLIC), rz: [] });
  });
}
