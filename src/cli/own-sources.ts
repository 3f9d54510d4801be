import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";

/**
 * In a checkout: a run's file that imports "lepton" is given the sources that run it. What was built of them may be older or not
 * there, and would be a second copy, whose circuits are none to the first.
 */
export function importOwnSources(): void {
  const manifest = new URL("../../package.json", import.meta.url);
  const { name, exports } = JSON.parse(readFileSync(manifest, "utf8")) as {
    readonly name: string;
    readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
  };
  const sources = new Map(
    Object.entries(exports).flatMap(([path, entry]) =>
      typeof entry === "string"
        ? []
        : [[name + path.slice(1), new URL(entry.default.replace(/^\.\/dist\/(.*)\.js$/, "$1.ts"), manifest).href]],
    ),
  );
  registerHooks({
    resolve(specifier, context, next) {
      return next(sources.get(specifier) ?? specifier, context);
    },
  });
}
