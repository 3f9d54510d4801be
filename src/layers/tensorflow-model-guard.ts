import { LayersModel } from "@tensorflow/tfjs-layers";
import { TrainingError } from "../errors.ts";

const ASYNCHRONOUS = ["fit", "fitDataset", "evaluateDataset"] as const;
const SYNCHRONOUS = ["evaluate", "predict"] as const;
const GUARDED = Symbol.for("lepton.model-guard");

/**
 * Makes a model's own methods refuse a `provider`. TensorFlow.js passes over options that it does not know, so a model meant
 * for hardware would be trained on the simulator without a word, and neither a layer nor a callback sees the options.
 * Sequential models pass theirs on to the LayersModel inside.
 */
export function refuseProviders(): void {
  const methods = LayersModel.prototype as unknown as Record<string, (...args: unknown[]) => unknown> & {
    [GUARDED]?: true;
  };
  if (methods[GUARDED] === true) return;
  methods[GUARDED] = true;
  const guard = (name: string, refuse: (error: TrainingError) => unknown): void => {
    const original = methods[name]!;
    methods[name] = function (this: LayersModel, ...args: unknown[]): unknown {
      const options = args.at(-1);
      return typeof options === "object" && options !== null && "provider" in options
        ? refuse(refusal(name))
        : original.apply(this, args);
    };
  };
  for (const name of ASYNCHRONOUS) guard(name, (error) => Promise.reject(error));
  for (const name of SYNCHRONOUS)
    guard(name, (error) => {
      throw error;
    });
}

function refusal(name: string): TrainingError {
  const instead = name.startsWith("fit")
    ? "train(model, data, { provider })"
    : `${name.replace("Dataset", "")}(model, data, { provider })`;
  return new TrainingError(
    "FIT_REMOTE_PROVIDER",
    `model.${name} has no option "provider": TensorFlow.js's steps are synchronous and always simulate. Use ${instead} of Lepton, or leave the provider out.`,
  );
}
