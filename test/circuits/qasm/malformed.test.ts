import { describe, expect, test } from "vitest";
import { QasmError } from "../../../circuits/index.ts";
import { parseQasm } from "../../../circuits/qasm/index.ts";
import { probes } from "./corpus.ts";

const { feat, mal, q2 } = probes();

/** `line:column code`, or "read" when the text is accepted. */
function verdict(text: string): string {
  try {
    parseQasm(text);
    return "read";
  } catch (error) {
    if (!(error instanceof QasmError)) throw error;
    expect(error.snippet).toMatch(/^[^\n]{0,120}\n *\^$/);
    return `${error.line}:${error.column} ${error.code}`;
  }
}

// "read": a version alone is a whole program; an OpenQASM 2 text is read as what it is; a byte order mark marks the
// encoding and is no part of the text. A form feed is no white space in the grammar, hence refused.
test.each([
  ["empty", "1:1 QASM_EMPTY"],
  ["only version", "read"],
  ["missing semicolon", "4:1 QASM_SYNTAX"],
  ["unknown gate", "3:10 QASM_UNDEFINED"],
  ["undeclared qubit", "3:3 QASM_UNDEFINED"],
  ["index out of range", "3:17 QASM_INDEX"],
  ["neg out of range", "3:17 QASM_INDEX"],
  ["dup qubits", "3:21 QASM_DUPLICATE_QUBIT"],
  ["redeclare", "3:16 QASM_REDEFINED"],
  ["wrong params", "3:10 QASM_ARGUMENTS"],
  ["too many params", "3:10 QASM_ARGUMENTS"],
  ["wrong arity", "3:13 QASM_ARGUMENTS"],
  ["broadcast size mismatch", "3:30 QASM_SIZE"],
  ["zero size reg", "3:7 QASM_SIZE"],
  ["negative size", "3:7 QASM_SIZE"],
  ["measure size mismatch", "3:23 QASM_SIZE"],
  ["no include, h", "1:24 QASM_UNDEFINED"],
  ["include twice", "3:1 QASM_REDEFINED"],
  ["version 2 to v3 parser", "read"],
  ["version 4", "1:10 QASM_VERSION"],
  ["version not first", "1:10 QASM_VERSION"],
  ["const reassign", "3:16 QASM_ASSIGNMENT"],
  ["const no value", "3:12 QASM_SYNTAX"],
  ["recursive gate", "3:12 QASM_UNDEFINED"],
  ["gate with measure", "3:12 QASM_GATE_BODY"],
  ["gate with reset", "3:12 QASM_GATE_BODY"],
  ["gate indexed arg", "3:14 QASM_TYPE"],
  ["gate unused qubit ref", "3:14 QASM_TYPE"],
  ["qubit in block", "3:13 QASM_SCOPE"],
  ["unterminated comment", "3:1 QASM_COMMENT"],
  ["unterminated string", "1:23 QASM_STRING"],
  ["bad char", "3:15 QASM_CHARACTER"],
  ["unclosed brace", "3:10 QASM_SYNTAX"],
  ["div by zero", "3:14 QASM_NOT_FINITE"],
  ["nan const", "3:13 QASM_NOT_FINITE"],
  ["huge reg", "3:7 QASM_TOO_LARGE"],
  ["int overflow", "3:1 QASM_UNSUPPORTED"],
  ["bool to float param", "3:13 QASM_TYPE"],
  ["use bit as qubit", "3:10 QASM_TYPE"],
  ["assign qubit", "3:19 QASM_ASSIGNMENT"],
  ["break outside loop", "3:1 QASM_SCOPE"],
  ["return outside def", "3:1 QASM_UNSUPPORTED"],
  ["keyword ident", "3:7 QASM_SYNTAX"],
  ["assign to input", "3:17 QASM_ASSIGNMENT"],
  ["physical and virtual mixed", "3:7 QASM_PHYSICAL"],
  ["bitstring wrong width", "3:12 QASM_SIZE"],
  ["deep nest 2000 parens", "3:1014 QASM_TOO_DEEP"],
  ["gate shadow std", "3:6 QASM_REDEFINED"],
  ["redefine stdgate", "1:44 QASM_REDEFINED"],
  ["pow with input", "3:30 QASM_TYPE"],
  ["ctrl(0)", "3:15 QASM_VALUE"],
  ["duration as angle", "3:13 QASM_TYPE"],
  ["CRLF + BOM", "read"],
  ["NUL byte", "3:9 QASM_CHARACTER"],
  ["tabs/formfeed", "3:1 QASM_CHARACTER"],
])("malformed: %s -> %s", (name, wanted) => expect(verdict(mal[name]!)).toBe(wanted));

test("all 55 malformed texts are covered", () => expect(Object.keys(mal).length).toBe(55));

// Beyond what Qiskit refuses: registers of size 0, and the use of an opaque gate, whose action nobody knows.
const REFUSED_2: Readonly<Record<string, string>> = {
  "if bit (v3)": "3:27 QASM_SYNTAX",
  opaque: "3:27 QASM_OPAQUE",
  "uppercase reg": "3:6 QASM_SYNTAX",
  "size 0": "3:8 QASM_SIZE",
  "dup qubit": "3:20 QASM_DUPLICATE_QUBIT",
  "div by zero": "3:16 QASM_NOT_FINITE",
  redeclare: "3:17 QASM_REDEFINED",
  "gate undefined": "3:12 QASM_UNDEFINED",
  "gate recursion": "3:11 QASM_UNDEFINED",
  "include missing": "1:15 QASM_INCLUDE",
  delay: "3:12 QASM_UNDEFINED",
  "neg cond": "3:29 QASM_SYNTAX",
  rzx: "3:12 QASM_UNDEFINED",
  ecr: "3:12 QASM_UNDEFINED",
  iswap: "3:12 QASM_UNDEFINED",
  "keyword pi reg": "3:6 QASM_SYNTAX",
};
test.each(Object.entries(q2))("OpenQASM 2: %s", (name, text) => expect(verdict(text)).toBe(REFUSED_2[name] ?? "read"));

// Features that circuits cannot hold, and three texts that are wrong: an include of an unknown file, an input that has
// the name of a gate, and an operator that OpenQASM lacks.
const REFUSED_3: Readonly<Record<string, string>> = {
  "input name clashes with gate t": "3:17 QASM_REDEFINED",
  "ternary (absent)": "3:14 QASM_CHARACTER",
  "include other": "1:15 QASM_INCLUDE",
};
const UNSUPPORTED_3 = [
  "input int, bitstring literal, imag literal, while, for bits, break, continue, switch, bool var, int var, uint var",
  "bit assign, bit arith, def subroutine, def classical arg, extern, array decl, cast, sizeof, angle type, complex type",
  "stretch, box, box duration, durationof, duration var, shadow in block, popcount, defcalgrammar, cal, defcal",
].flatMap((names) => names.split(", "));
test.each(Object.entries(feat))("OpenQASM 3: %s", (name, text) => {
  if (UNSUPPORTED_3.includes(name)) expect(verdict(text)).toMatch(/^\d+:\d+ QASM_UNSUPPORTED$/);
  else expect(verdict(text)).toBe(REFUSED_3[name] ?? "read");
});

describe("errors", () => {
  test("name file, line and column, and show the line with a caret", () => {
    const text = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q;\n\tcx q[0],  q[0];';
    const error = (() => {
      try {
        return parseQasm(text, { file: "bell.qasm" });
      } catch (thrown) {
        return thrown as QasmError;
      }
    })();
    expect(error).toBeInstanceOf(QasmError);
    expect(error).toMatchObject({ file: "bell.qasm", line: 4, column: 12, code: "QASM_DUPLICATE_QUBIT" });
    expect((error as QasmError).message).toBe(
      "bell.qasm:4:12: QASM_DUPLICATE_QUBIT Gate cx is given the same qubit twice.\n cx q[0],  q[0];\n           ^",
    );
  });

  test.each(["\n", "\r\n", "\r"])("count lines that end with %j", (end) => {
    expect(verdict(["OPENQASM 3.0;", "qubit q;", "", "  bad"].join(end))).toBe("4:6 QASM_SYNTAX");
  });

  test("count columns in characters, not in UTF-16 units", () => {
    expect(verdict("OPENQASM 3.0; /* 😀😀 */ qubit[0] q;")).toBe("1:30 QASM_SIZE");
  });

  test("show a window of a long line", () => {
    expect(verdict(`OPENQASM 3.0; qubit[2] q; ${"barrier q; ".repeat(5000)}oops q;`)).toBe("1:55027 QASM_UNDEFINED");
  });
});

describe("anything but a string is refused", () => {
  test.each([
    ["a Buffer", Buffer.from("OPENQASM 3.0;"), "[object Uint8Array]; decode bytes first"],
    ["nothing", undefined, "undefined"],
    ["null", null, "null"],
    ["a number", 3, "number 3"],
  ])("%s", (_, text, message) => {
    expect(() => parseQasm(text as never, { file: "a.qasm" })).toThrow(
      expect.objectContaining({ code: "QASM_TEXT", file: "a.qasm", message: expect.stringContaining(message) }),
    );
  });
});

describe("texts that ask for too much are refused", () => {
  const head = 'OPENQASM 3.0; include "stdgates.inc";';
  const chain = (count: number, body: (name: string) => string): string =>
    `${head} gate g0(a) q { rx(a) q; }${Array.from({ length: count }, (_, i) => `gate g${i + 1}(a) q { ${body(`g${i}`)} }`).join("")}`;
  test.each([
    ["a register of 65,537", `${head} qubit[65537] q;`, "QASM_TOO_LARGE"],
    ["many registers", `${head} qubit[65536] q; qubit r;`, "QASM_TOO_LARGE"],
    ["bits", `${head} bit[65536] c; bit d;`, "QASM_TOO_LARGE"],
    ["a high physical qubit", `${head} x $65536;`, "QASM_TOO_LARGE"],
    [
      "operations by doubling definitions",
      `${chain(40, (g) => `${g}(a) q; ${g}(a) q;`)} qubit q; g40(1) q;`,
      "QASM_TOO_LARGE",
    ],
    [
      "empty work by doubling",
      `${chain(40, (g) => `${g}(a) q; ${g}(a) q;`).replace("rx(a) q;", "")} qubit q; g40(1) q;`,
      "QASM_TOO_LARGE",
    ],
    [
      "an expression by doubling arguments",
      `${chain(40, (g) => `${g}(a + a) q;`)} input float t_; qubit q; g40(t_) q;`,
      "QASM_TOO_LARGE",
    ],
    ["definitions nested 300 deep", chain(300, (g) => `${g}(a) q;`), "QASM_TOO_DEEP"],
    ["a loop of a billion", `${head} for int i in [0:1000000000] { }`, "QASM_TOO_LARGE"],
    ["a power of a billion", `${head} gate g q { h q; t q; } qubit q; pow(1000000000) @ g q;`, "QASM_TOO_LARGE"],
    [
      "a root of a large gate",
      `${head} gate g a, b, c, d, e, f, h_ { cx a, b; cx c, d; } qubit[7] q; pow(0.5) @ g q[0], q[1], q[2], q[3], q[4], q[5], q[6];`,
      "QASM_UNSUPPORTED",
    ],
    [
      "31 controls",
      `${head} qubit[32] q; ctrl(31) @ x q[0], ${Array.from({ length: 31 }, (_, i) => `q[${i + 1}]`).join(", ")};`,
      "QASM_TOO_LARGE",
    ],
    ["5,000 nested blocks", `${head} ${"{".repeat(5000)}`, "QASM_TOO_DEEP"],
    ["5,000 nested ifs", `${head} bit c; ${"if (c) ".repeat(5000)} nop;`, "QASM_TOO_DEEP"],
    ["100,000 signs", `${head} qubit q; rx(${"-".repeat(100_000)}1) q;`, "QASM_TOO_DEEP"],
    ["a sum of 100,000 terms", `${head} qubit q; rx(${"1+".repeat(100_000)}1) q;`, "QASM_TOO_DEEP"],
    ["100,000 powers", `${head} qubit q; rx(${"1**".repeat(100_000)}1) q;`, "QASM_TOO_DEEP"],
    ["an alias that doubles", `${head} qubit[65536] q; let a = q ++ q;`, "QASM_TOO_LARGE"],
    [
      "20,000 aliases of large slices",
      `${head} qubit[65536] q; ${Array.from({ length: 20_000 }, (_, i) => `let a${i} = q[0:65534];`).join("")}`,
      "QASM_TOO_LARGE",
    ],
    [
      "2,000 conditions on a large register",
      `${head} qubit q; bit[65536] c; ${"if (c == 1) x q;".repeat(2000)}`,
      "QASM_TOO_LARGE",
    ],
    [
      "2,000 conditions on two large registers",
      `${head} qubit q; bit[30000] c; bit[30000] d; ${"if (c == 1 && d == 0) x q;".repeat(2000)}`,
      "QASM_TOO_LARGE",
    ],
    [
      "an angle of a million operators, called again and again",
      `${chain(19, (g) => `${g}(a + a) q;`)} input float t_; qubit q; ${"g19(t_) q;".repeat(40)}`,
      "QASM_TOO_LARGE",
    ],
    [
      "an expression nested 2,000 deep",
      `${head} qubit q; rx(${"sin(".repeat(2000)}1${")".repeat(2000)}) q;`,
      "QASM_TOO_DEEP",
    ],
    ["widths in widths", `${head} qubit q; rx(${"float[".repeat(2000)}1${"](1)".repeat(2000)}) q;`, "QASM_TOO_DEEP"],
    ["a float that overflows", `${head} qubit q; rx(1e308 * 10) q;`, "QASM_NOT_FINITE"],
    ["a number that overflows", `${head} qubit q; rx(1e309) q;`, "QASM_NUMBER"],
    ["an infinity times a parameter", `${head} input float a; qubit q; rx(1e308 * 10 * a) q;`, "QASM_NOT_FINITE"],
  ])("%s", (_, text, code) => expect(verdict(text).split(" ")[1]).toBe(code));

  test("conditions on one register share its list of bits", () => {
    const text = `${head} qubit q; bit[60000] c; bit[8] d; ${"if (c == 1) { x q; } else { z q; }".repeat(200)} if (d == 1) x q;`;
    const lists = parseQasm(text).operations.map((operation) =>
      operation.kind === "if" ? operation.condition.clbits : [],
    );
    expect(lists).toHaveLength(201);
    expect(new Set(lists).size).toBe(2);
    for (const list of new Set(lists)) expect(Object.isFrozen(list)).toBe(true);
  });

  test.each([
    ["an index", (e: string) => `x q[${e}];`],
    ["a range", (e: string) => `x q[0:${e}];`],
    ["a set", (e: string) => `x q[{0, ${e}}];`],
    ["a condition", (e: string) => `bit[2] c; if (c[${e}] == 1) x q[0];`],
  ])("indices in indices in %s", (_, statement) => {
    let deep = "0";
    for (let i = 0; i < 150; i++) deep = `${"- ".repeat(990)}q[${deep}]`;
    expect(verdict(`${head} qubit[2] q; ${statement(deep)}`).split(" ")[1]).toBe("QASM_TOO_DEEP");
  });

  const sum = (terms: number) => Array.from({ length: terms }, () => "1").join("+");
  test.each([
    [
      "constants in a loop",
      `for int i in [1:999999] { ${Array.from({ length: 100 }, (_, k) => `const int a${k} = ${sum(900)};`).join("")} }`,
    ],
    ["an angle worked out in a loop", `qubit q; for int i in [1:100000] { rx(${sum(900)}) q; }`],
    [
      "an angle worked out in a gate",
      `gate g(a) r { rx(a${"+a".repeat(900)}) r; } qubit q; for int i in [1:100000] { g(0.1) q; }`,
    ],
    ["empty statements in loops", `qubit q; for int i in [1:999999] { ${"nop q;".repeat(200)} }`],
    ["arrays of parameters", Array.from({ length: 240 }, (_, k) => `input array[float[64], 65536] a${k};`).join("")],
  ])("%s", (_, text) => {
    // Hours, or gigabytes, where nobody pays.
    expect(verdict(`OPENQASM 3.1; include "stdgates.inc"; ${text}`).split(" ")[1]).toBe("QASM_TOO_LARGE");
  });

  test("maxOperations moves the limit", () => {
    const text = `${head} qubit[100] q; h q; h q;`;
    expect(parseQasm(text, { maxOperations: 300 }).operations.length).toBe(200);
    expect(() => parseQasm(text, { maxOperations: 150 })).toThrow(/QASM_TOO_LARGE.*150 operations/s);
  });
});
