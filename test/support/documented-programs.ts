import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("../../", import.meta.url);

/** The TypeScript programs between fences in a document of the project. */
export function fencedPrograms(path: string): readonly string[] {
  const text = readFileSync(new URL(path, root), "utf8");
  return [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, program]) => program!);
}

/** The program with the modules that the package exports taken from their sources. */
export function runnable(program: string): string {
  const { exports } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
  return program.replaceAll(/"lepton(\/\w+)?"/g, (_, subpath = "") => {
    const { default: built } = exports[`.${subpath}`];
    return JSON.stringify(new URL(built.replace(/^\.\/dist\//, "./").replace(/\.js$/, ".ts"), root).href);
  });
}

/** What a program prints when Node runs it in a folder. */
export function execute(program: string, folder: string = fileURLToPath(root)): string {
  return execFileSync(process.execPath, ["--input-type=module-typescript", "--eval", runnable(program)], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}
