import type { Source } from "./source.ts";

export type TokenKind =
  | "name"
  | "number"
  | "string"
  | "physical"
  | "symbol"
  | "annotation"
  | "pragma"
  | "directive"
  | "end";

/** The smallest piece of a text. `value` is set for numbers, `unit` for durations (`im` for imaginary numbers). */
export interface Token {
  readonly kind: TokenKind;
  /** The characters themselves; the content without quotes for strings, the digits for physical qubits. */
  readonly text: string;
  readonly offset: number;
  readonly value?: number;
  readonly integer?: boolean;
  readonly unit?: string;
}

/** What introduces a comment that carries facts OpenQASM has no words for, such as the shape of a parameter vector. */
export const DIRECTIVE = "//@lepton";

const SPACE = /[ \t\r\n]+/y;
const NAME = /[\p{L}_][\p{L}\p{Nl}_0-9]*/uy;
const NAME_PART = /[\p{L}\p{Nl}_0-9]/u;
const RADIX = /0(?:[xX][0-9a-fA-F](?:_?[0-9a-fA-F])*|[oO][0-7](?:_?[0-7])*|[bB][01](?:_?[01])*)/y;
const DECIMAL =
  /(?:[0-9](?:_?[0-9])*(?:\.(?:[0-9](?:_?[0-9])*)?)?|\.[0-9](?:_?[0-9])*)(?:[eE][+-]?[0-9](?:_?[0-9])*)?/y;
const UNIT = /dt|ns|us|µs|μs|ms|s|im/y;
const PHYSICAL = /\$[0-9]+/y;
const LINE = /[^\r\n]*/y;
const PRAGMA = /#?pragma(?![\p{L}\p{Nl}_0-9])[^\r\n]*/uy;
const SYMBOLS = [
  ["**=", "<<=", ">>="],
  ["->", "==", "!=", "<=", ">=", "&&", "||", "<<", ">>", "++", "**", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^="],
  ["~=", "(", ")", "[", "]", "{", "}", ";", ",", ":", "=", "+", "-", "*", "/", "%", "&", "|", "^", "~", "!", "<", ">"],
  ["@", "."],
].flat();
const SYMBOLS_BY_FIRST = Map.groupBy(SYMBOLS, (symbol) => symbol[0]!);
const MODIFIERS = new Set(["inv", "ctrl", "negctrl", "pow", ")"]);

/**
 * Splits a text into tokens on demand, in time linear in its length. On demand, since what follows an unsupported
 * keyword (such as pulse code after `cal`) need not be OpenQASM.
 */
export class Lexer {
  readonly #source: Source;
  readonly #pragmas: boolean;
  #at = 0;
  #previous = "";
  /** Whether a statement can begin here: only there is `pragma` more than a name. */
  #atStatement = true;

  /** @param options.pragmas whether the language has pragmas, as OpenQASM 3 does and 2 does not */
  constructor(source: Source, options: { readonly pragmas: boolean }) {
    this.#source = source;
    this.#pragmas = options.pragmas;
    if (source.text.charCodeAt(0) === 0xfeff) this.#at = 1;
  }

  /** The next token; `end` for ever after the last. @throws QasmError QASM_CHARACTER, QASM_NUMBER, QASM_STRING, QASM_COMMENT */
  next(): Token {
    const token = this.#scan();
    const { kind, text } = token;
    this.#previous = kind === "name" || kind === "symbol" ? text : "";
    this.#atStatement =
      kind === "pragma" ||
      kind === "annotation" ||
      (kind === "symbol" && (text === ";" || text === "{" || text === "}" || text === ")")) ||
      (kind === "name" && text === "else");
    return token;
  }

  #scan(): Token {
    const { text } = this.#source;
    for (;;) {
      this.#match(SPACE);
      const offset = this.#at;
      if (offset >= text.length) return { kind: "end", text: "", offset: text.length };
      const first = text[offset]!;
      if (first === "/" && text[offset + 1] === "/") {
        if (text.startsWith(DIRECTIVE, offset) && /[ \t]/.test(text[offset + DIRECTIVE.length] ?? "")) {
          this.#at += DIRECTIVE.length;
          return { kind: "directive", text: DIRECTIVE, offset };
        }
        this.#match(LINE);
        continue;
      }
      if (first === "/" && text[offset + 1] === "*") {
        const end = text.indexOf("*/", offset + 2);
        if (end < 0) throw this.#source.error("QASM_COMMENT", "This comment has no end; close it with */.", offset);
        this.#at = end + 2;
        continue;
      }
      if ((first >= "0" && first <= "9") || (first === "." && /[0-9]/.test(text[offset + 1] ?? "")))
        return this.#number(offset);
      if (first === '"' || first === "'") return this.#string(offset, first);
      if (first === "$" && this.#match(PHYSICAL) !== undefined)
        return { kind: "physical", text: text.slice(offset + 1, this.#at), offset };
      if (this.#pragmas && (first === "#" || this.#atStatement) && this.#match(PRAGMA) !== undefined)
        return { kind: "pragma", text: text.slice(offset, this.#at), offset };
      const name = this.#match(NAME);
      if (name !== undefined) return { kind: "name", text: name, offset };
      if (first === "@" && !MODIFIERS.has(this.#previous)) {
        this.#at++;
        if (this.#match(NAME) === undefined) return { kind: "symbol", text: first, offset };
        this.#match(LINE);
        return { kind: "annotation", text: text.slice(offset, this.#at), offset };
      }
      for (const symbol of SYMBOLS_BY_FIRST.get(first) ?? [])
        if (text.startsWith(symbol, offset)) {
          this.#at += symbol.length;
          return { kind: "symbol", text: symbol, offset };
        }
      const point = text.codePointAt(offset)!;
      const shown = point < 32 || point === 127 ? "" : ` "${String.fromCodePoint(point)}"`;
      throw this.#source.error(
        "QASM_CHARACTER",
        `The character${shown} U+${point.toString(16).toUpperCase().padStart(4, "0")} has no place in OpenQASM outside of comments.`,
        offset,
      );
    }
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source.text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #number(offset: number): Token {
    const { text } = this.#source;
    const radix = this.#match(RADIX);
    const digits = (radix ?? this.#match(DECIMAL) ?? "").replaceAll("_", "");
    const unit = radix === undefined ? this.#match(UNIT) : undefined;
    const after = String.fromCodePoint(text.codePointAt(this.#at) ?? 0);
    const value = Number(digits);
    if (NAME_PART.test(after) || after === ".") {
      throw this.#source.error(
        "QASM_NUMBER",
        `"${text.slice(offset, this.#at)}${after}" is not a number; check its digits, underscores and unit.`,
        offset,
      );
    }
    if (!Number.isFinite(value))
      throw this.#source.error("QASM_NUMBER", `The number ${digits.slice(0, 40)} is too large for a float.`, offset);
    const whole = radix !== undefined || /^[0-9]+$/.test(digits);
    // Registers may be compared with integers past 2^53; those that a float holds exactly are kept.
    const integer = whole && (Number.isSafeInteger(value) || (digits.length < 400 && BigInt(digits) === BigInt(value)));
    return {
      kind: "number",
      text: text.slice(offset, this.#at),
      offset,
      value,
      integer,
      ...(unit === undefined ? {} : { unit: unit === "µs" || unit === "μs" ? "us" : unit }),
    };
  }

  #string(offset: number, quote: string): Token {
    const { text } = this.#source;
    let end = offset + 1;
    while (end < text.length && text[end] !== quote && text[end] !== "\n" && text[end] !== "\r") end++;
    if (text[end] !== quote)
      throw this.#source.error("QASM_STRING", `This string has no end; close it with ${quote} on its line.`, offset);
    this.#at = end + 1;
    return { kind: "string", text: text.slice(offset + 1, end), offset };
  }
}
