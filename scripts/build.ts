import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Plugin, type PluginContext, rolldown } from "rolldown";

// Builds dist/: declarations, JavaScript in few files (a hundred small ones take twice as long to import) and the data of
// the examples, then checks that what package.json promises is there.
const root = fileURLToPath(new URL("../", import.meta.url));
const dist = join(root, "dist");

rmSync(dist, { recursive: true, force: true });
const { status } = spawnSync(
  process.execPath,
  [join(root, "node_modules/typescript/bin/tsc"), "--project", join(root, "tsconfig.build.json")],
  { stdio: "inherit" },
);
if (status !== 0) process.exit(1);

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly bin: Readonly<Record<string, string>>;
};
const promised = [
  ...Object.values(manifest.exports).flatMap((entry) => (typeof entry === "string" ? [entry] : Object.values(entry))),
  ...Object.values(manifest.bin),
];
const entries = promised
  .filter((path) => path.endsWith(".js"))
  .map((path) => path.replace(/^\.\/dist\/(.*)\.js$/, "$1"));

// The module of a worker thread is nobody's import: it is built from the URL by which its team names it, and its name there
// is made that of the file in dist.
const threads = new Set<string>();
const workers: Plugin = {
  name: "workers",
  transform(code, id) {
    const built = code.replaceAll(/new URL\("(\.\/[^"]+\.ts)", import\.meta\.url\)/g, (_, path: string) => {
      const module = resolve(dirname(id), path);
      threads.add(module);
      const file = this.emitFile({ type: "chunk", id: module, name: basename(path, ".ts") });
      return `new URL(import.meta.ROLLUP_FILE_URL_${file})`;
    });
    // The text is replaced within its line.
    return built === code ? null : { code: built, map: null };
  },
};
// What the same entries import at once is one file. By itself the bundler splits it once more for each dynamic import that
// reaches a part of it, and importing a file of ten lines takes half a millisecond.
const sharedFiles = new Map<string, string>();
let importersOf: ReadonlyMap<string, string> | undefined;
function sharedFile(id: string, graph: Pick<PluginContext, "getModuleInfo">): string | undefined {
  importersOf ??= importersByModule(graph);
  const importers = importersOf.get(id);
  if (importers === undefined) return undefined;
  const name = basename(id, ".ts");
  const taken = [...sharedFiles.values()].filter((other) => other.split("~")[0] === name).length;
  if (!sharedFiles.has(importers)) sharedFiles.set(importers, taken === 0 ? name : `${name}~${taken}`);
  return sharedFiles.get(importers);
}

/** The entries that a module is imported with, for each that is imported with any; threads and the command line's first import among them. */
function importersByModule(graph: Pick<PluginContext, "getModuleInfo">): ReadonlyMap<string, string> {
  const importers = new Map<string, string>();
  for (const entry of [...[...entries, "src/cli/program"].map((name) => join(root, `${name}.ts`)), ...threads]) {
    const reached = new Set([entry]);
    for (const module of reached)
      for (const target of graph.getModuleInfo(module)?.importedIds ?? []) if (isAbsolute(target)) reached.add(target);
    for (const module of reached) importers.set(module, `${importers.get(module) ?? ""} ${entry}`);
  }
  return importers;
}

const bundle = await rolldown({
  cwd: root,
  input: Object.fromEntries(entries.map((name) => [name, `./${name}.ts`])),
  platform: "node",
  external: (id) => !id.startsWith(".") && !isAbsolute(id),
  treeshake: { moduleSideEffects: true },
  preserveEntrySignatures: "allow-extension",
  plugins: [workers],
});
const { output } = await bundle.write({
  dir: dist,
  format: "esm",
  entryFileNames: "[name].js",
  chunkFileNames: "shared/[name].js",
  sourcemap: true,
  // Editors show the comments of the declarations.
  comments: { jsdoc: false },
  codeSplitting: { groups: [{ name: sharedFile, debugName: "shared" }], includeDependenciesRecursively: false },
});
await bundle.close();

// Modules find their data beside themselves, wherever the bundle has put them: a file or a folder by its name, or the files
// that fit a template such as `./${name}.json`.
for (const chunk of output)
  for (const id of chunk.type === "chunk" ? chunk.moduleIds : [])
    for (const [, , template] of readFileSync(id, "utf8").matchAll(
      /new URL\((["`])\.\/([^"`]+)\1, import\.meta\.url\)/g,
    ))
      for (const name of globSync(template!.replaceAll(/\$\{[^}]*\}/g, "*"), { cwd: dirname(id), exclude: ["*.ts"] }))
        cpSync(join(dirname(id), name), join(dist, dirname(chunk.fileName), name), { recursive: true });
for (const file of globSync("examples/**/*.md", { cwd: root })) cpSync(join(root, file), join(dist, file));

// The compiler passes over declarations that are sources, and rewrites the extensions of relative imports in JavaScript but
// not in declarations.
for (const file of globSync("{circuits,providers,src}/**/*.d.ts", { cwd: root }))
  cpSync(join(root, file), join(dist, file));
const specifier = /((?:from|import|require)\s*\(?\s*)(["'])(\.{1,2}\/[^"']*?)(?:\.d)?\.ts\2/g;
for (const file of globSync("**/*.d.ts", { cwd: dist })) {
  const text = readFileSync(join(dist, file), "utf8");
  writeFileSync(join(dist, file), text.replace(specifier, "$1$2$3.js$2"));
}

const problems = [...brokenImports(), ...strayData(), ...brokenPromises()];
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
const files = globSync("**/*.js", { cwd: dist }).length;
console.log(`Built ${files} modules in ${relative(process.cwd(), dist) || dist}.`);

/** Relative imports in dist that lead nowhere. */
function brokenImports(): string[] {
  const found: string[] = [];
  for (const file of globSync("**/*.{js,d.ts}", { cwd: dist })) {
    const text = readFileSync(join(dist, file), "utf8");
    for (const [, , target] of text.matchAll(/(?:from|import)\s*\(?\s*(["'])(\.{1,2}\/[^"']+)\1/g)) {
      const path = resolve(dist, dirname(file), target!);
      const wanted = file.endsWith(".d.ts") ? path.replace(/\.js$/, ".d.ts") : path;
      if (!existsSync(wanted)) found.push(`dist/${file} imports ${target}, which does not exist.`);
    }
  }
  return found;
}

/** Data files that a module would look for elsewhere than beside itself, where the build puts them. */
function strayData(): string[] {
  const modules = output.flatMap((chunk) => (chunk.type === "chunk" ? chunk.moduleIds : []));
  return modules.flatMap((id) =>
    [...readFileSync(id, "utf8").matchAll(/new URL\("(\.\.\/[^"]+\.(?:csv|jsonl|gz|png))", import\.meta\.url\)/g)].map(
      ([, path]) => `${relative(root, id)} reads ${path}; data lie beside the module that names them.`,
    ),
  );
}

/** Paths in package.json's `exports` and `bin` that the build did not make. */
function brokenPromises(): string[] {
  const found: string[] = [];
  for (const path of promised)
    if (!existsSync(join(root, path))) found.push(`package.json promises ${path}; no such file.`);
  for (const path of Object.values(manifest.bin)) {
    const file = join(root, path);
    if (!existsSync(file)) continue;
    if (!readFileSync(file, "utf8").startsWith("#!/usr/bin/env node\n")) found.push(`${path} lacks its #! line.`);
    else chmodSync(file, 0o755);
  }
  return found;
}
