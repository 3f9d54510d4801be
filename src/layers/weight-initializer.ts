import {
  constantWeights,
  type Initializer,
  identityBlockWeights,
  type ParameterVector,
  type Rng,
  smallGaussianWeights,
  uniformWeights,
} from "../../circuits/index.ts";
import { ModelError } from "../errors.ts";

/** How starting weights are drawn, as plain data so that a layer can be saved. Angles in radians. */
export type WeightInitializer =
  /** Uniform in [low, high); by default [-π, π). */
  | { readonly type: "uniform"; readonly low?: number; readonly high?: number }
  /** Normal around 0; `std` is 0.1 by default. */
  | { readonly type: "gaussian"; readonly std?: number }
  | { readonly type: "constant"; readonly value: number }
  | { readonly type: "zeros" }
  /** For weights made by `mirroredBlocks`: the circuit starts as the identity. */
  | { readonly type: "identityBlocks" };

/** One initializer for all weight vectors, or one for each by name (`uniform` for those not named). */
export type WeightInitializers = WeightInitializer | Readonly<Record<string, WeightInitializer>>;

const MAKERS: {
  readonly [T in WeightInitializer["type"]]: (spec: Extract<WeightInitializer, { type: T }>) => Initializer;
} = {
  uniform: ({ low, high }) => uniformWeights(low, high),
  gaussian: ({ std }) => smallGaussianWeights(std),
  constant: ({ value }) => constantWeights(value),
  zeros: () => constantWeights(0),
  identityBlocks: () => identityBlockWeights(),
};

/** The initializer for each weight vector by name. @throws ModelError LAYER_INITIALIZER */
export function initializersByName(
  given: WeightInitializers,
  vectors: readonly ParameterVector[],
): Readonly<Record<string, WeightInitializer>> {
  if (typeof given !== "object" || given === null)
    throw new ModelError(
      "LAYER_INITIALIZER",
      `An initializer is an object such as { type: "zeros" }, not ${JSON.stringify(given) ?? String(given)}; types are: ${Object.keys(MAKERS).join(", ")}.`,
    );
  const single = isInitializer(given) ? given : undefined;
  const named = single === undefined ? (given as Readonly<Record<string, WeightInitializer>>) : {};
  const names = vectors.map(({ name }) => name);
  for (const [name, spec] of Object.entries(named)) {
    if (!names.includes(name))
      throw new ModelError(
        "LAYER_INITIALIZER",
        `An initializer is given for weights "${name}", but the circuit's weights are: ${names.join(", ") || "none"}.`,
      );
    if (!isInitializer(spec))
      throw new ModelError(
        "LAYER_INITIALIZER",
        `The initializer of weights "${name}" must have a type: ${Object.keys(MAKERS).join(", ")}.`,
      );
  }
  return Object.fromEntries(names.map((name) => [name, single ?? named[name] ?? { type: "uniform" }]));
}

/** Starting values of one weight vector in flat order. @throws ModelError LAYER_INITIALIZER; ParameterError INITIALIZER_RANGE, MIRROR_SHAPE */
export function drawWeights(spec: WeightInitializer, vector: ParameterVector, rng: Rng): Float64Array {
  const make = MAKERS[spec.type] as (spec: WeightInitializer) => Initializer;
  return make(spec)(vector, rng);
}

function isInitializer(value: unknown): value is WeightInitializer {
  if (typeof value !== "object" || value === null || !("type" in value)) return false;
  // A record may name a weight vector "type"; its value is then an object.
  if (typeof value.type !== "string") return false;
  if (Object.hasOwn(MAKERS, value.type)) return true;
  throw new ModelError(
    "LAYER_INITIALIZER",
    `"${value.type}" is no initializer; use one of: ${Object.keys(MAKERS).join(", ")}.`,
  );
}
