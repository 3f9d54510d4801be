import { QasmError } from "../errors.ts";

const SNIPPET_WIDTH = 120;

/** A text with a name, able to say where an offset lies. Lines end with LF, CRLF or CR. */
export class Source {
  readonly text: string;
  readonly file: string;
  constructor(text: string, file: string) {
    this.text = text;
    this.file = file;
  }

  /** An error that points at `offset`; line and column (in characters) count from 1. */
  error(code: string, reason: string, offset: number): QasmError {
    const { text } = this;
    const at = Math.min(offset, text.length);
    let line = 1;
    let start = 0;
    for (let i = 0; i < at; i++) {
      const unit = text.charCodeAt(i);
      if (unit !== LF && unit !== CR) continue;
      if (unit === CR && text.charCodeAt(i + 1) === LF && i + 1 < at) i++;
      line++;
      start = i + 1;
    }
    if (start === 0 && text.charCodeAt(0) === BYTE_ORDER_MARK) start = Math.min(1, at);
    let end = at;
    while (end < text.length && text.charCodeAt(end) !== LF && text.charCodeAt(end) !== CR) end++;
    const before = Array.from(text.slice(Math.max(start, at - MAX_COLUMN_SCAN), at));
    const column = before.length + Math.max(0, at - MAX_COLUMN_SCAN - start) + 1;
    const after = Array.from(text.slice(at, Math.min(end, at + 2 * SNIPPET_WIDTH)));
    const shown = before.slice(Math.max(0, before.length - (SNIPPET_WIDTH - 20)));
    const rest = after.slice(0, SNIPPET_WIDTH - shown.length);
    const snippet = `${printable(shown)}${printable(rest)}`.trimEnd();
    return new QasmError(code, reason, { file: this.file, line, column }, `${snippet}\n${" ".repeat(shown.length)}^`);
  }
}

const LF = 10;
const CR = 13;
const BYTE_ORDER_MARK = 0xfeff;
// A hostile file may be one line of many megabytes; columns past this count UTF-16 units instead of characters.
const MAX_COLUMN_SCAN = 65_536;

/** One cell a character, so that the caret stands below its target and no control character reaches a terminal. */
function printable(characters: readonly string[]): string {
  return characters.map((c) => (/[\p{C}\p{Z}]/u.test(c) ? " " : c)).join("");
}
