import { Circuit, type ParameterVector } from "../../circuits/index.ts";
import { ModelError } from "../errors.ts";
import type { WeightInitializer } from "./weight-initializer.ts";

/** What a template makes: a circuit, and starting values of those weights that should not start at random. */
export interface TemplateCircuit {
  readonly circuit: Circuit;
  readonly initializers?: Readonly<Record<string, WeightInitializer>>;
}

/** Gives a weight vector its name: the one asked for, or a free one like `preferred` where nothing was asked for. */
export type NameWeights = (asked: string | undefined, preferred: string) => string;

/** A circuit that is made once the number of qubits is known. */
export interface CircuitTemplate {
  build(numQubits: number, name: NameWeights): TemplateCircuit;
}

/**
 * The circuit of a template, or a given circuit, with no weight vector named as one of `taken`.
 * @throws ModelError LAYER_PART, LAYER_QUBITS, LAYER_WEIGHT_NAME
 */
export function resolveTemplate(
  part: CircuitTemplate | Circuit,
  role: "perception" | "connection",
  numQubits: number,
  taken: readonly ParameterVector[],
): TemplateCircuit {
  const used = new Set(taken.map(({ name }) => name));
  const name: NameWeights = (asked, preferred) => {
    if (asked !== undefined) return asked;
    let free = preferred;
    for (let number = 2; used.has(free); number++) free = `${preferred}${number}`;
    return free;
  };
  if (!(part instanceof Circuit) && typeof part?.build !== "function")
    throw new ModelError(
      "LAYER_PART",
      `The ${role} must be a Circuit or come from the list of them, such as ${role === "perception" ? "perception.angle()" : "connection.basicEntangler({ layers: 2 })"}.`,
    );
  const made = part instanceof Circuit ? { circuit: part } : part.build(numQubits, name);
  if (made.circuit.numQubits !== numQubits)
    throw new ModelError(
      "LAYER_QUBITS",
      `The ${role} circuit has ${made.circuit.numQubits} qubit(s), but the layer has ${numQubits}.`,
    );
  // Equal names would silently become one parameter.
  const clash = made.circuit.vectors.find((vector) => vector.role === "weight" && used.has(vector.name));
  if (clash !== undefined)
    throw new ModelError(
      "LAYER_WEIGHT_NAME",
      `The ${role} circuit names its weights "${clash.name}", as an earlier part of the layer does; give it another name.`,
    );
  return made;
}
