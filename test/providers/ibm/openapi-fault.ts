import { Ajv2020 } from "ajv/dist/2020.js";
import { openApiDocument } from "../../../providers/ibm/openapi-document.ts";

const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema(openApiDocument(), "openapi.json");

/** What keeps a value from being of a schema of openapi.yaml; undefined where nothing does. */
export function openApiFault(schema: string, value: unknown): string | undefined {
  const validate = ajv.compile({ $ref: `openapi.json#/components/schemas/${schema}` });
  // As it goes over the wire: what is undefined is left out.
  return validate(JSON.parse(JSON.stringify(value))) ? undefined : ajv.errorsText(validate.errors);
}
