import { DataError } from "../../errors.ts";
import type { Features } from "../dataset.ts";
import type { TransformJSON } from "../transform.ts";

/** A row as sequences side by side: feature t·channels + c is step t of sequence c. */
export interface Sequences {
  readonly length: number;
  readonly channels: number;
}

/**
 * @param channels sequences in a row; by default the channels of the rows' grid, else 1
 * @throws DataError SEQUENCE_CHANNELS
 */
export function sequencesOf(rows: Features, channels: number = rows.grid?.channels ?? 1): Sequences {
  const length = rows.numFeatures / channels;
  if (!Number.isSafeInteger(channels) || channels < 1 || !Number.isSafeInteger(length) || length < 2)
    throw new DataError(
      "SEQUENCE_CHANNELS",
      `${rows.numFeatures} feature(s) are no ${String(channels)} sequence(s) of 2 steps or more each; channels must divide them.`,
    );
  return { length, channels };
}

/** @throws DataError TRANSFORM_JSON */
export function sequencesFromJSON(json: TransformJSON, numInputs: number): Sequences {
  try {
    return sequencesOf(
      { x: new Float64Array(0), numRows: 0, numFeatures: numInputs, featureNames: [] },
      json.channels as number,
    );
  } catch (error) {
    throw new DataError("TRANSFORM_JSON", `A saved ${json.kind} transform: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** `name` of each of several values of each sequence, values first. */
export function sequenceNames(values: readonly string[], { channels }: Sequences): readonly string[] {
  return Object.freeze(
    values.flatMap((value) =>
      channels === 1 ? [value] : Array.from({ length: channels }, (_, channel) => `${value}.${channel}`),
    ),
  );
}
