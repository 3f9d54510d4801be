import { describe, expect, test } from "vitest";
import {
  type Angle,
  add,
  Circuit,
  drawSvg,
  drawText,
  input,
  multiply,
  printQasm2,
  printQasm3,
  SlotProgram,
  sin,
  weight,
} from "../../circuits/index.ts";

const linesOf = (text: string): number => text.split("\n").length - 1;

// Calls with as many arguments as a circuit has parts would overflow the stack at about 125,000.
describe("195,000 operations in 130,000 layers", () => {
  const circuit = Circuit.build(2, (c) => {
    for (let i = 0; i < 65_000; i++)
      c.h(0)
        .rx(i / 7, 1)
        .cx(0, 1);
  });

  test("print in both versions, one line each", () => {
    expect(linesOf(printQasm3(circuit))).toBe(195_003);
    expect(linesOf(printQasm2(circuit))).toBe(195_003);
  });

  test("are hashed, saved, loaded, extended and composed", () => {
    expect(Circuit.fromJSON(circuit.toJSON()).equals(circuit)).toBe(true);
    expect(circuit.extend((c) => c.x(0)).operations).toHaveLength(195_001);
    expect(circuit.compose(circuit, { qubits: [1, 0] }).operations).toHaveLength(390_000);
  });

  test("are drawn", () => {
    expect(drawText(circuit).match(/┤ H ├/g)).toHaveLength(65_000);
    expect(drawSvg(circuit).match(/<title>H<\/title>/g)).toHaveLength(65_000);
  });
});

describe("130,000 parameters and registers", () => {
  const count = 130_000;
  const last = count - 1;

  test("as scalar inputs: printed, saved, composed, bound", () => {
    const circuit = Circuit.build(1, (c) => {
      for (let i = 0; i < count; i++) c.rx(input(`x${i}`), 0);
    });
    expect(linesOf(printQasm3(circuit))).toBe(2 * count + 3);
    expect(Circuit.fromJSON(circuit.toJSON()).equals(circuit)).toBe(true);
    expect(circuit.compose(circuit).numInputs).toBe(count);
    expect(new SlotProgram(circuit).numSlots).toBe(count);
    const bound = circuit.bind(Object.fromEntries(circuit.vectors.map(({ name }, i) => [name, i])));
    expect(bound.operations[last]).toMatchObject({ params: [last] });
  });

  test("as registers: declared, saved, composed, drawn in time that grows with their number", () => {
    const circuit = Circuit.build(1, (c) => {
      for (let i = 0; i < count; i++) c.register(`c${i}`, 1);
      c.measure(0, last).if([last, 0], 1, (inner) => inner.x(0));
    });
    expect(circuit.registers[last]).toEqual({ name: `c${last}`, offset: last, size: 1 });
    expect(Circuit.fromJSON(circuit.toJSON()).equals(circuit)).toBe(true);
    expect(circuit.compose(circuit).numClbits).toBe(count);
    expect(drawText(circuit)).toContain(`if (c${last}[0],c0[0]) = 1`);
    expect(drawSvg(circuit)).toContain(`measure q0 -&gt; c${last}[0]`);
  });

  test("as global phases that depend on parameters", () => {
    const w = weight("w", 2000);
    const circuit = Circuit.build(1, (c) => {
      for (const one of w) c.gphase(one);
    });
    expect(drawText(circuit)).toContain("global phase: f(w)");
  });
});

test("many angles that share what they are made of are refused as a whole, not run out of memory", () => {
  const w = weight("w", 2);
  let angle: Angle = w.at(0);
  for (let i = 0; i < 18; i++) angle = add(angle, sin(w.at(1)));
  for (let i = 0; i < 14; i++) angle = add(angle, angle);
  const circuit = Circuit.build(1, (c) => {
    for (let i = 0; i < 100; i++) c.rx(multiply(angle, i + 2), 0);
  });
  for (const write of [() => circuit.hash, () => circuit.toJSON(), () => printQasm3(circuit)])
    expect(write).toThrow(expect.objectContaining({ code: "PARAMETER_TOO_LARGE" }));
});
