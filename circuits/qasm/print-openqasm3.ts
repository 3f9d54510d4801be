import type { Circuit, ClassicalRegister } from "../circuit.ts";
import { GATES } from "../gates.ts";
import { checkWrittenCircuit } from "../json.ts";
import { NAME_PATTERN } from "../names.ts";
import type { Condition, Operation } from "../operation.ts";
import type { Parameter } from "../parameter.ts";
import { GatePrinter } from "./gate-printer.ts";
import { FUNCTIONS_3, KEYWORDS_3 } from "./keywords.ts";
import { DIRECTIVE } from "./lexer.ts";
import { NameTable } from "./name-table.ts";
import { formatReal } from "./print-expression.ts";
import { STDGATES } from "./standard-gates.ts";

export interface PrintQasm3Options {
  /**
   * `original` keeps names readable (`w[3]` becomes `w_3`; a name that is a gate or a word of the language gets an
   * underscore). `ordered` names parameters p0000, p0001, ... in the order of `circuit.parameters`, so that their
   * alphabetical order is the order of a row of values, as IBM's service binds them.
   */
  readonly parameterNames?: "original" | "ordered";
  /** `physical` names qubits $0, $1, ... for a circuit compiled to a device; `virtual`, the default, declares a register. */
  readonly qubits?: "virtual" | "physical";
  /**
   * False leaves out the comments that start with //@lepton, for a text that another program reads: roles and shapes of
   * parameters, changed names and exact matrices are lost. True by default.
   */
  readonly directives?: boolean;
}

export interface PrintedQasm3 {
  readonly text: string;
  /** Each `input` of the text and the parameter it stands for, in the order of `circuit.parameters`. */
  readonly parameterNames: ReadonlyMap<string, Parameter>;
}

const RESERVED: readonly string[] = [
  ...KEYWORDS_3,
  ...STDGATES.keys(),
  ...Object.keys(GATES),
  "id_",
  ...FUNCTIONS_3.keys(),
];

/**
 * The circuit as OpenQASM 3. Reading the text gives an equal circuit: what the language has no words for (the role and
 * shape of parameters, changed names, exact matrices) stands in comments that start with //@lepton.
 * @throws CircuitError UNITARY_SYNTHESIS for a unitary on more than 5 qubits; ParameterError PARAMETER_TOO_LARGE
 */
export function printQasm3(circuit: Circuit, options: PrintQasm3Options = {}): string {
  return printQasm3Program(circuit, options).text;
}

/** As `printQasm3`, with the names that the parameters have in the text. */
export function printQasm3Program(circuit: Circuit, options: PrintQasm3Options = {}): PrintedQasm3 {
  checkWrittenCircuit(circuit.operations);
  const names = new NameTable(RESERVED);
  const ordered = options.parameterNames === "ordered";
  const physical = options.qubits === "physical";
  const parameterNames = new Map<Parameter, string>();
  const nameParameters = () => {
    const digits = Math.max(4, String(circuit.parameters.length - 1).length);
    for (const [index, parameter] of circuit.parameters.entries()) {
      const { vector } = parameter;
      const readable = vector.shape.length === 0 ? vector.name : `${vector.name}_${parameter.index}`;
      parameterNames.set(
        parameter,
        names.take(ordered ? `p${String(index).padStart(digits, "0")}` : readable, NAME_PATTERN),
      );
    }
  };
  // Ordered names must come out as they are, so they are taken before all others.
  if (ordered) nameParameters();
  const registers = circuit.registers.map((register) => ({ register, name: names.take(register.name, NAME_PATTERN) }));
  if (!ordered) nameParameters();
  const qubitName = physical ? "" : names.take("q", NAME_PATTERN);
  const byName = new Map(circuit.parameters.map((parameter) => [parameter.name, parameterNames.get(parameter)!]));

  const gates = new GatePrinter(3, names);
  const conditions = new ConditionPrinter(registers, names);
  const qubit = (index: number) => (physical ? `$${index}` : `${qubitName}[${index}]`);
  const nameOf = (parameter: Parameter) => byName.get(parameter.name)!;
  const body = printOperations(circuit, { gates, conditions, registers, qubit, nameOf, qubitName });

  const lines = ["OPENQASM 3.0;", 'include "stdgates.inc";'];
  for (const vector of circuit.vectors) {
    const printed = vector.elements.map((element) => byName.get(element.name)!);
    const plain = vector.role === "input" && vector.shape.length === 0 && printed[0] === vector.name;
    const shape = vector.shape.length === 0 ? "" : `[${vector.shape.join(", ")}]`;
    if (!plain) lines.push(`${DIRECTIVE} ${vector.role} ${vector.name}${shape};`);
    for (const name of printed) lines.push(`input float[64] ${name};`);
  }
  for (const block of gates.blocks) lines.push(block);
  if (physical) lines.push(`${DIRECTIVE} qubits ${circuit.numQubits};`);
  else if (circuit.numQubits > 0) lines.push(`qubit[${circuit.numQubits}] ${qubitName};`);
  for (const { register, name } of registers) {
    if (name !== register.name) lines.push(`${DIRECTIVE} register ${register.name};`);
    lines.push(`bit[${register.size}] ${name};`);
  }
  const all = [...lines, ...conditions.aliases, ...body].join("\n");
  return {
    text: `${options.directives === false ? withoutDirectives(all) : all}\n`,
    parameterNames: new Map(circuit.parameters.map((parameter) => [byName.get(parameter.name)!, parameter])),
  };
}

function withoutDirectives(text: string): string {
  const lines = text.split("\n");
  return lines.filter((line) => !line.startsWith(DIRECTIVE)).join("\n");
}

interface Printing {
  readonly gates: GatePrinter;
  readonly conditions: ConditionPrinter;
  readonly registers: readonly NamedRegister[];
  readonly qubit: (index: number) => string;
  readonly nameOf: (parameter: Parameter) => string;
  readonly qubitName: string;
}

interface NamedRegister {
  readonly register: ClassicalRegister;
  readonly name: string;
}

function printOperations(circuit: Circuit, printing: Printing): string[] {
  const { gates, conditions, qubit, nameOf, qubitName } = printing;
  const clbits = clbitNames(printing.registers);
  const lines: string[] = [];
  const visit = (operation: Operation, indent: string): void => {
    switch (operation.kind) {
      case "gate":
        lines.push(`${indent}${gates.call(operation, qubit, nameOf)};`);
        return;
      case "unitary":
        lines.push(`${indent}${gates.unitary(operation, qubit)};`);
        return;
      case "measure":
        lines.push(`${indent}${clbits[operation.clbit]} = measure ${qubit(operation.qubit)};`);
        return;
      case "reset":
        lines.push(`${indent}reset ${qubit(operation.qubit)};`);
        return;
      case "barrier": {
        if (operation.qubits.length === 0) return;
        const all = operation.qubits.length === circuit.numQubits && operation.qubits.every((q, index) => q === index);
        lines.push(`${indent}barrier ${all && qubitName !== "" ? qubitName : operation.qubits.map(qubit).join(", ")};`);
        return;
      }
      case "delay": {
        const { duration, unit } = operation;
        lines.push(
          `${indent}delay[${unit === "dt" ? duration : formatReal(duration)}${unit}] ${qubit(operation.qubit)};`,
        );
        return;
      }
      case "if":
        lines.push(`${indent}if (${conditions.text(operation.condition)}) {`);
        for (const inner of operation.whenTrue) visit(inner, `${indent}  `);
        if (operation.whenFalse.length > 0) {
          lines.push(`${indent}} else {`);
          for (const inner of operation.whenFalse) visit(inner, `${indent}  `);
        }
        lines.push(`${indent}}`);
    }
  };
  for (const operation of circuit.operations) visit(operation, "");
  return lines;
}

export function clbitNames(registers: readonly NamedRegister[]): readonly string[] {
  return registers.flatMap(({ register, name }) =>
    Array.from({ length: register.size }, (_, bit) => `${name}[${bit}]`),
  );
}

/** Conditions in the forms that other readers know too: a bit, its negation, or a register that equals an integer. */
class ConditionPrinter {
  /** Declarations of the aliases that conditions on bits of several registers need. */
  readonly aliases: string[] = [];
  readonly #names: NameTable;
  readonly #known = new Map<string, string>();
  readonly #home: readonly NamedRegister[];

  constructor(registers: readonly NamedRegister[], names: NameTable) {
    this.#names = names;
    this.#home = registers.flatMap((named) => new Array<NamedRegister>(named.register.size).fill(named));
  }

  text({ clbits, value }: Condition): string {
    if (clbits.length === 1) {
      const { register, name } = this.#home[clbits[0]!]!;
      const index = clbits[0]! - register.offset;
      if (value <= 1) return `${value === 0 ? "!" : ""}${name}[${index}]`;
      // Never true; only registers can be compared with such integers, so the bit is taken as a register of one.
      return `${register.size === 1 ? name : `${name}[${index}:${index}]`} == ${BigInt(value)}`;
    }
    return `${this.#bits(clbits)} == ${BigInt(value)}`;
  }

  #bits(clbits: readonly number[]): string {
    const runs: number[][] = [];
    for (const clbit of clbits) {
      const last = runs.at(-1);
      if (last !== undefined && this.#home[last[0]!] === this.#home[clbit]) last.push(clbit);
      else runs.push([clbit]);
    }
    const pieces = runs.map((run) => this.#piece(run));
    if (pieces.length === 1) return pieces[0]!;
    const key = pieces.join(" ++ ");
    let alias = this.#known.get(key);
    if (alias === undefined) {
      alias = this.#names.take(`bits_${this.aliases.length}`, NAME_PATTERN);
      this.#known.set(key, alias);
      this.aliases.push(`let ${alias} = ${key};`);
    }
    return alias;
  }

  /** A register, a range of it, or a set of its bits. */
  #piece(run: readonly number[]): string {
    const { register, name } = this.#home[run[0]!]!;
    const bits = run.map((clbit) => clbit - register.offset);
    const rising = bits.every((bit, index) => bit === bits[0]! + index);
    if (rising && bits.length === register.size) return name;
    return rising && bits.length > 1 ? `${name}[${bits[0]}:${bits.at(-1)}]` : `${name}[{${bits.join(", ")}}]`;
  }
}
