import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { execute, fencedPrograms } from "./support/documented-programs.ts";

const folder = mkdtempSync(join(tmpdir(), "lepton-ethics-page-"));
symlinkSync(fileURLToPath(new URL("../node_modules", import.meta.url)), join(folder, "node_modules"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the page's card is written, with groups compared", () => {
  const [program] = fencedPrograms("docs/ethics.md");
  const card = execute(program!, folder);
  for (const words of ["# Model card: credit", "150 train, 50 test", "| 60 or more | 12 |", "| below 60 | 38 |"])
    expect(card).toContain(words);
  expect(card).toContain("By age, rates of being taken for class 1 differ by 0.");
});
