import { describe, expect, test } from "vitest";
import { type Circuit, circuitMatrix, QasmError } from "../../../circuits/index.ts";
import { parseQasm, printQasm2, printQasm3 } from "../../../circuits/qasm/index.ts";
import { goldenCircuit, goldenStates } from "../../support/golden.ts";
import { corpusFiles, MALFORMED_QASMBENCH } from "./corpus.ts";

function failure(text: string, file?: string): QasmError {
  try {
    parseQasm(text, file === undefined ? {} : { file });
  } catch (error) {
    if (error instanceof QasmError) return error;
    throw error;
  }
  throw new Error(`Accepted: ${JSON.stringify(text)}`);
}

/** Column 0 of a unitary circuit's matrix. */
function stateOf(circuit: Circuit): number[] {
  const matrix = circuitMatrix(circuit);
  const size = 2 ** circuit.numQubits;
  return Array.from({ length: 2 * size }, (_, i) => matrix[2 * (i >> 1) * size + (i & 1)]!);
}

describe("QASMBench", () => {
  const files = corpusFiles("qasmbench").filter(({ path }) => !MALFORMED_QASMBENCH.includes(path));
  test("has its 68 files, 2 of them malformed", () => expect(files.length).toBe(66));

  test.each(files)("$path round-trips in both versions", ({ path, text }) => {
    const circuit = parseQasm(text, { file: path });
    expect(circuit.operations.length).toBeGreaterThan(5);
    expect(parseQasm(printQasm2(circuit)).hash).toBe(circuit.hash);
    expect(parseQasm(printQasm3(circuit)).hash).toBe(circuit.hash);
  });

  test.each(corpusFiles("qasmbench").filter(({ path }) => MALFORMED_QASMBENCH.includes(path)))(
    "$path measures a register it does not declare",
    ({ path, text }) => {
      const error = failure(text, path);
      expect([error.code, error.file]).toEqual(["QASM_UNDEFINED", path]);
      expect(text.split("\n")[error.line - 1]).toBe("measure q[0] -> c[0];");
      expect(error.column).toBe(9);
    },
  );
});

describe("official OpenQASM 3 examples", () => {
  const examples = new Map(corpusFiles("openqasm/examples").map(({ path, text }) => [path, text]));

  test.each([
    ["qpt.qasm", { reset: 1, barrier: 2, h: 1, measure: 1 }],
    ["rb.qasm", { reset: 2, h: 2, barrier: 4, cz: 2, s: 2, z: 1, measure: 2 }],
  ])("%s is read and round-trips", (path, counts) => {
    const circuit = parseQasm(examples.get(path)!);
    expect(circuit.count()).toEqual(counts);
    expect(parseQasm(printQasm3(circuit)).hash).toBe(circuit.hash);
  });

  test.each([
    ["adder.qasm", "24:1", /type uint/],
    ["alignment.qasm", "8:1", /stretch/],
    ["arrays.qasm", "9:1", /type array/],
    ["defcal.qasm", "1:1", /defcalgrammar/],
    ["gateteleport.qasm", "6:1", /extern/],
    ["msd.qasm", "9:1", /subroutines/],
    ["qec.qasm", "9:1", /subroutines/],
    ["rus.qasm", "12:1", /subroutines/],
    ["t1.qasm", "6:1", /type duration/],
    ["vqe.qasm", "17:1", /extern/],
  ])("%s is refused at %s for a feature that circuits lack", (path, position, reason) => {
    const error = failure(examples.get(path)!, path);
    expect(error.code).toBe("QASM_UNSUPPORTED");
    expect(`${error.line}:${error.column}`).toBe(position);
    expect(error.reason).toMatch(reason);
    expect(error.message.startsWith(`${path}:${position}: QASM_UNSUPPORTED `)).toBe(true);
  });

  test("every example is accounted for", () => expect(examples.size).toBe(12));
});

describe("the reference grammar's invalid statements", () => {
  const lines = corpusFiles("openqasm/grammar/invalid").flatMap(({ path, text }) =>
    text
      .split("\n")
      .filter((line) => line.trim() !== "" && !line.startsWith("//"))
      .map((line) => [path, line] as const),
  );
  test("are many", () => expect(lines.length).toBeGreaterThan(90));
  test.each(lines)("%s: %s", (_, line) => {
    const error = failure(line);
    expect(error.line).toBe(1);
    expect(error.column).toBeLessThanOrEqual(line.length + 1);
  });
});

describe("golden states", () => {
  test.each(goldenStates())("$id: its OpenQASM 3 text gives its amplitudes", ({ id, n, ops, qasm3, amplitudes }) => {
    const circuit = parseQasm(qasm3);
    const state = stateOf(circuit);
    const wanted = amplitudes.flat();
    if (qasm3.includes("gate ecr")) {
      // The definition of ecr in these texts has another global phase than the gate.
      let [re, im] = [0, 0];
      for (let i = 0; i < wanted.length; i += 2) {
        re += wanted[i]! * state[i]! + wanted[i + 1]! * state[i + 1]!;
        im += wanted[i]! * state[i + 1]! - wanted[i + 1]! * state[i]!;
      }
      expect(Math.hypot(re, im)).toBeCloseTo(1, 9);
    } else {
      for (const [i, value] of wanted.entries()) expect(Math.abs(state[i]! - value)).toBeLessThan(1e-9);
      // Gates defined in the text that are gates of the table are read as those.
      expect(circuit.operations).toEqual(goldenCircuit({ id, n, ops }).operations);
    }
  });
});
