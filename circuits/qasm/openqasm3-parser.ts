import type { Expression, GateCallStatement, Modifier, Statement } from "./ast.ts";
import { GRAMMAR_3 } from "./grammar.ts";
import { KEYWORDS_3, UNSUPPORTED, VALUE_TYPES } from "./keywords.ts";
import type { Source } from "./source.ts";
import { StatementParser } from "./statement-parser.ts";

const ASSIGNMENTS = new Set(["=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "~=", "<<=", ">>=", "**="]);

/** The part of OpenQASM 3.1 that circuits can hold; the rest is an error that names the feature. */
export class OpenQasm3Parser extends StatementParser {
  #blocks = 0;

  constructor(source: Source) {
    super(source, { ...GRAMMAR_3, keywords: KEYWORDS_3 });
  }

  statement(): Statement | readonly Statement[] | undefined {
    const token = this.peek();
    if (token.kind === "directive") return this.directive();
    if (token.kind === "pragma" || token.kind === "annotation") return this.#note();
    if (token.kind === "symbol" && token.text === "{") {
      this.#blocks++;
      const body = this.braced();
      this.#blocks--;
      return { kind: "block", at: token.offset, body };
    }
    if (token.kind !== "name") throw this.unexpected("a statement");
    const { text, offset: at } = token;
    const unsupported = UNSUPPORTED.get(text);
    if (unsupported !== undefined)
      throw this.source.error(
        "QASM_UNSUPPORTED",
        `OpenQASM 3 has ${unsupported}, but circuits cannot hold them; they are not supported.`,
        at,
      );
    switch (text) {
      case "OPENQASM":
        throw this.source.error("QASM_VERSION", "The version must be the first statement, and stand once.", at);
      case "include":
        return this.include();
      case "qreg":
      case "creg":
        this.#global(text === "qreg" ? "qubits" : "registers", at);
        return this.oldRegister();
      case "qubit":
        this.#global("qubits", at);
        return this.#qubits();
      case "bit":
        return this.#bits();
      case "gate":
        this.#global("gates", at);
        return this.gateDefinition();
      case "input":
        return this.#input();
      case "output":
        this.next();
        if (!this.at("bit")) {
          this.type();
          throw this.source.error("QASM_UNSUPPORTED", "Only bits can be outputs of a circuit.", at);
        }
        return this.#bits(true);
      case "const":
        return this.#const();
      case "let": {
        this.next();
        const { name, at: where } = this.newName("an alias");
        this.expect("=", "after the name of the alias");
        const value = this.expression();
        this.semicolon();
        return { kind: "let", at: where, name, value };
      }
      case "measure":
        return this.#measureArrow();
      case "reset":
        return this.reset();
      case "barrier":
        return this.barrier();
      case "delay":
        return this.#delay();
      case "if":
        return this.#if();
      case "for":
        return this.#for();
      case "nop":
        this.next();
        if (this.accept(";") !== undefined) return { kind: "nop", at, operands: [] };
        return { kind: "nop", at, operands: this.operands("a qubit or register") };
      case "end":
        this.next();
        this.semicolon();
        return { kind: "end", at };
      case "break":
      case "continue":
        throw this.source.error("QASM_SCOPE", `${text} stands outside of a loop that can be left.`, at);
      default:
        return VALUE_TYPES.has(text) ? this.#variable() : this.#callOrAssignment();
    }
  }

  /** Pragmas and annotations advise a compiler; one that does not know them leaves them out. */
  #note(): undefined {
    const token = this.next();
    if (token.kind === "annotation" && this.peek().kind === "end")
      throw this.unexpected("a statement after the annotation");
  }

  #global(what: string, at: number): void {
    if (this.#blocks > 0)
      throw this.source.error("QASM_SCOPE", `New ${what} must be declared outside of all blocks.`, at);
  }

  #qubits(): Statement {
    this.next();
    const size = this.#designator();
    const { name, at } = this.newName("a qubit");
    this.semicolon();
    return { kind: "qubits", at, name, ...(size === undefined ? {} : { size }) };
  }

  #designator(): Expression | undefined {
    if (this.accept("[") === undefined) return undefined;
    const size = this.expression();
    this.expect("]", "after the size");
    return size;
  }

  #bits(output = false): Statement | readonly Statement[] {
    this.#global("bits", this.peek().offset);
    this.next();
    const size = this.#designator();
    const { name, at } = this.newName("a bit");
    const declaration = { kind: "bits", at, name, ...(size === undefined ? {} : { size }) } as const;
    if (output || this.accept("=") === undefined) {
      this.semicolon();
      return declaration;
    }
    if (this.at("measure")) {
      const operand = this.#measured();
      this.semicolon();
      return [declaration, { kind: "measure", at, operand, target: { kind: "name", at, depth: 1, name } }];
    }
    const initial = this.expression();
    this.semicolon();
    return { ...declaration, initial };
  }

  #measured(): Expression {
    this.next();
    return this.operand("a qubit or register to measure");
  }

  #measureArrow(): Statement {
    const { offset: at } = this.peek();
    const operand = this.#measured();
    if (this.accept("->") === undefined) {
      this.semicolon();
      return { kind: "measure", at, operand };
    }
    const target = this.operand("a bit or register for the result");
    this.semicolon();
    return { kind: "measure", at, operand, target };
  }

  #input(): Statement {
    this.next();
    const type = this.type();
    const { name, at } = this.newName("an input");
    this.semicolon();
    return { kind: "input", at, type, name };
  }

  #const(): Statement {
    this.next();
    const type = this.type();
    const { name, at } = this.newName("a constant");
    this.expect("=", "and the value of the constant");
    const value = this.expression();
    this.semicolon();
    return { kind: "const", at, type, name, value };
  }

  /** Variables are read whole, so that a slip in one is a syntax error and not an unsupported feature. */
  #variable(): never {
    const type = this.type();
    const { name } = this.newName("a variable");
    if (this.accept("=") !== undefined && !this.at("{") && !this.at("measure")) this.expression();
    if (!this.at("{")) this.semicolon();
    throw this.source.error(
      "QASM_UNSUPPORTED",
      `Variables of type ${type.name} are not supported, since circuits cannot hold them; declare ${name} as const or as input.`,
      type.at,
    );
  }

  #delay(): Statement {
    const { offset: at } = this.next();
    this.expect("[", "and the duration of the delay");
    const duration = this.expression();
    this.expect("]", "after the duration");
    if (this.accept(";") !== undefined) return { kind: "delay", at, duration, operands: [] };
    return { kind: "delay", at, duration, operands: this.operands("a qubit or register") };
  }

  #if(): Statement {
    const { offset: at } = this.next();
    this.expect("(", "after if");
    const condition = this.expression();
    this.expect(")", "to close the condition");
    const whenTrue = this.#body();
    const whenFalse = this.accept("else") === undefined ? [] : this.#body();
    return { kind: "if", at, condition, whenTrue, whenFalse };
  }

  #for(): Statement {
    const { offset: at } = this.next();
    const type = this.type();
    if (type.name !== "int" && type.name !== "uint")
      throw this.source.error("QASM_UNSUPPORTED", `Loops over values of type ${type.name} are not supported.`, type.at);
    const { name } = this.newName("the loop variable");
    this.expect("in", "after the loop variable");
    const bracket = this.accept("[");
    const over = bracket !== undefined || this.at("{") ? this.index() : this.expression();
    if (bracket !== undefined) {
      if (over.kind !== "range") throw this.unexpected("a range such as [0:3]");
      this.expect("]", "after the range");
    }
    return { kind: "for", at, name, over, body: this.#body() };
  }

  #body(): readonly Statement[] {
    this.#blocks++;
    const { offset: at } = this.peek();
    let body: readonly Statement[];
    if (this.at("{")) body = this.braced();
    else {
      while (this.peek().kind === "annotation" || this.peek().kind === "pragma") this.#note();
      const one = this.nested(() => this.statement());
      if (one === undefined) throw this.source.error("QASM_SYNTAX", "Expected a statement or a block.", at);
      body = Array.isArray(one) ? one : [one as Statement];
    }
    this.#blocks--;
    return body;
  }

  #callOrAssignment(): Statement {
    const token = this.peek();
    const after = this.peek(1);
    const modifier = token.text === "inv" || token.text === "ctrl" || token.text === "negctrl" || token.text === "pow";
    if (!modifier && after.kind === "symbol" && (ASSIGNMENTS.has(after.text) || after.text === "[")) {
      const target = this.postfix();
      if (target.kind !== "name" && target.kind !== "index") throw this.unexpected("a name", token);
      const operator = this.peek();
      if (operator.kind !== "symbol" || !ASSIGNMENTS.has(operator.text)) throw this.unexpected('"="');
      this.next();
      if (operator.text === "=" && this.at("measure")) {
        const operand = this.#measured();
        this.semicolon();
        return { kind: "measure", at: token.offset, operand, target };
      }
      this.expression();
      this.semicolon();
      return { kind: "assign", at: token.offset, target };
    }
    return this.#call();
  }

  #call(): GateCallStatement {
    const modifiers: Modifier[] = [];
    for (;;) {
      const { text, offset: at, kind } = this.peek();
      if (kind !== "name" || (text !== "inv" && text !== "ctrl" && text !== "negctrl" && text !== "pow")) break;
      this.next();
      if (text === "pow" && !this.at("(")) throw this.unexpected('"(" and the exponent');
      let argument: Expression | undefined;
      if (text !== "inv" && this.accept("(") !== undefined) {
        argument = this.expression();
        this.expect(")", `after the argument of ${text}`);
      }
      this.expect("@", `after ${text}`);
      modifiers.push({ kind: text, at, ...(argument === undefined ? {} : { argument }) });
    }
    const { text: name, offset: at, kind } = this.peek();
    if (kind !== "name" || (this.grammar.keywords.has(name) && name !== "U" && name !== "gphase"))
      throw this.unexpected("the name of a gate");
    this.next();
    if (name === "gphase" && !this.at("(")) throw this.unexpected('"(" and the phase');
    const args = this.gateArguments();
    if (this.at("["))
      throw this.source.error("QASM_UNSUPPORTED", "Gates with a duration are not supported.", this.peek().offset);
    const operands = this.accept(";") === undefined ? this.operands("a qubit or register") : [];
    return { kind: "call", at, modifiers, name, args, operands };
  }
}
