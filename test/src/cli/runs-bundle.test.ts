import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readBundle } from "../../../src/index.ts";
import { PROBLEM, taskFiles } from "../../support/task-file.ts";
import { run as runCommand, runJson as runJsonCommand } from "./run.ts";

const files = taskFiles();
const store = join(mkdtempSync(join(tmpdir(), "lepton-ledger-")), "runs.db");
const problem = files.write("problem.mjs", PROBLEM);
const bundle = join(files.folder, "a.lepton.tgz");
/** Nobody presses Ctrl-C. */
const never = new Promise<void>(() => {});
const run = (...argv: string[]) => runCommand(argv, "", never);
const runJson = (...argv: string[]) => runJsonCommand(argv, "", never);

beforeAll(async () => {
  expect((await run("train", problem, "--run", "a", "--store", store, "--set", "lr=0.2")).status).toBe(0);
});

describe("lepton runs export", () => {
  test("writes a run as one file", async () => {
    const { status, json } = await runJson("runs", "export", "a", "--out", bundle, "--store", store);
    expect(status).toBe(0);
    const bytes = readFileSync(bundle);
    expect(json).toEqual({
      run: "a",
      status: "finished",
      steps: 4,
      events: readBundle(bytes).records.length,
      bytes: bytes.length,
      out: bundle,
      withheld: null,
    });
    expect(existsSync(`${bundle}.part`)).toBe(false);
    expect((await run("runs", "export", "a", "--out", bundle, "--store", store)).out).toMatch(
      /^run +a, finished at step 4\nwritten +\S+, [\d,]+ bytes\n$/,
    );
  });

  test("says what it cannot", async () => {
    const unknown = await runJson("runs", "export", "b", "--out", bundle, "--store", store);
    expect([unknown.status, unknown.json.error.code]).toEqual([2, "RUN_UNKNOWN"]);
    const folder = await runJson("runs", "export", "a", "--out", join(files.folder, "no", "a"), "--store", store);
    expect([folder.status, folder.json.error.code]).toEqual([2, "FILE_WRITE"]);
    const secret = files.write("secret.mjs", `const apiKey = "canary-key-0123456789";\n${PROBLEM}`);
    await run("train", secret, "--run", "s", "--store", store);
    const { json, err } = await runJson("runs", "export", "s", "--out", `${bundle}.s`, "--store", store);
    expect(json.withheld).toContain("Line 1 may hold a secret");
    expect(err).toContain(`The text of ${secret} is not in it`);
  });
});

describe("lepton runs replay", () => {
  test("of a file or a run of the ledger comes to the same", async () => {
    const { status, json } = await runJson("runs", "replay", bundle);
    expect(status).toBe(0);
    expect(json).toEqual({
      run: "a",
      kind: "minimize",
      status: "finished",
      steps: 4,
      jobs: 0,
      weights: expect.stringMatching(/^[0-9a-f]{64}$/),
      equal: true,
    });
    expect((await runJson("runs", "replay", "a", "--store", store)).json).toEqual(json);
    const { out, err } = await run("runs", "replay", bundle);
    expect(out).toBe(
      `run      a, recorded as finished\nsteps    4 taken again\njobs     0 served from the record\nweights  SHA-256 ${json.weights}\nequal    yes, bit for bit\n`,
    );
    expect(err).toContain("a: 100 %, the same");
  });

  test("that differs ends with 1, and what cannot be replayed with 2", async () => {
    const other = files.write("other.mjs", PROBLEM.replace("0.25*IX", "0.5*IX"));
    const changed = await runJson("runs", "replay", bundle, "--config", other);
    expect([changed.status, changed.json.error.code]).toEqual([1, "REPLAY_CHANGED"]);
    expect(changed.err).toContain("observable was");
    const drawn = files.write(
      "drawn.mjs",
      PROBLEM.replace("steps: 4,", "steps: 4, callbacks: { state: () => performance.now() },"),
    );
    const differs = await runJson("runs", "replay", bundle, "--config", drawn);
    expect([differs.status, differs.json.error.code]).toEqual([1, "REPLAY_DIFFERS"]);
    expect(differs.json.error.message).toContain("the first difference is in step 1: callbacks.");
    const broken = join(files.folder, "broken.tgz");
    writeFileSync(broken, readFileSync(bundle).subarray(0, 1000));
    const cut = await runJson("runs", "replay", broken);
    expect([cut.status, cut.json.error.code]).toEqual([2, "BUNDLE_FORMAT"]);
    writeFileSync(problem, `${readFileSync(problem, "utf8")}// Changed.\n`);
    const stale = await runJson("runs", "replay", bundle);
    expect([stale.status, stale.json.error.code]).toEqual([2, "REPLAY_CONFIG"]);
    expect(stale.json.error.message).toContain("--config");
  });
});
