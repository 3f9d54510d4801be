import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { expect, test, vi } from "vitest";
import { BELL, MANILA, manila, PlainClient, sampler } from "./client.ts";

const KEY = "canary-key-5f1b7c";
const CONTROL = "canary-control-90aa12";
const ACCOUNT = "canaryaccount77e1";
const INSTANCE = "canary-instance-31d0";
const CRN = `crn:v1:bluemix:public:quantum-computing:us-east:a/${ACCOUNT}:${INSTANCE}::`;

test("key, tokens and CRN are in no journal, state file or output", async () => {
  const folder = mkdtempSync(join(tmpdir(), "lepton-emulator-"));
  const stateFile = join(folder, "state.jsonl");
  const written: string[] = [];
  const spies = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, "write").mockImplementation((chunk) => {
      written.push(String(chunk));
      return true;
    }),
  );
  try {
    const emulator = await manila({ stateFile, token: KEY, controlToken: CONTROL, crn: CRN });
    const answer = await fetch(`${emulator.iamUrl}/identity/token`, {
      method: "POST",
      body: new URLSearchParams({ grant_type: "urn:ibm:params:oauth:grant-type:apikey", apikey: KEY }),
    });
    const { access_token: bearer } = (await answer.json()) as { access_token: string };
    const client = new PlainClient(emulator, { authorization: `Bearer ${bearer}` });
    await client.run(sampler([[BELL, null, 2]]));
    await client.post("/sessions", { mode: "batch", backend: MANILA, instance: CRN });
    const planId = (await client.get("/instance")).body.plan_id;
    expect((await client.get(`/accounts/${ACCOUNT}?plan_id=${planId}`)).status).toBe(200);
    // Where a careless client may put them.
    await client.get(`/backends?token=${KEY}&${KEY}=1&limit=${KEY}`);
    await client.get(`/backends/${CRN}/status`);
    await client.get(`/jobs/${encodeURIComponent(CRN)}`);
    await client.get(`/unknown/${KEY}`);
    await client.get(`/jobs?tags=${KEY}&session_id=${CRN}`);
    await new PlainClient(emulator, { "service-crn": `${CRN}x` }).get("/backends");
    await client.control("POST", "faults", { path: "/versions", status: 500 });
    await client.get("/versions");
    const shown = inspect({ journal: emulator.journal.entries, control: emulator.control.jobs() }, { depth: 10 });
    const held = inspect({ emulator }, { depth: 10, showHidden: true }) + JSON.stringify({ emulator });
    expect(held).toContain(emulator.url);
    await emulator.close();
    const places = { held, journal: shown, state: readFileSync(stateFile, "utf8"), output: written.join("") };
    const secrets = [KEY, CONTROL, bearer, bearer.split(".")[2]!, ACCOUNT, INSTANCE];
    for (const [place, text] of Object.entries(places))
      for (const secret of secrets)
        for (const form of [secret, encodeURIComponent(secret), Buffer.from(secret).toString("base64")])
          expect(text.includes(form), `${place} holds ${secret}`).toBe(false);
    expect(shown).toContain("/api/v1/accounts/{id}");
    expect(shown).toContain("(unknown path)");
  } finally {
    for (const spy of spies) spy.mockRestore();
    rmSync(folder, { recursive: true });
  }
});
