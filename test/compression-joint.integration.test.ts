import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { execute, fencedPrograms } from "./support/documented-programs.ts";

const folder = mkdtempSync(join(tmpdir(), "lepton-compression-"));
symlinkSync(fileURLToPath(new URL("../node_modules", import.meta.url)), join(folder, "node_modules"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the program in docs/compression.md makes circuit and classical layers smaller, on the disk too", () => {
  const program = fencedPrograms("docs/compression.md").find((one) => one.includes("compressModel("));
  const output = execute(program!, folder);
  const [given, best] = [...output.matchAll(/: (\d+) bytes, (\d+) two-qubit gates, noisy test accuracy (\S+)$/gm)].map(
    ([, ...numbers]) => numbers.map(Number),
  );
  expect(best![0]).toBeLessThan(0.4 * given![0]!);
  expect(best![1]).toBeLessThan(given![1]!);
  expect(best![2]).toBeGreaterThan(given![2]! - 0.1);
  expect(output.match(/^true$/gm)).toHaveLength(2);
}, 60_000);
