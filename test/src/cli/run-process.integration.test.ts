import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { PROBLEM, taskFiles } from "../../support/task-file.ts";

const main = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));
const files = taskFiles();
const problem = files.write("problem.mjs", PROBLEM);
const store = join(mkdtempSync(join(tmpdir(), "lepton-process-")), "runs.db");

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

function start(...argv: string[]) {
  const child = spawn(process.execPath, [main, ...argv, "--store", store], { stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  const ended = once(child, "exit");
  return { child, out: text(child.stdout), err: text(child.stderr), ended };
}

/** When the child has written to standard error what fits. */
async function told(child: ChildProcess, words: RegExp): Promise<void> {
  let all = "";
  for await (const [chunk] of on(child)) {
    all += chunk;
    if (words.test(all)) return;
  }
}

async function* on(child: ChildProcess): AsyncGenerator<readonly [string]> {
  const chunks: string[] = [];
  let wake = Promise.withResolvers<void>();
  child.stderr!.on("data", (chunk: Buffer) => {
    chunks.push(String(chunk));
    wake.resolve();
  });
  for (;;) {
    await wake.promise;
    wake = Promise.withResolvers<void>();
    for (const chunk of chunks.splice(0)) yield [chunk];
  }
}

const json = async (out: Promise<string>) => JSON.parse(await out);

test("Ctrl-C leaves a run in moments, SIGKILL loses nothing, and it comes to what it would have come to", async () => {
  const train = ["train", problem, "--steps", "300", "--json"];
  const left = start(...train, "--run", "a");
  await told(left.child, /10 %/);
  const pressed = performance.now();
  left.child.kill("SIGINT");
  expect(await left.ended).toEqual([1, null]);
  expect(performance.now() - pressed).toBeLessThan(2000);
  expect((await json(left.out)).error.code).toBe("RUN_SUSPENDED");
  expect(await left.err).toContain("To go on: lepton runs resume a");

  const killed = start("runs", "resume", "a");
  await told(killed.child, /[45]0 %/);
  killed.child.kill("SIGKILL");
  expect(await killed.ended).toEqual([null, "SIGKILL"]);
  const shown = start("runs", "show", "a", "--json");
  const { status, step } = await json(shown.out);
  expect(status).toBe("running");
  expect(step).toBeGreaterThanOrEqual(120);

  // Its driver was a process of this machine that is no more, so nothing is waited for.
  const [resumed, straight] = [start("runs", "resume", "a", "--json"), start(...train, "--run", "b")];
  expect(await json(resumed.out)).toEqual({ ...(await json(straight.out)), run: "a" });
}, 30_000);

test("a worker that is told to end does so in moments, and leaves its run to the next", async () => {
  const made = start("sweep", problem, "--grid", "lr=0.1", "--steps", "300", "--name", "s");
  expect((await made.ended)[0]).toBe(0);
  const worker = start("worker");
  await told(worker.child, /driven here/);
  const asked = performance.now();
  worker.child.kill("SIGTERM");
  expect(await worker.ended).toEqual([0, null]);
  expect(performance.now() - asked).toBeLessThan(2000);
  expect(await worker.err).toContain("Run s-1: left.");
  const next = start("worker", "--once", "--json");
  expect(await json(next.out)).toMatchObject({ claimed: 1, finished: 1 });
}, 30_000);
