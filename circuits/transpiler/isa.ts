import type { Circuit } from "../circuit.ts";
import { constantValue } from "../expression.ts";
import type { Condition, GateOperation, IfOperation, Operation } from "../operation.ts";
import { SlotProgram, slotsOf } from "../slots.ts";
import type { Target } from "./target.ts";

/** Why a device cannot run a circuit as it is, with the code that IBM's service gives for it. */
export interface IsaFault {
  /** `1517` not of the device's instruction set, `1519` fractional gate with gate twirling, `1521` options that exclude each other, `1522` an Estimator's circuit that measures or branches. */
  readonly code: "1517" | "1519" | "1521" | "1522";
  /** What is wrong, where, and what to do. */
  readonly message: string;
  /** Place in `circuit.operations` (of the `if` that holds it); -1 for the circuit as a whole. */
  readonly operationIndex: number;
  /** For an angle that a parameter row makes: which row. */
  readonly row?: number;
}

export interface IsaOptions {
  /** What runs the circuit; an Estimator measures by itself. "sampler" by default. */
  readonly primitive?: "estimator" | "sampler";
  /** Gates are twirled, which fractional gates rule out. */
  readonly gateTwirling?: boolean;
  /** The service inserts decoupling pulses, which dynamic circuits rule out. */
  readonly dynamicalDecoupling?: boolean;
  /** Faults after which to stop looking; 20 by default. */
  readonly maxFaults?: number;
}

const MAX_FAULTS = 20;
/** Gates of a continuous angle between the basis gates; a device has them calibrated only where they are asked for. */
const FRACTIONAL: readonly string[] = ["rx", "rzz"];
/** Rounding that a computed angle may carry beyond its range. */
const ANGLE_SLACK = 1e-10;

/**
 * What keeps a device from running a circuit as it is: gates that are not in its instruction set, pairs that are not
 * coupled or only in the other direction, broken places, fixed `rzz` angles out of [0, π/2], control flow that its
 * electronics lack. Empty for what `compile` gives. The device accepts such circuits, queues them, and charges for the
 * failure, so they are looked for here. Angles that depend on parameters are checked by `isaAngleFaults`.
 * @param circuit as wide as the device or narrower, on the device's own qubits
 */
export function isaFaults(circuit: Circuit, target: Target, options: IsaOptions = {}): readonly IsaFault[] {
  const { maxFaults = MAX_FAULTS } = options;
  const faults: IsaFault[] = [];
  if (circuit.numQubits > target.numQubits)
    faults.push({
      code: "1517",
      message: `The circuit has ${circuit.numQubits} qubits but ${target.name} has ${target.numQubits}; choose a wider device or a narrower circuit.`,
      operationIndex: -1,
    });
  const check = new IsaCheck(circuit, target, options);
  for (const [index, operation] of circuit.operations.entries()) {
    if (faults.length >= maxFaults) break;
    for (const { code, message } of check.faultsOf(operation, false))
      if (faults.length < maxFaults)
        faults.push({ code, message: `Operation ${index}: ${message}`, operationIndex: index });
  }
  return faults;
}

/**
 * The rows of a parameter table that bring an `rzz` out of the device's range [0, π/2].
 * @param values [rows, circuit.parameters.length], radians
 */
export function isaAngleFaults(
  circuit: Circuit,
  values: Float64Array,
  rows: number,
  { maxFaults = MAX_FAULTS }: Pick<IsaOptions, "maxFaults"> = {},
): readonly IsaFault[] {
  const slots = slotsOf(circuit).filter(({ operation }) => operation.gate === "rzz");
  if (slots.length === 0) return [];
  const program = new SlotProgram(circuit, slots);
  const width = circuit.parameters.length;
  const angles = new Float64Array(slots.length);
  const faults: IsaFault[] = [];
  let places: ReadonlyMap<Operation, number> | undefined;
  for (let row = 0; row < rows; row++) {
    program.evaluate(values.subarray(row * width, (row + 1) * width), 1, angles);
    for (const [k, angle] of angles.entries()) {
      if (isRzzAngle(angle)) continue;
      places ??= operationPlaces(circuit);
      const { operation } = slots[k]!;
      const operationIndex = places.get(operation)!;
      faults.push({
        code: "1517",
        message: `Row ${row}, operation ${operationIndex}: ${rzzMessage(operation, angle)}`,
        operationIndex,
        row,
      });
      if (faults.length >= maxFaults) return faults;
    }
  }
  return faults;
}

class IsaCheck {
  readonly #circuit: Circuit;
  readonly #target: Target;
  readonly #options: IsaOptions;
  readonly #names: ReadonlySet<string>;

  constructor(circuit: Circuit, target: Target, options: IsaOptions) {
    this.#circuit = circuit;
    this.#target = target;
    this.#options = options;
    this.#names = new Set([...target.basisGates, ...target.supportedInstructions]);
  }

  *faultsOf(operation: Operation, inBranch: boolean): Generator<Pick<IsaFault, "code" | "message">> {
    const isa = (message: string) => ({ code: "1517", message }) as const;
    switch (operation.kind) {
      case "gate":
        yield* this.#gate(operation);
        return;
      case "unitary":
        yield isa(`unitary ${operation.label} is no gate of ${this.#target.name}; compile the circuit first.`);
        return;
      case "barrier":
        yield* this.#range("barrier", operation.qubits);
        return;
      case "measure":
      case "reset":
      case "delay":
        if (this.#options.primitive === "estimator" && operation.kind !== "delay") {
          yield {
            code: "1522",
            message: `an Estimator's circuit cannot ${operation.kind}; take it out, or use a Sampler.`,
          };
          return;
        }
        if (!this.#names.has(operation.kind))
          yield isa(`${this.#target.name} does not support ${operation.kind}; it supports ${this.#listed()}.`);
        else yield* this.#place(operation.kind, [operation.qubit]);
        return;
      case "if":
        yield* this.#if(operation, inBranch);
    }
  }

  *#gate({ gate, params, qubits, numControls }: GateOperation): Generator<Pick<IsaFault, "code" | "message">> {
    const { name } = this.#target;
    const isa = (message: string) => ({ code: "1517", message }) as const;
    if (numControls > 0) {
      yield isa(`${gate} with ${numControls} more control(s) is no gate of ${name}; compile the circuit first.`);
      return;
    }
    // A global phase is no instruction: nothing is run for it.
    if (gate === "gphase") return;
    if (gate === "id") {
      yield isa(
        "id reaches the device as u(0, 0, 0), which it does not have; leave it out, or use delay for idle time.",
      );
      return;
    }
    const known = this.#names.has(gate);
    if (!known || (FRACTIONAL.includes(gate) && !this.#target.fractionalGates)) {
      yield isa(
        FRACTIONAL.includes(gate) && !this.#target.fractionalGates
          ? `${gate} is a fractional gate, which ${name} offers only when asked: { fractionalGates: true }.`
          : `${gate} is no gate of ${name} (${this.#listed()}); compile the circuit first.`,
      );
      return;
    }
    if (FRACTIONAL.includes(gate) && this.#options.gateTwirling === true)
      yield {
        code: "1519",
        message: `${gate} is a fractional gate, and those cannot be twirled; turn one of them off.`,
      };
    yield* this.#place(gate, qubits);
    const angle = gate === "rzz" ? constantValue(params[0]!) : undefined;
    if (angle !== undefined && !isRzzAngle(angle)) yield isa(rzzMessage({ qubits }, angle));
  }

  /** Places that do not exist or do not work. */
  *#place(name: string, qubits: readonly number[]): Generator<Pick<IsaFault, "code" | "message">> {
    const target = this.#target;
    const where = `${name} on ${qubits.length === 1 ? "qubit" : "qubits"} ${qubits.join(", ")}`;
    let placed = true;
    for (const fault of this.#range(name, qubits)) {
      placed = false;
      yield fault;
    }
    if (!placed) return;
    const broken = qubits.find((qubit) => !target.qubits[qubit]!.operational);
    if (broken !== undefined)
      yield { code: "1517", message: `${where}: qubit ${broken} of ${target.name} is out of order; compile again.` };
    else if ((target.instruction(name, qubits)?.error ?? 0) >= 1)
      yield { code: "1517", message: `${where} is out of order on ${target.name} (its error is 1); compile again.` };
    else if (qubits.length === 2 && !this.#isCoupled(name, qubits[0]!, qubits[1]!))
      yield {
        code: "1517",
        message: this.#isCoupled(name, qubits[1]!, qubits[0]!)
          ? `${where}: ${target.name} couples them in the other direction only (${qubits[1]}, ${qubits[0]}).`
          : `${where}: ${target.name} does not couple them; qubit ${qubits[0]} is coupled with ${target.neighbours[qubits[0]!]!.join(", ") || "none"}.`,
      };
  }

  /** A gate that the device supports besides its basis works where its basis gate does. */
  #isCoupled(name: string, a: number, b: number): boolean {
    const { basisGates, entangler } = this.#target;
    const gate = basisGates.includes(name) ? name : entangler;
    return gate !== undefined && this.#target.isLive(gate, [a, b]);
  }

  *#range(name: string, qubits: readonly number[]): Generator<Pick<IsaFault, "code" | "message">> {
    const far = qubits.find((qubit) => qubit >= this.#target.numQubits);
    if (far !== undefined)
      yield {
        code: "1517",
        message: `${name} names qubit ${far}, but ${this.#target.name} has ${this.#target.numQubits} qubits.`,
      };
  }

  *#if(operation: IfOperation, inBranch: boolean): Generator<Pick<IsaFault, "code" | "message">> {
    const isa = (message: string) => ({ code: "1517", message }) as const;
    if (this.#options.primitive === "estimator") {
      yield { code: "1522", message: "an Estimator's circuit cannot branch; use a Sampler." };
      return;
    }
    if (!this.#names.has("if_else")) yield isa(`${this.#target.name} has no if_else.`);
    if (this.#options.dynamicalDecoupling === true)
      yield { code: "1521", message: "dynamical decoupling cannot be used with circuits that branch; turn it off." };
    if (inBranch) yield isa("an if inside an if (or an else if) cannot run on the device; nest no conditions.");
    if (!this.#isReadable(operation.condition))
      yield isa("a condition compares one bit, or one whole register with a number; this one mixes bits.");
    for (const inner of [...operation.whenTrue, ...operation.whenFalse]) yield* this.faultsOf(inner, true);
  }

  #isReadable({ clbits, value }: Condition): boolean {
    if (clbits.length === 1 && value <= 1) return true;
    return this.#circuit.registers.some(
      ({ offset, size }) => size === clbits.length && clbits.every((clbit, i) => clbit === offset + i),
    );
  }

  #listed(): string {
    return [...this.#names].join(", ");
  }
}

function isRzzAngle(angle: number): boolean {
  return angle >= -ANGLE_SLACK && angle <= Math.PI / 2 + ANGLE_SLACK;
}

function rzzMessage({ qubits }: Pick<GateOperation, "qubits">, angle: number): string {
  return `the angle of rzz on qubits ${qubits.join(", ")} is ${angle}; the device has it from 0 to π/2 (1.5708). Fold it with x and rz, as compile does.`;
}

function operationPlaces(circuit: Circuit): ReadonlyMap<Operation, number> {
  const places = new Map<Operation, number>();
  const note = (operation: Operation, index: number): void => {
    if (!places.has(operation)) places.set(operation, index);
    if (operation.kind === "if")
      for (const inner of [...operation.whenTrue, ...operation.whenFalse]) note(inner, index);
  };
  for (const [index, operation] of circuit.operations.entries()) note(operation, index);
  return places;
}
