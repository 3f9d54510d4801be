/** Readings unlike those it was trained on: a quantum autoencoder. */
import type { Features } from "../../src/data/index.ts";
import {
  adam,
  type Backend,
  type Circuit,
  type CircuitTemplate,
  gradientProgram,
  localSimulator,
  quantumLayer,
  SparsePauliOp,
} from "../../src/index.ts";

export interface Autoencoder {
  /** Its inputs are a row's features. */
  readonly circuit: Circuit;
  readonly weights: Float64Array;
  /** 1 - the probability that all trash qubits are 0. */
  readonly infidelity: SparsePauliOp;
  /** The cost, a mean over the rows, at each step. */
  readonly history: readonly number[];
  /** Circuit executions of the training. */
  readonly executions: number;
}

export interface AutoencoderSettings {
  readonly qubits: number;
  /** How a row becomes a state. */
  readonly perception: CircuitTemplate;
  /** What is trained. */
  readonly connection: CircuitTemplate;
  /** Qubits that are to hold all there is to know of a row; the others are trash. */
  readonly latent: number;
  readonly steps: number;
  readonly seed: number;
}

/** The circuit before it is trained, and what is measured of its trash qubits, the last ones. */
export function autoencoder({ qubits, perception, connection, latent, seed }: AutoencoderSettings) {
  const layer = quantumLayer({
    qubits,
    perception,
    connection,
    initializer: { type: "gaussian", std: 0.1 },
    seed,
  });
  const one = SparsePauliOp.identity(qubits);
  const isZero = Array.from({ length: qubits - latent }, (_, i) =>
    one.plus(SparsePauliOp.z(qubits, latent + i)).times(0.5),
  );
  const sum = isZero.reduce((all, zero) => all.plus(zero), SparsePauliOp.zero(qubits));
  const product = isZero.reduce((all, zero) => all.product(zero), one);
  return {
    circuit: layer.circuit,
    weights: layer.initialWeights(),
    /** The mean over the trash qubits of the probability of 1. */
    cost: one.minus(sum.times(1 / isZero.length)).simplify(),
    infidelity: one.minus(product).simplify(),
  };
}

/**
 * Trains a circuit to leave the trash qubits in |0⟩ for rows that are as they should be (Romero et al., arXiv:1612.02806), so that the
 * others hold all there is to know of a row. The cost looks at each trash qubit by itself, so that it has gradients where the fidelity of
 * all of them together has none.
 */
export async function trainAutoencoder(
  rows: Features,
  settings: AutoencoderSettings,
  provider: Backend = localSimulator(),
): Promise<Autoencoder> {
  const { circuit, cost, infidelity, weights: initial } = autoencoder(settings);
  const program = gradientProgram(circuit, [cost], { provider });
  const optimizer = adam({ learningRate: 0.05 });
  const cotangents = new Float64Array(rows.numRows).fill(1 / rows.numRows);
  let weights: Float64Array = initial;
  let state = optimizer.init(weights);
  const history: number[] = [];
  let executions = 0;
  for (let step = 0; step < settings.steps; step++) {
    const evaluated = await program.evaluate({ weights, inputs: rows.x }, { cotangents });
    history.push(evaluated.values.reduce((sum, value) => sum + value, 0) / rows.numRows);
    executions += evaluated.executions;
    ({ weights, state } = optimizer.update(evaluated.pullback().weights!, state, weights));
  }
  return { circuit, weights, infidelity, history, executions };
}

/** How unlike the training rows each row is: the trash qubits' infidelity, 0 to 1. */
export async function anomalyScores(
  { circuit, weights, infidelity }: Pick<Autoencoder, "circuit" | "weights" | "infidelity">,
  rows: Features,
  { provider = localSimulator(), precision = 0 }: { readonly provider?: Backend; readonly precision?: number } = {},
): Promise<Float64Array> {
  const bound = circuit.bind({ w: weights });
  const parameterValues = { shape: [rows.numRows, 1, rows.numFeatures], data: rows.x };
  const pub = { circuit: bound, observables: [infidelity], parameterValues };
  const [result] = await (await provider.estimator({ precision }).run([pub])).result();
  return Float64Array.from(result!.evs);
}

/** The score that so large a share of good rows stays below; rows above it are called anomalies. */
export function thresholdAt(scores: Float64Array, share: number): number {
  return scores.toSorted()[Math.min(scores.length - 1, Math.floor(share * scores.length))]!;
}
