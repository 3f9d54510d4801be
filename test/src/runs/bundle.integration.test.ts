import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { realAmplitudes, SparsePauliOp } from "../../../circuits/index.ts";
import { adam, exportRun, memoryStore, minimize, type RunStore, readBundle } from "../../../src/index.ts";
import { packArchive } from "../../../src/runs/bundle-archive.ts";
import { secretLine, withoutSecrets } from "../../../src/runs/bundle-secrets.ts";
import { createdEvent, foldRun, hashOf, packState, type RunEvent, thisOwner } from "../../../src/runs/index.ts";
import { CANARIES, canariesIn } from "../../support/canary-watch.ts";
import { InProcessEmulator } from "../../support/in-process-emulator.ts";
import { taskFiles } from "../../support/task-file.ts";

const files = taskFiles();
const STEPS = 4;
let store: RunStore;
let bytes: Uint8Array;

beforeAll(async () => {
  await using emulator = InProcessEmulator.open({ devices: ["manila"], seed: 3, noise: false });
  const program = emulator.process();
  store = memoryStore();
  await minimize({
    circuit: realAmplitudes({ numQubits: 2, reps: 1 }),
    observable: SparsePauliOp.parse("1.0*ZZ + 0.5*XI"),
    optimizer: adam({ learningRate: 0.1 }),
    provider: await program.provider.backend("ibmq_manila"),
    clock: program.clock,
    steps: STEPS,
    seed: 5,
    precision: 0.1,
    store,
    id: "whole",
  });
  bytes = await exportRun(store, "whole");
});

/** A run whose journal says what is given, driven by nobody. */
async function journal(events: readonly RunEvent[], blobs: readonly Uint8Array[] = [], config?: string) {
  const own = memoryStore();
  await own.create({
    id: "made",
    events: [createdEvent()],
    ...(config === undefined ? {} : { task: { config, options: {} } }),
  });
  const lease = await own.claim("made", thisOwner(), 30);
  await own.append(lease, { events, blobs });
  return own;
}

/** The files of an archive, by another reader than Lepton's own: names and sizes stand in the headers of a tar. */
function filesIn(packed: Uint8Array): Map<string, Buffer> {
  const archive = gunzipSync(packed);
  const found = new Map<string, Buffer>();
  for (let at = 0; archive[at] !== 0; ) {
    const name = archive.toString("latin1", at, at + 100).replace(/\0.*$/s, "");
    const size = Number.parseInt(archive.toString("latin1", at + 124, at + 135), 8);
    found.set(name, archive.subarray(at + 512, at + 512 + size));
    at += 512 * (1 + Math.ceil(size / 512));
  }
  return found;
}

/** The bundle with one of its files changed. */
function withFile(name: string, change: (data: Buffer) => Uint8Array | string): Promise<Uint8Array> {
  const changed = new Map<string, Uint8Array>(filesIn(bytes));
  changed.set(name, Buffer.from(change(Buffer.from(changed.get(name) ?? ""))));
  return packArchive(
    [...changed].map(([file, data]) => ({ name: file, data })),
    0,
  );
}

const refused = (given: Uint8Array, words: string | RegExp) =>
  expect(() => readBundle(given)).toThrow(
    expect.objectContaining({ code: "BUNDLE_FORMAT", message: expect.stringMatching(words) }),
  );

describe("a bundle", () => {
  test("has the whole run", async () => {
    const { run, records, blobs, snapshots, config, writtenBy } = readBundle(bytes);
    expect(run).toMatchObject({ id: "whole", status: "finished", step: STEPS });
    expect(records).toEqual(await store.read("whole"));
    expect(config).toBeUndefined();
    expect(writtenBy).toMatch(/^\d+\.\d+\.\d+/);
    const state = foldRun(records);
    for (const { result } of state.jobs.values()) {
      expect(result).toMatchObject({ calibration: expect.any(String), quantumSeconds: expect.any(Number) });
      expect(hashOf(blobs.get(result!.result)!)).toBe(result!.result);
      expect(Buffer.from(blobs.get(result!.record!)!).toString()).toContain("OPENQASM 3");
    }
    // Of the states the first and the last one; of those between them what tells which part differs.
    expect(snapshots.size).toBe(STEPS + 1);
    expect([...snapshots.keys()].filter((hash) => blobs.has(hash))).toEqual([[...snapshots.keys()][0], state.snapshot]);
    expect([...snapshots.values()].every((parts) => parts!["checkpoint.weights"] !== undefined)).toBe(true);
  });

  test("is the same archive each time, which any tar reads", async () => {
    expect(await exportRun(store, "whole")).toEqual(bytes);
    const found = filesIn(bytes);
    expect([...found.keys()].slice(0, 3)).toEqual(["bundle.json", "events.jsonl", "snapshots.jsonl"]);
    expect(JSON.parse(String(found.get("bundle.json")))).toMatchObject({
      format: "lepton-run@1",
      run: { id: "whole" },
    });
    const lines = String(found.get("events.jsonl")).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual(await store.read("whole"));
    for (const [name, data] of found) {
      const hash = /^blobs\/(\w+)\.safetensors$/.exec(name)?.[1];
      if (hash !== undefined) expect(hashOf(data)).toBe(hash);
    }
  });

  test("of an unknown run is none", async () => {
    await expect(exportRun(store, "another")).rejects.toMatchObject({ code: "RUN_UNKNOWN" });
  });

  test("has the file that describes the run, and its hash", async () => {
    const path = files.write("described.mjs", "export default () => ({}); // ö\n");
    const { config } = readBundle(await exportRun(await journal([], [], path), "made"));
    const text = "export default () => ({}); // ö\n";
    expect(config).toEqual({ path, sha256: hashOf(Buffer.from(text)), text });
    const gone = readBundle(await exportRun(await journal([], [], join(files.folder, "gone.ts")), "made")).config;
    expect(gone).toEqual({ path: join(files.folder, "gone.ts"), withheld: "It could not be read (ENOENT)." });
    writeFileSync(path, Buffer.from([0xff]));
    const binary = readBundle(await exportRun(await journal([], [], path), "made")).config;
    expect(binary).toEqual({ path, sha256: hashOf(Buffer.from([0xff])), withheld: "It is no UTF-8." });
  });

  test("tells of a large state that the ledger has forgotten by its hash alone", async () => {
    const states = [0, 1, 2].map((step) => packState({ step }));
    const own = await journal(
      [
        { type: "described", description: { kind: "train", parts: {} }, snapshot: hashOf(states[0]!) },
        { type: "step", step: 1, report: {}, snapshot: hashOf(states[1]!) },
        { type: "step", step: 2, report: {}, snapshot: hashOf(states[2]!) },
      ],
      [states[0]!, states[2]!],
    );
    const { snapshots } = readBundle(await exportRun(own, "made"));
    expect(snapshots.get(hashOf(states[1]!))).toBeUndefined();
    expect([...snapshots.keys()]).toEqual(states.map(hashOf));
  });

  test("of many steps stays small", async () => {
    const events: RunEvent[] = [];
    const blobs: Uint8Array[] = [];
    const keep = (value: unknown): string => hashOf(blobs[blobs.push(packState(value)) - 1]!);
    const numbers = Float64Array.from({ length: 8 }, (_, i) => Math.sin(i + 1));
    events.push({
      type: "described",
      description: { kind: "minimize", parts: {} },
      snapshot: keep({ checkpoint: { weights: numbers } }),
    });
    for (let step = 1; step <= 2_000; step++) {
      for (const i of numbers.keys()) numbers[i] = Math.sin(1e4 * numbers[i]! + i);
      const report = { step, value: numbers[0], stderr: 0, jobIds: [`job-${step}`], seconds: numbers[1] };
      events.push({ type: "step", step, report, snapshot: keep({ checkpoint: { weights: numbers, step } }) });
    }
    const packed = await exportRun(await journal(events, blobs), "made");
    expect(packed.length).toBeLessThan(600_000);
    const { records, blobs: kept } = readBundle(packed);
    expect(records.length).toBe(events.length + 2);
    expect(kept.size).toBe(2);
  });
});

describe("secrets", () => {
  const crn = "crn:v1:bluemix:public:quantum-computing:us-east:a/canaryaccount:canary-instance-1::";
  const token = "canary-key-0123456789";
  const url = "postgres://lepton:canary-database-pw-1@host/db";

  test.each([
    ["the name of an instance", crn],
    ["a password in an address", url],
    ["a token", `Bearer ${token}`],
    ["a web token", `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.canary-key-0123456789`],
  ])("%s in a message, the journal's or the driver's, is hidden", async (_, secret) => {
    const words = `It said "${secret}" and left.`;
    const own = await journal([
      { type: "waiting", words },
      { type: "unknown", key: "lp1-a", words },
      { type: "failed", error: { name: "Error", message: words } },
    ]);
    const packed = await exportRun(own, "made");
    expect(canariesIn(String(gunzipSync(packed)))).toEqual([]);
    expect(readBundle(packed).records.at(-1)!.event).toMatchObject({
      error: { message: expect.stringMatching(/^It said ".*\[hidden\].*" and left\.$/) },
    });
  });

  test.each([
    `const provider = ibmProvider({ token: "${token}" });`,
    `const options = { "apiKey": '${token}' };`,
    `const instance = "${crn}";`,
    `const store = await openStore("${url}");`,
    `headers.set("authorization", "Bearer ${token}");`,
    `login("7e2f9c41d0b84a6e93f5c2a18d7b60e4f3a9c5d1");`,
  ])("a file with %s is left out but for its hash", async (line) => {
    const text = `import "lepton";\n\n${line}\nexport default {};\n`;
    const path = files.write("secret.mjs", text);
    const packed = await exportRun(await journal([], [], path), "made");
    expect(canariesIn(String(gunzipSync(packed)))).toEqual([]);
    expect(String(gunzipSync(packed))).not.toContain(line);
    expect(readBundle(packed).config).toMatchObject({ withheld: "Line 3 may hold a secret, such as a token." });
  });

  test("what variables of the environment hold is found wherever it stands", async () => {
    vi.stubEnv("MY_SERVICE_TOKEN", "just-an-ordinary-word");
    try {
      const path = files.write("named.mjs", 'const key = "just-an-ordinary-word";\nexport default {};\n');
      const own = await journal([{ type: "waiting", words: "He said just-an-ordinary-word." }], [], path);
      const packed = await exportRun(own, "made");
      expect(String(gunzipSync(packed))).not.toContain("just-an-ordinary-word");
      expect(readBundle(packed).config!.withheld).toContain("Line 1");
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test("a file that names secrets without holding any is there", () => {
    const text = [
      "const provider = () => ibmProvider({ token: process.env.QISKIT_IBM_TOKEN });",
      'const { token = "" } = options;',
      'import { passwordless } from "./instances.js";',
      "const crn = undefined;",
      'const url = "https://quantum.cloud.ibm.com/api/v1";',
      'const observable = SparsePauliOp.parse("1.0*ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ");',
    ].join("\n");
    expect(secretLine(text, {})).toBeUndefined();
    expect(withoutSecrets(text, {})).toBe(text);
  });

  test("no canary is in the bundle of a run at a service", () => {
    expect(CANARIES.length).toBeGreaterThan(5);
    expect(canariesIn(String(gunzipSync(bytes)))).toEqual([]);
  });
});

describe("what is no bundle", () => {
  const events = (change: (event: Record<string, unknown>, line: number) => void) =>
    withFile("events.jsonl", (data) =>
      String(data)
        .trimEnd()
        .split("\n")
        .map((line, i) => {
          const record = JSON.parse(line) as { event: Record<string, unknown> };
          change(record.event, i + 1);
          return `${JSON.stringify(record)}\n`;
        })
        .join(""),
    );

  test("is told by its place", async () => {
    refused(new Uint8Array(), /gzip: unexpected end of file/);
    refused(Buffer.from("lepton"), /gzip: incorrect header check/);
    refused(gzipSync("lepton"), /archive: it ends at byte 6 without its end mark/);
    refused(gzipSync(Buffer.alloc(1024)), /archive: it has no file bundle\.json/);
    refused(Buffer.concat([bytes, Buffer.alloc(4)]), /gzip: it ends at byte \d+/);
    refused(await withFile("bundle.json", () => "{}"), /bundle\.json: its format is "undefined", not lepton-run@1/);
    refused(await withFile("bundle.json", () => "null"), /bundle\.json: its format/);
    refused(await withFile("bundle.json", () => '{"format":'), /bundle\.json: it is no JSON/);
    refused(await withFile("bundle.json", () => Buffer.from([0xff])), /bundle\.json: it is no UTF-8/);
    refused(await withFile("bundle.json", () => "[".repeat(1000)), /nested more than 100 levels/);
    refused(
      await withFile("bundle.json", (data) => String(data).replace('"step": 4', '"step": 5')),
      /at step 5, but by its events it is at 4/,
    );
    refused(await withFile("events.jsonl", (data) => data.subarray(0, -1)), /line \d+ is cut off/);
    refused(await withFile("events.jsonl", () => ""), /does not begin with how the run was created/);
    refused(
      await withFile("events.jsonl", (data) => data.subarray(data.indexOf("\n") + 1)),
      /line 1: its field seq is number 2/,
    );
    refused(await withFile("more.txt", () => "x"), /more\.txt: nothing in the run names this file/);
    refused(await withFile("snapshots.jsonl", () => ""), /snapshots\.jsonl: state \w+ of the journal is missing/);
  });

  test("a newer one is told apart", async () => {
    const newer = await withFile("bundle.json", (data) => String(data).replace("lepton-run@1", "lepton-run@2"));
    expect(() => readBundle(newer)).toThrow(expect.objectContaining({ code: "BUNDLE_NEWER" }));
  });

  test("an event with a field of another type", async () => {
    refused(
      await events((event) => event.type === "intent" && delete event.place),
      /event intent: its field place is undefined/,
    );
    refused(
      await events((event) => event.type === "result" && Object.assign(event, { result: "../../secret" })),
      /event result: its field result is string \.\.\/\.\.\/secret/,
    );
    refused(
      await events((event, line) => line === 2 && Object.assign(event, { type: "__proto__" })),
      /line 2: there is no event of type string __proto__/,
    );
    refused(
      await events((event, line) => line === 2 && Object.assign(event, { type: "created", versions: {} })),
      /created twice/,
    );
  });

  test("a result that was changed, is missing, or is none", async () => {
    const { records } = readBundle(bytes);
    const result = foldRun(records).jobs.values().next().value!.result!.result;
    const name = `blobs/${result}.safetensors`;
    refused(
      await withFile(name, (data) => {
        data[data.length - 1]! ^= 1;
        return data;
      }),
      new RegExp(`${name}: its bytes do not have the SHA-256 that names it`),
    );
    const without = [...filesIn(bytes)].filter(([file]) => file !== name);
    refused(
      await packArchive(
        without.map(([file, data]) => ({ name: file, data })),
        0,
      ),
      new RegExp(`it has no file ${name}`),
    );
    for (const other of [
      packState([{ shape: [2], evs: new Float64Array(1), stds: new Float64Array(1) }]),
      packState(null),
      Buffer.from("no state"),
    ]) {
      const changed = new Map<string, Uint8Array>(filesIn(bytes));
      changed.delete(name);
      changed.set(`blobs/${hashOf(other)}.safetensors`, other);
      changed.set(
        "events.jsonl",
        Buffer.from(String(changed.get("events.jsonl")!.toString()).replaceAll(result, hashOf(other))),
      );
      refused(
        await packArchive(
          [...changed].map(([file, data]) => ({ name: file, data })),
          0,
        ),
        /it holds no values of a job|it cannot be read/,
      );
    }
  });

  test("a bomb is stopped before it takes memory, and a run that looks like one is not", async () => {
    const bomb = gzipSync(Buffer.alloc(100_000_000));
    const before = process.memoryUsage().arrayBuffers;
    refused(bomb, /it unpacks to more than \d+ bytes/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50_000_000);
    const state = packState({ zeros: new Uint8Array(20_000_000) });
    const own = await journal(
      [{ type: "described", description: { kind: "train", parts: {} }, snapshot: hashOf(state) }],
      [state],
    );
    expect(readBundle(await exportRun(own, "made")).blobs.get(hashOf(state))!.length).toBe(state.length);
  });

  /** Reads it, or says in Lepton's own words why not. */
  function readOrRefuse(given: Uint8Array): void {
    try {
      readBundle(given);
    } catch (error) {
      expect((error as { readonly code?: unknown }).code).toMatch(/^BUNDLE_(FORMAT|NEWER)$/);
    }
  }

  const mutations = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 8 });
  const mutate = (given: Uint8Array, changes: readonly (readonly [number, number])[]): Uint8Array => {
    const mutant = given.slice();
    for (const [at, value] of changes) mutant[at % mutant.length] = value;
    return mutant;
  };

  test("mutated bytes never crash", () => {
    fc.assert(
      fc.property(mutations, (changes) => readOrRefuse(mutate(bytes, changes))),
      { numRuns: 300 },
    );
    const archive = gunzipSync(bytes);
    fc.assert(
      fc.property(mutations, (changes) => readOrRefuse(gzipSync(mutate(archive, changes), { level: 0 }))),
      { numRuns: 400 },
    );
    fc.assert(
      fc.property(fc.nat({ max: archive.length }), (to) =>
        readOrRefuse(gzipSync(archive.subarray(0, to), { level: 0 })),
      ),
      { numRuns: 100 },
    );
  });

  test("mutated values of JSON never crash", async () => {
    const names = ["bundle.json", "events.jsonl", "snapshots.jsonl"] as const;
    const values = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom(-1, 1e308, 2 ** 53, "", "finished", "__proto__"),
    );
    const parsed = names.map((name) => {
      const text = String(filesIn(bytes).get(name));
      return name === "bundle.json"
        ? [JSON.parse(text)]
        : text
            .trimEnd()
            .split("\n")
            .map((line) => JSON.parse(line));
    });
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: 2 }),
        fc.nat(),
        fc.array(fc.nat(), { minLength: 1, maxLength: 6 }),
        values,
        async (file, line, path, value) => {
          const lines = structuredClone(parsed[file]!);
          let parent: Record<string, unknown> = lines[line % lines.length];
          for (const [depth, step] of path.entries()) {
            const keys = Object.keys(parent);
            if (keys.length === 0) break;
            const key = keys[step % keys.length]!;
            const next = parent[key];
            if (depth < path.length - 1 && typeof next === "object" && next !== null)
              parent = next as Record<string, unknown>;
            else {
              parent[key] = value;
              break;
            }
          }
          const text = lines.map((item) => `${JSON.stringify(item)}\n`).join("");
          readOrRefuse(await withFile(names[file]!, () => text));
        },
      ),
      { numRuns: 250 },
    );
  });
});
