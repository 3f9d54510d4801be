import {
  Circuit,
  GATES,
  type GateName,
  isGateName,
  parseQasmProgram,
  printQasm3,
  QasmError,
} from "../../../circuits/index.ts";
import { JobFailure } from "./job-failure.ts";

/** A circuit as the service reads it from a text. */
export interface ReadCircuit {
  /** As wide as the highest physical qubit that the text names; parameters are scalars, in order of declaration. */
  readonly circuit: Circuit;
  /** Gates that the text defines and calls, other than Lepton's own. */
  readonly definedGates: readonly string[];
  /** Whether it loops, which no device does. */
  readonly loops: boolean;
}

/**
 * Reads OpenQASM 3 as IBM's service does (qiskit.qasm3.loads with qiskit-qasm3-import 0.6, each rule tried there): narrower
 * than `parseQasm`, and deaf to the comments in which Lepton writes what other readers cannot know.
 * @throws JobFailure 1506 for what the service's reader does not support, 1603 for what is no OpenQASM 3, 1520 for
 * more than is read (operations, qubits, characters)
 */
export function readCircuit(text: string): ReadCircuit {
  // Of the same length, so that places in messages stay.
  const source = text.replaceAll("//@lepton", "//-lepton");
  const tokens = tokensOf(source);
  checkDialect(tokens);
  const definitions = gateDefinitions(tokens);
  const { circuit } = parse(prepared(source, tokens, definitions));
  const calls = new Set(
    tokens.flatMap((token, index) =>
      token.starts && !definitions.some((definition) => index > definition.from && index <= definition.to)
        ? [calledGate(tokens, index)]
        : [],
    ),
  );
  return {
    circuit,
    definedGates: definitions.map(({ name }) => name).filter((name) => !isGateName(name) && calls.has(name)),
    loops: tokens.some(({ text: word, starts }) => starts && word === "for"),
  };
}

interface Token {
  readonly text: string;
  readonly at: number;
  readonly line: number;
  readonly column: number;
  /** A statement can begin with it. */
  readonly starts: boolean;
}

const PIECES =
  /(?<skip>[ \t\r\n]+|\/\/[^\r\n]*|\/\*[\s\S]*?\*\/)|"[^"\r\n]*"|'[^'\r\n]*'|[\p{L}_][\p{L}\p{Nl}_0-9]*|\$?[0-9][0-9a-zA-Z_.]*|\*\*|[\s\S]/gu;

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let line = 1;
  let lineStart = 0;
  let scanned = 0;
  let starts = true;
  for (const match of text.matchAll(PIECES)) {
    if (match.groups!.skip !== undefined) continue;
    const at = match.index;
    for (; scanned < at; scanned++)
      if (text.charCodeAt(scanned) === 10) {
        line++;
        lineStart = scanned + 1;
      }
    const [piece] = match;
    tokens.push({ text: piece, at, line, column: at - lineStart, starts });
    starts = piece === ";" || piece === "{" || piece === "}";
  }
  return tokens;
}

/** Words that begin a statement which the service's reader refuses, and its name for the statement. */
const REFUSED: Readonly<Record<string, string>> = {
  const: "node of type ConstantDeclaration is not supported",
  switch: "node of type SwitchStatement is not supported",
  def: "node of type SubroutineDefinition is not supported",
  extern: "node of type ExternDeclaration is not supported",
  pragma: "node of type Pragma is not supported",
  end: "node of type EndStatement is not supported",
  cal: "node of type CalibrationStatement is not supported",
  defcal: "node of type CalibrationDefinition is not supported",
  defcalgrammar: "node of type CalibrationGrammarDeclaration is not supported",
  int: "declarations of type 'int' are not supported",
  uint: "declarations of type 'uint' are not supported",
  float: "declarations of type 'float' are not supported",
  angle: "declarations of type 'angle' are not supported",
  bool: "declarations of type 'bool' are not supported",
  complex: "declarations of type 'complex' are not supported",
  duration: "declarations of type 'duration' are not supported",
  stretch: "declarations of type 'stretch' are not supported",
  array: "declarations of type 'array' are not supported",
};

function checkDialect(tokens: readonly Token[]): void {
  const refuse = ({ line, column }: Token, what: string): never => {
    throw new JobFailure(1506, `Unable to load the OpenQASM 3 program: ${line},${column}: ${what}`);
  };
  for (const [index, token] of tokens.entries()) {
    const { text, starts } = token;
    const next = tokens[index + 1]?.text;
    if (text === "**") refuse(token, "unsupported binary operation '**'");
    if (!starts) continue;
    if (text === "OPENQASM" && next !== undefined && !/^3(\.\d)?$/.test(next))
      refuse(token, `OpenQASM ${next} is not supported; only version 3 is`);
    if (text === "include" && next !== '"stdgates.inc"' && next !== "'stdgates.inc'")
      refuse(token, "non-stdgates imports not currently supported");
    if (text === "#" && next === "pragma") refuse(token, REFUSED.pragma!);
    if (text === "input" && next !== "float" && next !== "angle")
      refuse(token, "only 'float' and 'angle' inputs are supported");
    if (text === "pow" && next === "(") refuse(token, "gate modifier 'pow' is not supported");
    if (Object.hasOwn(REFUSED, text)) refuse(token, REFUSED[text]!);
    if (text === "bit" || text === "creg") {
      const end = tokens.findIndex((other, place) => place > index && (other.text === ";" || other.text === "="));
      if (tokens[end]?.text === "=" && tokens[end + 1]?.text !== "measure")
        refuse(tokens[end]!, "initialisation of classical bits is not supported");
    }
  }
}

interface Definition {
  readonly name: string;
  /** First and last token. */
  readonly from: number;
  readonly to: number;
}

function gateDefinitions(tokens: readonly Token[]): readonly Definition[] {
  const definitions: Definition[] = [];
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index]!;
    const name = tokens[index + 1]?.text;
    if (!token.starts || token.text !== "gate" || name === undefined) continue;
    let to = index;
    while (to < tokens.length && tokens[to]!.text !== "}") to++;
    definitions.push({ name, from: index, to: Math.min(to, tokens.length - 1) });
    index = to;
  }
  return definitions;
}

/** The name of the gate that a statement calls, behind modifiers and annotations. */
function calledGate(tokens: readonly Token[], start: number): string {
  for (let index = start; index < tokens.length; index++) {
    const { text } = tokens[index]!;
    if (text === ";" || text === "{" || text === "}") break;
    if (tokens[index + 1]?.text === "@" || text === "@") continue;
    if (["inv", "ctrl", "negctrl"].includes(text)) continue;
    return text;
  }
  return "";
}

/** The standard names of gates with a definition that Lepton's reader knows to be theirs. */
const canonical = new Map<string, string>();

function canonicalDefinition(name: GateName): string | undefined {
  let found = canonical.get(name);
  if (found === undefined) {
    const { numParams, numQubits } = GATES[name];
    const qubits = Array.from({ length: numQubits }, (_, qubit) => qubit);
    const circuit = Circuit.build(numQubits, (c) => c.gate(name, new Array<number>(numParams).fill(0.5), qubits));
    const printed = printQasm3(circuit);
    found = printed.slice(printed.indexOf("gate "), printed.indexOf("qubit["));
    canonical.set(name, printed.includes("gate ") ? found.replaceAll("\n", " ") : "");
  }
  return canonical.get(name) === "" ? undefined : canonical.get(name);
}

/**
 * What Lepton's reader shall read: the service takes a gate by its name whatever its body says, and knows the standard
 * gates without the include.
 */
function prepared(text: string, tokens: readonly Token[], definitions: readonly Definition[]): string {
  let result = "";
  let done = 0;
  if (!tokens.some(({ text: word, starts }) => starts && word === "include")) {
    const header = tokens[0]?.text === "OPENQASM" ? tokens.findIndex(({ text: word }) => word === ";") : -1;
    const at = header < 0 ? 0 : tokens[header]!.at + 1;
    result = `${text.slice(0, at)} include "stdgates.inc";${header < 0 ? " " : ""}`;
    done = at;
  }
  for (const { name, from, to } of definitions) {
    const standard = isGateName(name) ? canonicalDefinition(name) : undefined;
    if (standard === undefined) continue;
    const last = tokens[to]!;
    result += `${text.slice(done, tokens[from]!.at)}${standard}`;
    done = last.at + last.text.length;
  }
  return result + text.slice(done);
}

function parse(text: string): { readonly circuit: Circuit } {
  try {
    return parseQasmProgram(text, { file: "program" });
  } catch (error) {
    if (!(error instanceof QasmError)) throw error;
    const unsupported = ["QASM_UNSUPPORTED", "QASM_UNDEFINED", "QASM_VERSION"].includes(error.code);
    throw new JobFailure(
      error.code === "QASM_TOO_LARGE" ? 1520 : unsupported ? 1506 : 1603,
      `Unable to load the OpenQASM 3 program: ${error.line},${error.column - 1}: ${error.reason}`,
      "Send OpenQASM 3 with physical qubits and the device's own gates.",
    );
  }
}
