import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { openApiDocument } from "../../../providers/ibm/openapi-document.ts";
import { generated } from "../../../scripts/openapi.ts";

const { components } = openApiDocument();
const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema(openApiDocument(), "openapi.json");
const accepts = (schema: string, value: unknown): boolean =>
  ajv.compile({ $ref: `openapi.json#/components/schemas/${schema}` })(value) as boolean;

describe("openapi.yaml", () => {
  test("the files made of it are up to date (npm run openapi)", async () => {
    for (const [name, text] of Object.entries(await generated()))
      expect(readFileSync(new URL(`../../../providers/ibm/${name}`, import.meta.url), "utf8") === text, name).toBe(
        true,
      );
  });

  test.each(Object.keys(components.schemas))("schema %s can be compiled", (name) => {
    expect(() => ajv.compile({ $ref: `openapi.json#/components/schemas/${name}` })).not.toThrow();
  });

  const circuit = "OPENQASM 3.0; input float[64] a; rz(a) $0;";
  const qpy = { __type__: "QuantumCircuit", __value__: "eJwL9Az2zg==" };
  const values = { __type__: "ndarray", __value__: "eJw=" };

  test.each([
    ["text alone", circuit],
    ["circuit alone", [circuit]],
    ["values by name", [circuit, { a: [0.1, 0.2] }]],
    ["values by position and shots", [circuit, [[0.1], [0.2]], 100]],
    ["no values", [circuit, null, 100]],
    ["the Python client's", [qpy, values, null]],
  ])("sampler PUB: %s", (_, pub) => {
    expect(accepts("SamplerPub", pub)).toBe(true);
  });

  test.each([
    ["no circuit", []],
    ["a fourth member", [circuit, null, 100, 1]],
    ["no shots", [circuit, null, 0]],
    ["text as values", [circuit, "0.1"]],
  ])("no sampler PUB: %s", (_, pub) => {
    expect(accepts("SamplerPub", pub)).toBe(false);
  });

  test.each([
    ["one label", [circuit, "Z"]],
    ["sums in shape (2, 1) and values", [circuit, [[{ Z: 1 }], [{ X: 0.5, Y: 0.5 }]], { a: [0, 1, 2] }]],
    ["precision", [circuit, ["Z", "X"], null, 0.02]],
    ["the Python client's", [qpy, [{ IIIZZ: 1, IIIXX: 0.5 }], values, 0.02]],
  ])("estimator PUB: %s", (_, pub) => {
    expect(accepts("EstimatorPub", pub)).toBe(true);
  });

  test.each([
    ["no observable", [circuit]],
    ["a letter that is no Pauli", [circuit, "Q"]],
    ["an empty sum", [circuit, {}]],
    ["precision 0", [circuit, "Z", null, 0]],
  ])("no estimator PUB: %s", (_, pub) => {
    expect(accepts("EstimatorPub", pub)).toBe(false);
  });

  test.each(["environment", "transpilation", "max_execution_time", "resilience"])(
    "options of a sampler are closed: %s",
    (name) => {
      const body = { program_id: "sampler", backend: "ibm_torino", params: { pubs: [circuit], version: 2 } };
      expect(accepts("JobRequest", body)).toBe(true);
      const params = { ...body.params, options: { [name]: {} } };
      expect(accepts("JobRequest", { ...body, params })).toBe(false);
    },
  );
});
