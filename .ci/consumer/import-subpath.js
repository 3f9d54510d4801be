// Imports one subpath of the installed package and says how many names it exports.
const [, , specifier] = process.argv;
const json = specifier.endsWith(".json");
const module = await import(specifier, json ? { with: { type: "json" } } : {});
const names = Object.keys(module).filter((name) => module[name] !== undefined);
if (names.length === 0) throw new Error(`${specifier} exports nothing.`);
console.log(`${specifier}: ${names.length} exports`);
