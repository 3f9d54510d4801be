import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { execute, fencedPrograms } from "./support/documented-programs.ts";

const folder = mkdtempSync(join(tmpdir(), "lepton-compression-"));
symlinkSync(fileURLToPath(new URL("../node_modules", import.meta.url)), join(folder, "node_modules"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const [exact, search, model, choice] = fencedPrograms("docs/compression-circuits.md");

test("the exact reduction, with the numbers of the page", () => {
  const output = execute(exact!, folder);
  expect(output).toMatch(/entanglers: 8, .*weights: 24/);
  expect(output).toMatch(/entanglers: 4, .*weights: 20/);
  const counts = [...output.matchAll(/^(\d+) two-qubit gates, success (0\.\d+)$/gm)];
  expect(counts.map(([, count]) => Number(count))).toEqual([11, 6]);
  expect(Number(counts[1]![2])).toBeGreaterThan(Number(counts[0]![2]));
});

test("a search for a smaller ansatz of an energy", () => {
  const output = execute(search!, folder);
  const [given, best] = [
    ...output.matchAll(/^(?:given|best): (-\d\.\d+), (\d+) two-qubit gates, (\d+) weights$/gm),
  ].map(([, ...numbers]) => numbers.map(Number));
  // The exact ground state is at -1 - √2.
  expect(best![0]! - given![0]!).toBeLessThanOrEqual(0.0051);
  expect(best![0]).toBeGreaterThanOrEqual(-1 - Math.SQRT2 - 1e-4);
  expect(best![1]).toBeLessThan(given![1]!);
  expect(best![2]).toBeLessThan(given![2]!);
  expect(output).toMatch(/true true\n$/);
});

test("a model whose circuit becomes smaller", () => {
  const output = execute(model!, folder);
  const [, layers, before, after] = /^(\d+) (\d+) to (\d+) two-qubit gates$/m.exec(output)!.map(Number);
  expect(layers).toBe(2);
  expect(after).toBeLessThan(before!);
  const [, weights, left, within] = /^(\d+) to (\d+) weights; (true|false)$/m.exec(output)!;
  expect(Number(left)).toBeLessThan(Number(weights));
  expect(within).toBe("true");
});

test("a choice of ansatz for a device", () => {
  const output = execute(choice!, folder);
  const rows = [...output.matchAll(/^(line|ring|full) (\d+) (\S+) (\S+) (\S+)$/gm)].map(([, name, ...numbers]) => ({
    name,
    numbers: numbers.map(Number),
  }));
  expect(rows.map(({ name }) => name)).toEqual(["line", "ring", "full"]);
  expect(rows.map(({ numbers }) => numbers[0])).toEqual([4, 9, 5]);
  expect(output).toMatch(/^best: line$/m);
});
