import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const program = fileURLToPath(new URL("./lone-process.ts", import.meta.url));

interface Printed {
  readonly workers?: number;
  readonly milliseconds?: number;
  readonly megabytes?: readonly [number, number, number, number];
}

/** What a program of its own prints and how it ends; it is killed, and so fails, if it does not end by itself. */
function lone(mode: string, ...flags: string[]): Promise<{ status: number | null; printed: Printed }> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [...flags, program, mode], { timeout: 20_000 }, (error, stdout, stderr) => {
      if (error?.killed || stderr !== "") reject(new Error(`${mode} did not end well: ${stderr || error?.message}`));
      else resolve({ status: error === null ? 0 : Number(error.code), printed: JSON.parse(stdout) });
    });
  });
}

test("a program ends by itself while its workers sleep, and while they start", async () => {
  expect(await lone("ends")).toEqual({ status: 0, printed: { workers: 2 } });
  expect(await lone("ends-at-once")).toEqual({ status: 0, printed: { workers: 2 } });
});

test("a program that exits keeps its status", async () => {
  expect(await lone("exits")).toEqual({ status: 5, printed: { workers: 2 } });
});

test("workers without work take no time of the processor", async () => {
  const { printed } = await lone("idles");
  // Two workers that looked for work all the time would take 800 ms.
  expect(printed.milliseconds).toBeLessThan(100);
});

test("memory that its owner has dropped is freed, though workers knew it", async () => {
  const { printed } = await lone("drops-memory", "--expose-gc");
  // Each round fills 128 MiB.
  const [first, , , last] = printed.megabytes!;
  expect(last).toBeLessThan(first + 100);
});
