import { expect, test } from "vitest";
import { execute, fencedPrograms } from "./support/documented-programs.ts";

test("the program of docs/replay.md does what it says", () => {
  const [program] = fencedPrograms("docs/replay.md");
  expect(execute(program!)).toBe("finished true\n20 64\n");
});
