import { existsSync, globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { Circuit, weight } from "../circuits/index.ts";
import { printQasm3 } from "../circuits/qasm/index.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const read = (path: string): string => readFileSync(root + path, "utf8");
const sources = ["circuits", "providers", "src", "examples"].flatMap((folder) =>
  globSync(`${folder}/**/*.ts`, { cwd: root }).sort(),
);
const CODE = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/;

interface ThrownCode {
  /** Undefined where a function makes the error, as the OpenQASM parser's do. */
  readonly errorClass: string | undefined;
  readonly code: string;
  readonly file: string;
}

/** Codes in `new SomeError("CODE", ...)` and in calls such as `source.error("CODE", ...)`. */
function thrownCodes(file: string): readonly ThrownCode[] {
  const found: ThrownCode[] = [];
  const literals = (node: ts.Node): string[] =>
    ts.isStringLiteralLike(node)
      ? [node.text].filter((text) => CODE.test(text))
      : ts.isConditionalExpression(node)
        ? [...literals(node.whenTrue), ...literals(node.whenFalse)]
        : [];
  const visit = (node: ts.Node): void => {
    const [first] = (ts.isNewExpression(node) || ts.isCallExpression(node) ? node.arguments : undefined) ?? [];
    if (first !== undefined && (ts.isNewExpression(node) || ts.isCallExpression(node))) {
      const callee = node.expression.getText();
      if (ts.isNewExpression(node) && callee.endsWith("Error"))
        for (const code of literals(first)) found.push({ errorClass: callee, code, file });
      else if (/(error|fail)$/i.test(callee) && ts.isCallExpression(node))
        for (const code of literals(first)) found.push({ errorClass: undefined, code, file });
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, true));
  return found;
}

/** The rows of the tables in docs/errors.md, each under the heading of its class. */
function documentedCodes(): readonly { readonly errorClass: string; readonly code: string }[] {
  let errorClass = "";
  return read("docs/errors.md")
    .split("\n")
    .flatMap((line) => {
      errorClass = /^## (\w+)/.exec(line)?.[1] ?? errorClass;
      const code = /^\| `([A-Z0-9_]+)` \| .+ \| .+ \|$/.exec(line)?.[1];
      return code === undefined ? [] : [{ errorClass, code }];
    });
}

describe("docs/errors.md", () => {
  const rows = documentedCodes();
  const thrown = sources.flatMap(thrownCodes);

  test("every code that is thrown has its row, and every row a code", () => {
    const missing = thrown.filter(
      ({ errorClass, code }) =>
        !rows.some((row) => row.code === code && (errorClass === undefined || row.errorClass === errorClass)),
    );
    expect(missing.map(({ errorClass = "?", code, file }) => `${errorClass} ${code} in ${file}`)).toEqual([]);
    // A code may reach its error through a variable, so a row lives if its code is written anywhere in the sources.
    const text = sources.map(read).join("\n");
    expect(rows.filter(({ code }) => !text.includes(`"${code}"`))).toEqual([]);
    const names = rows.map(({ errorClass, code }) => `${errorClass} ${code}`);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  test("every class in it exists, and every class of errors is in it", () => {
    const declared = sources.flatMap((file) =>
      [...read(file).matchAll(/export class (\w+Error) extends/g)].map(([, name]) => name!),
    );
    const headings = [...new Set(rows.map(({ errorClass }) => errorClass))];
    expect(headings.toSorted()).toEqual(declared.filter((name) => name !== "LeptonError").toSorted());
  });
});

describe("docs", () => {
  test("docs/conventions.md names tests that exist", () => {
    const references = [...read("docs/conventions.md").matchAll(/`(test\/[^`]+\.ts)`: "([^"]+)"/g)];
    expect(references.length).toBeGreaterThan(25);
    const wrong = references.filter(([, file, name]) => !existsSync(root + file!) || !read(file!).includes(name!));
    expect(wrong.map(([reference]) => reference)).toEqual([]);
    const lines = read("docs/conventions.md")
      .split("\n")
      .filter((line) => /^\| (?!---|Convention)/.test(line));
    expect(lines.filter((line) => !line.includes("`test/"))).toEqual([]);
  });

  test.each(["README.md", "CONTRIBUTING.md", "CHANGELOG.md", ...globSync("docs/**/*.md", { cwd: root })])(
    "%s links to files that exist",
    (file) => {
      const folder = new URL(`../${file}`, import.meta.url);
      const links = [...read(file).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!);
      const local = links.filter((link) => !/^[a-z]+:|^#/.test(link)).map((link) => link.split("#")[0]!);
      expect(local.filter((link) => !existsSync(new URL(link, folder)))).toEqual([]);
    },
  );

  test("docs/openqasm.md shows what is printed", () => {
    const circuit = Circuit.build(2, (c) => {
      const w = weight("w", 2);
      const bits = c.register("c", 2);
      c.rx(w.at(0).dividedBy(2), 0)
        .rzz(w.at(1), 0, 1)
        .measure(0, bits.offset)
        .measure(1, bits.offset + 1);
    });
    expect(/```qasm\n([^`]*)```/.exec(read("docs/openqasm.md"))?.[1]).toBe(printQasm3(circuit));
  });

  test("the larger choices are numbered without gaps", () => {
    const numbers = globSync("docs/decisions/*.md", { cwd: root }).map((file) => Number(/(\d{4})-/.exec(file)?.[1]));
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from(numbers, (_, index) => index + 1));
  });
});
