import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { execute, fencedPrograms } from "./support/documented-programs.ts";

test("the program in docs/compression.md prints what the page says", () => {
  const text = readFileSync(new URL("../docs/compression.md", import.meta.url), "utf8");
  const [, printed] = /\nprints\n\n```\n([\s\S]*?)```/.exec(text)!;
  const program = fencedPrograms("docs/compression.md").find((one) => one.includes("quantizeNetwork"));
  expect(execute(program!)).toBe(printed);
}, 60_000);
