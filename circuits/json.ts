import { CircuitBuilder } from "./builder.ts";
import type { Circuit, CircuitParts } from "./circuit.ts";
import { CircuitError, LeptonError, ParameterError } from "./errors.ts";
import { checkWritten, type ExpressionJSON, expressionFromJSON, ParameterExpression } from "./expression.ts";
import { sizeOf } from "./expression-node.ts";
import { type DurationUnit, gateOperation, type Operation, unitaryOperation } from "./operation.ts";
import { type ParameterRole, ParameterVector } from "./parameter.ts";

/** JSON form of an operation: a gate is `[name, params, qubits]` or with `[numControls, controlState]` after it. */
export type OperationJSON =
  | readonly [
      gate: string,
      params: readonly ExpressionJSON[],
      qubits: readonly number[],
      controls?: readonly [number, number],
    ]
  | {
      readonly unitary: readonly number[];
      readonly label: string;
      readonly qubits: readonly number[];
      readonly controls?: readonly [number, number];
    }
  | { readonly measure: readonly [qubit: number, clbit: number] }
  | { readonly reset: number }
  | { readonly barrier: readonly number[] }
  | { readonly delay: readonly [qubit: number, duration: number, unit: DurationUnit] }
  | {
      readonly if: { readonly clbits: readonly number[]; readonly value: number };
      readonly whenTrue: readonly OperationJSON[];
      readonly whenFalse: readonly OperationJSON[];
    };

/** JSON form of a circuit; `format` changes when old files would be read differently. */
export interface CircuitJSON {
  readonly format: "lepton-circuit@1";
  readonly numQubits: number;
  readonly registers: readonly (readonly [name: string, size: number])[];
  readonly parameters: readonly (readonly [name: string, role: ParameterRole, shape: readonly number[]])[];
  readonly operations: readonly OperationJSON[];
}

function operationToJSON(operation: Operation): OperationJSON {
  switch (operation.kind) {
    case "gate": {
      const params = operation.params.map((param) => (typeof param === "number" ? param : param.toJSON()));
      return operation.numControls === 0
        ? [operation.gate, params, operation.qubits]
        : [operation.gate, params, operation.qubits, [operation.numControls, operation.controlState]];
    }
    case "unitary":
      return {
        unitary: Array.from(operation.matrix),
        label: operation.label,
        qubits: operation.qubits,
        ...(operation.numControls === 0 ? {} : { controls: [operation.numControls, operation.controlState] }),
      };
    case "measure":
      return { measure: [operation.qubit, operation.clbit] };
    case "reset":
      return { reset: operation.qubit };
    case "barrier":
      return { barrier: operation.qubits };
    case "delay":
      return { delay: [operation.qubit, operation.duration, operation.unit] };
    case "if":
      return {
        if: { clbits: operation.condition.clbits, value: operation.condition.value },
        whenTrue: operation.whenTrue.map(operationToJSON),
        whenFalse: operation.whenFalse.map(operationToJSON),
      };
  }
}

/** Parts of all angles that one text can hold: about 250 MB. */
const MAX_WRITTEN_PARTS = 1 << 23;

/** @throws ParameterError PARAMETER_TOO_LARGE when a text of the circuit would be longer than a string can be */
export function checkWrittenCircuit(operations: readonly Operation[]): void {
  let parts = 0;
  const visit = (operation: Operation): void => {
    if (operation.kind === "gate") {
      for (const param of operation.params)
        if (typeof param !== "number") {
          checkWritten(param);
          parts += sizeOf(param.node);
        }
    } else if (operation.kind === "if")
      for (const inner of [...operation.whenTrue, ...operation.whenFalse]) visit(inner);
  };
  for (const operation of operations) visit(operation);
  if (parts > MAX_WRITTEN_PARTS)
    throw new ParameterError(
      "PARAMETER_TOO_LARGE",
      `Written out, the angles of this circuit have ${parts} parts together; at most ${MAX_WRITTEN_PARTS} can be printed, hashed or saved. Bind its parameters first.`,
    );
}

export function circuitToJSON(circuit: Circuit): CircuitJSON {
  checkWrittenCircuit(circuit.operations);
  return {
    format: "lepton-circuit@1",
    numQubits: circuit.numQubits,
    registers: circuit.registers.map(({ name, size }) => [name, size] as const),
    parameters: circuit.vectors.map(({ name, role, shape }) => [name, role, shape] as const),
    operations: circuit.operations.map(operationToJSON),
  };
}

/** @throws CircuitError CIRCUIT_JSON when the text is no circuit of this format; other errors as the builder's */
export function circuitFromJSON(json: CircuitJSON): CircuitParts {
  if (json?.format !== "lepton-circuit@1")
    throw new CircuitError(
      "CIRCUIT_JSON",
      `Expected a circuit of format "lepton-circuit@1" but found ${JSON.stringify(json?.format)}.`,
    );
  try {
    const vectors = new Map(
      json.parameters.map(([name, role, shape]) => [name, new ParameterVector(name, role, shape)]),
    );
    const builder = new CircuitBuilder(json.numQubits);
    for (const [name, size] of json.registers) builder.register(name, size);
    for (const vector of vectors.values()) builder.declare(vector);
    const angle = (value: ExpressionJSON) => {
      const result = expressionFromJSON(value, (name, index) => {
        const parameter = vectors.get(name)?.elements[index];
        if (parameter === undefined)
          throw new CircuitError("CIRCUIT_JSON", `Parameter ${name}[${index}] is not declared.`);
        return parameter;
      });
      return result instanceof ParameterExpression ? result : Number(result);
    };
    const fill = (target: CircuitBuilder, operations: readonly OperationJSON[]): void => {
      for (const item of operations) {
        if (Array.isArray(item)) {
          const [gate, params, qubits, controls] = item;
          target.append(gateOperation(gate, params.map(angle), qubits, controls?.[0], controls?.[1]));
          continue;
        }
        const operation = item as Exclude<OperationJSON, readonly unknown[]>;
        if ("unitary" in operation)
          target.append(
            unitaryOperation(
              Float64Array.from(operation.unitary),
              operation.qubits,
              operation.label,
              operation.controls?.[0],
              operation.controls?.[1],
            ),
          );
        else if ("measure" in operation) target.measure(...operation.measure);
        else if ("reset" in operation) target.reset(operation.reset);
        else if ("barrier" in operation)
          target.append(Object.freeze({ kind: "barrier", qubits: Object.freeze([...operation.barrier]) }));
        else if ("delay" in operation) target.delay(operation.delay[1], operation.delay[2], operation.delay[0]);
        else if ("if" in operation)
          target.branch(
            operation.if.clbits,
            operation.if.value,
            (inner) => fill(inner, operation.whenTrue),
            (inner) => fill(inner, operation.whenFalse),
          );
        else throw new CircuitError("CIRCUIT_JSON", `${JSON.stringify(operation)} is not an operation.`);
      }
    };
    fill(builder, json.operations);
    return builder.finish();
  } catch (error) {
    if (error instanceof LeptonError) throw error;
    throw new CircuitError(
      "CIRCUIT_JSON",
      `The circuit JSON is incomplete: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}
