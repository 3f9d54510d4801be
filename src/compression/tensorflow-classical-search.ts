import type { LayersModel } from "@tensorflow/tfjs-layers";
import { LeptonError } from "../../circuits/index.ts";
import {
  type CompressedModel,
  factorizeDense,
  pruneUnits,
  pruneWeights,
  quantizeModel,
  type Retraining,
  type WeightGrids,
} from "./classical/index.ts";
import type { ClassicalSteps, CompressModelOptions } from "./compress-model.ts";
import { REST_BITS, roundRest } from "./tensorflow-round-rest.ts";

/** Settings of one more fine-tuning; an optimizer belongs to one alone. */
export type Retrain = () => Omit<Retraining, "optimizer"> & {
  readonly optimizer: NonNullable<CompressModelOptions["optimizer"]>;
};

/** A model that was tried. It is disposed when the search goes on. */
export interface Tried {
  readonly model: LayersModel;
  readonly grids: WeightGrids;
  readonly what: string;
}

const UNITS = [0.25, 0.5, 0.75];
const ENERGIES = [0.99, 0.95, 0.9];
const BITS = [8, 6, 5, 4, 3];
const SPARSITIES = [0.25, 0.5, 0.7, 0.85];

/**
 * Smaller classical layers one after another: fewer units, then lower ranks, then fewer bits, and with the fewest bits that were accepted
 * more and more zeros. Each goes on from the last that was accepted, and each list ends with the first that was not.
 * Whoever takes a model says with the next call whether it is accepted.
 */
export async function* classicalModels(
  given: LayersModel,
  { units = UNITS, energies = ENERGIES, bits = BITS, sparsities = SPARSITIES }: ClassicalSteps,
  retrain: Retrain,
): AsyncGenerator<Tried, void, boolean | undefined> {
  const dense = new DenseSteps(given, retrain);
  try {
    yield* dense.walk(
      units,
      (model, ratio, training) => pruneUnits(model, { ratio, ...training() }),
      percent("of units gone"),
    );
    yield* dense.walk(
      energies,
      (model, energy, training) => factorizeDense(model, { energy, ...training() }),
      percent("of energy in low ranks"),
    );
    const { model, what } = dense;
    const few = (from: LayersModel, weightBits: number, rest: boolean, training: Training): Promise<CompressedModel> =>
      quantizeModel(from, { weightBits, ...training() }).then((made) => (rest ? roundRest(made) : made));
    let [fewest, rest] = [undefined as number | undefined, true];
    const text = (): string | undefined =>
      fewest === undefined ? undefined : `${fewest} bits${rest ? ` (angles and biases ${REST_BITS})` : ""}`;
    for (const weightBits of bits) {
      const before = fewest;
      fewest = weightBits;
      const change: Change = (training) => few(model, weightBits, rest, training);
      let accepted = yield* offer(change, retrain, named(what, text()));
      if (!accepted && before === undefined) {
        rest = false;
        accepted = yield* offer(change, retrain, named(what, text()));
      }
      if (accepted) continue;
      fewest = before;
      break;
    }
    for (const sparsity of sparsities) {
      const change: Change = async (training) => {
        const zeros = await pruneWeights(model, { sparsity, ...training() });
        if (fewest === undefined) return zeros;
        try {
          return await few(zeros.model, fewest, rest, training);
        } finally {
          zeros.model.dispose();
        }
      };
      if (!(yield* offer(change, retrain, named(what, text(), percent("zeros")(sparsity))))) break;
    }
  } finally {
    dense.dispose();
  }
}

/** Steps that leave f32 numbers, each of which goes on from the one before. */
class DenseSteps {
  readonly #given: LayersModel;
  readonly #retrain: Retrain;
  model: LayersModel;
  /** What was done so far. */
  what: string | undefined;

  constructor(given: LayersModel, retrain: Retrain) {
    this.#given = given;
    this.#retrain = retrain;
    this.model = given;
  }

  /** Tries amounts of one change, each on the model that the list began with. */
  async *walk(
    amounts: readonly number[],
    change: (model: LayersModel, amount: number, training: Training) => Promise<CompressedModel>,
    nameOf: (amount: number) => string,
  ): AsyncGenerator<Tried, void, boolean | undefined> {
    const from = this.model;
    const before = this.what;
    try {
      for (const amount of amounts) {
        const what = named(before, nameOf(amount));
        let isSmaller = true;
        const made: Change = async (training) => {
          const tried = await change(from, amount, training);
          isSmaller = tried.report.after.parameters < tried.report.before.parameters;
          return tried;
        };
        const untouched = await attempt(() => made(UNTRAINED));
        untouched?.model.dispose();
        if (untouched === undefined) return;
        if (!isSmaller) continue;
        const model = yield* offer(made, this.#retrain, what, "keep");
        if (model === undefined) return;
        if (this.model !== from) this.model.dispose();
        this.model = model;
        this.what = what;
      }
    } finally {
      if (this.model !== from && from !== this.#given) from.dispose();
    }
  }

  dispose(): void {
    if (this.model !== this.#given) this.model.dispose();
  }
}

/** Options for a fine-tuning, if there is to be one; asked for each that a change takes. */
type Training = () => { readonly training?: Retraining };
type Change = (training: Training) => Promise<CompressedModel>;

const UNTRAINED: Training = () => ({});

/**
 * Makes a change without any training and, where that is not accepted, again with it.
 * @returns the accepted model, which is disposed unless it is to be kept; undefined where none was, or nothing can be changed
 */
async function* offer(
  change: Change,
  retrain: Retrain,
  what: string,
  then: "dispose" | "keep" = "dispose",
): AsyncGenerator<Tried, LayersModel | undefined, boolean | undefined> {
  for (const training of [UNTRAINED, () => ({ training: ready(retrain) })]) {
    const made = await attempt(() => change(training));
    if (made === undefined) return undefined;
    const { model, grids } = made;
    let accepted = false;
    try {
      accepted = (yield { model, grids, what }) === true;
    } finally {
      if (!accepted || then === "dispose") model.dispose();
    }
    if (accepted) return model;
  }
  return undefined;
}

/** Undefined where a model has no layer that this can be done to. */
async function attempt(change: () => Promise<CompressedModel>): Promise<CompressedModel | undefined> {
  try {
    return await change();
  } catch (error) {
    if (error instanceof LeptonError && error.code === "COMPRESSION_LAYER") return undefined;
    throw error;
  }
}

function ready(retrain: Retrain): Retraining {
  const { optimizer, ...settings } = retrain();
  return { ...settings, optimizer: optimizer() };
}

function named(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined).join(", ");
}

function percent(what: string): (share: number) => string {
  return (share) => `${Number((100 * share).toFixed(1))} % ${what}`;
}
