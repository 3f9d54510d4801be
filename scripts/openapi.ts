import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString, type OpenAPI3 } from "openapi-typescript";
import ts from "typescript";
import { parse } from "yaml";

// Makes openapi.d.ts (types) and openapi.json (for checks at run time) of providers/ibm/openapi.yaml.
const source = new URL("../providers/ibm/openapi.yaml", import.meta.url);

/** The two files' names beside openapi.yaml and what they must hold. */
export async function generated(): Promise<Readonly<Record<"openapi.d.ts" | "openapi.json", string>>> {
  const document: OpenAPI3 = parse(readFileSync(source, "utf8"));
  const json = `${JSON.stringify(document, null, 1)}\n`;
  const own = Object.entries(document.components?.schemas ?? {}).flatMap(([name, schema]) =>
    "x-typescript" in schema ? [`export type ${name} = ${schema["x-typescript"]};`] : [],
  );
  const types = await openapiTS(structuredClone(document), {
    inject: own.join("\n"),
    transform: (schema, { path }) =>
      "x-typescript" in schema ? ts.factory.createTypeReferenceNode(path!.split("/").at(-1)!) : undefined,
  });
  return {
    "openapi.d.ts": `// Made by scripts/openapi.ts of openapi.yaml: edit that.\n\n${astToString(types)}`,
    "openapi.json": json,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const [name, text] of Object.entries(await generated())) {
    writeFileSync(new URL(name, source), text);
    console.log(`Wrote providers/ibm/${name}.`);
  }
