/**
 * The base of every error Lepton throws on purpose. `code` is stable across releases and is what programs should test;
 * the message says what was wrong, where, and what to do. `docs/errors.md` lists all codes.
 */
export class LeptonError extends Error {
  readonly code: string;
  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** A circuit or instruction that cannot be built: wrong qubits, wrong parameter counts, unknown gate, no inverse. */
export class CircuitError extends LeptonError {}

/** A parameter, an expression or a set of parameter values that does not fit: unbound, NaN, clashing name or role. */
export class ParameterError extends LeptonError {}

/** An observable that cannot be built or does not fit a circuit. */
export class ObservableError extends LeptonError {}

/** A device that cannot be described, or a circuit that cannot be compiled for one. */
export class TranspilerError extends LeptonError {}

/** Where in an OpenQASM text something stands; line and column count from 1. */
export interface SourcePosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** An OpenQASM text that is malformed or uses a feature that Lepton does not support. */
export class QasmError extends LeptonError {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The offending source line (cut to 120 characters) with a caret under the column. */
  readonly snippet: string;
  /** The message without position and snippet. */
  readonly reason: string;
  constructor(code: string, reason: string, at: SourcePosition, snippet: string) {
    super(code, `${at.file}:${at.line}:${at.column}: ${code} ${reason}${snippet === "" ? "" : `\n${snippet}`}`);
    this.file = at.file;
    this.line = at.line;
    this.column = at.column;
    this.snippet = snippet;
    this.reason = reason;
  }
}
