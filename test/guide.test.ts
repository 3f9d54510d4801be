import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { loadTarget } from "../providers/index.ts";
import { execute, fencedPrograms } from "./support/documented-programs.ts";

const folder = mkdtempSync(join(tmpdir(), "lepton-guide-"));
symlinkSync(fileURLToPath(new URL("../node_modules", import.meta.url)), join(folder, "node_modules"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const [circuit, values, gradients, energy, hybrid, device] = fencedPrograms("docs/guide.md");

test("a circuit", () => {
  expect(execute(circuit!, folder)).toMatch(/q0: .*Ry\(x\[0\]\).*\n[\s\S]*q1: .*Ry\(x\[1\]\*2\)[\s\S]*\n5\n$/);
});

test("expectation values and samples", () => {
  const output = execute(values!, folder);
  const [exact = [], sampled = [], stds = []] = [...output.matchAll(/Float64Array\(6\) \[([^\]]*)\]/g)].map(
    ([, list]) => list!.split(",").map(Number),
  );
  // <ZZ> is 1 for every t, and <XX> is sin t.
  const wanted = [0.3, 0.6, 0.9].flatMap((t) => [1, Math.sin(t)]);
  for (const [i, value] of wanted.entries()) {
    expect(exact[i]).toBeCloseTo(value, 12);
    expect(Math.abs(sampled[i]! - value)).toBeLessThanOrEqual(5 * stds[i]! + 1e-12);
  }
  const counts = [...output.matchAll(/'(\d\d)': (\d+)/g)];
  expect(counts.map(([, bits]) => bits).sort()).toEqual(["00", "11"]);
  expect(counts.reduce((sum, [, , count]) => sum + Number(count), 0)).toBe(1000);
});

test("gradients", () => {
  const lines = execute(gradients!, folder)
    .split("\n")
    .filter((line) => /^(adjoint|parameter|finite)/.test(line));
  const numbers = lines.map((line) => Number(line.split(" ")[1]));
  expect(numbers.length).toBe(3);
  for (const value of numbers) expect(value).toBeCloseTo(numbers[0]!, 10);
});

test("the lowest energy", () => {
  const output = execute(energy!, folder);
  const value = Number(output.trim().split("\n").at(-1)!.split(" ")[0]);
  expect(value).toBeLessThan(-4.7);
  expect(value).toBeGreaterThan(-4.7588);
});

test("a hybrid model", () => {
  const output = execute(hybrid!, folder);
  expect(output).toMatch(/^(completed|early-stopping)/);
  const accuracies = [...output.matchAll(/acc: (\d\.?\d*)/g)].map(([, value]) => Number(value));
  expect(accuracies.length).toBe(2);
  for (const accuracy of accuracies) expect(accuracy).toBeGreaterThan(0.8);
  expect(output).toMatch(/jobIds: \[ 'local-\d+'(, 'local-\d+')* \]/);
});

test("a device", () => {
  const output = execute(device!, folder);
  const target = loadTarget("torino");
  const [, qubits, success] = /^on qubits (\d+,\d+,\d+): 2 two-qubit gates, success (0\.\d{3})$/m.exec(output)!;
  const places = qubits!.split(",").map(Number);
  for (const other of [1, 2]) expect(target.distance(places[0]!, places[other]!)).toBe(1);
  expect(Number(success)).toBeGreaterThan(0.95);
  // Two of the three rows are equal; a row takes 1 / 0.02² shots, since both observables are measured together.
  expect(output).toMatch(/^there: 2 rows, 5000 executions, about [23]\.\d s$/m);
  const [evs = [], stds = []] = [...output.matchAll(/Float64Array\(6\) \[([^\]]*)\]/g)].map(([, list]) =>
    list!.split(",").map(Number),
  );
  // Both are 1 for every t without noise; with it they are less, by no more than a few misread bits.
  for (const [i, value] of evs.entries()) {
    expect(value + 5 * stds[i]!).toBeGreaterThan(0.9);
    expect(value).toBeLessThan(1);
  }
  expect(evs.length).toBe(6);
});
