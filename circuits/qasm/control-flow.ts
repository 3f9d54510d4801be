import type { IfOperation, Operation } from "../operation.ts";
import type { Directive, Statement } from "./ast.ts";
import { conditionOf, lowerCondition } from "./conditions.ts";
import type { Context } from "./context.ts";
import { Scope } from "./scope.ts";

/** Lowers statements in a scope; what control flow repeats or nests. */
export interface StatementRunner {
  statement(statement: Statement, scope: Scope, out: Operation[]): void;
  statements(statements: readonly Statement[], scope: Scope, out: Operation[]): void;
}

export function lowerIf(
  statement: Extract<Statement, { kind: "if" }>,
  scope: Scope,
  out: Operation[],
  context: Context,
  runner: StatementRunner,
): void {
  const { budget } = context;
  const test = lowerCondition(statement.condition, scope, context);
  budget.spend(1, statement.at);
  const branch = (statements: readonly Statement[], runtime: boolean): Operation[] => {
    const operations: Operation[] = [];
    if (runtime) context.runtimeDepth++;
    // OpenQASM 2 has no scopes; 3 opens one for each branch.
    runner.statements(statements, new Scope(scope), operations);
    if (runtime) context.runtimeDepth--;
    return operations;
  };
  if (test.kind === "constant") {
    const chosen = branch(test.value ? statement.whenTrue : statement.whenFalse, false);
    for (const operation of chosen) out.push(operation);
    return;
  }
  // The list of bits is shared, but whatever prints or saves the circuit writes it out for each condition.
  budget.spendParts(test.clbits.length, statement.at);
  const whenTrue = Object.freeze(branch(statement.whenTrue, true));
  const whenFalse = Object.freeze(branch(statement.whenFalse, true));
  out.push(
    Object.freeze({
      kind: "if",
      condition: conditionOf(test),
      whenTrue: test.negated ? whenFalse : whenTrue,
      whenFalse: test.negated ? whenTrue : whenFalse,
    }),
  );
}

/** OpenQASM 2 repeats the condition before each statement of a branch; a directive says how many belong together. */
export function lowerGroup(
  directive: Extract<Directive, { kind: "group" }>,
  members: readonly Statement[],
  scope: Scope,
  out: Operation[],
  context: Context,
  runner: StatementRunner,
): void {
  const parts: Operation[] = [];
  for (const member of members) {
    if (member.kind !== "if") break;
    runner.statement(member, scope, parts);
  }
  const test = lowerCondition(directive.condition, scope, context);
  const fits = (part: Operation): part is IfOperation =>
    test.kind === "bits" &&
    part.kind === "if" &&
    part.condition.value === test.value &&
    (part.condition.clbits === test.clbits || part.condition.clbits.join() === test.clbits.join());
  if (test.kind !== "bits" || parts.length !== directive.count || !parts.every(fits))
    throw context.source.error(
      "QASM_DIRECTIVE",
      `A group of ${directive.count} needs as many if statements with its condition after it.`,
      directive.at,
    );
  context.budget.spendParts(test.clbits.length, directive.at);
  const whenTrue = Object.freeze(parts.flatMap((part) => (part as IfOperation).whenTrue));
  out.push(Object.freeze({ kind: "if", condition: conditionOf(test), whenTrue, whenFalse: Object.freeze([]) }));
}

/** Loops are unrolled. @throws QasmError QASM_UNSUPPORTED, QASM_VALUE, QASM_TOO_LARGE */
export function lowerFor(
  statement: Extract<Statement, { kind: "for" }>,
  scope: Scope,
  out: Operation[],
  { source, evaluator, budget }: Context,
  runner: StatementRunner,
): void {
  const { over, at, name, body } = statement;
  const run = (index: number): void => {
    budget.spend(1, at);
    const inner = new Scope(scope);
    inner.set(name, { kind: "value", constant: false, value: { kind: "number", value: index, integer: true } });
    runner.statements(body, inner, out);
  };
  if (over.kind === "set") {
    for (const item of over.items) run(evaluator.integer(item, scope, "A value of the loop"));
    return;
  }
  if (over.kind !== "range")
    throw source.error("QASM_UNSUPPORTED", "Loops go over ranges such as [0:3] or sets such as {0, 2} only.", over.at);
  if (over.start === undefined || over.stop === undefined)
    throw source.error("QASM_VALUE", "The range of a loop needs a start and an end.", over.at);
  const start = evaluator.integer(over.start, scope, "The start of the loop");
  const stop = evaluator.integer(over.stop, scope, "The end of the loop");
  const step = over.step === undefined ? 1 : evaluator.integer(over.step, scope, "The step of the loop");
  if (step === 0) throw source.error("QASM_VALUE", "The step of a loop cannot be 0.", over.step!.at);
  for (let index = start; step > 0 ? index <= stop : index >= stop; index += step) run(index);
}
