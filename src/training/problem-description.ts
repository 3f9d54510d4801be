import type { RunDescription } from "../runs/index.ts";
import type { MinimizeOptions } from "./minimize-options.ts";
import { providerParts, remoteOf } from "./provider-description.ts";
import { Sampling } from "./sampling.ts";

/** What decides the numbers of a run. */
export function problemDescription(options: MinimizeOptions, inputs: Float64Array, patience: number): RunDescription {
  const { circuit, observable, optimizer, provider, seed = 0, method = "auto", spsa, tolerance = 0 } = options;
  return {
    kind: "minimize",
    ...remoteOf(provider),
    parts: {
      circuit: circuit.hash,
      observable: observable.toString(),
      inputs: inputs.join(" "),
      optimizer: optimizer.name,
      optimizerSettings: optimizer.settings ?? null,
      steps: options.steps,
      seed,
      method,
      ...Sampling.of(options).parts,
      spsa: spsa === undefined ? null : JSON.stringify(spsa),
      tolerance,
      patience,
      noiseFloor: options.noiseFloor == null ? null : JSON.stringify(options.noiseFloor),
      maxRows: options.maxRows ?? null,
      ...providerParts(provider),
    },
  };
}
