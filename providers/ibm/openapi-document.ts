import { readFileSync } from "node:fs";

/** A JSON schema (2020-12). */
export type JsonSchema = boolean | { readonly [keyword: string]: unknown };

/** The parts of openapi.json that are read at run time. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}

let document: OpenApiDocument | undefined;

/** The description of IBM's REST surface, for checks of bodies at run time; read once, when first asked for. */
export function openApiDocument(): OpenApiDocument {
  document ??= JSON.parse(readFileSync(new URL("./openapi.json", import.meta.url), "utf8")) as OpenApiDocument;
  return document;
}
