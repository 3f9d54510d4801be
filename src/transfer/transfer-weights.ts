import {
  Circuit,
  type Initializer,
  optionsFault,
  type ParameterVector,
  Rng,
  smallGaussianWeights,
  zeroWeights,
} from "../../circuits/index.ts";
import { ModelError } from "../errors.ts";
import { startFidelity } from "./start-fidelity.ts";
import type { TrainedCircuit } from "./trained-circuit.ts";

export interface TransferOptions {
  /**
   * Where a circuit with more layers has its new ones: `last` (default) keeps layer l at l; `first` moves what was trained to the end. A
   * layer of cx gates at angle 0 is no identity; before everything else it still is one for qubits that start in |0>.
   */
  readonly newLayers?: "last" | "first";
  /** Values of weights in new layers, and in vectors that the old circuit does not have; 0 by default. */
  readonly layerStart?: Initializer;
  /** Values of new weights in layers that were there, as of new qubits; normal with deviation 0.01 by default. */
  readonly qubitStart?: Initializer;
  /** What a weight vector of the new circuit is called in the old one, where the names differ. */
  readonly rename?: Readonly<Record<string, string>>;
  /** Decides values that are drawn; 0 by default. */
  readonly seed?: number | string;
}

/** Where the value of a weight comes from. */
export type WeightOrigin = "copied" | "new layer" | "new qubit" | "new vector";

export interface TransferredWeight {
  /** Of the new circuit, such as `w[5]`. */
  readonly name: string;
  readonly origin: WeightOrigin;
  /** Of the old circuit, where it was copied. */
  readonly from: string | undefined;
}

export interface WeightTransfer {
  /** Weights of the new circuit in row order, radians. */
  readonly weights: Float64Array;
  /** One for each weight, in row order. */
  readonly entries: readonly TransferredWeight[];
  /** How many of each origin. */
  readonly counts: Readonly<Record<WeightOrigin, number>>;
  /** Weights of the old circuit that have no place in the new one. */
  readonly dropped: readonly string[];
  /**
   * The lowest |<old|new>|² over sample inputs, new qubits in |0>: 1 where the new circuit starts as what was trained. Undefined where there
   * is nothing to compare: fewer qubits, measurements, or more than 12 qubits.
   */
  readonly fidelity: number | undefined;
}

/**
 * Starts a circuit from a trained one of another size. Weights keep their place in the vector of their name: layer, qubit and
 * angle of `w` [layers, qubits, ...] are copied where both have them, so shapes must have as many axes, layers first. What is new starts
 * near the identity; `fidelity` says whether the whole does.
 * @example
 * const small = realAmplitudes({ numQubits: 4, reps: 1 });
 * const large = realAmplitudes({ numQubits: 4, reps: 2 });
 * const { weights } = transferWeights({ circuit: small, weights: trained }, large, { newLayers: "first" });
 * @throws ModelError TRANSFER_OPTION, TRANSFER_WEIGHTS, TRANSFER_SHAPE
 */
export function transferWeights(from: TrainedCircuit, to: Circuit, options: TransferOptions = {}): WeightTransfer {
  checkTransfer(from, to, options);
  const {
    newLayers = "last",
    layerStart = zeroWeights,
    qubitStart = smallGaussianWeights(0.01),
    rename = {},
  } = options;
  const old = oldVectors(from);
  const rng = Rng.seed(options.seed ?? 0).fork("transfer");
  const weights: number[] = [];
  const entries: TransferredWeight[] = [];
  const used = new Set<string>();
  for (const vector of to.vectors) {
    if (vector.role !== "weight") continue;
    const source = old.get(rename[vector.name] ?? vector.name);
    if (source !== undefined && source.vector.shape.length !== vector.shape.length)
      throw new ModelError(
        "TRANSFER_SHAPE",
        `Weights ${vector.name} have shape [${vector.shape.join(", ")}], but [${source.vector.shape.join(", ")}] in the trained circuit; shapes need as many axes.`,
      );
    const starts = {
      "new layer": layerStart(vector, rng.fork("layers", vector.name)),
      "new qubit": qubitStart(vector, rng.fork("qubits", vector.name)),
    };
    for (const [index, { name }] of vector.elements.entries()) {
      const place = source === undefined ? undefined : placeIn(source.vector, vector, index, newLayers);
      if (source !== undefined && typeof place === "number") {
        const copied = source.vector.elements[place]!.name;
        used.add(copied);
        weights.push(source.values[place]!);
        entries.push({ name, origin: "copied", from: copied });
      } else {
        const origin = typeof place === "string" ? place : "new vector";
        weights.push(starts[origin === "new qubit" ? "new qubit" : "new layer"][index]!);
        entries.push({ name, origin, from: undefined });
      }
    }
  }
  const counts: Record<WeightOrigin, number> = { copied: 0, "new layer": 0, "new qubit": 0, "new vector": 0 };
  for (const { origin } of entries) counts[origin]++;
  const row = Float64Array.from(weights);
  return {
    weights: row,
    entries,
    counts,
    dropped: [...old.values()].flatMap(({ vector }) =>
      vector.elements.flatMap(({ name }) => (used.has(name) ? [] : [name])),
    ),
    fidelity: startFidelity(from, { circuit: to, weights: row }),
  };
}

interface OldVector {
  readonly vector: ParameterVector;
  readonly values: Float64Array;
}

function oldVectors({ circuit, weights }: TrainedCircuit): ReadonlyMap<string, OldVector> {
  const row = Float64Array.from(weights);
  const vectors = new Map<string, OldVector>();
  let at = 0;
  for (const vector of circuit.vectors) {
    if (vector.role !== "weight") continue;
    vectors.set(vector.name, { vector, values: row.subarray(at, at + vector.size) });
    at += vector.size;
  }
  return vectors;
}

/** The flat index in the old vector of an element of the new one, or why there is none. */
function placeIn(
  old: ParameterVector,
  next: ParameterVector,
  flat: number,
  newLayers: "last" | "first",
): number | "new layer" | "new qubit" {
  let rest = flat;
  let place = 0;
  let stride = 1;
  let origin: "new layer" | "new qubit" | undefined;
  for (let axis = next.shape.length - 1; axis >= 0; axis--) {
    let index = rest % next.shape[axis]!;
    rest = Math.floor(rest / next.shape[axis]!);
    if (axis === 0 && newLayers === "first") index -= next.shape[0]! - old.shape[0]!;
    // The first axis is the last to be looked at: a new layer is new for all its qubits.
    if (index < 0 || index >= old.shape[axis]!) origin = axis === 0 ? "new layer" : "new qubit";
    place += stride * index;
    stride *= old.shape[axis]!;
  }
  return origin ?? place;
}

/** @throws ModelError TRANSFER_OPTION, TRANSFER_WEIGHTS */
function checkTransfer(from: TrainedCircuit, to: Circuit, options: TransferOptions): void {
  const fault = optionsFault("transferWeights", options, ["newLayers", "layerStart", "qubitStart", "rename", "seed"]);
  if (fault !== undefined) throw new ModelError("TRANSFER_OPTION", fault);
  if (!(from?.circuit instanceof Circuit) || !(to instanceof Circuit))
    throw new ModelError("TRANSFER_OPTION", "Weights go from { circuit, weights } to another Circuit.");
  const { newLayers = "last", rename = {} } = options;
  if (newLayers !== "last" && newLayers !== "first")
    throw new ModelError("TRANSFER_OPTION", `newLayers is ${JSON.stringify(newLayers)}; give "last" or "first".`);
  const { numWeights } = from.circuit;
  if (from.weights?.length !== numWeights || !Array.from(from.weights).every(Number.isFinite))
    throw new ModelError(
      "TRANSFER_WEIGHTS",
      `The trained circuit has ${numWeights} weight(s), which must be finite numbers; ${from.weights?.length} were given.`,
    );
  const names = (circuit: Circuit): readonly string[] =>
    circuit.vectors.filter(({ role }) => role === "weight").map(({ name }) => name);
  for (const [next, old] of Object.entries(rename))
    if (!names(to).includes(next) || !names(from.circuit).includes(old))
      throw new ModelError(
        "TRANSFER_OPTION",
        `rename says that ${next} was ${old}, but the new circuit has weights ${names(to).join(", ")} and the trained one ${names(from.circuit).join(", ")}.`,
      );
}
