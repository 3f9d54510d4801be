import type { GateCallStatement, Statement } from "./ast.ts";
import { GRAMMAR_2 } from "./grammar.ts";
import { KEYWORDS_2 } from "./keywords.ts";
import type { Source } from "./source.ts";
import { StatementParser } from "./statement-parser.ts";

/** OpenQASM 2.0 (arXiv:1707.03429), and as extensions block comments, trailing commas and `barrier;`. */
export class OpenQasm2Parser extends StatementParser {
  constructor(source: Source) {
    super(source, { ...GRAMMAR_2, keywords: KEYWORDS_2 });
  }

  override newName(what: string): { readonly name: string; readonly at: number } {
    const { text, offset, kind } = this.peek();
    if (kind === "name" && !/^[a-z][A-Za-z0-9_]*$/.test(text) && !this.grammar.keywords.has(text))
      throw this.source.error(
        "QASM_SYNTAX",
        `"${text}" is no name in OpenQASM 2: names start with a lower-case letter, then letters, digits and underscores.`,
        offset,
      );
    return super.newName(what);
  }

  statement(): Statement | undefined {
    const token = this.peek();
    if (token.kind === "directive") {
      const words = [this.peek(1).text, this.peek(2).text];
      if (words[0] === "gphase" || words[0] === "if") {
        this.next();
        return this.statement();
      }
      return this.directive();
    }
    if (token.kind !== "name") throw this.unexpected("a statement");
    switch (token.text) {
      case "include":
        return this.include();
      case "qreg":
      case "creg":
        if (this.peek(2).text !== "[" && this.peek(1).kind === "name" && !this.grammar.keywords.has(this.peek(1).text))
          throw this.unexpected(`"[" and the size of the register`, this.peek(2));
        return this.oldRegister();
      case "gate":
        return this.gateDefinition();
      case "opaque": {
        const { name, at, params, qubits } = this.signature();
        this.semicolon();
        return { kind: "opaque", at, name, params, qubits };
      }
      case "if":
        return this.#if();
      case "barrier":
        return this.barrier();
      case "reset":
        return this.reset();
      case "measure": {
        this.next();
        const operand = this.operand("a qubit or register to measure");
        this.expect("->", "between what is measured and where the result goes");
        const target = this.operand("a bit or register for the result");
        this.semicolon();
        return { kind: "measure", at: token.offset, operand, target };
      }
      case "OPENQASM":
        throw this.source.error(
          "QASM_VERSION",
          "The version must be the first statement, and stand once.",
          token.offset,
        );
      default:
        return this.#call();
    }
  }

  #if(): Statement {
    const { offset: at } = this.next();
    this.expect("(", "after if");
    const condition = this.registerComparison();
    this.expect(")", "to close the condition");
    const body = this.nested(() => this.statement())!;
    if (!CONDITIONAL.has(body.kind))
      throw this.source.error("QASM_SYNTAX", "Only gates, measurements and resets can stand after if.", body.at);
    return { kind: "if", at, condition, whenTrue: [body], whenFalse: [] };
  }

  #call(): GateCallStatement {
    const { text: name, offset: at, kind } = this.next();
    if (kind !== "name" || (this.grammar.keywords.has(name) && name !== "U" && name !== "CX"))
      throw this.source.error("QASM_SYNTAX", `"${name}" cannot start a statement.`, at);
    const args = this.gateArguments();
    if (name === "gphase") {
      this.semicolon();
      return { kind: "call", at, modifiers: [], name, args, operands: [] };
    }
    return { kind: "call", at, modifiers: [], name, args, operands: this.operands("a qubit or register") };
  }
}

const CONDITIONAL: ReadonlySet<Statement["kind"]> = new Set(["call", "measure", "reset", "barrier"]);
