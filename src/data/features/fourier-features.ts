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
import { fftPlan } from "./fft.ts";
import { noInverse } from "./no-inverse.ts";
import { type Sequences, sequenceNames, sequencesFromJSON, sequencesOf } from "./sequences.ts";

export interface FourierOptions {
  /** The lowest frequencies that are kept, the mean's included; all by default. */
  readonly numFrequencies?: number;
  /** Sequences side by side in a row, the last axis; by default the channels of the rows' grid, else 1. */
  readonly channels?: number;
}

/**
 * How strong each frequency is in a row that is a sequence: |rfft| / √N, N the length filled up with zeros to a power of two, for
 * frequencies 0 to N/2 in cycles per N steps. It does not change when a sequence that fills N is turned around its ends. Phases are
 * lost, so there is no inverse. It learns nothing from the rows. Needs the package fft.js.
 * @throws DataError FOURIER_FREQUENCIES; when fitted SEQUENCE_CHANNELS, FFT_MISSING
 */
export function fourierFeatures(options: FourierOptions = {}): Transform {
  checkOptions("fourierFeatures", options, ["numFrequencies", "channels"]);
  return {
    fit(train) {
      checkTrainingRows(train);
      const sequences = sequencesOf(train, options.channels);
      return fourier(train.featureNames, sequences, options.numFrequencies ?? paddedLength(sequences) / 2 + 1);
    },
  };
}

function paddedLength({ length }: Sequences): number {
  return 2 ** Math.ceil(Math.log2(length));
}

/** @throws DataError FOURIER_FREQUENCIES, FFT_MISSING */
function fourier(names: readonly string[], sequences: Sequences, numFrequencies: number): FittedTransform {
  const { length, channels } = sequences;
  const size = paddedLength(sequences);
  if (!Number.isSafeInteger(numFrequencies) || numFrequencies < 1 || numFrequencies > size / 2 + 1)
    throw new DataError(
      "FOURIER_FREQUENCIES",
      `numFrequencies is ${String(numFrequencies)}; sequences of ${length} steps have 1 to ${size / 2 + 1}.`,
    );
  const plan = fftPlan(size);
  const data = new Array<number>(size).fill(0);
  const spectrum = plan.createComplexArray();
  const norm = 1 / Math.sqrt(size);
  return fittedTransform(
    {
      numOutputs: numFrequencies * channels,
      names: sequenceNames(
        Array.from({ length: numFrequencies }, (_, k) => `frequency${k}`),
        sequences,
      ),
      apply(from, fromStart, to, toStart) {
        for (let channel = 0; channel < channels; channel++) {
          for (let step = 0; step < length; step++) data[step] = from[fromStart + step * channels + channel]!;
          plan.realTransform(spectrum, data);
          for (let k = 0; k < numFrequencies; k++)
            to[toStart + k * channels + channel] = norm * Math.hypot(spectrum[2 * k]!, spectrum[2 * k + 1]!);
        }
      },
    },
    noInverse("a spectrum without phases", names),
    () => ({ kind: "fourierFeatures", names, channels, numFrequencies }),
  );
}

/** @throws DataError TRANSFORM_JSON, FFT_MISSING */
export function fourierFeaturesFromJSON(json: TransformJSON): FittedTransform {
  const names = namesFromJSON(json);
  const sequences = sequencesFromJSON(json, names.length);
  try {
    return fourier(names, sequences, json.numFrequencies as number);
  } catch (error) {
    if (!(error instanceof DataError) || error.code !== "FOURIER_FREQUENCIES") throw error;
    throw new DataError("TRANSFORM_JSON", `A saved fourierFeatures transform: ${error.message}`, { cause: error });
  }
}
