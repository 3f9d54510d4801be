import { expect, test } from "vitest";
import { createProgress } from "../../../src/cli/progress.ts";

function screen(interactive: boolean) {
  const written: string[] = [];
  const io = {
    out: () => {},
    err: (text: string) => void written.push(text),
    interactive,
    width: 60,
    stdin: async () => "",
    untilStopped: async () => {},
  };
  return { io, written };
}

test("a terminal gets one line that redraws itself, not too often, and is gone at the end", () => {
  const { io, written } = screen(true);
  let clock = 0;
  const progress = createProgress(io, () => clock);
  progress.update("train", 0, 4, "loss 2.3");
  progress.update("train", 1, 4);
  clock = 1000;
  progress.update("train", 2, 4, "a note that is far too long for a line of sixty columns");
  progress.update("train", 4, 4);
  progress.end();
  expect(written).toHaveLength(4);
  for (const text of written) {
    expect(text.startsWith("\r\u001b[2K")).toBe(true);
    expect(text).not.toContain("\n");
    expect(text.slice(5).length).toBeLessThan(60);
  }
  expect(written[1]).toContain("━━━━━━━━━━━━────────────  50 %");
  expect(written[2]).toContain("100 %");
});

test("anything else gets a line at each tenth, for each task", () => {
  const { io, written } = screen(false);
  const progress = createProgress(io);
  for (const task of ["a", "b"]) for (let step = 1; step <= 40; step++) progress.update(task, step, 40, "x");
  progress.note("done");
  progress.end();
  expect(written).toHaveLength(21);
  expect(written[0]).toBe("a: 10 %, x\n");
  expect(written[19]).toBe("b: 100 %, x\n");
  expect(written[20]).toBe("done\n");
});
