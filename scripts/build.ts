import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Plugin, rolldown } from "rolldown";

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
const workers: Plugin = {
  name: "workers",
  transform(code, id) {
    const built = code.replaceAll(/new URL\("(\.\/[^"]+\.ts)", import\.meta\.url\)/g, (_, path: string) => {
      const file = this.emitFile({ type: "chunk", id: resolve(dirname(id), path), name: basename(path, ".ts") });
      return `new URL(import.meta.ROLLUP_FILE_URL_${file})`;
    });
    // The text is replaced within its line.
    return built === code ? null : { code: built, map: null };
  },
};
const bundle = await rolldown({
  cwd: root,
  input: Object.fromEntries(entries.map((name) => [name, `./${name}.ts`])),
  platform: "node",
  external: (id) => !id.startsWith(".") && !isAbsolute(id),
  treeshake: { moduleSideEffects: true },
  plugins: [workers],
});
const { output } = await bundle.write({
  dir: dist,
  format: "esm",
  entryFileNames: "[name].js",
  chunkFileNames: "shared/[name].js",
  sourcemap: true,
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

const problems = [...brokenImports(), ...brokenPromises()];
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
