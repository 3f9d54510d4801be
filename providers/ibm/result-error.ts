import { ProviderError } from "../errors.ts";

/** What came back is not what the service promises: `at` is the place in the body, such as `results[0].data.evs`. */
export function resultError(at: string, what: string): ProviderError {
  return new ProviderError(
    "RESULT_FORMAT",
    `The result cannot be read: ${at} ${what}. The job itself may be fine; fetch it again, or read its raw text.`,
  );
}

export function resultTooLarge(at: string, maxBytes: number): ProviderError {
  return new ProviderError(
    "RESULT_TOO_LARGE",
    `The arrays of the result take more than the ${maxBytes} bytes that are left for them (at ${at}); raise maxResultBytes if that is meant.`,
  );
}
