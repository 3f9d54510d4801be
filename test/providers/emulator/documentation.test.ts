import { expect, test } from "vitest";
import { execute, fencedPrograms } from "../../support/documented-programs.ts";

const [job, faults] = fencedPrograms("docs/emulator.md");

test("a job through the emulator", () => {
  const output = execute(job!);
  const values = /Float64Array\(4\) \[([^\]]*)\]/.exec(output)![1]!.split(",").map(Number);
  for (const [i, value] of [1, Math.sin(0.3), 1, Math.sin(1.2)].entries())
    expect(Math.abs(values[i]! - value)).toBeLessThan(0.4);
  expect(output).toMatch(/jobs: 1, pubs: \[ 1 \]/);
});

test("faults, and the control route", () => {
  expect(execute(faults!)).toBe("2\n");
});
