import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

// Builds dist/: JavaScript, declarations and the data of the examples, then checks that what package.json promises is there.
const root = fileURLToPath(new URL("../", import.meta.url));
const dist = join(root, "dist");

rmSync(dist, { recursive: true, force: true });
const { status } = spawnSync(
  process.execPath,
  [join(root, "node_modules/typescript/bin/tsc"), "--project", join(root, "tsconfig.build.json")],
  { stdio: "inherit" },
);
if (status !== 0) process.exit(1);

for (const file of globSync("examples/**/*.{csv,json,md}", { cwd: root }))
  cpSync(join(root, file), join(dist, file), { recursive: true });

// The compiler rewrites the extensions of relative imports in JavaScript but not in declarations.
const specifier = /((?:from|import|require)\s*\(?\s*)(["'])(\.{1,2}\/[^"']*)\.ts\2/g;
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
  const { exports, bin } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const paths: string[] = Object.values(exports).flatMap((entry) =>
    typeof entry === "string" ? [entry] : Object.values(entry as Record<string, string>),
  );
  for (const path of paths)
    if (!existsSync(join(root, path))) found.push(`package.json exports ${path}; no such file.`);
  for (const path of Object.values(bin) as string[]) {
    const file = join(root, path);
    if (!existsSync(file)) found.push(`package.json names the command ${path}; no such file.`);
    else if (!readFileSync(file, "utf8").startsWith("#!/usr/bin/env node\n")) found.push(`${path} lacks its #! line.`);
    else chmodSync(file, 0o755);
  }
  return found;
}
