import { withTensorFlow } from "../tensorflow-packages.ts";
import type { LayersModel } from "../training/tensorflow-types.ts";
import type { CompressionBudget } from "./circuit/index.ts";
import type { WeightGrid } from "./classical/compact-weights.ts";
import type { CompressModelCircuitOptions } from "./model-circuit.ts";
import type { ModelPoint } from "./model-point.ts";

/** What is tried on classical layers, each list from the mildest on; the first that leaves the budget ends it. Empty lists leave it out. */
export interface ClassicalSteps {
  /** Shares of units that go, of each layer that can lose some; [0.25, 0.5, 0.75] by default. */
  readonly units?: readonly number[];
  /** Shares of the squared singular values that low-rank factors keep; [0.99, 0.95, 0.9] by default. */
  readonly energies?: readonly number[];
  /** Bits of a kernel's weights, 2 to 8; [8, 6, 5, 4, 3] by default. */
  readonly bits?: readonly number[];
  /** Shares of the kernels' weights that become 0; [0.25, 0.5, 0.7, 0.85] by default. */
  readonly sparsities?: readonly number[];
}

export interface CompressModelOptions extends Omit<CompressModelCircuitOptions, "budget" | "onProgress"> {
  /** By how much the smaller model may be worse than the given one, on validation rows and on training rows, in all. */
  readonly budget: CompressionBudget;
  /** How many circuits of the circuit search the classical layers are made smaller with: the most accurate, the smallest, and between; 2 by default. */
  readonly circuits?: number;
  readonly classical?: ClassicalSteps;
  /** Fine-tunings of the circuit search, and of the search on classical layers with each circuit; 100 by default. */
  readonly maxFineTunes?: number;
  readonly onProgress?: (progress: CompressModelProgress) => void;
}

/** Told after every model that was fine-tuned. */
export interface CompressModelProgress {
  readonly half: "circuit" | "classical";
  /** What was tried, such as "remove" or "5 bits, 50 % zeros". */
  readonly tried: string;
  readonly accepted: boolean;
  /** On validation rows. */
  readonly loss: number;
  readonly accuracy: number | undefined;
  /** Models fine-tuned so far. */
  readonly fineTunes: number;
}

export interface CompressedModelSearch {
  /** The model that was given. */
  readonly given: ModelPoint;
  /** Within the budget, the row with the least product of bytes, two-qubit gates and quantum seconds, each over those of the given model. */
  readonly best: ModelPoint;
  /** Those that no other beats in accuracy (or loss), bytes, two-qubit gates and quantum seconds; the largest first. */
  readonly points: readonly ModelPoint[];
  /** The model of `best`, compiled; the caller disposes it. */
  readonly model: LayersModel;
  /** Of the model's weights, as `saveModel` takes them. */
  readonly grids: ReadonlyMap<string, WeightGrid>;
  /** The model of another row; the caller disposes it. */
  modelOf(point: ModelPoint): Promise<{ readonly model: LayersModel; readonly grids: ReadonlyMap<string, WeightGrid> }>;
  /** Models that were fine-tuned on the way. */
  readonly fineTunes: number;
}

/**
 * Makes a model smaller within one budget: first the circuit of its quantum layer by `compressModelCircuit`, then, with some of the circuits that were
 * found, the classical layers by units, ranks, bits and zeros. A model without a quantum layer, or without classical ones, is
 * made smaller in the half that it has. The given model stays as it is. Weights of few bits are numbers of f32 again in the model that
 * comes out, so that it runs on any provider as other models do; `saveModel(model, folder, { grids })` keeps them small.
 * Test rows have no place here: whatever is chosen by them is no longer judged by them.
 * @throws CompressionError COMPRESSION_OPTION, COMPRESSION_BUDGET, COMPRESSION_MODEL, COMPRESSION_LOSS; ModelError TENSORFLOW_MISSING;
 * TranspilerError where the circuit does not fit the target; what `train` throws; the signal's reason
 * @example const { model: smaller, grids, points } = await compressModel(model, { train, validation, budget: { accuracy: -0.01 }, target: loadTarget("torino") });
 */
export async function compressModel(model: LayersModel, options: CompressModelOptions): Promise<CompressedModelSearch> {
  const { searchModel } = await withTensorFlow(() => import("./tensorflow-compress-model.ts"));
  return searchModel(model, options);
}
