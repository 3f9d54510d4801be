import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { EmulatorOptions } from "../../../providers/emulator/index.ts";
import { BELL, MANILA, manila, PlainClient, sampler } from "./client.ts";

let folder: string;
let stateFile: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lepton-emulator-"));
  stateFile = join(folder, "state.jsonl");
});
afterEach(() => rmSync(folder, { recursive: true }));

const SECRETS = {
  token: "key-of-the-state-test",
  crn: "crn:v1:bluemix:public:quantum-computing:us-east:a/acc0:inst0::",
};
const start = (options: EmulatorOptions = {}) => manila({ stateFile, noise: true, ...SECRETS, ...options });

test("jobs in every state, results, sessions and usage survive a restart", async () => {
  const first = await start({ clock: "virtual" });
  const client = new PlainClient(first);
  const done = await client.submit(sampler([[BELL, null, 5]], { tags: ["kept"] }));
  const taken = await client.submit(sampler([[BELL, null, 5]], { private: true }));
  await first.control.advance(10);
  await client.get(`/jobs/${taken}/results`);
  await client.send("PUT", `/jobs/${done}/tags`, { tags: ["kept", "more"] });
  const result = (await client.get(`/jobs/${done}/results`)).text;
  const { body: session } = await client.post("/sessions", { mode: "batch", backend: MANILA });
  const running = await client.submit(sampler([[BELL, null, 40_000]], { session_id: session.id }));
  const queued = await client.submit(sampler([[BELL, null, 6]]));
  const gone = await client.submit(sampler([[BELL, null, 7]]));
  await client.post(`/jobs/${gone}/cancel`, undefined);
  await client.send("DELETE", `/jobs/${gone}`);
  await first.control.advance(1);
  const before = {
    list: (await client.get("/jobs?exclude_params=false")).body,
    usage: (await client.get("/instances/usage")).body.usage_consumed_seconds,
    time: first.clock.now(),
  };
  await first.close();
  expect(statSync(stateFile).mode & 0o777).toBe(0o600);
  expect(existsSync(`${stateFile}.lock`)).toBe(false);

  await using second = await start({ clock: "virtual" });
  // Who holds the key goes on with it.
  const again = new PlainClient(second);
  expect(second.clock.now()).toBeLessThanOrEqual(before.time);
  const list = (await again.get("/jobs?exclude_params=false")).body;
  expect(list.count).toBe(4);
  expect(list.jobs.map(({ id }: { id: string }) => id)).toEqual(before.list.jobs.map(({ id }: { id: string }) => id));
  expect((await again.get(`/jobs/${done}`)).body).toMatchObject({ tags: ["kept", "more"], params: { version: 2 } });
  expect((await again.get(`/jobs/${done}/results`)).text).toBe(result);
  expect((await again.get(`/jobs/${taken}/results`)).status).toBe(204);
  expect((await again.get(`/jobs/${running}`)).body.state.status).toMatch(/Queued|Running/);
  expect((await again.get("/instances/usage")).body.usage_consumed_seconds).toBe(before.usage);
  expect((await again.get(`/sessions/${session.id}`)).body).toMatchObject({ state: "active", mode: "batch" });
  expect((await again.get(`/jobs/${gone}`)).status).toBe(404);
  await second.control.advance(60);
  for (const id of [running, queued]) expect((await again.get(`/jobs/${id}`)).body.state.status).toBe("Completed");
  // A new job is numbered after the old ones.
  const next = await again.submit(sampler([[BELL, null, 1]]));
  expect((await again.get("/jobs")).body.jobs[0].id).toBe(next);
});

test("kill -9 amid a run: the job is run again with the result it would have had", async () => {
  const body = sampler([[BELL, null, 200]]);
  await using undisturbed = await manila({ noise: true, seed: 3 });
  const { result: expected } = await new PlainClient(undisturbed).run(body);

  const program = `
    import { startEmulator } from ${JSON.stringify(new URL("../../../providers/emulator/index.ts", import.meta.url).href)};
    const emulator = await startEmulator(JSON.parse(process.argv[1]));
    process.stdout.write(JSON.stringify({ url: emulator.url, iamUrl: emulator.iamUrl, token: emulator.token, crn: emulator.crn }));`;
  const options: EmulatorOptions = { devices: ["manila"], seed: 3, stateFile, speed: 1, ...SECRETS };
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program, JSON.stringify(options)]);
  const [output] = (await once(child.stdout, "data")) as [Buffer];
  const client = new PlainClient(JSON.parse(output.toString()));
  const id = await client.submit(body);
  for (;;) if ((await client.get(`/jobs/${id}`)).body.state.status === "Running") break;
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(existsSync(`${stateFile}.lock`)).toBe(true);

  // The lock of a process that is gone holds nobody up.
  await using second = await start({ seed: 3 });
  const again = new PlainClient(second);
  expect((await again.ended(id)).state.status).toBe("Completed");
  expect((await again.get(`/jobs/${id}/results`)).body.results).toEqual(expected.results);
  expect((await again.get("/instances/usage")).body.usage_consumed_seconds).toBeCloseTo(2.05, 2);
});

test("a line that a crash has torn is left out; what is damaged within is refused", async () => {
  const first = await start();
  const id = (await new PlainClient(first).run(sampler([[BELL, null, 1]]))).id;
  await first.close();
  appendFileSync(stateFile, '{"type":"job","job":{"id":"half');
  const second = await start();
  expect((await new PlainClient(second).get("/jobs")).body.count).toBe(1);
  expect(second.control.jobs()[0]!.id).toBe(id);
  await second.close();
  const lines = readFileSync(stateFile, "utf8").split("\n");
  writeFileSync(stateFile, [lines[0], "{damaged", ...lines.slice(1)].join("\n"));
  await expect(start()).rejects.toMatchObject({ code: "EMULATOR_STATE", message: expect.stringMatching(/Line 2/) });
  writeFileSync(stateFile, "something else\n");
  await expect(start()).rejects.toMatchObject({ code: "EMULATOR_STATE" });
  expect(readFileSync(stateFile, "utf8")).toBe("something else\n");
  await expect(manila({ stateFile: join(folder, "no", "folder") })).rejects.toMatchObject({ code: "EMULATOR_STATE" });
});

test("two emulators cannot have one file", async () => {
  await using first = await start();
  await expect(start()).rejects.toMatchObject({ code: "EMULATOR_STATE", message: expect.stringMatching(/in use/) });
  expect((await new PlainClient(first).get("/jobs")).body.count).toBe(0);
  await first.close();
  await (await start()).close();
});
