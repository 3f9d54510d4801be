import { Resvg } from "@resvg/resvg-js";
import fc from "fast-check";
import { parseHTML } from "linkedom";
import { describe, expect, test } from "vitest";
import {
  Circuit,
  drawSvg,
  drawText,
  GATES,
  type GateName,
  gateSpec,
  input,
  multiply,
  type Operation,
  sum,
  weight,
} from "../../../circuits/index.ts";
import { arbitraryCircuit } from "../../support/random-circuit.ts";

const code = (wanted: string) => expect.objectContaining({ code: wanted });
const occurrences = (text: string, piece: string): number => text.split(piece).length - 1;

/** The operations of a circuit, those in branches too. */
const flat = (operations: readonly Operation[]): Operation[] =>
  operations.flatMap((operation) =>
    operation.kind === "if" ? [operation, ...flat(operation.whenTrue), ...flat(operation.whenFalse)] : [operation],
  );

// Written by hand in a terminal: what a person expects to see.
const BY_HAND: readonly [string, Circuit, string][] = [
  [
    "a Bell pair, measured",
    Circuit.build(2, (c) => c.h(0).cx(0, 1).measureAll("c")),
    `
        ┌───┐     ┌───┐
    q0: ┤ H ├──●──┤ M ├─────
        └───┘┌─┴─┐└─╥─┘┌───┐
    q1: ─────┤ X ├──╫──┤ M ├
             └───┘  ║  └─╥─┘
   c/2: ════════════╩════╩══
                    0    1`,
  ],
  [
    "a parameter, a swap, a barrier and a Toffoli gate around a qubit",
    Circuit.build(3, (c) => c.rx(input("t").times(2), 2).swap(0, 2).barrier().ccx(0, 2, 1)),
    `
    q0: ────────────×──░───●──
                    │  ░ ┌─┴─┐
    q1: ────────────┼──░─┤ X ├
        ┌─────────┐ │  ░ └─┬─┘
    q2: ┤ Rx(t*2) ├─×──░───●──
        └─────────┘`,
  ],
  [
    "a control on 0, a box over a gap, angles as fractions of π",
    Circuit.build(3, (c) =>
      c
        .gate("x", [], [0, 1], { numControls: 1, controlState: 0 })
        .rzz(Math.PI / 2, 0, 2)
        .cp(-3 * (Math.PI / 4), 1, 0),
    ),
    `
                ┌───────────┐┌──────────┐
    q0: ───○────┤0          ├┤ P(-3π/4) ├
         ┌─┴─┐  │           │└────┬─────┘
    q1: ─┤ X ├──┤  Rzz(π/2) ├─────●──────
         └───┘  │           │
    q2: ────────┤1          ├────────────
                └───────────┘`,
  ],
];

/** The symbols of a drawing in their order, without blanks and the lengths of wires. */
const compact = (drawing: string): string =>
  drawing
    .replaceAll(/[─═ ]/g, "")
    .split("\n")
    .filter((line) => line !== "")
    .join("\n");

describe("text", () => {
  test.each(BY_HAND)("%s is drawn as by hand", (_, circuit, wanted) => {
    expect(compact(drawText(circuit))).toBe(compact(wanted));
    expect(circuit.toString()).toBe(drawText(circuit));
  });

  test("qubit 0 is on top and operations side by side share a column", () => {
    const lines = drawText(Circuit.build(2, (c) => c.x(0).z(1))).split("\n");
    expect(lines[1]).toMatch(/^q0: .*X/);
    expect(lines[3]).toMatch(/^q1: .*Z/);
    expect(lines[1]!.indexOf("X")).toBe(lines[3]!.indexOf("Z"));
  });

  test.each(Object.keys(GATES) as GateName[])("gate %s shows its symbol, its angles and its controls", (gate) => {
    const { numQubits, numParams, symbol, controls = 0 } = gateSpec(gate);
    const params = Array.from({ length: numParams }, (_, i) => [0.5, 1.25, -2, 3][i]!);
    const circuit = Circuit.build(Math.max(1, numQubits), (c) =>
      c.gate(
        gate,
        params,
        Array.from({ length: numQubits }, (_, i) => i),
      ),
    );
    const text = drawText(circuit);
    if (gate === "gphase") expect(text).toContain("global phase: 0.5");
    else {
      if (symbol === "x") expect(occurrences(text, "×")).toBe(2);
      else expect(text).toContain(numParams === 0 ? ` ${symbol} ` : `${symbol}(${params.join(",")})`);
      expect(occurrences(text, "●")).toBe(controls);
    }
    for (let qubit = 0; qubit < numQubits; qubit++) expect(text).toContain(`q${qubit}: `);
  });

  test.each([
    [0.12345, "0.123"],
    [-12.3456, "-12.3"],
    [123456.789, "123457"],
    [-250.12345, "-250.123"],
    [2e9 + 1, "2000000000"],
    [8 * Math.PI, "8π"],
  ])("angle %d is written as %s", (angle, text) => {
    expect(drawText(Circuit.build(1, (c) => c.rx(angle, 0)))).toContain(`Rx(${text})`);
  });

  test("an expression that nobody could read in a box is named by its parameters", () => {
    const [x, w] = [input("x", 100), weight("w")];
    const circuit = Circuit.build(1, (c) => c.ry(multiply(w, sum(x)), 0));
    expect(drawText(circuit)).toContain("Ry(f(w, x))");
    expect(drawSvg(circuit)).toContain("<title>Ry(f(w, x))</title>");
  });

  test("random circuits: lines of one width, no symbol lost, none drawn over another", () => {
    fc.assert(
      fc.property(arbitraryCircuit({ dynamic: "all" }), (circuit) => {
        const text = drawText(circuit, { maxWidth: Number.POSITIVE_INFINITY });
        const lines = text.split("\n");
        expect(new Set(lines.map((line) => [...line].length)).size).toBe(1);
        const operations = flat(circuit.operations);
        const count = (kind: Operation["kind"]) => operations.filter((operation) => operation.kind === kind).length;
        expect(occurrences(text, "┤ M ├")).toBe(count("measure"));
        expect(occurrences(text, "┤ |0⟩ ├")).toBe(count("reset"));
        expect(occurrences(text, "delay(")).toBe(count("delay"));
        let [swaps, marks] = [0, 0];
        for (const operation of operations)
          if (operation.kind === "gate") {
            const { symbol, controls = 0, numQubits } = gateSpec(operation.gate);
            if (symbol === "x") swaps += 2;
            // A controlled global phase is a box on its last control, with a circle when that is on 0.
            const last = operation.numControls - 1;
            const boxed = numQubits === 0 && last >= 0 && Math.floor(operation.controlState / 2 ** last) % 2 === 1;
            marks += operation.numControls + controls - (boxed ? 1 : 0);
          } else if (operation.kind === "unitary") marks += operation.numControls;
        expect(occurrences(text, "×")).toBe(swaps);
        expect(occurrences(text, "●") + occurrences(text, "○")).toBe(marks);
      }),
      { numRuns: 300, seed: 21 },
    );
  });

  test("folds at the width asked for, in any number of pages, without losing a gate", () => {
    fc.assert(
      fc.property(arbitraryCircuit({ dynamic: "none" }), fc.integer({ min: 60, max: 200 }), (circuit, maxWidth) => {
        const folded = drawText(circuit, { maxWidth });
        const whole = drawText(circuit, { maxWidth: Number.POSITIVE_INFINITY });
        for (const line of folded.split("\n")) expect([...line].length).toBeLessThanOrEqual(maxWidth);
        for (const symbol of ["┤", "●", "○", "×"]) expect(occurrences(folded, symbol)).toBe(occurrences(whole, symbol));
      }),
      { numRuns: 100, seed: 22 },
    );
  });

  test("an if shows its condition, both branches and its end", () => {
    const circuit = Circuit.build(2, (c) => {
      const bits = c.register("flag", 2);
      c.measure(0, bits.offset);
      c.if(
        bits,
        2,
        (then) => then.x(1),
        (otherwise) => otherwise.z(1),
      );
    });
    const [, q0, , q1] = drawText(circuit).split("\n");
    expect(q1).toMatch(/if flag = 2.*X.*else.*Z.*end/);
    expect(q0).not.toMatch(/if|else/);
  });

  test("labels of a user's own: wide characters keep the columns, long ones are cut, control characters are gone", () => {
    const identity = new Float64Array([1, 0, 0, 0, 0, 0, 1, 0]);
    const of = (label: string) => drawText(Circuit.build(1, (c) => c.unitary(identity, [0], label)));
    const wide = of("量子").split("\n");
    // Two cells a character: the middle line has two characters fewer.
    expect([...wide[1]!].length).toBe([...wide[0]!].length - 2);
    expect(of("a".repeat(500))).toMatch(/a{30,}…/);
    expect(of("bad\u001b[31m\nlabel")).not.toContain("\u001b");
    expect(of("bad\nlabel").split("\n").length).toBe(3);
  });

  test("a circuit without qubits, and widths that cannot be", () => {
    expect(drawText(Circuit.build(0, (c) => c.gphase(Math.PI)))).toMatch(/global phase: π\s*\n\(no qubits\)/);
    for (const maxWidth of [0, 23, Number.NaN])
      expect(() =>
        drawText(
          Circuit.build(1, (c) => c.x(0)),
          { maxWidth },
        ),
      ).toThrowError(code("DRAW_WIDTH"));
  });
});

describe("SVG", () => {
  const titles = (svg: string): string[] =>
    [...parseHTML(svg).document.querySelectorAll("g > title")].map((title) => title.textContent ?? "");

  test("random circuits: well-formed, in either theme, a title for each operation, the same text each time", () => {
    fc.assert(
      fc.property(arbitraryCircuit({ dynamic: "all" }), (circuit) => {
        for (const theme of ["light", "dark"] as const) {
          const svg = drawSvg(circuit, { theme });
          expect(drawSvg(circuit, { theme })).toBe(svg);
          expect(svg).not.toMatch(/NaN|undefined|Infinity/);
          // The renderer's parser is strict: it throws at anything that is no XML.
          const { width, height } = new Resvg(svg);
          expect(width > 0 && height > 0).toBe(true);
        }
        const drawn = titles(drawSvg(circuit));
        const count = (kind: Operation["kind"]) =>
          flat(circuit.operations).filter((operation) => operation.kind === kind).length;
        expect(drawn.filter((title) => title.startsWith("measure q")).length).toBe(count("measure"));
        expect(drawn.filter((title) => title.startsWith("if ")).length).toBe(
          circuit.numQubits + circuit.registers.length === 0 ? 0 : count("if"),
        );
      }),
      { numRuns: 60, seed: 23 },
    );
  });

  test("titles hold the whole text, however long", () => {
    const w = weight("weights", 3);
    const angle = w
      .at(0)
      .plus(w.at(1).times(w.at(2)))
      .dividedBy(w.at(0))
      .minus(w.at(1));
    const svg = drawSvg(Circuit.build(1, (c) => c.ry(angle, 0)));
    expect(titles(svg)).toContain("Ry((weights[0] + weights[1]*weights[2])/weights[0] - weights[1])");
  });

  test("a hostile label stays text", () => {
    const label = `</title><script>alert("1")</script>&'`;
    const svg = drawSvg(Circuit.build(1, (c) => c.unitary(new Float64Array([1, 0, 0, 0, 0, 0, 1, 0]), [0], label)));
    expect(svg).not.toContain("<script");
    expect(titles(svg)).toContain(label);
    new Resvg(svg);
  });

  test("folds after the columns asked for, and by itself within 1,200 pixels", () => {
    const circuit = Circuit.build(1, (c) => {
      for (let i = 0; i < 60; i++) c.x(0);
    });
    const heightOf = (foldAfter?: number) => new Resvg(drawSvg(circuit, foldAfter === undefined ? {} : { foldAfter }));
    expect(heightOf(60).height).toBeLessThan(heightOf(30).height);
    expect(heightOf(10).height).toBeGreaterThan(2.5 * heightOf(30).height - 60);
    expect(heightOf().width).toBeLessThanOrEqual(1240);
  });

  test("refuses themes and folds that do not exist", () => {
    const circuit = Circuit.build(1, (c) => c.x(0));
    expect(() => drawSvg(circuit, { theme: "sepia" as "dark" })).toThrowError(code("DRAW_THEME"));
    for (const foldAfter of [0, 1.5, Number.NaN])
      expect(() => drawSvg(circuit, { foldAfter })).toThrowError(code("DRAW_FOLD"));
  });
});
