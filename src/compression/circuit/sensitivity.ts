import {
  type Angle,
  add,
  Circuit,
  input,
  operationMatrix,
  pauliBasisImage,
  SparsePauliOp,
} from "../../../circuits/index.ts";
import { type Backend, localSimulator } from "../../../providers/index.ts";
import { CompressionError } from "../../errors.ts";
import { gradientProgram, runExpectations } from "../../gradients/index.ts";
import { slotHarmonics, type TunableGate, tunableGates } from "./gates.ts";
import type { OutputSlopes } from "./objective.ts";
import type { TrainedCircuit } from "./trained-circuit.ts";

/** How a loss answers to the angles of single gates; one element for each gate. */
export interface LossSensitivity {
  readonly gates: readonly TunableGate[];
  /** Mean over rows of the loss's slope in the gate's angle. */
  readonly gradient: Float64Array;
  /** Mean over rows of the slope squared: the diagonal of the empirical Fisher information. */
  readonly fisher: Float64Array;
}

/** Unlikely to be the name of a vector that the circuit has. */
const SHIFT = "lepton_gate_shift";

/**
 * The slope of the loss in the angle of every tunable gate, and the empirical Fisher information of the rows: the angles are
 * shifted one by one, so gates that share a weight are told apart. One reverse pass over the rows.
 * @throws what the provider throws
 */
export async function lossSensitivity(
  trained: TrainedCircuit,
  { inputs, rows, slopes }: OutputSlopes,
  options: { readonly provider?: Backend; readonly signal?: AbortSignal } = {},
): Promise<LossSensitivity> {
  const gates = tunableGates(trained);
  const gradient = new Float64Array(gates.length);
  const fisher = new Float64Array(gates.length);
  if (gates.length === 0) return { gates, gradient, fisher };
  const { numInputs } = trained.circuit;
  const width = numInputs + gates.length;
  const values = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++) values.set(inputs.subarray(row * numInputs, (row + 1) * numInputs), row * width);
  const program = gradientProgram(shiftableCircuit(trained.circuit, gates), trained.observables, {
    provider: options.provider ?? localSimulator(),
    wants: { weights: false, inputs: true },
    rows,
  });
  const point = { weights: trained.weights, inputs: values, rows };
  const evaluation = await program.evaluate(point, {
    cotangents: slopes,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const found = evaluation.pullback().inputs!;
  for (let row = 0; row < rows; row++)
    for (let gate = 0; gate < gates.length; gate++) {
      const slope = found[row * width + numInputs + gate]!;
      gradient[gate]! += slope / rows;
      fisher[gate]! += slope ** 2 / rows;
    }
  return { gates, gradient, fisher };
}

/** The circuit with one more input for each gate, which is added to its angle. */
function shiftableCircuit(circuit: Circuit, gates: readonly TunableGate[]): Circuit {
  const shift = input(SHIFT, gates.length);
  const shiftOf = new Map(gates.map(({ position }, index) => [position, shift.at(index)]));
  return Circuit.build(circuit.numQubits, (builder) => {
    builder.declare(
      ...circuit.vectors.filter(({ role }) => role === "input"),
      shift,
      ...circuit.vectors.filter(({ role }) => role === "weight"),
    );
    for (const [position, operation] of circuit.operations.entries()) {
      const own = shiftOf.get(position);
      if (own === undefined || operation.kind !== "gate") builder.append(operation);
      else
        builder.gate(operation.gate, [add(operation.params[0] as Angle, own)], operation.qubits, {
          numControls: operation.numControls,
          controlState: operation.controlState,
        });
    }
  });
}

/** How far the state answers to the angles of single gates; one element for each gate. */
export interface QuantumFisher {
  readonly gates: readonly TunableGate[];
  /** 4·(⟨G²⟩ - ⟨G⟩²) for the generator G of each gate, mean over rows; in the gate's own angle. */
  readonly diagonal: Float64Array;
}

/**
 * The diagonal of the quantum Fisher information in the angles of single gates, four times the Fubini-Study metric (Stokes et
 * al., arXiv:1909.02108): a gate turned by δ takes the state to a fidelity of about 1 - δ²·F/4. From the variance of each
 * gate's generator in the state before it.
 * @param options.inputs [B, D] rows of data; one row of nothing where the circuit has no inputs
 * @throws CompressionError COMPRESSION_OPTION where inputs are missing; what the provider throws
 */
export async function quantumFisherDiagonal(
  trained: TrainedCircuit,
  options: { readonly inputs?: Float64Array; readonly provider?: Backend; readonly signal?: AbortSignal } = {},
): Promise<QuantumFisher> {
  const { circuit, weights } = trained;
  const { inputs = new Float64Array(0), provider = localSimulator() } = options;
  const rows = circuit.numInputs === 0 ? 1 : inputs.length / circuit.numInputs;
  if (!Number.isSafeInteger(rows) || rows < 1)
    throw new CompressionError(
      "COMPRESSION_OPTION",
      `quantumFisherDiagonal: the circuit has ${circuit.numInputs} input(s); give rows of as many values, not ${inputs.length}.`,
    );
  const gates = tunableGates(trained);
  const width = circuit.parameters.length;
  const data = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++) {
    data.set(inputs.subarray(row * circuit.numInputs, (row + 1) * circuit.numInputs), row * width);
    data.set(weights, row * width + circuit.numInputs);
  }
  const requests = gates.map(({ position, operation }) => {
    const generator = generatorOf(operation, circuit.numQubits);
    return {
      circuit: before(circuit, position),
      observables: [generator, generator.product(generator)],
      shape: [rows],
      data,
    };
  });
  const diagonal = new Float64Array(gates.length);
  if (requests.length === 0) return { gates, diagonal };
  const { results } = await runExpectations(provider, requests, {
    precision: 0,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  for (const [gate, { evs }] of results.entries())
    for (let row = 0; row < rows; row++) diagonal[gate]! += (4 * (evs[2 * row + 1]! - evs[2 * row]! ** 2)) / rows;
  return { gates, diagonal };
}

/** The operations before a position, with all parameters of the whole circuit. */
function before(circuit: Circuit, position: number): Circuit {
  return Circuit.build(circuit.numQubits, (builder) => {
    builder.declare(...circuit.vectors);
    for (const operation of circuit.operations.slice(0, position)) builder.append(operation);
  });
}

/** G of a gate exp(-iθG), global phase aside, as a sum of Pauli strings. */
function generatorOf(operation: TunableGate["operation"], numQubits: number): SparsePauliOp {
  const scale = Math.max(...slotHarmonics(operation).map(Math.abs));
  const at = (angle: number) => operationMatrix({ ...operation, params: [angle] });
  // All elements are combinations of 1 and exp(±i·scale·θ), so one difference gives the slope at 0.
  const [ahead, behind] = [at(Math.PI / (2 * scale)), at(-Math.PI / (2 * scale))];
  const size = 2 ** operation.qubits.length;
  // i·U'(0), element by element.
  const element = (row: number, column: number): readonly [number, number] => {
    const index = 2 * (row * size + column);
    const re = (scale / 2) * (ahead[index]! - behind[index]!);
    const im = (scale / 2) * (ahead[index + 1]! - behind[index + 1]!);
    return [-im, re];
  };
  const terms: (readonly [Readonly<Record<number, "X" | "Y" | "Z">>, number])[] = [];
  for (let code = 0; code < 4 ** operation.qubits.length; code++) {
    const letters = operation.qubits.map((_, bit) => "IXYZ"[(code >> (2 * bit)) & 3] as "I" | "X" | "Y" | "Z");
    let trace = 0;
    for (let column = 0; column < size; column++) {
      // P|column⟩ = i^turns |row⟩, so Tr(P·G) = Σ i^turns ⟨column|G|row⟩.
      const { row, turns } = pauliBasisImage(letters, column);
      const [re, im] = element(column, row);
      trace += [re, -im, -re, im][turns]!;
    }
    const coefficient = trace / size;
    if (Math.abs(coefficient) < 1e-12) continue;
    const map = Object.fromEntries(
      letters.flatMap((letter, bit) => (letter === "I" ? [] : [[operation.qubits[bit]!, letter]])),
    );
    terms.push([map, coefficient]);
  }
  return SparsePauliOp.fromMaps(numQubits, terms);
}
