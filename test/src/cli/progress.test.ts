import { expect, test } from "vitest";
import { createProgress } from "../../../src/cli/progress.ts";
import { runProgress } from "../../../src/cli/run-progress.ts";
import type { StepReport } from "../../../src/training/train.ts";

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
  expect(written[1]).toContain("train ━━━━────  50 %  a note that is far too long");
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

test("a run shows its loss, and what it waits for without saying that it is done", () => {
  const { io, written } = screen(true);
  let clock = 0;
  const progress = runProgress({ ...io, width: 120 }, "digits-1", () => clock);
  const step = (number: number) => ({ step: number, loss: 0.123456789 }) as StepReport;
  progress.step(step(1), undefined);
  expect(written).toEqual([]);
  progress.step(step(2), 2);
  clock = 1000;
  progress.activity("Job j1 at ibm_torino:\u001b[2J queued");
  expect(written.map((text) => text.slice(5))).toEqual([
    expect.stringMatching(/^digits-1 .* 100 % {2}loss 0\.123457$/),
    expect.stringMatching(/^digits-1 .* 99 % {2}loss 0\.123457, Job j1 at ibm_torino:\[2J queued$/),
  ]);
});

test("where lines stay, what a run waits for is told once a minute", () => {
  const { io, written } = screen(false);
  let clock = 0;
  const progress = runProgress(io, "digits-1", () => clock);
  for (; clock < 150_000; clock += 1000) progress.activity(`position ${clock / 1000}`);
  expect(written).toEqual(["position 0\n", "position 60\n", "position 120\n"]);
});

test("where the words would not fit, the bar gives way to them", () => {
  const { io, written } = screen(true);
  const progress = runProgress({ ...io, width: 80 }, "vqe-1", () => 0);
  progress.activity("Job c923a729b5ff4a83a132 is at ibmq_manila, 7 jobs before it.");
  expect(written[0]!.slice(5)).toBe("vqe-1 ────────   0 %  Job c923a729b5ff4a83a132 is at ibmq_manila, 7 jobs before");
});
