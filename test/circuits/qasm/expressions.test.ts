import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Circuit, circuitMatrix, type Operation, QasmError } from "../../../circuits/index.ts";
import { parseQasm, printQasm2, printQasm3 } from "../../../circuits/qasm/index.ts";
import { distance } from "../../support/linear-algebra.ts";

const HEAD_3 = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q;';
const HEAD_2 = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[2];';

const angleIn = (operation: Operation | undefined): unknown =>
  operation?.kind === "gate" ? operation.params[0] : undefined;
const angle3 = (text: string): unknown => angleIn(parseQasm(`${HEAD_3} rx(${text}) q[0];`).operations[0]);
const angle2 = (text: string): unknown => angleIn(parseQasm(`${HEAD_2} rx(${text}) q[0];`).operations[0]);
/** JavaScript has the same operators with the same precedence, but for a sign in front of a power. */
const javaScript = (text: string): unknown => new Function(`return (${text});`)();

describe("a quotient of two integers", () => {
  test.each([
    ["7/2", 3],
    ["1/2", 0],
    ["-7/2", -3],
    ["7/-2", -3],
    ["(1+2)/2*3", 3],
    ["2**3/3", 2],
    ["mod(7, 4)/2", 1],
    ["sqrt(9/4)", Math.sqrt(2)],
    ["float[64](7/2)", 3],
    ["7/2.0", 3.5],
    // floor and ceiling give floats; int() makes integers of them.
    ["floor(7.5)/2", 3.5],
    ["1/ceiling(1.5)", 0.5],
    ["int(floor(7.5))/2", 3],
    ["7.0/2", 3.5],
    ["float(7)/2", 3.5],
    ["pi/2", Math.PI / 2],
    ["2*pi/4", Math.PI / 2],
  ])("%s is %d in OpenQASM 3, as its specification says", (text, wanted) => expect(angle3(text)).toBe(wanted));

  test.each([
    ["7/2", 3.5],
    ["1/2", 0.5],
    ["sin(1/2)", Math.sin(0.5)],
    ["-7/2", -3.5],
  ])("%s is %d in OpenQASM 2, whose numbers are real", (text, wanted) => expect(angle2(text)).toBe(wanted));

  test("constants, durations, loops and definitions cut it too; parameters of gates are real", () => {
    const text = `${HEAD_3} const float[64] half = 1/2; const float[64] three = 7/2; gate g(a) t { rx(a/2) t; rz(a + 7/2) t; }
      rx(half) q[0]; rx(three) q[0]; delay[100ns * (3/2)] q[0]; for int i in [5:5] { rx(i/2) q[0]; } g(1) q[0];`;
    const { operations } = parseQasm(text);
    expect(operations.map(angleIn)).toEqual([0, 3, undefined, 2, 0.5, 4]);
    expect(operations[2]).toMatchObject({ kind: "delay", duration: 100 });
  });

  test("stays real in the argument of pow, where stdgates.inc was written with 1/2", () => {
    const root = (text: string) => parseQasm(`OPENQASM 3.0; include "stdgates.inc"; qubit q; ${text}`);
    for (const text of [
      "pow(1/2) @ x q;",
      "pow(2/4) @ x q;",
      "gate g a { pow(1/2) @ x a; } g q;",
      "inv @ pow(-1/2) @ x q;",
    ])
      expect(root(text).operations).toEqual(Circuit.build(1, (c) => c.sx(0)).operations);
    expect(distance(circuitMatrix(root("pow(3/2) @ h q; pow(1/2) @ h q;")), [1, 0, 0, 0, 0, 0, 1, 0])).toBeLessThan(
      1e-9,
    );
  });

  test("is never printed: numbers have a decimal point", () => {
    const circuit = Circuit.build(1, (c) => c.rx(7, 0).rx(-1e21, 0));
    for (const text of [printQasm3(circuit), printQasm2(circuit)]) expect(text).not.toMatch(/rx\(-?\d+\)/);
  });
});

describe("operators bind as in JavaScript", () => {
  const number = fc.integer({ min: 1, max: 9 }).map(String);
  const { real, whole } = fc.letrec<{ real: string; whole: string }>((tie) => ({
    real: fc.oneof(
      { maxDepth: 5 },
      number.map((digit) => `${digit}.5`),
      fc.tuple(tie("real"), fc.constantFrom("+", "-", "*", "/"), tie("real")).map((parts) => parts.join(" ")),
      fc.tuple(number, tie("real")).map(([base, rest]) => `${base}.5 ** -(${rest})`),
      tie("real").map((inner) => `(${inner})`),
      tie("real").map((inner) => `-(${inner})`),
      tie("real").map((inner) => `Math.atan2(${inner}, 2.5)`),
    ),
    whole: fc.oneof(
      { maxDepth: 5 },
      number,
      fc
        .tuple(tie("whole"), fc.constantFrom("+", "*", "|", "^", "&", "<<", ">>", "%"), tie("whole"))
        .map((parts) => parts.join(" ")),
      tie("whole").map((inner) => `(${inner})`),
    ),
  }));

  test("real arithmetic, signs and powers", () => {
    fc.assert(
      fc.property(real, (text) => {
        const wanted = javaScript(text) as number;
        fc.pre(Number.isFinite(wanted));
        expect(angle3(text.replaceAll("Math.", ""))).toBe(wanted + 0);
      }),
      { numRuns: 400, seed: 4 },
    );
    expect([angle3("-2.0 ** 2"), angle3("2.0 ** -1.0"), angle3("2.0 ** 3.0 ** 2.0"), angle2("-2 ^ 2")]).toEqual([
      -4, 0.5, 512, -4,
    ]);
  });

  test("integers", () => {
    fc.assert(
      fc.property(whole, (text) => {
        const wanted = javaScript(text) as number;
        // JavaScript's bits end at 32; those of OpenQASM at 53.
        fc.pre(Number.isSafeInteger(wanted) && wanted >= 0);
        let actual: unknown;
        try {
          actual = angle3(text);
        } catch (error) {
          if (error instanceof QasmError && ["QASM_NOT_FINITE", "QASM_TYPE"].includes(error.code)) return;
          throw error;
        }
        if ((actual as number) < 2 ** 31 && !/<</.test(text)) expect(actual).toBe(wanted);
      }),
      { numRuns: 400, seed: 5 },
    );
  });
});

describe("pragma", () => {
  test("is a line to pass over at the start of a statement of OpenQASM 3", () => {
    const text = `OPENQASM 3.0;\npragma x q;\n#pragma { ( "\ninclude "stdgates.inc";\nqubit q;\n{\npragma user\n x q; }\nif (true) pragma z\n z q;`;
    expect(parseQasm(text).count()).toEqual({ x: 1, z: 1 });
  });

  test("is a name like any other in OpenQASM 2, with and without a header", () => {
    const body = "qreg pragma[1]; gate pragmatic a { U(0, 0, 1) a; } pragmatic pragma[0]; U(0, 0, 1) pragma[0];";
    expect(parseQasm(`OPENQASM 2.0; ${body}`).operations).toHaveLength(2);
    expect(parseQasm(`include "qelib1.inc"; ${body}`).operations).toHaveLength(2);
    expect(() => parseQasm("OPENQASM 2.0; qreg q[1]; pragma q[0];")).toThrow(/QASM_UNDEFINED/);
  });

  test("is no name of OpenQASM 3", () => {
    expect(() => parseQasm("OPENQASM 3.0; qubit pragma;")).toThrow(/QASM_SYNTAX/);
  });
});
