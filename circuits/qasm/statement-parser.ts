import type { Directive, Expression, GateDefinition, Statement } from "./ast.ts";
import { ExpressionParser } from "./expression-parser.ts";

/** The statements that both versions write alike. */
export abstract class StatementParser extends ExpressionParser {
  /** One statement of the version's own grammar. */
  abstract statement(): Statement | readonly Statement[] | undefined;

  statements(): Statement[] {
    const found: Statement[] = [];
    while (this.peek().kind !== "end") this.#append(found);
    return found;
  }

  #append(found: Statement[]): void {
    const statement = this.statement();
    if (statement === undefined) return;
    if (Array.isArray(statement)) for (const one of statement as readonly Statement[]) found.push(one);
    else found.push(statement as Statement);
  }

  /** `{ ... }`; the opening brace is the next token. */
  braced(): Statement[] {
    const open = this.expect("{", "to open the block");
    return this.nested(() => {
      const found: Statement[] = [];
      while (this.accept("}") === undefined) {
        if (this.peek().kind === "end")
          throw this.source.error("QASM_SYNTAX", 'This block has no end; close it with "}".', open.offset);
        this.#append(found);
      }
      return found;
    });
  }

  semicolon(): void {
    this.expect(";", "to end the statement");
  }

  include(): Statement {
    const { offset: at } = this.next();
    const file = this.peek();
    if (file.kind !== "string") throw this.unexpected("the name of a file in quotes");
    this.next();
    this.semicolon();
    return { kind: "include", at, file: file.text };
  }

  /** `qreg q[2];` and `creg c[2];` */
  oldRegister(): Statement {
    const word = this.next();
    const { name, at } = this.newName(`a ${word.text}`);
    let size: Expression | undefined;
    if (this.accept("[") !== undefined) {
      size = this.expression();
      this.expect("]", "after the size");
    }
    this.semicolon();
    return { kind: word.text === "qreg" ? "qubits" : "bits", at, name, ...(size === undefined ? {} : { size }) };
  }

  /** What stands between `gate` or `opaque` and the body. */
  signature(): { readonly name: string; readonly at: number; readonly params: string[]; readonly qubits: string[] } {
    this.next();
    const { name, at } = this.newName("a gate");
    const seen = new Set<string>();
    const argument = (what: string): string => {
      const found = this.newName(what);
      if (seen.has(found.name))
        throw this.source.error("QASM_REDEFINED", `${found.name} stands twice in the head of gate ${name}.`, found.at);
      seen.add(found.name);
      return found.name;
    };
    const params =
      this.accept("(") === undefined ? [] : this.list(")", "a parameter", () => argument("a gate parameter"));
    const qubits = [argument("a qubit of the gate")];
    while (this.accept(",") !== undefined) {
      if (this.at("{") || this.at(";")) break;
      qubits.push(argument("a qubit of the gate"));
    }
    return { name, at, params, qubits };
  }

  gateDefinition(): GateDefinition {
    const { name, at, params, qubits } = this.signature();
    return { kind: "gate", at, name, params, qubits, body: this.braced() };
  }

  /** Operands between commas, up to and with the semicolon. */
  operands(what: string): Expression[] {
    const found = [this.operand(what)];
    while (this.accept(",") !== undefined) {
      if (this.at(";")) break;
      found.push(this.operand(what));
    }
    this.semicolon();
    return found;
  }

  operand(what: string): Expression {
    const { kind } = this.peek();
    if (kind !== "name" && kind !== "physical") throw this.unexpected(what);
    return this.postfix();
  }

  /** Barrier, with operands or for all qubits. */
  barrier(): Statement {
    const { offset: at } = this.next();
    if (this.accept(";") !== undefined) return { kind: "barrier", at, operands: [] };
    return { kind: "barrier", at, operands: this.operands("a qubit or register") };
  }

  reset(): Statement {
    const { offset: at } = this.next();
    const operand = this.operand("a qubit or register to reset");
    this.semicolon();
    return { kind: "reset", at, operand };
  }

  /** `c == 5`, the only condition that OpenQASM 2 has. */
  registerComparison(): Expression {
    const register = this.newName("a register");
    this.expect("==", "after the register (OpenQASM 2 compares whole registers with integers)");
    const value = this.peek();
    if (value.kind !== "number" || !value.integer)
      throw this.unexpected("an integer of 0 or more (past 2^53 one that a float holds exactly)");
    this.next();
    return {
      kind: "binary",
      at: register.at,
      depth: 2,
      operator: "==",
      left: { kind: "name", at: register.at, depth: 1, name: register.name },
      right: { kind: "number", at: value.offset, depth: 1, value: value.value!, integer: true },
    };
  }

  gateArguments(): Expression[] {
    return this.accept("(") === undefined ? [] : this.list(")", "a gate argument", () => this.expression());
  }

  /** The comments that only Lepton reads; the mark has been seen. */
  directive(): Directive {
    const { offset: at } = this.next();
    const word = this.next();
    const name = (): string => {
      const token = this.next();
      if (token.kind !== "name") throw this.unexpected("a name", token);
      return token.text;
    };
    const integer = (): number => {
      const token = this.next();
      if (token.kind !== "number" || !token.integer || !Number.isSafeInteger(token.value))
        throw this.unexpected("an integer", token);
      return token.value!;
    };
    let result: Directive;
    switch (word.text) {
      case "input":
      case "weight": {
        const vector = name();
        const shape = this.accept("[") === undefined ? [] : this.list("]", "a size", integer);
        result = { kind: "parameters", at, role: word.text, name: vector, shape };
        break;
      }
      case "register":
        result = { kind: "register", at, name: name() };
        break;
      case "qubits":
        result = { kind: "numQubits", at, count: integer() };
        break;
      case "group":
        result = { kind: "group", at, count: integer(), condition: this.registerComparison() };
        break;
      case "unitary": {
        const label = this.next();
        if (label.kind !== "string") throw this.unexpected("a label in quotes", label);
        const numControls = integer();
        const controlState = integer();
        this.expect("[", "before the numbers of the matrix");
        const numbers = this.list("]", "a number", () => {
          const sign = this.accept("-") === undefined ? 1 : -1;
          const token = this.next();
          if (token.kind !== "number" || token.unit !== undefined) throw this.unexpected("a number", token);
          return sign * token.value!;
        });
        result = { kind: "unitary", at, label: label.text, numControls, controlState, numbers };
        break;
      }
      default:
        throw this.source.error(
          "QASM_DIRECTIVE",
          `"${word.text}" is no Lepton directive; comments that start with //@lepton are read by Lepton.`,
          word.offset,
        );
    }
    this.semicolon();
    return result;
  }
}
