import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString, type OpenAPI3 } from "openapi-typescript";
import { parse } from "yaml";

// Makes openapi.d.ts (types) and openapi.json (for checks at run time) of providers/ibm/openapi.yaml.
const source = new URL("../providers/ibm/openapi.yaml", import.meta.url);

/** The two files' names beside openapi.yaml and what they must hold. */
export async function generated(): Promise<Readonly<Record<"openapi.d.ts" | "openapi.json", string>>> {
  const document: OpenAPI3 = parse(readFileSync(source, "utf8"));
  const json = `${JSON.stringify(document, null, 1)}\n`;
  const types = astToString(await openapiTS(structuredClone(document)));
  return {
    "openapi.d.ts": `// Made by scripts/openapi.ts of openapi.yaml: edit that.\n\n${types}`,
    "openapi.json": json,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const [name, text] of Object.entries(await generated())) {
    writeFileSync(new URL(name, source), text);
    console.log(`Wrote providers/ibm/${name}.`);
  }
