import { Circuit, CircuitError, clbitsOf, type NamedValues, type Operation, qubitsOf } from "../../circuits/index.ts";
import { parseQasm } from "../../circuits/qasm/index.ts";
import { type Io, readText } from "./io.ts";
import { fitToVectors, readParameters } from "./options.ts";

/** The circuit of an OpenQASM 2 or 3 file. @throws UsageError FILE_READ, QasmError with file, line and column */
export async function readCircuit(io: Io, file: string): Promise<Circuit> {
  return parseQasm(await readText(io, file), { file: file === "-" ? "<stdin>" : file });
}

interface ParameterOptions {
  readonly params?: string;
  readonly param?: readonly string[];
}

/** The circuit with all its parameters replaced by the values given. @throws ParameterError, CircuitError CIRCUIT_UNBOUND */
export async function bindAll(io: Io, circuit: Circuit, options: ParameterOptions): Promise<Circuit> {
  return circuit.bind(await allValues(io, circuit, options));
}

/** The values given as a row in the order of `circuit.parameters`. @throws ParameterError, CircuitError CIRCUIT_UNBOUND */
export async function parameterRow(io: Io, circuit: Circuit, options: ParameterOptions): Promise<Float64Array> {
  const values = await allValues(io, circuit, options);
  return Float64Array.from(
    circuit.vectors.flatMap(({ name }) => {
      const value = values[name]!;
      return typeof value === "number" ? [value] : Array.from(value);
    }),
  );
}

async function allValues(io: Io, circuit: Circuit, options: ParameterOptions): Promise<NamedValues> {
  const values = fitToVectors(await readParameters(io, options.params, options.param), circuit.vectors);
  const { vectors } = circuit.bind(values);
  if (vectors.length > 0)
    throw new CircuitError(
      "CIRCUIT_UNBOUND",
      `Values are missing for ${vectors.map(({ name }) => name).join(", ")}; give them with --param name=value or --params FILE.json.`,
    );
  return values;
}

/**
 * The circuit up to its final measurements: those after which nothing happens to their qubit or clbit. They do not change
 * what a state or an expectation value before them is.
 */
export function withoutFinalMeasurements(circuit: Circuit): Circuit {
  const qubits = new Set<number>();
  const clbits = new Set<number>();
  const kept: Operation[] = [];
  for (const operation of [...circuit.operations].reverse()) {
    const final = operation.kind === "measure" && !qubits.has(operation.qubit) && !clbits.has(operation.clbit);
    if (final) continue;
    if (operation.kind !== "barrier") for (const qubit of qubitsOf(operation)) qubits.add(qubit);
    for (const clbit of clbitsOf(operation)) clbits.add(clbit);
    kept.push(operation);
  }
  if (kept.length === circuit.operations.length) return circuit;
  return Circuit.build(circuit.numQubits, (builder) => {
    for (const { name, size } of circuit.registers) builder.register(name, size);
    for (const vector of circuit.vectors) builder.declare(vector);
    for (const operation of kept.reverse()) builder.append(operation);
  });
}
