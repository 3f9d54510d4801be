import type { Circuit, SparsePauliOp } from "../circuits/index.ts";
import { createStatevectorEngine } from "../providers/index.ts";
import { type Measured, ownSide, type PeerSpec } from "./measure.ts";
import { gatesForPeers, observablesForPeers, type Task } from "./task.ts";
import { lcgAngles } from "./workloads.ts";

export interface GradientWork {
  readonly workload: string;
  readonly name?: string;
  readonly circuit: Circuit;
  readonly observables: readonly SparsePauliOp[];
  readonly batch: number;
  readonly peers: readonly PeerSpec[];
  /** Of the values of inputs, weights and cotangents. */
  readonly seeds: { readonly inputs: number; readonly weights: number; readonly cotangents: number };
}

/**
 * Expectation values [B, K] and the gradient of Σ cotangents·values for weights and inputs. Without inputs and with one
 * observable the cotangent is 1: an energy and its gradient.
 */
export function gradientCase(work: GradientWork): Measured {
  const { circuit, observables, batch, seeds } = work;
  const numInputs = circuit.parameters.filter(({ role }) => role === "input").length;
  const numWeights = circuit.parameters.length - numInputs;
  const inputs = lcgAngles(seeds.inputs, batch * numInputs);
  const weights = lcgAngles(seeds.weights, numWeights);
  const isEnergy = numInputs === 0 && observables.length === 1;
  const cotangents = isEnergy ? Float64Array.of(1) : lcgAngles(seeds.cotangents, batch * observables.length);
  const task: Task = {
    kind: "gradient",
    numQubits: circuit.numQubits,
    gates: gatesForPeers(circuit),
    numPreparing: 0,
    numInputs,
    numWeights,
    batch,
    inputs: [...inputs],
    weights: [...weights],
    cotangents: [...cotangents],
    observables: observablesForPeers(observables),
  };
  const prepare = () => {
    const program = createStatevectorEngine().expectation(circuit, observables);
    const outputs = new Float64Array(cotangents.length);
    const weightGradient = new Float64Array(numWeights);
    const inputGradient = numInputs === 0 ? null : new Float64Array(inputs.length);
    return {
      run: () => program.backward(inputs, weights, batch, cotangents, outputs, weightGradient, inputGradient),
      check: () => gradientCheck(outputs, cotangents, weightGradient, inputGradient),
    };
  };
  return {
    workload: work.workload,
    ...(work.name === undefined ? {} : { name: work.name }),
    numQubits: circuit.numQubits,
    batch,
    task,
    peers: work.peers,
    ours: () => ownSide("lepton", prepare),
  };
}

/** Σ cotangents·values, Σ of the weights' gradient, and weighted sums that tell single entries apart. */
function gradientCheck(
  outputs: Float64Array,
  cotangents: Float64Array,
  weightGradient: Float64Array,
  inputGradient: Float64Array | null,
): readonly number[] {
  const mixed = (values: Float64Array): number => values.reduce((sum, value, i) => sum + Math.cos(i) * value, 0);
  return [
    outputs.reduce((sum, value, i) => sum + value * cotangents[i]!, 0),
    weightGradient.reduce((sum, value) => sum + value, 0),
    mixed(weightGradient),
    ...(inputGradient === null ? [] : [mixed(inputGradient)]),
  ];
}
