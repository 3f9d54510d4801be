import { DataError } from "../../errors.ts";
import { checkOptions } from "../options.ts";
import {
  checkTrainingRows,
  type FittedTransform,
  fittedTransform,
  namesFromJSON,
  type Transform,
  type TransformJSON,
} from "../transform.ts";
import { noInverse } from "./no-inverse.ts";
import { type Sequences, sequenceNames, sequencesFromJSON, sequencesOf } from "./sequences.ts";

/** Scaling filters of orthogonal wavelets, named as in PyWavelets (Daubechies, Ten Lectures on Wavelets, table 6.1). */
const SCALING_FILTERS = {
  haar: [Math.SQRT1_2, Math.SQRT1_2],
  db2: [0.48296291314453416, 0.8365163037378079, 0.2241438680420134, -0.12940952255126037],
  db4: [
    0.2303778133088965, 0.7148465705529157, 0.6308807679298589, -0.027983769416859854, -0.18703481171909309,
    0.030841381835560764, 0.0328830116668852, -0.010597401785069032,
  ],
} as const satisfies Record<string, readonly number[]>;

export type Wavelet = keyof typeof SCALING_FILTERS;

export interface WaveletOptions {
  /** "haar" by default. */
  readonly wavelet?: Wavelet;
  /** How often the sequence is halved; by default as often as it stays as long as the filter. */
  readonly levels?: number;
  /** Sequences side by side in a row, the last axis; by default the channels of the rows' grid, else 1. */
  readonly channels?: number;
}

/**
 * How much of a row that is a sequence happens at which scale: the energy of the discrete wavelet transform's approximation and of its
 * details from coarse to fine, each divided by the length. The transform is orthogonal, with periodic edges, so the energies sum to the
 * mean square of a sequence whose length 2^levels divides; others are lengthened by their last value where a level has an odd number. Places
 * and signs are lost, so there is no inverse. It learns nothing from the rows.
 * @throws DataError DATA_OPTION, WAVELET_LEVELS; when fitted SEQUENCE_CHANNELS
 */
export function waveletFeatures(options: WaveletOptions = {}): Transform {
  checkOptions("waveletFeatures", options, ["wavelet", "levels", "channels"]);
  const { wavelet = "haar", levels, channels } = options;
  if (!Object.hasOwn(SCALING_FILTERS, wavelet))
    throw new DataError(
      "DATA_OPTION",
      `wavelet is ${JSON.stringify(wavelet)}; give one of ${Object.keys(SCALING_FILTERS).join(", ")}.`,
    );
  return {
    fit(train) {
      checkTrainingRows(train);
      const sequences = sequencesOf(train, channels);
      return energies(train.featureNames, sequences, wavelet, levels ?? usefulLevels(sequences, wavelet));
    },
  };
}

function usefulLevels({ length }: Sequences, wavelet: Wavelet): number {
  return Math.max(1, Math.floor(Math.log2(length / (SCALING_FILTERS[wavelet].length - 1))));
}

/** @throws DataError WAVELET_LEVELS */
function energies(names: readonly string[], sequences: Sequences, wavelet: Wavelet, levels: number): FittedTransform {
  const { length, channels } = sequences;
  const most = Math.floor(Math.log2(length));
  if (!Number.isSafeInteger(levels) || levels < 1 || levels > most)
    throw new DataError(
      "WAVELET_LEVELS",
      `levels is ${String(levels)}; a sequence of ${length} steps has 1 to ${most}.`,
    );
  const filter: readonly number[] = SCALING_FILTERS[wavelet];
  // One place more than the sequence has, for its last value where a number is odd.
  const signal = new Float64Array(length + 1);
  const halved = new Float64Array(length + 1);
  return fittedTransform(
    {
      numOutputs: (levels + 1) * channels,
      names: sequenceNames(
        [`approximation${levels}`, ...Array.from({ length: levels }, (_, level) => `detail${levels - level}`)],
        sequences,
      ),
      apply(from, fromStart, to, toStart) {
        for (let channel = 0; channel < channels; channel++) {
          for (let step = 0; step < length; step++) signal[step] = from[fromStart + step * channels + channel]!;
          let left = length;
          for (let level = 1; level <= levels; level++) {
            const detail = halve(signal, left, halved, filter);
            left = Math.ceil(left / 2);
            signal.set(halved.subarray(0, left));
            to[toStart + (levels + 1 - level) * channels + channel] = detail / length;
          }
          let rest = 0;
          for (let k = 0; k < left; k++) rest += signal[k]! ** 2;
          to[toStart + channel] = rest / length;
        }
      },
    },
    noInverse("energies of wavelets", names),
    () => ({ kind: "waveletFeatures", names, channels, wavelet, levels }),
  );
}

/**
 * Writes the approximation of the first `length` values of `signal`, half as many, and returns the energy of the details. The filter is
 * centred, as in PyWavelets' mode "periodization".
 */
function halve(signal: Float64Array, length: number, out: Float64Array, filter: readonly number[]): number {
  if (length % 2 === 1) signal[length] = signal[length - 1]!;
  const size = length + (length % 2);
  const taps = filter.length;
  let energy = 0;
  for (let k = 0; 2 * k < size; k++) {
    let low = 0;
    let high = 0;
    for (let j = 0; j < taps; j++) {
      // A short sequence goes round several times.
      const value = signal[(2 * k + j + 1 - taps / 2 + taps * size) % size]!;
      low += filter[j]! * value;
      high += (j % 2 === 0 ? 1 : -1) * filter[taps - 1 - j]! * value;
    }
    out[k] = low;
    energy += high * high;
  }
  return energy;
}

/** @throws DataError TRANSFORM_JSON */
export function waveletFeaturesFromJSON(json: TransformJSON): FittedTransform {
  const names = namesFromJSON(json);
  const { wavelet, levels } = json;
  if (typeof wavelet !== "string" || !Object.hasOwn(SCALING_FILTERS, wavelet))
    throw new DataError(
      "TRANSFORM_JSON",
      `${JSON.stringify(wavelet)} is no wavelet of a saved waveletFeatures transform.`,
    );
  try {
    return energies(names, sequencesFromJSON(json, names.length), wavelet as Wavelet, levels as number);
  } catch (error) {
    if (!(error instanceof DataError) || error.code !== "WAVELET_LEVELS") throw error;
    throw new DataError("TRANSFORM_JSON", `A saved waveletFeatures transform: ${error.message}`, { cause: error });
  }
}
