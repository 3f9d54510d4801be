import type { CircuitBuilder } from "../builder.ts";
import { Circuit } from "../circuit.ts";
import { CircuitError, ParameterError } from "../errors.ts";
import { ParameterExpression } from "../expression.ts";
import { checkOptions } from "./checks.ts";
import { type Arithmetic, appendMultiplexor, grayAngles } from "./multiplexor.ts";

/** Real amplitudes, or complex ones as [re, im] pairs, by basis state (qubit 0 is the least significant bit). */
export type Amplitudes = ArrayLike<number> | ArrayLike<readonly [re: number, im: number]>;

const NORM_TOLERANCE = 1e-10;
/** A circuit has about as many gates as there are amplitudes. */
const MAX_QUBITS = 20;

const NUMERIC: Arithmetic<number> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  scale: (a, factor) => a * factor,
};

/**
 * Prepares Σ a_i |i> from |0...0> exactly, global phase included, by multiplexed ry and rz rotations (Möttönen et al.,
 * arXiv:quant-ph/0407010): at most 2^n - 1 ry and as many CX for real amplitudes, about twice that for complex ones.
 * Amplitudes are fixed when the circuit is built; `amplitudeFeatureMap` takes them as inputs.
 * @param options.complex the list is interleaved re, im, re, im, ...
 * @param options.normalize divide by the norm; without it the norm must be 1 to 1e-10
 * @param options.padWith value for missing amplitudes; without it the number of amplitudes must be a power of two
 * @param options.numQubits by default the least number that holds all amplitudes; at most 20
 * @throws CircuitError AMPLITUDES_COUNT, AMPLITUDES_NOT_FINITE, AMPLITUDES_NORM; ParameterError AMPLITUDES_NOT_TRAINABLE
 */
export function amplitudeEmbedding(
  amplitudes: Amplitudes,
  options: {
    readonly complex?: boolean;
    readonly normalize?: boolean;
    readonly padWith?: number;
    readonly numQubits?: number;
  } = {},
): Circuit {
  checkOptions("amplitudeEmbedding", options, ["complex", "normalize", "padWith", "numQubits"]);
  const given = complexAmplitudes(amplitudes, options.complex ?? false);
  const numQubits = options.numQubits ?? Math.max(0, Math.ceil(Math.log2(given.re.length)));
  if (!Number.isSafeInteger(numQubits) || numQubits < 0 || numQubits > MAX_QUBITS)
    throw new CircuitError(
      "AMPLITUDES_COUNT",
      `amplitudeEmbedding prepares the amplitudes of 0 to ${MAX_QUBITS} qubits, not of ${numQubits}.`,
    );
  const size = 2 ** numQubits;
  const missing = size - given.re.length;
  if (given.re.length === 0 || missing < 0 || (missing > 0 && options.padWith === undefined))
    throw new CircuitError(
      "AMPLITUDES_COUNT",
      `${given.re.length} amplitude(s) do not fit ${numQubits} qubit(s), which have ${size}.${missing > 0 && given.re.length > 0 ? " Give padWith to fill up." : ""}`,
    );
  const re = new Float64Array(size).fill(options.padWith ?? 0);
  const im = new Float64Array(size);
  re.set(given.re);
  im.set(given.im);
  normalise(re, im, options.normalize ?? false);
  return Circuit.build(numQubits, (builder) => appendState(builder, numQubits, re, im));
}

function complexAmplitudes(amplitudes: Amplitudes, interleaved: boolean): { re: Float64Array; im: Float64Array } {
  const length = interleaved ? amplitudes.length / 2 : amplitudes.length;
  if (!Number.isInteger(length))
    throw new CircuitError(
      "AMPLITUDES_COUNT",
      `Interleaved complex amplitudes come in pairs, but there are ${amplitudes.length} numbers.`,
    );
  const re = new Float64Array(length);
  const im = new Float64Array(length);
  for (let i = 0; i < amplitudes.length; i++) {
    const entry: unknown = amplitudes[i];
    if (entry instanceof ParameterExpression)
      throw new ParameterError(
        "AMPLITUDES_NOT_TRAINABLE",
        `Amplitude ${i} is a parameter. Here amplitudes are fixed when the circuit is built; amplitudeFeatureMap({ numQubits }) takes real ones as inputs.`,
      );
    const [real, imaginary] = Array.isArray(entry) ? (entry as readonly number[]) : [entry as number, 0];
    if (!Number.isFinite(real) || !Number.isFinite(imaginary) || (interleaved && Array.isArray(entry)))
      throw new CircuitError("AMPLITUDES_NOT_FINITE", `Amplitude ${i} is ${String(entry)}, not a finite number.`);
    if (interleaved) (i % 2 === 0 ? re : im)[i >> 1] = real!;
    else {
      re[i] = real!;
      im[i] = imaginary!;
    }
  }
  return { re, im };
}

function normalise(re: Float64Array, im: Float64Array, allowed: boolean): void {
  const largest = re.reduce((max, value, i) => Math.max(max, Math.abs(value), Math.abs(im[i]!)), 0);
  // Scaled by the largest amplitude, so that tiny or huge ones neither underflow nor overflow when squared.
  let sum = 0;
  if (largest > 0) for (let i = 0; i < re.length; i++) sum += (re[i]! / largest) ** 2 + (im[i]! / largest) ** 2;
  const scaledNorm = Math.sqrt(sum);
  const norm = largest * scaledNorm;
  if (largest === 0 || (!allowed && !(Math.abs(norm - 1) < NORM_TOLERANCE)))
    throw new CircuitError(
      "AMPLITUDES_NORM",
      `The amplitudes have norm ${norm}, not 1.${largest === 0 ? "" : " Give normalize: true to divide by it."}`,
    );
  for (let i = 0; i < re.length; i++) {
    re[i] = re[i]! / largest / scaledNorm;
    im[i] = im[i]! / largest / scaledNorm;
  }
}

/**
 * Halves the state qubit by qubit from the least significant one: each pair of amplitudes is r·Rz(ζ)·Ry(θ)|0>, and the
 * r form the state of the remaining qubits. The circuit is the pieces in reverse.
 */
function appendState(builder: CircuitBuilder, numQubits: number, re: Float64Array, im: Float64Array): void {
  const real = im.every((value) => value === 0);
  const levels: { readonly ry: Float64Array; readonly rz: Float64Array }[] = [];
  let magnitude: Float64Array = real ? re : re.map((value, i) => Math.hypot(value, im[i]!));
  let phase: Float64Array = real ? new Float64Array(re.length) : re.map((value, i) => Math.atan2(im[i]!, value));
  for (let qubit = 0; qubit < numQubits; qubit++) {
    const half = magnitude.length / 2;
    const ry = new Float64Array(half);
    const rz = new Float64Array(half);
    const nextMagnitude = new Float64Array(half);
    const nextPhase = new Float64Array(half);
    for (let i = 0; i < half; i++) {
      const a = magnitude[2 * i]!;
      const b = magnitude[2 * i + 1]!;
      ry[i] = 2 * Math.atan2(b, a);
      nextMagnitude[i] = Math.hypot(a, b);
      // A phase of a zero amplitude is free: take the other's, so that no rz is needed.
      const phaseA = a === 0 ? phase[2 * i + 1]! : phase[2 * i]!;
      const phaseB = b === 0 ? phaseA : phase[2 * i + 1]!;
      rz[i] = phaseB - phaseA;
      nextPhase[i] = (phaseA + phaseB) / 2;
    }
    fillUnreached(ry, nextMagnitude);
    fillUnreached(rz, nextMagnitude);
    levels.push({ ry, rz });
    magnitude = nextMagnitude;
    phase = nextPhase;
  }
  if (numQubits === 0 && real && re[0]! < 0) phase = Float64Array.of(Math.PI);
  if (phase[0] !== 0) builder.gphase(phase[0]!);
  for (let qubit = numQubits - 1; qubit >= 0; qubit--) {
    const { ry, rz } = levels[qubit]!;
    appendMultiplexor(builder, qubit, { ry: grayAngles(ry, NUMERIC), rz: grayAngles(rz, NUMERIC) });
  }
}

/** Angles in branches of amplitude zero are free: like the others, they let a sparse state need fewer gates. */
function fillUnreached(angles: Float64Array, magnitudes: Float64Array): void {
  const reached = magnitudes.findIndex((magnitude) => magnitude !== 0);
  for (let i = 0; i < angles.length; i++) if (magnitudes[i] === 0) angles[i] = angles[reached]!;
}
