import type { Circuit } from "../circuit.ts";
import { describeValue } from "../describe-value.ts";
import type { Program } from "./ast.ts";
import { Lexer, type Token } from "./lexer.ts";
import { Lowering } from "./lowering.ts";
import { OpenQasm2Parser } from "./openqasm2-parser.ts";
import { OpenQasm3Parser } from "./openqasm3-parser.ts";
import type { QubitRegister } from "./registers.ts";
import { Source } from "./source.ts";
import type { StatementParser } from "./statement-parser.ts";

export interface ParseOptions {
  /** The name that errors give to the text; "<qasm>" by default. */
  readonly file?: string;
  /**
   * The most operations the text may expand to through registers, loops and gate definitions; 1,000,000 by default.
   * It bounds time and memory on texts from strangers.
   */
  readonly maxOperations?: number;
}

/** A text, read. */
export interface QasmProgram {
  readonly version: 2 | 3;
  readonly circuit: Circuit;
  /** Qubit registers in order of declaration; empty when the text uses physical qubits. */
  readonly qubitRegisters: readonly QubitRegister[];
  /** Whether the text names its qubits $0, $1, ...; their numbers are then the circuit's. */
  readonly physicalQubits: boolean;
}

const MAX_LENGTH = 1 << 26;

/**
 * The circuit that an OpenQASM 2 or 3 text describes; `docs/openqasm.md` says what is supported. The version is that of
 * the header; see `parseQasmProgram` for texts without one.
 * @throws QasmError with code, file, line, column and snippet, for the first mistake
 */
export function parseQasm(text: string, options: ParseOptions = {}): Circuit {
  return parseQasmProgram(text, options).circuit;
}

/**
 * Reads a text with all that it says. A text without a version is OpenQASM 2 when it includes qelib1.inc or declares
 * something opaque, or when it declares qubits with qreg alone and includes no stdgates.inc; else it is OpenQASM 3.
 * @throws QasmError with code, file, line, column and snippet, for the first mistake
 */
export function parseQasmProgram(text: string, options: ParseOptions = {}): QasmProgram {
  if (typeof text !== "string")
    throw new Source("", options.file ?? "<qasm>").error(
      "QASM_TEXT",
      `OpenQASM is read from a string, not from ${describeValue(text)}; decode bytes first, such as with buffer.toString("utf8").`,
      0,
    );
  const source = new Source(text, options.file ?? "<qasm>");
  if (text.length > MAX_LENGTH)
    throw source.error("QASM_TOO_LARGE", `The text has ${text.length} characters; at most ${MAX_LENGTH} are read.`, 0);
  const program = parseProgram(source);
  const lowering = new Lowering(source, program, options.maxOperations ?? 1_000_000);
  return { version: program.version, ...lowering.run(program) };
}

function parseProgram(source: Source): Program {
  const version = versionOf(source);
  const parser: StatementParser = version === 2 ? new OpenQasm2Parser(source) : new OpenQasm3Parser(source);
  const first = parser.peek();
  if (first.kind === "end")
    throw source.error("QASM_EMPTY", "The text holds no statement, not even a version.", first.offset);
  if (parser.accept("OPENQASM") !== undefined) {
    parser.next();
    parser.expect(";", "after the version");
  }
  const statements = parser.statements();
  return { version, statements, physicalQubits: parser.physicalQubits, end: parser.peek() };
}

/** The major version from the header, or from the words the text uses. */
function versionOf(source: Source): 2 | 3 {
  const lexer = new Lexer(source, { pragmas: true });
  const first = lexer.next();
  if (first.kind !== "name" || first.text !== "OPENQASM") return guessVersion(lexer, first, source.text.length);
  const number = lexer.next();
  if (number.kind !== "number" || number.unit !== undefined || !/^[0-9]+(\.[0-9]+)?$/.test(number.text))
    throw source.error("QASM_SYNTAX", "Expected a version such as 3.0 after OPENQASM.", number.offset);
  if (/^2(\.0)?$/.test(number.text)) return 2;
  if (/^3(\.[01])?$/.test(number.text)) return 3;
  throw source.error(
    "QASM_VERSION",
    `OpenQASM ${number.text} is not supported; versions 2.0, 3.0 and 3.1 are.`,
    number.offset,
  );
}

function guessVersion(lexer: Lexer, first: Token, length: number): 2 | 3 {
  let old = false;
  try {
    for (let token = first, count = 0; token.kind !== "end" && count <= length; token = lexer.next(), count++) {
      if (token.kind === "string" && token.text === "qelib1.inc") return 2;
      if (token.kind === "string" && token.text === "stdgates.inc") return 3;
      if (token.kind === "physical") return 3;
      if (token.kind !== "name") continue;
      if (token.text === "opaque") return 2;
      if (token.text === "qubit" || token.text === "bit" || token.text === "input" || token.text === "let") return 3;
      if (token.text === "qreg") old = true;
    }
  } catch {
    // A character that is no token is told by the parser, at its place and after the mistakes before it.
  }
  return old ? 2 : 3;
}
