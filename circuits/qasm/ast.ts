import type { Token } from "./lexer.ts";

/** Every node carries the offset in the text at which errors about it point. */
interface Node {
  readonly at: number;
}

export interface RangeExpression extends Node {
  readonly kind: "range";
  readonly start?: Expression;
  readonly step?: Expression;
  readonly stop?: Expression;
}
export interface SetExpression extends Node {
  readonly kind: "set";
  readonly items: readonly Expression[];
}

/** `depth` is the height of the tree, kept low so that recursion over it is safe. */
export type Expression = { readonly depth: number } & (
  | (Node & { readonly kind: "number"; readonly value: number; readonly integer: boolean; readonly unit?: string })
  | (Node & { readonly kind: "boolean"; readonly value: boolean })
  | (Node & { readonly kind: "string"; readonly text: string })
  | (Node & { readonly kind: "name"; readonly name: string })
  | (Node & { readonly kind: "physical"; readonly index: number })
  | (Node & { readonly kind: "unary"; readonly operator: string; readonly argument: Expression })
  | (Node & {
      readonly kind: "binary";
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
    })
  | (Node & { readonly kind: "call"; readonly name: string; readonly args: readonly Expression[] })
  | (Node & { readonly kind: "cast"; readonly type: TypeExpression; readonly argument: Expression })
  | (Node & {
      readonly kind: "index";
      readonly base: Expression;
      readonly index: Expression | RangeExpression | SetExpression;
    })
  | (Node & { readonly kind: "measure"; readonly operand: Expression })
);

/** A classical type such as `float[64]`; `width` is the designator. */
export interface TypeExpression extends Node {
  readonly name: string;
  readonly width?: Expression;
  /** For `array[base, sizes...]`. */
  readonly base?: TypeExpression;
  readonly sizes?: readonly Expression[];
}

export interface Modifier extends Node {
  readonly kind: "inv" | "ctrl" | "negctrl" | "pow";
  readonly argument?: Expression;
}

export interface GateCallStatement extends Node {
  readonly kind: "call";
  readonly modifiers: readonly Modifier[];
  readonly name: string;
  readonly args: readonly Expression[];
  readonly operands: readonly Expression[];
}

export type Statement =
  | GateCallStatement
  | (Node & { readonly kind: "include"; readonly file: string })
  | (Node & { readonly kind: "qubits"; readonly name: string; readonly size?: Expression })
  | (Node & { readonly kind: "bits"; readonly name: string; readonly size?: Expression; readonly initial?: Expression })
  | GateDefinition
  | (Node & {
      readonly kind: "opaque";
      readonly name: string;
      readonly params: readonly string[];
      readonly qubits: readonly string[];
    })
  | (Node & { readonly kind: "measure"; readonly operand: Expression; readonly target?: Expression })
  | (Node & { readonly kind: "reset"; readonly operand: Expression })
  | (Node & { readonly kind: "barrier"; readonly operands: readonly Expression[] })
  | (Node & { readonly kind: "delay"; readonly duration: Expression; readonly operands: readonly Expression[] })
  | (Node & {
      readonly kind: "if";
      readonly condition: Expression;
      readonly whenTrue: readonly Statement[];
      readonly whenFalse: readonly Statement[];
    })
  | (Node & {
      readonly kind: "for";
      readonly name: string;
      readonly over: Expression | RangeExpression | SetExpression;
      readonly body: readonly Statement[];
    })
  | (Node & { readonly kind: "input"; readonly type: TypeExpression; readonly name: string })
  | (Node & {
      readonly kind: "const";
      readonly type: TypeExpression;
      readonly name: string;
      readonly value: Expression;
    })
  | (Node & { readonly kind: "let"; readonly name: string; readonly value: Expression })
  | (Node & { readonly kind: "assign"; readonly target: Expression })
  | (Node & { readonly kind: "block"; readonly body: readonly Statement[] })
  | (Node & { readonly kind: "nop"; readonly operands: readonly Expression[] })
  | (Node & { readonly kind: "end" })
  | Directive;

export interface GateDefinition extends Node {
  readonly kind: "gate";
  readonly name: string;
  readonly params: readonly string[];
  readonly qubits: readonly string[];
  readonly body: readonly Statement[];
}

/** A comment for Lepton alone; see `DIRECTIVE`. */
export type Directive =
  | (Node & {
      readonly kind: "parameters";
      readonly role: "input" | "weight";
      readonly name: string;
      readonly shape: readonly number[];
    })
  | (Node & { readonly kind: "register"; readonly name: string })
  | (Node & { readonly kind: "numQubits"; readonly count: number })
  | (Node & {
      readonly kind: "unitary";
      readonly label: string;
      readonly numControls: number;
      readonly controlState: number;
      readonly numbers: readonly number[];
    })
  | (Node & { readonly kind: "group"; readonly count: number; readonly condition: Expression });

/** A parsed text: its version, and statements in order. */
export interface Program {
  readonly version: 2 | 3;
  readonly statements: readonly Statement[];
  /** One more than the highest physical qubit ($n) that is written anywhere. */
  readonly physicalQubits: number;
  readonly end: Token;
}
