import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { execute, fencedPrograms } from "./support/documented-programs.ts";

const folder = mkdtempSync(join(tmpdir(), "lepton-kernels-"));
symlinkSync(fileURLToPath(new URL("../node_modules", import.meta.url)), join(folder, "node_modules"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const [classifier, encoding, device, transfer, network, features] = fencedPrograms("docs/kernels.md");

test("a kernel and a classifier", () => {
  const lines = execute(classifier!, folder).trim().split("\n");
  expect(lines.map((line) => line.split(" ")[0])).toEqual(["quantum", "rbf"]);
  for (const line of lines) {
    expect(Number(line.split(" ")[1])).toBeGreaterThan(0.9);
    expect(line).toMatch(/\[ 36, 2 \]$/);
  }
});

test("choosing the encoding", () => {
  const [chosen, score, fits, classical] = execute(encoding!, folder).trim().split("\n");
  expect(chosen).toMatch(/^24 (angle|zz) [23] 0\.[139] 10?$/);
  for (const text of [score!, classical!.replace(/^(rbf|wide) /, "")]) {
    expect(Number.parseFloat(text)).toBeGreaterThan(0.6);
    expect(Number.parseFloat(text)).toBeLessThan(1);
  }
  expect(fits).toBe("3 true");
});

test("on a quantum computer", () => {
  const output = execute(device!, folder);
  expect(output).toMatch(/pairs: 3/);
  const [, value, std, executions] = /^(\S+) (\S+) (\d+)$/m.exec(output)!;
  expect(Number(executions)).toBe(3000);
  expect(Number(std)).toBeLessThan(0.017);
  expect(Number(value)).toBeGreaterThan(0);
  expect(Number(value)).toBeLessThan(1);
  const [, list] = /Float64Array\(9\) \[([^\]]*)\]/.exec(output)!;
  const matrix = list!.split(",").map(Number);
  expect([matrix[0], matrix[4], matrix[8]]).toEqual([1, 1, 1]);
});

test("a circuit that grows", () => {
  const output = execute(transfer!, folder);
  expect(output).toMatch(/copied: 8/);
  expect(output).toMatch(/1\.000000000/);
  const [small, grown] = output.trim().split("\n").at(-1)!.split(" ").map(Number);
  expect(grown).toBeLessThan(small! - 0.01);
  // The lowest eigenvalue, by numpy.
  expect(grown).toBeGreaterThanOrEqual(-3.87298335);
});

test("a quantum head on a trained network", () => {
  expect(execute(network!, folder)).toMatch(/^2 \d+ 3$/m);
});

test("feature extraction", () => {
  const output = execute(features!, folder);
  expect(output).toMatch(/\{ height: 4, width: 4, channels: 1 \} 16/);
  expect(output).toMatch(/\[ 'approximation2', 'detail2', 'detail1' \]/);
});
