import type { Circuit, CircuitParts, ClassicalRegister } from "./circuit.ts";
import { CircuitError, ParameterError } from "./errors.ts";
import { GATES, type GateName } from "./gates.ts";
import type { Matrix } from "./matrices.ts";
import {
  type Condition,
  checkDistinct,
  clbitsOf,
  DURATION_UNITS,
  type DurationUnit,
  foldControls,
  gateOperation,
  mapOperation,
  type Operation,
  qubitsOf,
  unitaryOperation,
} from "./operation.ts";
import { type Angle, type Parameter, ParameterExpression, type ParameterVector } from "./parameter.ts";

type Tuple<Item, Length extends number, Found extends Item[] = []> = Found["length"] extends Length
  ? Found
  : Tuple<Item, Length, [...Found, Item]>;

/** One method per row of the gate table: parameters (radians) first, then qubits. */
export type GateMethods<Self> = {
  readonly [G in GateName]: (
    ...args: [...Tuple<Angle, (typeof GATES)[G]["numParams"]>, ...Tuple<number, (typeof GATES)[G]["numQubits"]>]
  ) => Self;
};

const MAX_QUBITS = 65_536;

const GateMethodsBase = class {} as unknown as abstract new () => GateMethods<CircuitBuilder>;

/** The one mutable form of a circuit, alive only inside `Circuit.build`. Every method returns the builder. */
export class CircuitBuilder extends GateMethodsBase {
  readonly numQubits: number;
  #registers: ClassicalRegister[] = [];
  #operations: Operation[] = [];
  #vectors = new Map<string, ParameterVector>();

  constructor(numQubits: number) {
    super();
    if (!Number.isSafeInteger(numQubits) || numQubits < 0 || numQubits > MAX_QUBITS)
      throw new CircuitError("QUBIT_COUNT", `A circuit has 0 to ${MAX_QUBITS} qubits, not ${numQubits}.`);
    this.numQubits = numQubits;
  }

  get numClbits(): number {
    return this.#registers.reduce((sum, register) => sum + register.size, 0);
  }

  /** Declares classical bits. @throws CircuitError REGISTER_NAME, REGISTER_SIZE */
  register(name: string, size: number): ClassicalRegister {
    if (!/^[\p{L}_][\p{L}\p{N}_]*$/u.test(name) || this.#registers.some((register) => register.name === name))
      throw new CircuitError("REGISTER_NAME", `"${name}" is no name for a classical register, or it is taken.`);
    if (!Number.isSafeInteger(size) || size < 1 || size > MAX_QUBITS)
      throw new CircuitError("REGISTER_SIZE", `Register ${name} must have 1 to ${MAX_QUBITS} bits, not ${size}.`);
    const register = Object.freeze({ name, offset: this.numClbits, size });
    this.#registers.push(register);
    return register;
  }

  /** Declares parameters that no gate need use, so that their place in a row of values is kept. */
  declare(...parameters: readonly (ParameterVector | Parameter)[]): this {
    for (const one of parameters) this.#declare("vector" in one ? one.vector : one);
    return this;
  }

  /** Appends a gate by name, with further controls if asked for. */
  gate(
    name: string,
    params: readonly Angle[],
    qubits: readonly number[],
    options: { readonly numControls?: number; readonly controlState?: number } = {},
  ): this {
    return this.append(gateOperation(name, params, qubits, options.numControls, options.controlState));
  }

  /** X on `target` under any number of controls; `state` bit i is the value of control i. */
  mcx(controls: readonly number[], target: number, state?: number): this {
    return this.gate("x", [], [...controls, target], {
      numControls: controls.length,
      ...(state === undefined ? {} : { controlState: state }),
    });
  }

  /** Phase `angle` on the states in which all controls and the target are 1. */
  mcp(angle: Angle, controls: readonly number[], target: number): this {
    return this.gate("p", [angle], [...controls, target], { numControls: controls.length });
  }

  /** Any unitary; the first qubit is the matrix's least significant bit. */
  unitary(matrix: Matrix, qubits: readonly number[], label?: string): this {
    return this.append(unitaryOperation(matrix, qubits, label));
  }

  /** Keeps optimisers from moving gates across; all qubits by default. */
  barrier(...qubits: readonly number[]): this {
    const all = qubits.length === 0 ? Array.from({ length: this.numQubits }, (_, i) => i) : [...qubits];
    checkDistinct("A barrier", all);
    return this.append(Object.freeze({ kind: "barrier", qubits: Object.freeze(all) }));
  }

  /** Lets a qubit wait. @throws CircuitError DELAY_DURATION, DELAY_UNIT */
  delay(duration: number, unit: DurationUnit, qubit: number): this {
    if (!DURATION_UNITS.includes(unit))
      throw new CircuitError("DELAY_UNIT", `"${unit}" is no unit of time; use one of ${DURATION_UNITS.join(", ")}.`);
    if (!(duration >= 0) || !Number.isFinite(duration) || (unit === "dt" && !Number.isSafeInteger(duration)))
      throw new CircuitError(
        "DELAY_DURATION",
        `A delay of ${duration} ${unit} is not possible; give a finite duration of 0 or more, whole for dt.`,
      );
    return this.append(Object.freeze({ kind: "delay", qubit, duration, unit }));
  }

  measure(qubit: number, clbit: number): this {
    return this.append(Object.freeze({ kind: "measure", qubit, clbit }));
  }

  /** Adds a register (`meas` by default) of one bit a qubit and measures qubit i into bit i. */
  measureAll(name = "meas"): this {
    const { offset } = this.register(name, this.numQubits);
    for (let qubit = 0; qubit < this.numQubits; qubit++) this.measure(qubit, offset + qubit);
    return this;
  }

  reset(qubit: number): this {
    return this.append(Object.freeze({ kind: "reset", qubit }));
  }

  /** Runs `then` when the clbits (a register, or a list with the least significant first) read `value`, else `otherwise`. */
  if(
    bits: ClassicalRegister | readonly number[],
    value: number,
    then: (builder: CircuitBuilder) => unknown,
    otherwise?: (builder: CircuitBuilder) => unknown,
  ): this {
    const clbits = "offset" in bits ? Array.from({ length: bits.size }, (_, i) => bits.offset + i) : [...bits];
    if (!Number.isInteger(value) || value < 0)
      throw new CircuitError("CONDITION_VALUE", `A condition compares with an integer of 0 or more, not ${value}.`);
    const branch = (define: ((builder: CircuitBuilder) => unknown) | undefined): readonly Operation[] => {
      if (define === undefined) return Object.freeze([]);
      const inner = new CircuitBuilder(this.numQubits);
      inner.#registers = this.#registers;
      inner.#vectors = this.#vectors;
      define(inner);
      return Object.freeze(inner.#operations);
    };
    const condition: Condition = Object.freeze({ clbits: Object.freeze(clbits), value });
    return this.append(Object.freeze({ kind: "if", condition, whenTrue: branch(then), whenFalse: branch(otherwise) }));
  }

  /** Appends an operation that another part of Lepton made; controls become the table's own where they can. @throws CircuitError QUBIT_RANGE, CLBIT_RANGE */
  append(operation: Operation): this {
    for (const qubit of qubitsOf(operation))
      if (!Number.isSafeInteger(qubit) || qubit < 0 || qubit >= this.numQubits)
        throw new CircuitError(
          "QUBIT_RANGE",
          `Qubit ${qubit} does not exist in a circuit of ${this.numQubits} qubit(s), numbered from 0.`,
        );
    for (const clbit of clbitsOf(operation))
      if (!Number.isSafeInteger(clbit) || clbit < 0 || clbit >= this.numClbits)
        throw new CircuitError(
          "CLBIT_RANGE",
          `Classical bit ${clbit} does not exist; the circuit has ${this.numClbits}. Declare it with register().`,
        );
    this.#declareParameters(operation);
    this.#operations.push(operation.kind === "gate" ? foldControls(operation) : operation);
    return this;
  }

  /** Takes over registers, parameters and operations of a circuit as they are. */
  adopt(circuit: Circuit): this {
    for (const { name, size } of circuit.registers) this.register(name, size);
    this.declare(...circuit.vectors);
    for (const operation of circuit.operations) this.append(operation);
    return this;
  }

  /** Appends a circuit with its qubit i on `qubits[i]`; its registers are found by name and size, or added. */
  place(circuit: Circuit, qubits: readonly number[]): this {
    const clbits: number[] = [];
    for (const { name, size } of circuit.registers) {
      const own =
        this.#registers.find((register) => register.name === name && register.size === size) ??
        this.register(name, size);
      for (let bit = 0; bit < size; bit++) clbits.push(own.offset + bit);
    }
    this.declare(...circuit.vectors);
    for (const operation of circuit.operations)
      this.append(mapOperation(operation, { qubit: (qubit) => qubits[qubit]!, clbit: (clbit) => clbits[clbit]! }));
    return this;
  }

  /** @internal */
  finish(): CircuitParts {
    return {
      numQubits: this.numQubits,
      registers: this.#registers,
      operations: this.#operations,
      vectors: [...this.#vectors.values()],
    };
  }

  #declareParameters(operation: Operation): void {
    if (operation.kind === "if")
      for (const inner of [...operation.whenTrue, ...operation.whenFalse]) this.#declareParameters(inner);
    if (operation.kind === "gate")
      for (const param of operation.params)
        if (param instanceof ParameterExpression) for (const { vector } of param.parameters) this.#declare(vector);
  }

  #declare(vector: ParameterVector): void {
    const known = this.#vectors.get(vector.name);
    if (known === undefined) this.#vectors.set(vector.name, vector);
    else if (known.role !== vector.role || known.shape.join() !== vector.shape.join())
      throw new ParameterError(
        "PARAMETER_CLASH",
        `The circuit has ${known.role} ${vector.name} of shape [${known.shape.join(", ")}] already; ${vector.role} ${vector.name} of shape [${vector.shape.join(", ")}] needs another name.`,
      );
  }
}

for (const name of Object.keys(GATES) as GateName[])
  Object.defineProperty(CircuitBuilder.prototype, name, {
    value(this: CircuitBuilder, ...args: unknown[]): CircuitBuilder {
      const { numParams } = GATES[name];
      return this.gate(name, args.slice(0, numParams) as Angle[], args.slice(numParams) as number[]);
    },
  });
