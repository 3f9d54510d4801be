import { createHash } from "node:crypto";
import { CircuitBuilder, checkSynchronous } from "./builder.ts";
import { describeValue } from "./describe-value.ts";
import { drawText } from "./draw/text.ts";
import { CircuitError, ParameterError } from "./errors.ts";
import { type Angle, constantValue } from "./expression.ts";
import { type CircuitJSON, circuitFromJSON, circuitToJSON } from "./json.ts";
import { checkControls, clbitsOf, mapOperation, type Operation, qubitsOf } from "./operation.ts";
import type { Parameter, ParameterVector } from "./parameter.ts";
import { poweredOperations } from "./power.ts";
import { controlledOperations, inverseOperations } from "./transformations.ts";

/** A named run of classical bits. */
export interface ClassicalRegister {
  readonly name: string;
  /** Index of the register's first (least significant) bit among the circuit's clbits. */
  readonly offset: number;
  readonly size: number;
}

/** What a circuit is made of; `Circuit.build` or a parser makes it. */
export interface CircuitParts {
  readonly numQubits: number;
  readonly registers: readonly ClassicalRegister[];
  readonly operations: readonly Operation[];
  readonly vectors: readonly ParameterVector[];
}

/** Values for parameters by vector or scalar name: a number, or all elements in flat row-major order. */
export type NamedValues = Readonly<Record<string, number | ArrayLike<number>>>;

/**
 * An immutable quantum circuit. Qubit 0 is the least significant bit of a basis state. Parameters are ordered inputs
 * first, then weights, each in order of first appearance, vectors whole; that order is a row of parameter values.
 */
export class Circuit {
  readonly numQubits: number;
  readonly numClbits: number;
  readonly registers: readonly ClassicalRegister[];
  readonly operations: readonly Operation[];
  /** Parameter vectors (scalars have shape []), inputs first. */
  readonly vectors: readonly ParameterVector[];
  /** All scalar parameters in row order. */
  readonly parameters: readonly Parameter[];
  readonly numInputs: number;
  readonly numWeights: number;
  #hash: string | undefined;

  /** @internal Use `Circuit.build`, `Circuit.fromJSON` or `parseQasm`. */
  constructor(parts: CircuitParts) {
    this.numQubits = parts.numQubits;
    this.registers = Object.freeze([...parts.registers]);
    this.numClbits = parts.registers.reduce((sum, register) => sum + register.size, 0);
    this.operations = Object.freeze([...parts.operations]);
    this.vectors = Object.freeze([
      ...parts.vectors.filter((vector) => vector.role === "input"),
      ...parts.vectors.filter((vector) => vector.role === "weight"),
    ]);
    this.parameters = Object.freeze(this.vectors.flatMap((vector) => [...vector]));
    this.numInputs = this.parameters.filter((parameter) => parameter.role === "input").length;
    this.numWeights = this.parameters.length - this.numInputs;
    Object.freeze(this);
  }

  /**
   * Builds a circuit.
   * @example const bell = Circuit.build(2, (c) => c.h(0).cx(0, 1));
   * @throws CircuitError QUBIT_COUNT unless `numQubits` is an integer from 0 to 65,536; CIRCUIT_PART
   */
  static build(numQubits: number, define: (builder: CircuitBuilder) => unknown): Circuit {
    const builder = new CircuitBuilder(numQubits);
    if (typeof define !== "function")
      throw new CircuitError(
        "CIRCUIT_PART",
        `A circuit is built by a function of its builder, such as (c) => c.h(0), not by ${describeValue(define)}.`,
      );
    const returned = define(builder);
    const parts = builder.finish();
    checkSynchronous(returned);
    return new Circuit(parts);
  }

  /** @throws CircuitError CIRCUIT_JSON, and whatever a builder refuses */
  static fromJSON(json: CircuitJSON): Circuit {
    return new Circuit(circuitFromJSON(json));
  }
  toJSON(): CircuitJSON {
    return circuitToJSON(this);
  }

  /**
   * SHA-256 (hex) of the structure: equal exactly for circuits that `equals` each other.
   * @throws ParameterError PARAMETER_TOO_LARGE, as `equals` and `toJSON`
   */
  get hash(): string {
    this.#hash ??= createHash("sha256").update(JSON.stringify(this.toJSON())).digest("hex");
    return this.#hash;
  }
  /** True when all qubits, registers, operations and parameters agree, in the same order. */
  equals(other: Circuit): boolean {
    return this === other || this.hash === other.hash;
  }

  /** A circuit with this one's content and then what `define` adds. */
  extend(define: (builder: CircuitBuilder) => unknown): Circuit {
    return Circuit.build(this.numQubits, (builder) => {
      builder.adopt(this);
      return define(builder);
    });
  }

  /**
   * This circuit followed by `other`, whose qubit i goes to `qubits[i]` (default: the same index). Registers of `other`
   * go to registers of the same name and size where there are any, else they are added.
   * @throws CircuitError COMPOSE_QUBITS when the qubits do not fit or one is named twice; CIRCUIT_PART
   */
  compose(other: Circuit, options: { readonly qubits?: readonly number[] } = {}): Circuit {
    if (!(other instanceof Circuit))
      throw new CircuitError("CIRCUIT_PART", `A circuit is composed with a circuit, not with ${describeValue(other)}.`);
    const qubits = options.qubits ?? Array.from({ length: other.numQubits }, (_, i) => i);
    if (
      qubits.length !== other.numQubits ||
      new Set(qubits).size !== qubits.length ||
      qubits.some((qubit) => !Number.isSafeInteger(qubit) || qubit < 0 || qubit >= this.numQubits)
    )
      throw new CircuitError(
        "COMPOSE_QUBITS",
        `A circuit of ${other.numQubits} qubit(s) cannot be placed on qubits [${qubits.join(", ")}] of a circuit of ${this.numQubits}.`,
      );
    return this.extend((builder) => {
      builder.place(other, qubits);
    });
  }

  /** The inverse circuit. @throws CircuitError CIRCUIT_NOT_UNITARY when it measures, resets, or branches */
  inverse(): Circuit {
    return new Circuit({ ...this, operations: inverseOperations(this.operations) });
  }

  /**
   * The circuit under `numControls` control qubits, which become qubits 0 .. numControls-1; the others move up.
   * @param state bit i is the value control i must have; all ones by default
   * @throws CircuitError CIRCUIT_NOT_UNITARY, CONTROL_COUNT, CONTROL_STATE
   */
  control(numControls = 1, state: number = 2 ** numControls - 1): Circuit {
    checkControls(numControls, state);
    return new Circuit({
      ...this,
      numQubits: this.numQubits + numControls,
      operations: controlledOperations(this.operations, numControls, state),
    });
  }

  /**
   * The circuit to a power: repeated for an integer, inverted for a negative one, the principal root for a fraction. A
   * circuit of one gate stays one where it can: rotations scale their angle, self-inverse gates fold, roots of X and Y are
   * rotations. Other fractions need bound parameters and at most 6 qubits.
   * @throws CircuitError CIRCUIT_NOT_UNITARY, CIRCUIT_POWER
   */
  power(exponent: number): Circuit {
    return new Circuit({ ...this, operations: poweredOperations(this, exponent) });
  }

  /**
   * A circuit with some or all parameters replaced by numbers (radians).
   * @throws ParameterError PARAMETER_UNKNOWN, PARAMETER_SHAPE, PARAMETER_NOT_FINITE
   * @example circuit.bind({ w: [0.1, 0.2], t: Math.PI })
   */
  bind(values: NamedValues): Circuit {
    if (typeof values !== "object" || values === null)
      throw new ParameterError(
        "PARAMETER_SHAPE",
        `bind takes values by name, such as { w: [0.1, 0.2], t: 0.3 }, not ${describeValue(values)}.`,
      );
    const byName = new Map(this.vectors.map((vector) => [vector.name, vector]));
    const bound = new Map<string, number>();
    for (const [name, value] of Object.entries(values)) {
      const vector = byName.get(name);
      if (vector === undefined)
        throw new ParameterError(
          "PARAMETER_UNKNOWN",
          `The circuit has no parameter ${name}. It has: ${[...byName.keys()].join(", ") || "none"}.`,
        );
      for (const [index, number] of numbersFor(vector, value).entries()) {
        if (!Number.isFinite(number))
          throw new ParameterError(
            "PARAMETER_NOT_FINITE",
            `Value ${index} of ${name} is ${typeof number === "number" ? number : describeValue(number)}; parameter values must be finite numbers.`,
          );
        bound.set(vector.elements[index]!.name, number);
      }
    }
    const angle = (value: Angle) =>
      typeof value === "number" ? value : value.substitute((parameter) => bound.get(parameter.name));
    return new Circuit({
      ...this,
      vectors: this.vectors.filter((vector) => !Object.hasOwn(values, vector.name)),
      operations: this.operations.map((operation) => mapOperation(operation, { angle })),
    });
  }

  /** The longest chain of gates, measurements, resets and delays that share qubits or clbits; barriers order but do not count. */
  depth(): number {
    const qubits = new Array<number>(this.numQubits).fill(0);
    const clbits = new Array<number>(this.numClbits).fill(0);
    for (const operation of this.operations) {
      const onQubits = qubitsOf(operation);
      const onClbits = clbitsOf(operation);
      let level = operation.kind === "barrier" ? 0 : 1;
      let latest = 0;
      for (const qubit of onQubits) latest = Math.max(latest, qubits[qubit]!);
      for (const clbit of onClbits) latest = Math.max(latest, clbits[clbit]!);
      level += latest;
      if (onQubits.length === 0 && onClbits.length === 0) continue;
      for (const qubit of onQubits) qubits[qubit] = level;
      for (const clbit of onClbits) clbits[clbit] = level;
    }
    return [...qubits, ...clbits].reduce((most, level) => Math.max(most, level), 0);
  }

  /** How often each operation occurs, by name (`cx`, `measure`, `c3-x` for an x with three further controls, ...), `if` branches included. */
  count(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    const visit = (operation: Operation): void => {
      const name = operationName(operation);
      counts[name] = (counts[name] ?? 0) + 1;
      if (operation.kind === "if") [...operation.whenTrue, ...operation.whenFalse].forEach(visit);
    };
    this.operations.forEach(visit);
    return counts;
  }

  /** True when the circuit holds only gates, unitaries, barriers and delays. */
  get isUnitary(): boolean {
    return this.operations.every(
      ({ kind }) => kind === "gate" || kind === "unitary" || kind === "barrier" || kind === "delay",
    );
  }

  /** A text drawing, qubit 0 on top. */
  toString(): string {
    return drawText(this);
  }
}

/** The values of one vector, as many as it has elements. @throws ParameterError PARAMETER_SHAPE */
function numbersFor(vector: ParameterVector, value: number | ArrayLike<number>): readonly number[] {
  const { name, shape, size } = vector;
  const isScalar = shape.length === 0;
  const isList = typeof value === "object" && value !== null && Number.isSafeInteger(value.length);
  if (typeof value === "number" ? isScalar : isList && value.length === size)
    return typeof value === "number" ? [value] : Array.from(value);
  const given = typeof value === "number" ? "a number" : isList ? value.length : describeValue(value);
  throw new ParameterError(
    "PARAMETER_SHAPE",
    `${name} has shape [${shape.join(", ")}] and needs ${isScalar ? "one number" : `a list of ${size} number(s)`} but was given ${given}.`,
  );
}

/** `gate` for a plain gate, `c3-x` and the like for one with further controls. */
export function operationName(operation: Operation): string {
  if (operation.kind === "gate")
    return operation.numControls === 0 ? operation.gate : `c${operation.numControls}-${operation.gate}`;
  return operation.kind;
}

/** The value of every parameter of an operation list must be a number. @throws CircuitError CIRCUIT_UNBOUND */
export function assertBound(circuit: Circuit): void {
  for (const operation of circuit.operations)
    if (operation.kind === "gate" && operation.params.some((param) => constantValue(param) === undefined))
      throw new CircuitError(
        "CIRCUIT_UNBOUND",
        `The circuit has free parameters (${circuit.parameters.map((parameter) => parameter.name).join(", ")}); give their values or bind them.`,
      );
}
