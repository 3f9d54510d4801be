import type { Circuit } from "../circuit.ts";
import { CircuitError } from "../errors.ts";
import { GATES } from "../gates.ts";
import { clbitsOf, type IfOperation, type Operation } from "../operation.ts";
import { GatePrinter } from "./gate-printer.ts";
import { KEYWORDS_2 } from "./keywords.ts";
import { DIRECTIVE } from "./lexer.ts";
import { NameTable } from "./name-table.ts";
import { clbitNames } from "./print-openqasm3.ts";
import { QELIB1 } from "./standard-gates.ts";

const NAME = /^[a-z][A-Za-z0-9_]*$/;

/**
 * The circuit as OpenQASM 2 with qelib1.inc as Qiskit reads it. Reading the text gives an equal circuit; global phases,
 * which the language lacks, stand in comments that start with //@lepton, as do changed names and exact matrices.
 * @throws CircuitError QASM2_UNSUPPORTED for free parameters, delays, else branches, nested conditions and conditions on
 * anything but one whole register; UNITARY_SYNTHESIS for a unitary on more than 5 qubits; QASM2_CONTROLS
 */
export function printQasm2(circuit: Circuit): string {
  if (circuit.parameters.length > 0)
    throw unsupported(
      `free parameters (${circuit.vectors.map(({ name }) => name).join(", ")}); bind them, or print OpenQASM 3`,
    );
  const names = new NameTable([...KEYWORDS_2, ...QELIB1.keys(), ...Object.keys(GATES), "opaque", "gphase"]);
  const registers = circuit.registers.map((register) => ({ register, name: names.take(register.name, NAME) }));
  const qubitName = names.take("q", NAME);
  const clbits = clbitNames(registers);
  const gates = new GatePrinter(2, names);
  const qubit = (index: number) => `${qubitName}[${index}]`;
  const noParameters = () => {
    throw unsupported("free parameters");
  };
  const body: string[] = [];

  /** One statement, after the `if` it depends on; what OpenQASM 2 lacks but may leave out becomes a directive. */
  const add = (operation: Operation, condition: string): void => {
    const hidden = (text: string) => body.push(`${DIRECTIVE} ${condition}${text}`);
    switch (operation.kind) {
      case "gate": {
        const text = `${gates.call(operation, qubit, noParameters)};`;
        if (operation.qubits.length === 0) hidden(text);
        else body.push(condition + text);
        return;
      }
      case "unitary":
        body.push(`${condition}${gates.unitary(operation, qubit)};`);
        return;
      case "measure":
        body.push(`${condition}measure ${qubit(operation.qubit)} -> ${clbits[operation.clbit]};`);
        return;
      case "reset":
        body.push(`${condition}reset ${qubit(operation.qubit)};`);
        return;
      case "barrier": {
        if (operation.qubits.length === 0) return;
        const all = operation.qubits.length === circuit.numQubits && operation.qubits.every((q, index) => q === index);
        const text = `barrier ${all ? qubitName : operation.qubits.map(qubit).join(", ")};`;
        if (condition === "") body.push(text);
        else hidden(text);
        return;
      }
      case "delay":
        throw unsupported("delays");
      case "if":
        if (condition !== "") throw unsupported("conditions inside conditions");
        addConditional(operation);
    }
  };

  const addConditional = (operation: IfOperation): void => {
    const { condition, whenTrue, whenFalse } = operation;
    if (whenFalse.length > 0) throw unsupported("else branches");
    const named = registers.find(
      ({ register }) =>
        register.size === condition.clbits.length && condition.clbits.every((bit, i) => bit === register.offset + i),
    );
    if (named === undefined) throw unsupported("conditions on anything but one whole register");
    for (const inner of whenTrue.slice(0, -1))
      if (clbitsOf(inner).some((clbit) => condition.clbits.includes(clbit)))
        throw unsupported("a branch that measures into the register it depends on before its last statement");
    const statements = whenTrue.filter((inner) => inner.kind !== "barrier" || inner.qubits.length > 0);
    if (statements.length !== 1)
      body.push(`${DIRECTIVE} group ${statements.length} ${named.name} == ${BigInt(condition.value)};`);
    for (const inner of statements) add(inner, `if (${named.name} == ${BigInt(condition.value)}) `);
  };
  for (const operation of circuit.operations) add(operation, "");

  const lines = ["OPENQASM 2.0;", 'include "qelib1.inc";', ...gates.blocks];
  if (circuit.numQubits > 0) lines.push(`qreg ${qubitName}[${circuit.numQubits}];`);
  for (const { register, name } of registers) {
    if (name !== register.name) lines.push(`${DIRECTIVE} register ${register.name};`);
    lines.push(`creg ${name}[${register.size}];`);
  }
  return `${[...lines, ...body].join("\n")}\n`;
}

function unsupported(what: string): CircuitError {
  return new CircuitError("QASM2_UNSUPPORTED", `OpenQASM 2 has no way to write ${what}.`);
}
