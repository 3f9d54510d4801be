import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import { openApiDocument } from "../../ibm/openapi-document.ts";
import { Refusal } from "./refusal.ts";

const DOCUMENT = "openapi";
const validators = new Map<string, ValidateFunction>();
let ajv: Ajv2020 | undefined;

/** Bodies whose schema stands with their operation. */
const INLINE: Readonly<Record<string, string>> = {
  JobTagsRequest: "/paths/~1jobs~1%7Bid%7D~1tags/put",
  SessionUpdate: "/paths/~1sessions~1%7Bid%7D/patch",
};

/** The check of a body by the schema of that name in openapi.json, compiled when first asked for. */
export function validatorFor(schema: string): ValidateFunction {
  let found = validators.get(schema);
  if (found === undefined) {
    if (ajv === undefined) {
      ajv = new Ajv2020({ strict: false, logger: false });
      ajv.addSchema(openApiDocument(), DOCUMENT);
    }
    const inline = INLINE[schema];
    const place =
      inline === undefined ? `/components/schemas/${schema}` : `${inline}/requestBody/content/application~1json/schema`;
    found = ajv.compile({ $ref: `${DOCUMENT}#${place}` });
    validators.set(schema, found);
  }
  return found;
}

/** @throws Refusal 400 that names the part of the body that does not fit, and what it must be */
export function checkBody(body: unknown, schema: string): void {
  const validate = validatorFor(schema);
  if (validate(body)) return;
  throw new Refusal(
    400,
    1210,
    `The body does not fit: ${schemaFault(validate.errors ?? [])}`,
    "Correct the body; keys that the API does not know are refused.",
  );
}

/** Of alternatives that all fail, the one that got furthest says best what is wrong. */
export function schemaFault(errors: readonly ErrorObject[]): string {
  const depth = ({ instancePath }: ErrorObject): number => instancePath.split("/").length;
  const telling = errors.filter(({ keyword }) => keyword !== "anyOf" && keyword !== "oneOf");
  const found = (telling.length > 0 ? telling : errors).reduce<ErrorObject | undefined>(
    (best, error) => (best === undefined || depth(error) > depth(best) ? error : best),
    undefined,
  );
  if (found === undefined) return "it is of another form.";
  const where = found.instancePath === "" ? "the body" : found.instancePath.slice(1).replaceAll("/", ".");
  const { additionalProperty, allowedValues, allowedValue } = found.params as {
    additionalProperty?: string;
    allowedValues?: readonly unknown[];
    allowedValue?: unknown;
  };
  if (additionalProperty !== undefined) return `${where} has the unknown key ${additionalProperty}.`;
  if (allowedValues !== undefined) return `${where} must be one of ${allowedValues.map(String).join(", ")}.`;
  if (allowedValue !== undefined) return `${where} must be ${String(allowedValue)}.`;
  return `${where} ${found.message ?? "does not fit"}.`;
}
