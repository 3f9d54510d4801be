import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { execute, fencedPrograms } from "./support/documented-programs.ts";

const folder = mkdtempSync(join(tmpdir(), "lepton-compute-"));
symlinkSync(fileURLToPath(new URL("../node_modules", import.meta.url)), join(folder, "node_modules"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const [pictures, steps, hybrid] = fencedPrograms("docs/compute.md");

test("a network of pictures", () => {
  const [, accuracy] = /^accuracy (\S+) after 390 steps$/m.exec(execute(pictures!, folder))!;
  expect(Number(accuracy)).toBeGreaterThan(0.95);
});

test("steps by hand", () => {
  const output = execute(steps!, folder);
  // Of two rows the first input is 0; the slope by the input is that of the second row.
  const [, weight, input] = /^slope of the first weight (\S+) and input (\S+)$/m.exec(output)!;
  const kernel = [0.9, -0.7, 0.5, 0.3, -0.4, 0.8, 0.6, -0.9];
  const head = [0.4, -0.6, 0.7, 0.2];
  const hidden = (x: number[]): number[] =>
    head.map((_, unit) => Math.tanh(x[0]! * kernel[unit]! + x[1]! * kernel[4 + unit]!));
  const residual = (x: number[], y: number): number => hidden(x).reduce((sum, h, i) => sum + h * head[i]!, 0) - y;
  const slope = (x: number[], y: number): number => residual(x, y) * head[0]! * (1 - hidden(x)[0]! ** 2);
  expect(Number(weight)).toBeCloseTo(slope([1, 0], 1) + slope([1, 1], 0), 4);
  const ofInput = head.reduce((sum, h, unit) => sum + h * (1 - hidden([0, 1])[unit]! ** 2) * kernel[unit]!, 0);
  expect(Number(input)).toBeCloseTo(residual([0, 1], 1) * ofInput, 4);
  const values = /^exclusive or (.*)$/m.exec(output)![1]!.split(" ").map(Number);
  for (const [row, value] of [0, 1, 1, 0].entries()) expect(Math.abs(values[row]! - value)).toBeLessThan(0.2);
  expect(output).toContain("same bits true");
});

test("a hybrid model", () => {
  const output = execute(hybrid!, folder);
  expect(output).toMatch(/^features \(Dense\) +\[12\] +204 +compute unit, segment 1$/m);
  expect(output).toMatch(/^circuit \(LeptonQuantumLayer\) +\[3\] +6 +quantum /m);
  expect(output).toMatch(/^norm \(LayerNormalization\) .*TensorFlow\.js /m);
  const [, first, last] = /^loss from (\S+) to (\S+)$/m.exec(output)!;
  expect(Number(last)).toBeLessThan(0.7 * Number(first));
});
