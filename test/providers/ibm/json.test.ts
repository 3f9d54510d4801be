import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { JsonSyntax, parseJson, parseLenientJson } from "../../../providers/ibm/json.ts";

describe("parseLenientJson", () => {
  test("agrees with JSON.parse on valid JSON", () => {
    const spaced = fc.tuple(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom(undefined, 1, "\t"));
    fc.assert(
      fc.property(spaced, ([value, indent]) => {
        const text = JSON.stringify(value, null, indent);
        expect(parseLenientJson(text)).toEqual(JSON.parse(text));
      }),
      { numRuns: 300 },
    );
  });

  test("agrees with JSON.parse on whether a damaged text is valid", () => {
    const damage = fc.constantFrom(
      "",
      ",",
      '"',
      "\\",
      "{",
      "]",
      ":",
      "0",
      "-",
      ".",
      "e",
      "t",
      "\n",
      "\u0000",
      "NaX",
      "+",
    );
    fc.assert(
      fc.property(fc.json({ maxDepth: 3 }), fc.nat(), fc.nat({ max: 3 }), damage, (text, at, cut, put) => {
        const start = at % (text.length + 1);
        const damaged = text.slice(0, start) + put + text.slice(start + cut);
        let value: unknown;
        let valid = true;
        try {
          value = JSON.parse(damaged);
        } catch {
          valid = false;
        }
        if (valid) expect(parseLenientJson(damaged)).toEqual(value);
        else expect(() => parseLenientJson(damaged)).toThrow(JsonSyntax);
      }),
      { numRuns: 1500 },
    );
  });

  test("reads bare NaN and infinities wherever a value stands, and leaves those in strings", () => {
    const leaf = fc.oneof(
      fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, null, true, -0.5e-7),
      fc.constantFrom("NaN", "a, NaN]", '"-Infinity', "\\NaN", "\u2028"),
      fc.string(),
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie("tree")), fc.dictionary(fc.string(), tie("tree"))),
    }));
    const write = (value: unknown): string => {
      if (typeof value === "number") return String(value);
      if (Array.isArray(value)) return `[${value.map(write).join(" , ")}]`;
      if (typeof value !== "object" || value === null) return JSON.stringify(value);
      return `{${Object.entries(value)
        .map(([key, item]) => `${JSON.stringify(key)} :${write(item)}`)
        .join(",")}}`;
    };
    fc.assert(
      fc.property(tree, (value) => {
        const copy = JSON.stringify(value, (_, item) => (typeof item === "number" ? String(item) : item));
        const read = JSON.stringify(parseJson(write(value)), (_, item) =>
          typeof item === "number" ? String(item) : item,
        );
        expect(read).toBe(copy);
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ["", 0, "a value"],
    ["{NaN: 1}", 1, "a name"],
    ["[1, nan]", 4, "a value"],
    ["[1 NaN]", 3, '"," or "]"'],
    ['{"a": NaN, }', 11, "a name"],
    ["[NaN, 'x']", 6, "a value"],
    ["[+Infinity]", 1, "a value"],
    ["[--Infinity]", 1, "a value"],
    ["NaN NaN", 4, "the end"],
    ["[NaN, 01]", 7, '"," or "]"'],
    ['[NaN, "a', 6, "a string"],
    ["[[[NaN]]", 8, '"," or "]"'],
  ])("says where %j goes wrong", (text, position, expected) => {
    const error = (() => {
      try {
        return parseJson(text);
      } catch (thrown) {
        return thrown as JsonSyntax;
      }
    })();
    expect(error).toBeInstanceOf(JsonSyntax);
    expect(error).toMatchObject({ position });
    expect((error as JsonSyntax).message).toContain(`Expected ${expected}`);
  });

  test("a key __proto__ is an ordinary property and pollutes nothing", () => {
    const value = parseJson('{"__proto__": {"polluted": NaN}, "constructor": {"prototype": {"polluted": 1}}}');
    expect(Object.keys(value as object)).toEqual(["__proto__", "constructor"]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect((value as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test("a deep text exhausts no stack, and long ones take linear time", () => {
    const deep = 200_000;
    let value = parseJson(`${"[".repeat(deep)}NaN${"]".repeat(deep)}`) as unknown[];
    for (let level = 1; level < deep; level++) value = value[0] as unknown[];
    expect(value).toEqual([Number.NaN]);
    expect(() => parseJson("[NaN,".repeat(deep))).toThrow(JsonSyntax);

    const long = (n: number) => `[NaN,"${"\\\\".repeat(n)}","${"x".repeat(n)}",${"1,".repeat(n)}${"9".repeat(n)}]`;
    // The best of some, since a busy machine only adds.
    const seconds = (n: number): number => {
      const text = long(n);
      const times = Array.from({ length: 5 }, () => {
        const start = performance.now();
        parseJson(text);
        return (performance.now() - start) / 1000;
      });
      return Math.min(...times);
    };
    const one = Math.max(seconds(50_000), 0.002);
    expect(seconds(400_000)).toBeLessThan(8 * one * 6);
  });
});
