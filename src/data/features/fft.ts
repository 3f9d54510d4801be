import { createRequire } from "node:module";
import { DataError } from "../../errors.ts";

/** What is used of fft.js, which has no types of its own. */
export interface FftPlan {
  /** Interleaved re and im of size/2 + 1 frequencies; the rest is left as it was. */
  realTransform(out: number[], data: readonly number[]): void;
  createComplexArray(): number[];
}
type FftPackage = new (size: number) => FftPlan;

/**
 * A Fourier transform of a power of two of values, by fft.js, which is an optional peer. It is loaded when it is first needed, and at
 * once, since transforms do not wait.
 * @throws DataError FFT_MISSING with the line that installs it
 */
export function fftPlan(size: number, load: () => FftPackage = loadPackage): FftPlan {
  let Fft: FftPackage;
  try {
    Fft = load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    throw new DataError(
      "FFT_MISSING",
      "Package fft.js is not installed; Fourier features need it: npm install fft.js",
      {
        cause: error,
      },
    );
  }
  return new Fft(size);
}

function loadPackage(): FftPackage {
  return createRequire(import.meta.url)("fft.js") as FftPackage;
}
