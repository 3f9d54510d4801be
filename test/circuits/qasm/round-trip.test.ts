import fc from "fast-check";
import { expect, test } from "vitest";
import { Circuit, input, weight } from "../../../circuits/index.ts";
import {
  parseQasm,
  parseQasmProgram,
  printQasm2,
  printQasm3,
  printQasm3Program,
} from "../../../circuits/qasm/index.ts";
import { arbitraryCircuit } from "../../support/random-circuit.ts";

function expectSame(text: string, circuit: Circuit): void {
  const back = parseQasm(text);
  if (!back.equals(circuit)) {
    expect(back.toJSON()).toEqual(circuit.toJSON());
    throw new Error("The circuits differ, though their JSON is alike.");
  }
}

test("OpenQASM 3: reading what was printed gives the same circuit", () => {
  fc.assert(
    fc.property(arbitraryCircuit({ dynamic: "all" }), (circuit) => expectSame(printQasm3(circuit), circuit)),
    { numRuns: 400, seed: 11 },
  );
});

test("OpenQASM 3 with ordered names and physical qubits: the same circuit, names in row order", () => {
  fc.assert(
    fc.property(arbitraryCircuit({ dynamic: "all" }), (circuit) => {
      const { text, parameterNames } = printQasm3Program(circuit, { parameterNames: "ordered", qubits: "physical" });
      expectSame(text, circuit);
      const names = [...parameterNames.keys()];
      expect(names.toSorted()).toEqual(names);
      expect([...parameterNames.values()].map(({ name }) => name)).toEqual(circuit.parameters.map(({ name }) => name));
      for (const name of names) expect(text).toContain(`input float[64] ${name};`);
      expect(parseQasmProgram(text).physicalQubits).toBe(true);
    }),
    { numRuns: 200, seed: 12 },
  );
});

test("OpenQASM 2: reading what was printed gives the same circuit", () => {
  fc.assert(
    fc.property(arbitraryCircuit({ dynamic: "openqasm2", parameters: false }), (circuit) =>
      expectSame(printQasm2(circuit), circuit),
    ),
    { numRuns: 400, seed: 13 },
  );
});

test("the text is a fixed point: printing what was read prints the same text", () => {
  fc.assert(
    fc.property(arbitraryCircuit({ dynamic: "all" }), (circuit) => {
      const text = printQasm3(circuit);
      expect(printQasm3(parseQasm(text))).toBe(text);
    }),
    { numRuns: 100, seed: 14 },
  );
});

test("every real number survives: all digits, extremes, whole numbers", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (angle) => {
      const circuit = Circuit.build(1, (c) => c.rx(angle, 0));
      for (const text of [printQasm3(circuit), printQasm2(circuit)]) {
        expect(text).toMatch(/rx\(-?\d+\.\d+(e[+-]\d+)?\)/);
        const [operation] = parseQasm(text).operations;
        expect(operation).toMatchObject({ params: [angle + 0] });
      }
    }),
    { numRuns: 500, seed: 15 },
  );
});

test("a circuit without qubits, one with unused parameters, and one with 65,536 qubits", () => {
  for (const circuit of [
    Circuit.build(0, (c) => c.gphase(0.5)),
    Circuit.build(1, (c) => c.declare(input("a"), weight("b", [2, 3]))),
    Circuit.build(65_536, (c) => c.h(65_535).barrier()),
  ])
    expectSame(printQasm3(circuit), circuit);
});

test("conditions on more than 53 bits keep their value", () => {
  const circuit = Circuit.build(1, (c) => {
    const register = c.register("c", 200);
    c.if(register, 2 ** 150 + 2 ** 120, (then) => then.x(0));
  });
  expectSame(printQasm3(circuit), circuit);
  expectSame(printQasm2(circuit), circuit);
});
