import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Angle,
  abs,
  acos,
  add,
  asin,
  atan,
  Circuit,
  cos,
  divide,
  exp,
  input,
  ln,
  multiply,
  negate,
  type Parameter,
  ParameterError,
  type ParameterExpression,
  pow,
  SlotProgram,
  sin,
  sqrt,
  subtract,
  tan,
  tanh,
  weight,
} from "../../circuits/index.ts";
import { expression, expressionFromJSON } from "../../circuits/parameter.ts";
import { readExpression } from "../support/expression-text.ts";

const x = input("x", 3);
const w = weight("w", [2, 2]);
const a = weight("a");
const all: readonly Parameter[] = [...x, ...w, a];
const byName = (name: string): Parameter | undefined => all.find((parameter) => parameter.name === name);
const parameterAt = (name: string, index: number): Parameter =>
  all.find(({ vector, index: own }) => vector.name === name && own === index)!;

/** Trees whose every intermediate value stays smooth and of moderate size, so that differences are meaningful. */
const bounded = (angle: Angle): Angle => add(1.5, multiply(0.5, sin(angle)));
const { tree } = fc.letrec<{ tree: Angle }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5, depthIdentifier: "tree" },
    fc.constantFrom<Angle>(...all),
    fc.double({ min: -2, max: 2, noNaN: true }).map((value) => Math.round(value * 1000) / 1000 + 0),
    fc.tuple(tie("tree"), tie("tree")).map(([u, v]) => add(u, v)),
    fc.tuple(tie("tree"), tie("tree")).map(([u, v]) => subtract(u, v)),
    fc.tuple(tie("tree"), tie("tree")).map(([u, v]) => multiply(sin(u), v)),
    fc.tuple(tie("tree"), tie("tree")).map(([u, v]) => divide(u, bounded(v))),
    fc.tuple(tie("tree"), tie("tree")).map(([u, v]) => pow(bounded(u), sin(v))),
    fc.tuple(tie("tree"), fc.integer({ min: -2, max: 3 })).map(([u, k]) => pow(bounded(u), k)),
    tie("tree").map((u) => negate(u)),
    fc.tuple(tie("tree"), fc.constantFrom(sin, cos, tanh, atan)).map(([u, operation]) => operation(u)),
    fc.tuple(tie("tree"), fc.constantFrom(ln, sqrt, abs, exp)).map(([u, operation]) => operation(bounded(u))),
    fc.tuple(tie("tree"), fc.constantFrom(asin, acos, tan)).map(([u, operation]) => operation(multiply(0.8, sin(u)))),
  ),
}));
const row = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: all.length, maxLength: all.length });
const valuesOf = (numbers: readonly number[]) => (parameter: Parameter) => numbers[all.indexOf(parameter)];
const settings = { numRuns: 200, seed: 7 } as const;
const close = (actual: number, wanted: number, tolerance: number): void =>
  expect(Math.abs(actual - wanted)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(wanted)));

describe("expressions", () => {
  test("the derivative is the slope of central differences", () => {
    fc.assert(
      fc.property(tree, row, (angle, numbers) => {
        const f = expression(angle);
        for (const [index, parameter] of all.entries()) {
          const step = 1e-4;
          const at = (shift: number) => f.evaluate(valuesOf(numbers.with(index, numbers[index]! + shift)));
          // Fourth-order differences; |u| never crosses 0 in these trees.
          const slope = (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step);
          const derivative = f.derivative(parameter).evaluate(valuesOf(numbers));
          // Steep trees bend within the step; compare on the scale of what the differences resolve.
          const scale = Math.max(1, Math.abs(at(0)), Math.abs(at(step) - 2 * at(0) + at(-step)) / step ** 2);
          expect(Math.abs(derivative - slope)).toBeLessThan(1e-5 * scale);
        }
      }),
      settings,
    );
  });

  test("mixed second derivatives do not depend on their order", () => {
    fc.assert(
      fc.property(tree, row, (angle, numbers) => {
        const f = expression(angle);
        const xw = f.derivative(all[0]!).derivative(all[3]!).evaluate(valuesOf(numbers));
        const wx = f.derivative(all[3]!).derivative(all[0]!).evaluate(valuesOf(numbers));
        close(xw, wx, 1e-9);
      }),
      settings,
    );
  });

  test("the printed text means the same expression, for every combination of operators", () => {
    fc.assert(
      fc.property(tree, row, (angle, numbers) => {
        const f = expression(angle);
        const again = expression(readExpression(f.toString(), byName));
        expect(again.evaluate(valuesOf(numbers))).toBe(f.evaluate(valuesOf(numbers)));
      }),
      settings,
    );
    const [u, v] = [x.at(0), x.at(1)];
    expect(u.minus(v.minus(1)).toString()).toBe("x[0] - (x[1] - 1)");
    expect(u.dividedBy(v.times(2)).negated().toString()).toBe("-(x[0] / (x[1] * 2))");
    expect(u.plus(1).times(-2).pow(2).toString()).toBe("pow((x[0] + 1) * -2, 2)");
  });

  test("JSON text brings back the same expression", () => {
    fc.assert(
      fc.property(tree, (angle) => {
        const json = expression(angle).toJSON();
        const again = expression(expressionFromJSON(JSON.parse(JSON.stringify(json)), parameterAt));
        expect(again.toJSON()).toEqual(json);
      }),
      settings,
    );
  });

  test("substituting in part and then the rest is evaluating at once", () => {
    fc.assert(
      fc.property(tree, row, fc.integer({ min: 0, max: all.length }), (angle, numbers, split) => {
        const value = valuesOf(numbers);
        const half = expression(angle).substitute((p) => (all.indexOf(p) < split ? value(p) : undefined));
        for (const parameter of half.parameters) expect(all.indexOf(parameter)).toBeGreaterThanOrEqual(split);
        close(half.evaluate(value), expression(angle).evaluate(value), 1e-12);
      }),
      settings,
    );
  });

  test("a parameter can be replaced by an expression", () => {
    const f = expression(multiply(a, sin(x.at(0))));
    const g = f.substitute((parameter) => (parameter === a ? x.at(1).plus(1) : undefined));
    expect(g.toString()).toBe("(x[1] + 1) * sin(x[0])");
    expect(f.toString()).toBe("a * sin(x[0])");
  });

  test("constants fold, so an expression without parameters is a number to a gate", () => {
    expect(add(1, 2)).toBe(3);
    expect(multiply(a, 0)).toBe(0);
    expect(add(a, 0)).toBe(a);
    expect(multiply(1, a)).toBe(a);
    expect(divide(a, 1)).toBe(a);
    expect(expression(a.minus(a.times(0))).substitute(() => 2).node).toEqual({ kind: "constant", value: 2 });
    expect(Circuit.build(1, (c) => c.rx(expression(0.5), 0)).operations[0]).toMatchObject({ params: [0.5] });
  });

  test("parameters are listed once, in order of first appearance", () => {
    const f = a.plus(x.at(2)).times(a).minus(w.at(1, 0));
    expect(f.parameters.map(({ name }) => name)).toEqual(["a", "x[2]", "w[2]"]);
  });

  test("the derivative of |u| at 0 is 0, of x^0 is 0, and of x^1 is 1", () => {
    expect(
      expression(abs(a))
        .derivative(a)
        .evaluate(() => 0),
    ).toBe(0);
    expect(
      a
        .pow(0)
        .derivative(a)
        .evaluate(() => -3),
    ).toBe(0);
    expect(
      a
        .pow(1)
        .derivative(a)
        .evaluate(() => -3),
    ).toBe(1);
    expect(
      a
        .pow(3)
        .derivative(a)
        .evaluate(() => -2),
    ).toBe(12);
  });

  test("a sum of 5,000 parameters evaluates, differentiates and prints", () => {
    const many = weight("many", 5000);
    const sum = [...many].reduce<Angle>((total, parameter) => add(total, parameter), 0) as ParameterExpression;
    expect(sum.evaluate((parameter) => parameter.index)).toBe((5000 * 4999) / 2);
    expect(sum.derivative(many.at(17)).evaluate(() => 0)).toBe(1);
    expect(sum.parameters).toHaveLength(5000);
    expect(sum.toString()).toHaveLength(many.elements.map(({ name }) => name).join(" + ").length);
  });

  test.each([
    ["a value is missing", () => a.evaluate(() => undefined), "PARAMETER_UNBOUND", "Parameter a has no value"],
    ["a parameter meets NaN", () => a.times(Number.NaN), "PARAMETER_NOT_FINITE", "NaN"],
    ["a parameter meets an infinity", () => a.plus(divide(1, 0)), "PARAMETER_NOT_FINITE", "Infinity"],
    ["JSON names an unknown operation", () => fromJSON({ op: "toString", args: [1] }), "PARAMETER_JSON", "toString"],
    ["JSON has too few arguments", () => fromJSON({ op: "+", args: [1] }), "PARAMETER_JSON", "+"],
    ["JSON is no expression", () => fromJSON(null), "PARAMETER_JSON", "null"],
  ])("error when %s", (_, act, code, text) => {
    expect(act).toThrow(ParameterError);
    expect(act).toThrow(expect.objectContaining({ code, message: expect.stringContaining(text) }));
  });
});

const fromJSON = (json: unknown): Angle => expressionFromJSON(json as never, parameterAt);

describe("parameter vectors", () => {
  test("have a role, a row-major shape, and elements in flat order", () => {
    const v = weight("v", [2, 3, 4]);
    expect([v.role, v.size, v.shape]).toEqual(["weight", 24, [2, 3, 4]]);
    expect(v.at(1, 2, 3)).toBe(v.elements[23]);
    expect(v.at(1, 0, 2).name).toBe("v[14]");
    expect(v.at(14)).toBe(v.at(1, 0, 2));
    expect([...v].map(({ index }) => index)).toEqual(Array.from({ length: 24 }, (_, i) => i));
    expect(input("x", 3).shape).toEqual([3]);
    const scalar = input("t");
    expect([scalar.name, scalar.role, scalar.vector.shape, scalar.vector.size]).toEqual(["t", "input", [], 1]);
  });

  test.each([
    ["2x", 1, "PARAMETER_NAME"],
    ["a b", 1, "PARAMETER_NAME"],
    ["", 1, "PARAMETER_NAME"],
    ["v", 0, "PARAMETER_SHAPE"],
    ["v", [2, -1], "PARAMETER_SHAPE"],
    ["v", [1.5], "PARAMETER_SHAPE"],
    ["v", [1e5, 1e5], "PARAMETER_SHAPE"],
  ])("name %j with shape %j is refused", (name, shape, code) => {
    expect(() => input(name, shape)).toThrow(expect.objectContaining({ code, name: "ParameterError" }));
  });

  test.each([[[2, 0]], [[0, 3]], [[-1]], [[6]], [[0, 0, 0]], [[0.5, 0]], [[]]])(
    "index %j does not exist",
    (indices) => {
      expect(() => weight("v", [2, 3]).at(...indices)).toThrow(expect.objectContaining({ code: "PARAMETER_INDEX" }));
    },
  );

  test("letters of any script can name them", () => {
    expect(weight("θ_1").name).toBe("θ_1");
  });
});

describe("slots", () => {
  const angles = fc.array(tree, { minLength: 1, maxLength: 6 });
  const circuitOf = (list: readonly Angle[]): Circuit =>
    Circuit.build(1, (c) => {
      c.declare(x, w, a.vector);
      for (const angle of list) c.rx(angle, 0);
    });

  test("a program evaluates every slot as its expression does, row by row", () => {
    fc.assert(
      fc.property(angles, fc.array(row, { minLength: 1, maxLength: 3 }), (list, rows) => {
        const program = new SlotProgram(circuitOf(list));
        const out = new Float64Array(rows.length * program.numSlots);
        program.evaluate(Float64Array.from(rows.flat()), rows.length, out);
        for (const [index, numbers] of rows.entries())
          for (const [slot, { expression: f }] of program.slots.entries())
            expect(out[index * program.numSlots + slot]).toBe(f.evaluate(valuesOf(numbers)));
      }),
      settings,
    );
  });

  test("its pullback is the chain rule by symbolic derivatives, added to what is there", () => {
    fc.assert(
      fc.property(angles, fc.array(row, { minLength: 1, maxLength: 3 }), (list, rows) => {
        const program = new SlotProgram(circuitOf(list));
        const cotangents = Float64Array.from({ length: rows.length * program.numSlots }, (_, i) => Math.sin(3 * i + 1));
        const gradients = new Float64Array(rows.length * all.length).fill(10);
        program.pullback(Float64Array.from(rows.flat()), rows.length, cotangents, gradients);
        for (const [index, numbers] of rows.entries())
          for (const [column, parameter] of all.entries()) {
            let wanted = 10;
            for (const [slot, { expression: f }] of program.slots.entries())
              wanted +=
                cotangents[index * program.numSlots + slot]! * f.derivative(parameter).evaluate(valuesOf(numbers));
            close(gradients[index * all.length + column]!, wanted, 1e-8);
          }
      }),
      settings,
    );
  });

  test("a slot knows its gate, its frequencies and whether only weights decide it", () => {
    const circuit = Circuit.build(3, (c) => {
      c.rx(0.5, 0)
        .rx(x.at(0), 0)
        .crz(w.at(3), 0, 1)
        .cu(a, 0.1, a.times(x.at(1)), 0.2, 0, 1);
      c.gate("rx", [a], [0, 1, 2], { numControls: 2 })
        .rzz(a.plus(w.at(0)), 0, 1)
        .p(a, 2);
    });
    const program = new SlotProgram(circuit);
    expect(program.slots.map(({ operation, param }) => `${operation.gate}.${param}`)).toEqual([
      "rx.0",
      "crz.0",
      "cu.0",
      "cu.2",
      "crx.0",
      "rzz.0",
      "p.0",
    ]);
    expect(program.weightOnly).toEqual([false, true, true, false, true, true, true]);
    expect(program.slots.map(({ frequencies }) => frequencies)).toEqual([
      [1],
      [0.5, 1],
      [0.5, 1],
      [1],
      [0.5, 1],
      [1],
      [1],
    ]);
  });

  test("a control in front adds the frequency of doing nothing", () => {
    const circuit = Circuit.build(3, (c) => {
      c.gate("u", [a, 0.1, a], [0, 1], { numControls: 1 }).gate("rxx", [a], [2, 0, 1], { numControls: 1 });
    });
    const { slots } = new SlotProgram(circuit);
    expect(slots.map(({ frequencies }) => frequencies)).toEqual([[0.5, 1], [1], [0.5, 1]]);
  });

  test("slots in both branches of an if are found in order", () => {
    const circuit = Circuit.build(1, (c) => {
      const bit = c.register("m", 1);
      c.measure(0, 0).if(
        bit,
        1,
        (inner) => inner.rx(x.at(0), 0),
        (inner) => inner.ry(a, 0),
      );
      c.rz(x.at(1), 0);
    });
    expect(new SlotProgram(circuit).slots.map(({ operation }) => operation.gate)).toEqual(["rx", "ry", "rz"]);
  });
});
