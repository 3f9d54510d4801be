import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Emulator, startEmulator } from "../providers/emulator/index.ts";
import { run, runJson } from "./src/cli/run.ts";
import { execute, fencedPrograms, runnable } from "./support/documented-programs.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const text = readFileSync(`${root}docs/runs.md`, "utf8");
const commands = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block]) => block!.trimEnd().split("\n"));
/** Nobody presses Ctrl-C. */
const never = new Promise<void>(() => {});
const [first, program, rates] = fencedPrograms("docs/runs.md");

const folder = mkdtempSync(join(tmpdir(), "lepton-runs-"));
let emulator: Emulator;

beforeAll(async () => {
  symlinkSync(`${root}node_modules`, join(folder, "node_modules"));
  writeFileSync(join(folder, "run.ts"), runnable(first!));
  writeFileSync(join(folder, "rates.ts"), runnable(rates!));
  emulator = await startEmulator({ devices: ["manila"], queueSeconds: 1 });
  vi.stubEnv("LEPTON_STORE", join(folder, ".lepton/runs.db"));
  vi.stubEnv("LEPTON_IBM_TOKEN", emulator.token);
  vi.stubEnv("LEPTON_IBM_INSTANCE", emulator.crn);
  vi.stubEnv("LEPTON_IBM_URL", emulator.url);
  vi.stubEnv("LEPTON_IBM_IAM_URL", emulator.iamUrl);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await emulator.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The words after `lepton`, with the files that they name. */
const wordsOf = (command: string): readonly string[] =>
  command
    .split(" ")
    .slice(1)
    .map((word) => (/\.(ts|tgz)$/.test(word) ? join(folder, word) : word));

test("the commands of docs/runs.md do what it says, in its order", async () => {
  const outputs = new Map<string, string>();
  for (const command of commands) {
    expect(command).toMatch(/^lepton /);
    // The emulator of this test stands for the one in the other terminal.
    if (command.startsWith("lepton emulator")) continue;
    if (command.startsWith("lepton train run.ts")) {
      const child = spawn(process.execPath, [`${root}src/cli/main.ts`, ...wordsOf(command)], { stdio: "ignore" });
      const ended = once(child, "exit");
      while (emulator.control.jobs().length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
      child.kill("SIGKILL");
      expect(await ended).toEqual([null, "SIGKILL"]);
      continue;
    }
    const { status, out, err } = await run(wordsOf(command), "", never);
    expect([command, status, status === 0 ? "" : err]).toEqual([command, 0, ""]);
    outputs.set(command, out);
  }
  const outputOf = (start: string): string => [...outputs].find(([command]) => command.startsWith(start))![1];
  expect(outputOf("lepton runs show first")).toMatch(/^status +running, without a driver\n/m);
  expect(outputOf("lepton runs resume first")).toMatch(/^ended +steps\nsteps +2$/m);
  // Two steps and the value at the end, each of them one job.
  expect(emulator.control.jobs().length).toBe(3);
  expect((await runJson(["runs", "resume", "first"], "", never)).json).toMatchObject({ steps: 2, jobs: 3 });
  expect(outputOf("lepton runs show first --all")).toMatch(/, in place of one that had not let go$/m);
  expect(outputOf("lepton runs resume branch")).toMatch(/^steps +30$/m);
  expect(outputOf("lepton worker --once")).toBe("6 claimed, 6 finished, 0 failed.\n");
  const listed = outputOf("lepton runs list --status finished");
  expect(listed.match(/^rates-[1-6] .* lr=0\.\d+ seed=[12]$/gm)?.length).toBe(6);
  expect(outputOf("lepton runs replay")).toMatch(/^equal +yes, bit for bit$/m);
}, 120_000);

test("the program of docs/runs.md goes on where it was left", () => {
  const [counts, step, end] = execute(program!, folder).trimEnd().split("\n");
  expect(counts).toBe("40 true");
  expect(step).toMatch(/^step 40 done, value -1\.\d+$/);
  expect(end).toBe("finished");
});
