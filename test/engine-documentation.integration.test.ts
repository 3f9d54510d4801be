import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { execute, fencedPrograms } from "./support/documented-programs.ts";

const folder = mkdtempSync(join(tmpdir(), "lepton-engine-page-"));
symlinkSync(fileURLToPath(new URL("../node_modules", import.meta.url)), join(folder, "node_modules"));
cpSync(new URL("../examples/digits/digits8x8.csv", import.meta.url), join(folder, "digits8x8.csv"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the engine's page", () => {
  const [program] = fencedPrograms("docs/engine.md");
  const output = execute(program!, folder);
  expect(output).toContain("rows: 1,437 train, 360 test");
  expect(output).toMatch(/bottleneck +64 → 4 +260 +TensorFlow\.js/);
  expect(output).toMatch(/quantum +4 → 4 +24 +local simulator/);
  expect(output).toMatch(/\n60 \d/);
  expect(output).toMatch(/accuracy: 0\.\d+/);
  expect(output).toMatch(/\[ '\d' \]\n0\.\d+\n$/);
});
