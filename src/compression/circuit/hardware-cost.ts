import { type CompileOptions, compile, Rng, type Target } from "../../../circuits/index.ts";
import { deviceSimulator, planIsaPubs } from "../../../providers/index.ts";
import { gradientProgram } from "../../gradients/index.ts";
import { checkSetting, type TrainedCircuit } from "./trained-circuit.ts";

/** What a circuit takes on a device, compiled for it. */
export interface HardwareCost {
  readonly twoQubitGates: number;
  /** The longest chain of gates on two qubits. */
  readonly twoQubitDepth: number;
  readonly depth: number;
  /** Of one execution; undefined where the device does not tell, as below. */
  readonly durationSeconds: number | undefined;
  /** The product of 1 - error over the gates; reading the qubits is not in it. */
  readonly estimatedSuccess: number | undefined;
  /** Circuit executions of one training step by parameter shift: values and gradients of a batch. */
  readonly executionsPerStep: number;
  /** Seconds of the quantum computer for such a step. */
  readonly quantumSeconds: number;
}

/** A training step on hardware. */
export interface HardwareStep {
  /** Rows of the batch; 32 by default, 1 where the circuit has no inputs. */
  readonly rows?: number;
  /** Target standard error of every value; 1/16 by default. */
  readonly precision?: number;
  /** Whether layers before the circuit are trained too, which takes gradients of its inputs; false by default. */
  readonly inputGradients?: boolean;
}

/** @throws CompressionError COMPRESSION_OPTION */
export function checkStep(what: string, { rows = 32, precision = 1 / 16 }: HardwareStep): void {
  checkSetting(what, "step.rows", rows, Number.isSafeInteger(rows) && rows >= 1, "an integer of 1 or more");
  checkSetting(what, "step.precision", precision, precision > 0 && precision <= 1, "a number above 0 and at most 1");
}

/**
 * Compiles a circuit for a device and plans one training step on it. Nothing is sent.
 * @throws TranspilerError
 */
export function hardwareCost(
  { circuit, weights, observables }: TrainedCircuit,
  target: Target,
  options: { readonly step?: HardwareStep; readonly compile?: CompileOptions } = {},
): HardwareCost {
  const { precision = 1 / 16, inputGradients = false } = options.step ?? {};
  const rows = circuit.numInputs === 0 ? 1 : (options.step?.rows ?? 32);
  const compiled = compile(circuit, target, options.compile);
  const { twoQubitGates, twoQubitDepth, depth, durationSeconds, estimatedSuccess } = compiled.metrics;
  const program = gradientProgram(circuit, observables, {
    // Only asked what it can do: it samples, so gradients are shifted.
    provider: deviceSimulator(target, { noise: false }),
    wants: { weights: circuit.numWeights > 0, inputs: inputGradients && circuit.numInputs > 0 },
    method: "parameter-shift",
    rows,
    precision,
  });
  // Different rows, since equal ones are sent once.
  const rng = Rng.seed("rows");
  const inputs = Float64Array.from({ length: rows * circuit.numInputs }, () => rng.normal());
  const { shape } = program.prepare({ weights, inputs, rows }).request!;
  // What runs has an angle of its own for every gate, so that each can be shifted, and the same gates.
  const { executions, quantumSeconds } = planIsaPubs([
    {
      compiled,
      observables: observables.map((observable) => compiled.applyLayout(observable)),
      rows: shape.reduce((product, size) => product * size, 1),
      values: new Float64Array(0),
      precision,
    },
  ]);
  return {
    twoQubitGates,
    twoQubitDepth,
    depth,
    durationSeconds,
    estimatedSuccess,
    executionsPerStep: executions,
    quantumSeconds,
  };
}
