import { execFileSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, posix } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));
const HOUSE = ["circuits", "providers", "src"];
const AROUND = ["test", "bench", "examples", "scripts"];

interface Import {
  readonly file: string;
  readonly specifier: string;
  /** The imported file from the project's root, for a relative specifier. */
  readonly target: string | undefined;
  readonly typeOnly: boolean;
}

/** Every import and re-export of a file, static, dynamic and of types, as the compiler sees them. */
function importsOf(file: string): readonly Import[] {
  const source = ts.createSourceFile(file, readFileSync(root + file, "utf8"), ts.ScriptTarget.Latest, true);
  const found: Import[] = [];
  const note = (node: ts.Node | undefined, typeOnly: boolean): void => {
    if (node === undefined) return;
    if (!ts.isStringLiteralLike(node)) throw new Error(`${file} imports what no reader can know: ${node.getText()}`);
    const specifier = node.text;
    const target = specifier.startsWith(".") ? posix.join(dirname(file), specifier) : undefined;
    found.push({ file, specifier, target, typeOnly });
  };
  const visit = (node: ts.Node): void => {
    // A run's own file is loaded by the path that its task gives.
    const isUsersFile = file === "src/training/run-config-file.ts" && ts.isCallExpression(node);
    if (ts.isImportDeclaration(node)) note(node.moduleSpecifier, node.importClause?.isTypeOnly ?? false);
    else if (ts.isExportDeclaration(node)) note(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) note(node.argument.literal, true);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword && !isUsersFile)
      note(node.arguments[0], false);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

const filesIn = (folders: readonly string[]): readonly string[] =>
  folders.flatMap((folder) => globSync(`${folder}/**/*.{ts,mts}`, { cwd: root }).sort());
const house = filesIn(HOUSE);
const imports = house.flatMap(importsOf);
const folderOf = (path: string): string => path.split("/")[0]!;
const show = ({ file, specifier }: Import): string => `${file} imports ${specifier}`;

/** The files that know a library which most users of Lepton do without; by name, so that a reader sees it. */
const mayKnowTensorFlow = (file: string): boolean =>
  posix.basename(file).includes("tensorflow") || file === "src/tfjs.ts";

describe("architecture", () => {
  test("there is a house to check", () => {
    expect(house.length).toBeGreaterThan(50);
    expect(imports.length).toBeGreaterThan(200);
  });

  test("imports go one way: circuits <- providers <- src", () => {
    const wrong = imports.filter(
      ({ file, target }) => target !== undefined && HOUSE.indexOf(folderOf(target)) > HOUSE.indexOf(folderOf(file)),
    );
    expect(wrong.map(show)).toEqual([]);
  });

  test("the house imports nothing that stands around it", () => {
    // The command line's main job is an example, reached only when it is asked for.
    const wrong = imports.filter(
      ({ file, target }) =>
        target !== undefined &&
        !HOUSE.includes(folderOf(target)) &&
        !(file.startsWith("src/cli/") && folderOf(target) === "examples"),
    );
    expect(wrong.map(show)).toEqual([]);
  });

  test("every relative import names a file that exists, with its extension", () => {
    const wrong = [...imports, ...filesIn(AROUND).flatMap(importsOf)].filter(
      ({ target }) => target !== undefined && !(target.endsWith(".ts") && existsSync(root + target)),
    );
    expect(wrong.map(show)).toEqual([]);
  });

  test("circuits are pure: they import only themselves and a hash", () => {
    const wrong = imports.filter(
      ({ file, target, specifier }) =>
        folderOf(file) === "circuits" && target === undefined && specifier !== "node:crypto",
    );
    expect(wrong.map(show)).toEqual([]);
  });

  test("from outside a folder, only its index is imported", () => {
    // A command loads only what it needs, so that the others start at once: the command line may name single rooms.
    const wrong = imports.filter(
      ({ file, target }) =>
        target !== undefined &&
        !file.startsWith("src/cli/") &&
        folderOf(target) !== folderOf(file) &&
        ["circuits", "providers"].includes(folderOf(target)) &&
        posix.basename(target) !== "index.ts",
    );
    expect(wrong.map(show)).toEqual([]);
  });

  test("only files named after TensorFlow.js import it", () => {
    const wrong = imports.filter(
      ({ file, specifier }) => specifier.startsWith("@tensorflow/") && !mayKnowTensorFlow(file),
    );
    expect(wrong.map(show)).toEqual([]);
  });

  test("only the IBM provider speaks HTTP through axios, or retries", () => {
    const wrong = imports.filter(
      ({ file, specifier }) => /^(axios|p-retry)(\/|$)/.test(specifier) && !file.startsWith("providers/ibm/"),
    );
    expect(wrong.map(show)).toEqual([]);
  });

  test("only the shared ledger and what wakes its workers know PostgreSQL", () => {
    const wrong = imports.filter(
      ({ file, specifier }) =>
        /^pg(-|\/|$)/.test(specifier) && !/^src\/(runs\/postgres\/|worker\/wake-postgres\.ts)/.test(file),
    );
    expect(wrong.map(show)).toEqual([]);
  });

  test("only tests and the contract suites import vitest", () => {
    const wrong = [...imports, ...filesIn(["bench", "examples", "scripts"]).flatMap(importsOf)].filter(
      ({ specifier }) => specifier === "vitest" || specifier.startsWith("vitest/"),
    );
    expect(wrong.map(show)).toEqual([]);
  });

  test("nothing draws from a hidden source of randomness or reads the clock for a result", () => {
    // A run's id may be random (randomUUID): it names the run and decides nothing in it.
    const hidden =
      /\bMath\s*\.\s*random\b|\bDate\s*\.\s*now\b|\bnew Date(\(\s*\)|;)|\brandomBytes\b|\bgetRandomValues\b/;
    const wrong = [...house, ...filesIn(["examples"])].filter(
      (file) => file !== "providers/clock.ts" && hidden.test(readFileSync(root + file, "utf8")),
    );
    expect(wrong).toEqual([]);
  });

  test("every package that is imported is declared, and the core's are dependencies", () => {
    const manifest = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
    const always = new Set(Object.keys(manifest.dependencies));
    const optional = new Set(Object.keys(manifest.peerDependencies ?? {}));
    const packageOf = (specifier: string): string => specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
    const wrong = imports.filter(
      ({ specifier, target, typeOnly }) =>
        target === undefined &&
        !specifier.startsWith("node:") &&
        !always.has(packageOf(specifier)) &&
        !optional.has(packageOf(specifier)) &&
        !(typeOnly && packageOf(specifier) in manifest.devDependencies),
    );
    expect(wrong.map(show)).toEqual([]);
    for (const name of optional) expect(manifest.peerDependenciesMeta[name], name).toEqual({ optional: true });
  });

  test.each(HOUSE)("%s has an index that exports by name", (folder) => {
    const index = `${folder}/index.ts`;
    expect(existsSync(root + index)).toBe(true);
    const source = ts.createSourceFile(index, readFileSync(root + index, "utf8"), ts.ScriptTarget.Latest, true);
    const stars = source.statements.filter(
      (statement): statement is ts.ExportDeclaration =>
        ts.isExportDeclaration(statement) && statement.exportClause === undefined,
    );
    // A folder may pass on the whole of a room of its own; never of another folder.
    for (const { moduleSpecifier } of stars)
      expect((moduleSpecifier as ts.StringLiteral).text).toMatch(/^\.\/[a-z-]+(\/index)?\.ts$/);
  });

  test("no file imports itself in a circle while it loads", () => {
    const edges = new Map<string, string[]>();
    for (const { file, target, typeOnly } of imports)
      if (target !== undefined && !typeOnly) edges.set(file, [...(edges.get(file) ?? []), target]);
    // These know each other, and touch each other only in calls.
    const known = [["circuits/builder.ts", "circuits/circuit.ts", "circuits/json.ts"].join(" <-> ")];
    const circles = stronglyConnected(edges).map((circle) => circle.sort().join(" <-> "));
    expect(circles.filter((circle) => !known.includes(circle))).toEqual([]);
  });

  test("no folder of src knows itself in a circle, types included", () => {
    const room = (path: string): string | undefined => /^src\/([^/]+)\//.exec(path)?.[1];
    const edges = new Map<string, string[]>();
    for (const { file, target } of imports) {
      const [from, to] = [room(file), room(target ?? "")];
      if (from !== undefined && to !== undefined) edges.set(from, [...(edges.get(from) ?? []), to]);
    }
    expect(edges.size).toBeGreaterThan(10);
    expect(stronglyConnected(edges)).toEqual([]);
  });
});

/** Groups of two or more files that reach each other (Tarjan). */
function stronglyConnected(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const groups: string[][] = [];
  const visit = (node: string): void => {
    index.set(node, index.size);
    low.set(node, index.get(node)!);
    stack.push(node);
    for (const next of edges.get(node) ?? []) {
      if (!index.has(next)) visit(next);
      if (stack.includes(next)) low.set(node, Math.min(low.get(node)!, low.get(next)!));
    }
    if (low.get(node) !== index.get(node)) return;
    const group = stack.splice(stack.indexOf(node));
    if (group.length > 1) groups.push(group);
  };
  for (const node of edges.keys()) if (!index.has(node)) visit(node);
  return groups;
}

/** The URLs of all modules that Node loads for an entry file. */
function loadedBy(entry: string): readonly string[] {
  const script = `
    import { registerHooks } from "node:module";
    const urls = [];
    registerHooks({ load(url, context, next) { urls.push(url); return next(url, context); } });
    await import(${JSON.stringify(new URL(`../${entry}`, import.meta.url).href)});
    process.stdout.write(JSON.stringify(urls));`;
  const output = execFileSync(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: root,
    encoding: "utf8",
  });
  return JSON.parse(output);
}

describe("what an import costs", () => {
  test.each([
    ["circuits/index.ts", /node_modules/],
    ["providers/index.ts", /node_modules/],
    ["src/compute/index.ts", /node_modules/],
    [
      "src/index.ts",
      /node_modules\/(@tensorflow|axios|ajv|p-retry|@observablehq|linkedom|@resvg|commander|croner|pg|pg-boss|fast-png|csv-parse|ml-pca|ml-matrix)\//,
    ],
  ])("%s loads no library that it can do without", (entry, heavy) => {
    const urls = loadedBy(entry);
    expect(urls.some((url) => url.endsWith(entry))).toBe(true);
    expect(urls.filter((url) => heavy.test(url))).toEqual([]);
  });

  test("the help of the command line loads no TensorFlow.js and no axios", () => {
    const urls = loadedBy("src/cli/program.ts");
    expect(urls.filter((url) => /node_modules\/(@tensorflow|axios|ajv|p-retry|@resvg)\//.test(url))).toEqual([]);
  });
});
