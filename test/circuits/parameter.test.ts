import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expression, expressionFromJSON } from "../../circuits/expression.ts";
import {
  type Angle,
  abs,
  acos,
  add,
  asin,
  atan,
  atan2,
  Circuit,
  cos,
  divide,
  drawText,
  exp,
  hypot,
  input,
  ln,
  multiply,
  negate,
  type Parameter,
  ParameterError,
  type ParameterExpression,
  parseQasm,
  pow,
  printQasm2,
  printQasm3,
  product,
  SlotProgram,
  sin,
  sqrt,
  subtract,
  sum,
  tan,
  tanh,
  weight,
} from "../../circuits/index.ts";
import { readExpression } from "../support/expression-text.ts";
import { distance } from "../support/linear-algebra.ts";

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
    fc.tuple(tie("tree"), tie("tree")).map(([u, v]) => hypot(sin(u), bounded(v))),
    fc.tuple(tie("tree"), tie("tree")).map(([u, v]) => atan2(sin(u), bounded(v))),
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
    const total = sum(many) as ParameterExpression;
    expect(total.evaluate((parameter) => parameter.index)).toBe((5000 * 4999) / 2);
    expect(total.derivative(many.at(17)).evaluate(() => 0)).toBe(1);
    expect(total.parameters.map(({ index }) => index)).toEqual(Array.from({ length: 5000 }, (_, i) => i));
    // Only parentheses come to the terms and plus signs.
    expect(total.toString().replaceAll(/[()]/g, "")).toBe(many.elements.map(({ name }) => name).join(" + "));
  });

  test.each([
    ["a value is missing", () => a.evaluate(() => undefined), "PARAMETER_UNBOUND", "Parameter a has no value"],
    ["a vector is multiplied", () => multiply(2, w as never), "PARAMETER_OPERAND", "the vector w of 4 parameter(s)"],
    ["a vector is a factor", () => a.times(x as never), "PARAMETER_OPERAND", "such as x.at(0)"],
    ["a vector is added", () => add(x as never, 1), "PARAMETER_OPERAND", "such as x.at(0)"],
    ["nothing is added", () => a.plus(undefined as never), "PARAMETER_OPERAND", '"+" works on numbers'],
    ["null divides", () => a.dividedBy(null as never), "PARAMETER_OPERAND", "was given null"],
    ["a text is differentiated by", () => a.derivative("a" as never), "PARAMETER_OPERAND", "by a parameter, such as"],
    [
      "a text is declared",
      () => Circuit.build(1, (c) => c.declare("x" as never)),
      "PARAMETER_OPERAND",
      "not by string x",
    ],
    ["a text has a sine", () => sin("x" as never), "PARAMETER_OPERAND", "string x"],
    ["a text is an angle of a point", () => atan2(a, "x" as never), "PARAMETER_OPERAND", "string x"],
    ["a sum is of a number", () => sum(3 as never), "PARAMETER_OPERAND", "sum takes a list"],
    ["a sum is of texts", () => sum(["x"] as never), "PARAMETER_OPERAND", "string x"],
    ["a parameter meets NaN", () => a.times(Number.NaN), "PARAMETER_NOT_FINITE", "NaN"],
    ["a parameter meets an infinity", () => a.plus(divide(1, 0)), "PARAMETER_NOT_FINITE", "Infinity"],
    ["JSON names an unknown operation", () => fromJSON({ op: "toString", args: [1] }), "PARAMETER_JSON", "toString"],
    ["JSON has too few arguments", () => fromJSON({ op: "+", args: [1] }), "PARAMETER_JSON", "+"],
    ["JSON is no expression", () => fromJSON(null), "PARAMETER_JSON", "null"],
    ["JSON is nested without end", () => fromJSON(nestedJSON(100_000)), "PARAMETER_JSON", "1000"],
  ])("error when %s", (_, act, code, text) => {
    expect(act).toThrow(ParameterError);
    expect(act).toThrow(expect.objectContaining({ code, message: expect.stringContaining(text) }));
  });
});

const nestedJSON = (depth: number): unknown => {
  let json: unknown = ["a", 0];
  for (let i = 0; i < depth; i++) json = { op: "neg", args: [json] };
  return json;
};
const fromJSON = (json: unknown): Angle => expressionFromJSON(json as never, parameterAt);

describe("slopes at points where a formula has none", () => {
  const slopes = (angle: Angle, at: readonly [number, number]): number[] => {
    const [u, v] = [x.at(0), x.at(1)];
    const program = new SlotProgram(Circuit.build(1, (c) => c.declare(x).rx(angle, 0)));
    const gradients = new Float64Array(3);
    program.pullback(Float64Array.of(...at, 0), 1, Float64Array.of(1), gradients);
    const values = (parameter: Parameter) => at[parameter.index];
    for (const [i, parameter] of [u, v].entries())
      expect(expression(angle).derivative(parameter).evaluate(values) + 0).toBe(gradients[i]! + 0);
    return [...gradients.subarray(0, 2)].map((slope) => slope + 0);
  };
  const [u, v] = [x.at(0), x.at(1)];

  test("0^b stays 0 for b > 0, so its slope in b is 0", () => {
    expect(slopes(pow(u, v), [0, 2])).toEqual([0, 0]);
    expect(slopes(pow(u, v), [0, 1])).toEqual([1, 0]);
    expect(slopes(pow(u, v), [3, 2])).toEqual([6, 9 * Math.log(3)]);
    expect(slopes(pow(u, v), [-1, 2])[1]).toBeNaN();
    expect(slopes(pow(2, v), [0, 3])[1]).toBe(8 * Math.log(2));
  });

  test("atan2 and hypot have slope 0 at the origin, and the usual ones elsewhere", () => {
    for (const origin of [
      [0, 0],
      [-0, -0],
    ] as const) {
      expect(slopes(atan2(u, v), origin)).toEqual([0, 0]);
      expect(slopes(hypot(u, v), origin)).toEqual([0, 0]);
      expect(expression(atan2(u, v)).evaluate((p) => origin[p.index])).toBe(0);
    }
    expect(slopes(atan2(u, v), [3, 4])).toEqual([4 / 5 / 5, -3 / 5 / 5]);
    expect(slopes(atan2(u, v), [0, -2])).toEqual([-0.5, 0]);
    expect(slopes(hypot(u, v), [-3, 4])).toEqual([-0.6, 0.8]);
    expect(distance(slopes(hypot(u, v), [3e200, -4e200]), [0.6, -0.8])).toBeLessThan(1e-15);
    expect([atan2(1, -1), hypot(3, 4), atan2(0, 0)]).toEqual([(3 * Math.PI) / 4, 5, 0]);
  });
});

describe("many operations", () => {
  const many = weight("many", 3000);
  /** Every text and file of a circuit brings it back. */
  const expectRoundTrips = (angle: Angle): void => {
    const circuit = Circuit.build(1, (c) => c.rx(angle, 0));
    expect(Circuit.fromJSON(JSON.parse(JSON.stringify(circuit))).equals(circuit)).toBe(true);
    expect(parseQasm(printQasm3(circuit)).equals(circuit)).toBe(true);
  };

  test("sum and product pair what they are given, so thousands of terms print, hash and read back", () => {
    const total = sum([...many].map((parameter, i) => multiply(i % 7, parameter)));
    expect(expression(total).evaluate((parameter) => parameter.index % 5)).toBe(
      Array.from({ length: 3000 }, (_, i) => (i % 7) * (i % 5)).reduce((a, b) => a + b),
    );
    expectRoundTrips(total);
    expectRoundTrips(product(many.elements.slice(0, 2000)));
    expect([sum([]), product([]), sum([2]), sum([1, 2, 3, 4]), product([2, 3, 4])]).toEqual([0, 1, 2, 10, 24]);
    expect(sum([a])).toBe(a);
    expect(product([a, 0, x.at(0)])).toBe(0);
  });

  // Left and right operands, functions, signs and powers nest each in its own way in a text.
  const SHAPES: readonly (readonly [string, (u: Angle) => Angle])[] = [
    ["sums from the left", (u) => add(u, a)],
    ["differences from the right", (u) => subtract(-2, u)],
    ["products with negative numbers", (u) => multiply(-2.5, u)],
    ["fractions", (u) => divide(1, u)],
    ["signs", (u) => negate(add(u, -1))],
    ["functions", (u) => sin(u)],
    ["functions of two", (u) => atan2(u, -1)],
    ["bases", (u) => pow(u, -2)],
    ["exponents", (u) => pow(a, u)],
  ];
  test.each(SHAPES)("%s: as deep as they can be built they print, hash and read back", (_, grow) => {
    let angle: Angle = a;
    const build = () => {
      for (;;) angle = grow(angle);
    };
    expect(build).toThrow(
      expect.objectContaining({ code: "PARAMETER_TOO_DEEP", message: expect.stringContaining("sum([...])") }),
    );
    expectRoundTrips(angle);
    const circuit = Circuit.build(1, (c) => c.rx(angle, 0));
    expect(new SlotProgram(circuit).numSlots).toBe(1);
    expect(drawText(circuit)).toContain("Rx(f(a))");
  });

  test("sharing costs nothing but where it must be written out", () => {
    // As a tree this has 2^60 leaves.
    let angle: ParameterExpression = add(a, x.at(0)) as ParameterExpression;
    for (let i = 0; i < 60; i++) angle = angle.times(angle);
    const values = (parameter: Parameter) => (parameter === a ? 0.25 : 0.75);
    expect(angle.parameters).toEqual([a, x.at(0)]);
    expect(angle.evaluate(values)).toBe(1);
    expect(angle.derivative(a).evaluate(values)).toBe(2 ** 60);
    expect(angle.substitute(() => 0.5).node).toEqual({ kind: "constant", value: 1 });
    const circuit = Circuit.build(1, (c) => c.declare(x, a).rx(angle, 0));
    const program = new SlotProgram(circuit);
    const [angles, gradients] = [new Float64Array(1), new Float64Array(4)];
    const row = Float64Array.of(0.75, 0, 0, 0.25);
    program.evaluate(row, 1, angles);
    program.pullback(row, 1, Float64Array.of(1), gradients);
    expect([...angles, ...gradients]).toEqual([1, 2 ** 60, 0, 0, 2 ** 60]);
    expect(circuit.bind({ a: 0.25, x: [0.75, 0, 0] }).operations[0]).toMatchObject({ params: [1] });
    expect([angle.toString(), drawText(circuit).includes("Rx(f(a, x))")]).toEqual(["f(a, x)", true]);
    for (const write of [() => circuit.hash, () => printQasm3(circuit), () => circuit.toJSON()])
      expect(write).toThrow(
        expect.objectContaining({
          code: "PARAMETER_TOO_LARGE",
          message: expect.stringContaining("expression of a, x"),
        }),
      );
  });
});

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
    // Digits and letters that OpenQASM does not have.
    ["x²", 1, "PARAMETER_NAME"],
    ["w٣", 1, "PARAMETER_NAME"],
    ["a½", 1, "PARAMETER_NAME"],
    [undefined, 1, "PARAMETER_NAME"],
    ["v", "3", "PARAMETER_SHAPE"],
    ["v", null, "PARAMETER_SHAPE"],
    ["v", 0, "PARAMETER_SHAPE"],
    ["v", [2, -1], "PARAMETER_SHAPE"],
    ["v", [1.5], "PARAMETER_SHAPE"],
    ["v", [1e5, 1e5], "PARAMETER_SHAPE"],
  ])("name %j with shape %j is refused", (name, shape, code) => {
    expect(() => input(name as string, shape as number)).toThrow(
      expect.objectContaining({ code, name: "ParameterError" }),
    );
  });

  test.each([[[2, 0]], [[0, 3]], [[-1]], [[6]], [[0, 0, 0]], [[0.5, 0]], [[]]])(
    "index %j does not exist",
    (indices) => {
      expect(() => weight("v", [2, 3]).at(...indices)).toThrow(expect.objectContaining({ code: "PARAMETER_INDEX" }));
    },
  );

  test("letters of any script can name them, and every name prints to a text that reads back", () => {
    expect(weight("θ_1").name).toBe("θ_1");
    const names = fc.stringMatching(/^[\p{L}_][\p{L}\p{Nl}_0-9]{0,5}$/u);
    fc.assert(
      fc.property(names, names, (name, register) => {
        const circuit = Circuit.build(1, (c) => {
          c.rx(weight(name), 0).measure(0, c.register(register, 1).offset);
        });
        expect(parseQasm(printQasm3(circuit)).equals(circuit)).toBe(true);
      }),
      settings,
    );
    for (const name of ["pragma", "if", "t", "hypot", "Ⅷ", "x_0"].map((one) =>
      /^\p{Nl}/u.test(one) ? `a${one}` : one,
    )) {
      const circuit = Circuit.build(1, (c) => c.rx(weight(name, 2).at(1), 0).measureAll(name));
      expect(parseQasm(printQasm3(circuit)).equals(circuit)).toBe(true);
      expect(parseQasm(printQasm2(circuit.bind({ [name]: [1, 2] }))).registers[0]!.name).toBe(name);
    }
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
