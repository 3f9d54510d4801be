import type { Circuit, CircuitParts, ClassicalRegister } from "./circuit.ts";
import { foldControls } from "./controls.ts";
import { describeNumber, describeValue } from "./describe-value.ts";
import { CircuitError, ParameterError } from "./errors.ts";
import { type Angle, ParameterExpression } from "./expression.ts";
import { GATES, type GateName } from "./gates.ts";
import type { Matrix } from "./matrices.ts";
import { isName } from "./names.ts";
import {
  type Condition,
  checkDistinct,
  clbitsOf,
  DURATION_UNITS,
  type DurationUnit,
  gateOperation,
  mapOperation,
  type Operation,
  qubitsOf,
  unitaryOperation,
} from "./operation.ts";
import { Parameter, ParameterVector } from "./parameter.ts";

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

/** The classical bits and parameters that a builder shares with those of its branches. */
interface Declared {
  readonly registers: Map<string, ClassicalRegister>;
  numClbits: number;
  readonly vectors: Map<string, ParameterVector>;
}

/** What to do when a builder is not, or no longer, the one to use. */
const CLOSED = {
  "in a branch":
    "This builder cannot be used inside a branch of its if; use the builder that the branch is handed: c.if(bits, value, (inner) => inner.x(0)).",
  "after its branch": "The branch of this builder has ended; use the builder around the if.",
  "after its circuit":
    "The circuit of this builder is made, and circuits do not change; put the gate into Circuit.build, or use circuit.extend.",
};

/** What an asynchronous function appends comes after the circuit was made. @throws CircuitError CIRCUIT_PART */
export function checkSynchronous(returned: unknown): void {
  if (typeof (returned as { readonly then?: unknown } | undefined)?.then !== "function") return;
  // Whatever it throws later is a consequence.
  (returned as Promise<unknown>).then(undefined, () => {});
  throw new CircuitError(
    "CIRCUIT_PART",
    "The function that builds a circuit is asynchronous; await what it needs first, and append gates synchronously.",
  );
}

const GateMethodsBase = class {} as unknown as abstract new () => GateMethods<CircuitBuilder>;

/** The one mutable form of a circuit, alive only inside `Circuit.build`. Every method returns the builder. */
export class CircuitBuilder extends GateMethodsBase {
  readonly numQubits: number;
  readonly #operations: Operation[] = [];
  #declared: Declared = { registers: new Map(), numClbits: 0, vectors: new Map() };
  /** Which builder must be used instead, while there is one. */
  #closed: keyof typeof CLOSED | undefined;

  constructor(numQubits: number) {
    super();
    if (!Number.isSafeInteger(numQubits) || numQubits < 0 || numQubits > MAX_QUBITS)
      throw new CircuitError(
        "QUBIT_COUNT",
        `A circuit has 0 to ${MAX_QUBITS} qubits, not ${describeNumber(numQubits)}.`,
      );
    this.numQubits = numQubits;
  }

  get numClbits(): number {
    return this.#declared.numClbits;
  }

  /** Declares classical bits. @throws CircuitError REGISTER_NAME, REGISTER_SIZE */
  register(name: string, size: number): ClassicalRegister {
    if (!isName(name) || this.#declared.registers.has(name))
      throw new CircuitError("REGISTER_NAME", `"${name}" is no name for a classical register, or it is taken.`);
    if (!Number.isSafeInteger(size) || size < 1 || size > MAX_QUBITS)
      throw new CircuitError("REGISTER_SIZE", `Register ${name} must have 1 to ${MAX_QUBITS} bits, not ${size}.`);
    const register = Object.freeze({ name, offset: this.numClbits, size });
    this.#declared.registers.set(name, register);
    this.#declared.numClbits += size;
    return register;
  }

  /** Declares parameters that no gate need use, so that their place in a row of values is kept. */
  declare(...parameters: readonly (ParameterVector | Parameter)[]): this {
    for (const one of parameters) {
      if (!(one instanceof Parameter || one instanceof ParameterVector))
        throw new ParameterError(
          "PARAMETER_OPERAND",
          `Parameters are declared by input() and weight(), not by ${describeValue(one)}.`,
        );
      this.#declare(one instanceof Parameter ? one.vector : one);
    }
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
    checkControlList("mcx", controls);
    return this.gate("x", [], [...controls, target], {
      numControls: controls.length,
      ...(state === undefined ? {} : { controlState: state }),
    });
  }

  /** Phase `angle` on the states in which all controls and the target are 1. */
  mcp(angle: Angle, controls: readonly number[], target: number): this {
    checkControlList("mcp", controls);
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

  /**
   * Runs `then` when the bits read `value`, else `otherwise`. Each gets a builder of its own, the one to use in it.
   * @param bits a register, or a list of clbits with the least significant first
   * @param value what the bits can read: 0 to 2^bits - 1
   * @throws CircuitError CONDITION_BITS, CONDITION_VALUE, CONDITION_BRANCH, BUILDER_SCOPE
   */
  if(
    bits: ClassicalRegister | readonly number[],
    value: number,
    then: (builder: CircuitBuilder) => unknown,
    otherwise?: (builder: CircuitBuilder) => unknown,
  ): this {
    if (typeof bits !== "object" || bits === null || !("offset" in bits || Array.isArray(bits)))
      throw new CircuitError(
        "CONDITION_BITS",
        `A condition needs a register or a list of classical bits, not ${describeValue(bits)}.`,
      );
    const clbits = "offset" in bits ? Array.from({ length: bits.size }, (_, i) => bits.offset + i) : [...bits];
    if (new Set(clbits).size !== clbits.length)
      throw new CircuitError("CONDITION_BITS", `A condition names a bit twice (${clbits.join(", ")}).`);
    if (value >= 2 ** clbits.length)
      throw new CircuitError(
        "CONDITION_VALUE",
        `${clbits.length} bit(s) never read ${value}; they hold 0 to ${2 ** clbits.length - 1}.`,
      );
    return this.branch(clbits, value, then, otherwise);
  }

  /** @internal As `if`, on bits that may repeat and with values that they never read, as a parsed text can have them. */
  branch(
    clbits: readonly number[],
    value: number,
    then: (builder: CircuitBuilder) => unknown,
    otherwise?: (builder: CircuitBuilder) => unknown,
  ): this {
    this.#checkScope();
    if (clbits.length === 0) throw new CircuitError("CONDITION_BITS", "A condition needs at least one classical bit.");
    if (!Number.isInteger(value) || value < 0)
      throw new CircuitError("CONDITION_VALUE", `A condition compares with an integer of 0 or more, not ${value}.`);
    const condition: Condition = Object.freeze({ clbits: Object.freeze([...clbits]), value });
    const whenTrue = this.#branchOf(then);
    const whenFalse = otherwise === undefined ? Object.freeze([]) : this.#branchOf(otherwise);
    return this.append(Object.freeze({ kind: "if", condition, whenTrue, whenFalse }));
  }

  #branchOf(define: (builder: CircuitBuilder) => unknown): readonly Operation[] {
    if (typeof define !== "function")
      throw new CircuitError(
        "CONDITION_BRANCH",
        `A branch is a function of the builder that it is handed, not ${describeValue(define)}.`,
      );
    const inner = new CircuitBuilder(this.numQubits);
    inner.#declared = this.#declared;
    this.#closed = "in a branch";
    try {
      checkSynchronous(define(inner));
    } finally {
      this.#closed = undefined;
      inner.#closed = "after its branch";
    }
    return Object.freeze(inner.#operations);
  }

  /** Without this a gate meant for a branch would silently go before the whole `if`. */
  #checkScope(): void {
    if (this.#closed !== undefined) throw new CircuitError("BUILDER_SCOPE", CLOSED[this.#closed]);
  }

  /** Appends an operation that another part of Lepton made; controls become the table's own where they can. @throws CircuitError QUBIT_RANGE, CLBIT_RANGE, BUILDER_SCOPE */
  append(operation: Operation): this {
    this.#checkScope();
    for (const qubit of qubitsOf(operation))
      if (!Number.isSafeInteger(qubit) || qubit < 0 || qubit >= this.numQubits)
        throw new CircuitError(
          "QUBIT_RANGE",
          `Qubit ${describeNumber(qubit)} does not exist in a circuit of ${this.numQubits} qubit(s), numbered from 0.`,
        );
    for (const clbit of clbitsOf(operation))
      if (!Number.isSafeInteger(clbit) || clbit < 0 || clbit >= this.numClbits)
        throw new CircuitError(
          "CLBIT_RANGE",
          `Classical bit ${describeNumber(clbit)} does not exist; the circuit has ${this.numClbits}. Declare it with register().`,
        );
    this.#declareParameters(operation);
    this.#operations.push(operation.kind === "gate" ? foldControls(operation) : operation);
    return this;
  }

  /** Takes over registers, parameters and operations of a circuit as they are. */
  adopt(circuit: Circuit): this {
    for (const { name, size } of circuit.registers) this.register(name, size);
    for (const vector of circuit.vectors) this.#declare(vector);
    for (const operation of circuit.operations) this.append(operation);
    return this;
  }

  /** Appends a circuit with its qubit i on `qubits[i]`; its registers are found by name and size, or added. */
  place(circuit: Circuit, qubits: readonly number[]): this {
    const clbits: number[] = [];
    for (const { name, size } of circuit.registers) {
      const known = this.#declared.registers.get(name);
      const own = known?.size === size ? known : this.register(name, size);
      for (let bit = 0; bit < size; bit++) clbits.push(own.offset + bit);
    }
    for (const vector of circuit.vectors) this.#declare(vector);
    for (const operation of circuit.operations)
      this.append(mapOperation(operation, { qubit: (qubit) => qubits[qubit]!, clbit: (clbit) => clbits[clbit]! }));
    return this;
  }

  /** @internal */
  finish(): CircuitParts {
    this.#closed = "after its circuit";
    return {
      numQubits: this.numQubits,
      registers: [...this.#declared.registers.values()],
      operations: this.#operations,
      vectors: [...this.#declared.vectors.values()],
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
    const { vectors } = this.#declared;
    const known = vectors.get(vector.name);
    if (known === undefined) vectors.set(vector.name, vector);
    else if (known.role !== vector.role || known.shape.join() !== vector.shape.join())
      throw new ParameterError(
        "PARAMETER_CLASH",
        `The circuit has ${known.role} ${vector.name} of shape [${known.shape.join(", ")}] already; ${vector.role} ${vector.name} of shape [${vector.shape.join(", ")}] needs another name.`,
      );
  }
}

function checkControlList(gate: string, controls: readonly number[]): void {
  if (!Array.isArray(controls))
    throw new CircuitError(
      "GATE_QUBIT_COUNT",
      `${gate} takes its controls as a list, such as [0, 1], not ${describeValue(controls)}.`,
    );
}

for (const name of Object.keys(GATES) as GateName[])
  Object.defineProperty(CircuitBuilder.prototype, name, {
    value(this: CircuitBuilder, ...args: unknown[]): CircuitBuilder {
      const { numParams } = GATES[name];
      return this.gate(name, args.slice(0, numParams) as Angle[], args.slice(numParams) as number[]);
    },
  });
