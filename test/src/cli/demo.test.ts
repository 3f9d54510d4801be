import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Circuit } from "../../../circuits/index.ts";
import { parseQasm } from "../../../circuits/qasm/index.ts";
import { file, pathOf, run, runJson } from "./run.ts";

describe("demo", () => {
  test("lists what there is, and refuses what there is not", async () => {
    expect((await run(["demo", "--list"])).out).toMatch(/^digits +\S/);
    const names = (await runJson(["demo", "--list"])).json.demos.map(({ name }: { name: string }) => name);
    expect(names).toContain("digits");
    const unknown = await runJson(["demo", "dogs"]);
    expect(unknown.status).toBe(2);
    expect(unknown.json.error).toEqual({
      code: "DEMO_UNKNOWN",
      message: `There is no demo "dogs". There is: ${names.join(", ")}.`,
    });
    expect((await runJson(["demo", "medicin"])).json.error.message).toMatch(/Did you mean medicine\?$/);
    expect((await runJson(["simulat", "x.qasm"])).json.error.message).toMatch(/Did you mean simulate\?/);
    expect((await runJson(["demo"])).json.error.code).toBe("DEMO_UNKNOWN");
    expect((await runJson(["demo", "digits", "--seeds", "0"])).json.error.code).toBe("USAGE");
  });

  test("refuses options that the demo would not heed", async () => {
    for (const [args, option] of [
      [["images", "--data", "my.csv"], "takes no --data; finance does"],
      [["medicine", "--hardware", "ibm"], "takes no --hardware; digits does"],
    ] as const) {
      const { status, json } = await runJson(["demo", ...args]);
      expect([status, json.error.code]).toEqual([2, "USAGE"]);
      expect(json.error.message).toContain(option);
    }
  });

  test("refuses a report folder that cannot be made, before it trains", async () => {
    const { status, json } = await runJson(["demo", "digits", "--out", join(file("a-file", ""), "report")]);
    expect([status, json.error.code]).toEqual([2, "FILE_WRITE"]);
  });

  test("digits trains all models and writes a report that holds together", async () => {
    const out = pathOf("report");
    const { status, json, err } = await runJson([
      "demo",
      "digits",
      "--hardware",
      "none",
      "--steps",
      "3",
      "--seeds",
      "2",
      "--seed",
      "5",
      "--out",
      out,
    ]);
    expect(status).toBe(0);
    expect(json.rows.map(({ model, params }: { model: string; params: number }) => [model, params])).toEqual([
      ["hybrid", 334],
      ["same without the circuit", 310],
      ["equal-parameter MLP", 341],
      ["logistic regression", 650],
    ]);
    for (const row of json.rows) {
      expect(row.values).toHaveLength(2);
      expect(row.value).toBeCloseTo((row.values[0] + row.values[1]) / 2, 12);
      expect(row.spread).toBeCloseTo(Math.abs(row.values[0] - row.values[1]) / Math.SQRT2, 12);
    }
    // Three steps of 32 rows, each row simulated once.
    expect(json.rows[0].circuitExecutions).toBe(96);
    expect(json.rows[1].circuitExecutions).toBe(0);
    expect(json.seeds).toEqual([5, 6]);
    expect(err).toContain("hybrid 1/2: 100 %, loss ");
    expect(err).toContain("logistic regression 2/2: 100 %");

    for (const path of json.files) expect(existsSync(path), path).toBe(true);
    const names = json.files.map((path: string) => path.slice(out.length + 1));
    for (const name of ["loss", "accuracy", "confusion"])
      expect(names).toEqual(expect.arrayContaining([`${name}.svg`, `${name}.png`]));
    expect(names).toEqual(
      expect.arrayContaining(["circuit.txt", "circuit.svg", "circuit.qasm", "index.html", "result.json"]),
    );
    const page = readFileSync(join(out, "index.html"), "utf8");
    for (const [, target] of page.matchAll(/(?:src|href)="([^"]+)"/g))
      expect(existsSync(join(out, target!)), target).toBe(true);

    const trained = parseQasm(readFileSync(join(out, "circuit.qasm"), "utf8"), { file: "circuit.qasm" });
    expect(trained).toBeInstanceOf(Circuit);
    expect([trained.numQubits, trained.parameters.length]).toEqual([4, 4]);
    const { confusion, rows } = JSON.parse(readFileSync(join(out, "result.json"), "utf8"));
    const right = confusion.reduce((sum: number, row: number[], i: number) => sum + row[i]!, 0);
    expect(confusion.flat().reduce((a: number, b: number) => a + b)).toBe(360);
    expect(right / 360).toBeCloseTo(rows[0].values[0], 12);
  });
});
