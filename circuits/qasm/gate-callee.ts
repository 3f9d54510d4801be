import { isGateName } from "../gates.ts";
import type { Expression, GateCallStatement } from "./ast.ts";
import type { Context } from "./context.ts";
import type { Scope, UserGate } from "./scope.ts";
import type { GateTemplate } from "./standard-gates.ts";

const MAX_CONTROLS = 30;

/** What a call can be of: a gate of the table, or one that the text defines. */
export type Gate = GateTemplate | UserGate;

const GPHASE: GateTemplate = { numParams: 1, numQubits: 0, calls: (params) => [["gphase", params, []]] };

export function numQubitsOf(gate: Gate): number {
  return "kind" in gate ? gate.definition.qubits.length : gate.numQubits;
}

/** The gate that a call names. @throws QasmError QASM_UNDEFINED, QASM_OPAQUE, QASM_TYPE, QASM_ARGUMENTS */
export function calleeOf({ name, args, at }: GateCallStatement, scope: Scope, { source }: Context): Gate {
  const named = scope.find(name);
  if (named === undefined && name !== "gphase")
    throw source.error(
      "QASM_UNDEFINED",
      `Gate ${name} is not defined here${isGateName(name) ? "; include the standard gates or define it" : ""}.`,
      at,
    );
  if (named?.kind === "opaque")
    throw source.error("QASM_OPAQUE", `Gate ${name} is opaque: its action is not known, so it cannot be applied.`, at);
  if (named?.kind === "value") throw source.error("QASM_TYPE", `${name} is no gate here.`, at);
  if (named?.kind === "gate") named.redefinable = false;
  const gate = named === undefined ? GPHASE : named.kind === "gate" ? named.template : named;
  const wanted = "kind" in gate ? gate.definition.params.length : gate.numParams;
  if (wanted !== args.length)
    throw source.error("QASM_ARGUMENTS", `Gate ${name} takes ${wanted} parameter(s) but was given ${args.length}.`, at);
  return gate;
}

/** @throws QasmError QASM_ARGUMENTS unless there are as many operands as the gate and its controls act on */
export function checkOperands(
  { name, at }: GateCallStatement,
  gate: Gate,
  controls: number,
  given: number,
  { source }: Context,
): void {
  const own = numQubitsOf(gate);
  if (own + controls !== given)
    throw source.error(
      "QASM_ARGUMENTS",
      `Gate ${name}${controls === 0 ? "" : ` with ${controls} control(s)`} acts on ${own + controls} qubit(s) but was given ${given}.`,
      at,
    );
}

/** @throws QasmError QASM_DUPLICATE_QUBIT */
export function checkDistinct(
  { name, operands }: GateCallStatement,
  qubits: readonly number[],
  { source }: Context,
): void {
  if (new Set(qubits).size === qubits.length) return;
  const again = qubits.findIndex((qubit, i) => qubits.indexOf(qubit) < i);
  throw source.error("QASM_DUPLICATE_QUBIT", `Gate ${name} is given the same qubit twice.`, operands[again]!.at);
}

/** The number of controls that one `ctrl` or `negctrl` adds. @throws QasmError QASM_VALUE, QASM_TOO_LARGE */
export function controlCount(argument: Expression | undefined, scope: Scope, { source, evaluator }: Context): number {
  if (argument === undefined) return 1;
  const count = evaluator.integer(argument, scope, "A number of controls");
  if (count < 1) throw source.error("QASM_VALUE", `A number of controls must be 1 or more, not ${count}.`, argument.at);
  if (count > MAX_CONTROLS)
    throw source.error(
      "QASM_TOO_LARGE",
      `${count} controls are too many; at most ${MAX_CONTROLS} are supported.`,
      argument.at,
    );
  return count;
}

/** Gives the qubits of a definition their names. */
export function nameQubits(scope: Scope, names: readonly string[], qubits: readonly number[]): void {
  for (const [index, name] of names.entries())
    scope.set(name, {
      kind: "value",
      constant: true,
      value: { kind: "qubits", indices: Object.freeze([qubits[index]!]), scalar: true },
    });
}
