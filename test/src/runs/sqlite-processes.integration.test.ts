import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { Rng } from "../../../circuits/index.ts";
import { openStore } from "../../../src/index.ts";

const PROGRAM = fileURLToPath(new URL("../../support/ledger-process.ts", import.meta.url));

// Most of what these processes do is read TypeScript; together they read it once.
const cache = mkdtempSync(join(tmpdir(), "lepton-compiled-"));
const env = { ...process.env, NODE_COMPILE_CACHE: cache };
afterAll(() => rmSync(cache, { recursive: true }));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lepton-processes-"));
});
afterEach(() => rmSync(folder, { recursive: true }));
const file = (): string => join(folder, "runs.db");

function start(...args: readonly string[]): {
  readonly child: ChildProcess;
  lines(): readonly string[];
  ended: Promise<string>;
} {
  const child = spawn(process.execPath, [PROGRAM, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  let [output, errors] = ["", ""];
  child.stdout.on("data", (text) => {
    output += text;
  });
  child.stderr.on("data", (text) => {
    errors += text;
  });
  return {
    child,
    // The last one may be cut off.
    lines: () => output.split("\n").slice(0, -1),
    ended: once(child, "close").then(() => errors),
  };
}

/** Runs a shell script, whose `"$@"` is the ledger process, to its end. */
function within(script: string, ...args: readonly string[]): readonly string[] {
  const { stdout, stderr, status } = spawnSync("sh", ["-c", script, "sh", process.execPath, PROGRAM, ...args], {
    encoding: "utf8",
    cwd: folder,
    env,
  });
  expect([status, stderr]).toEqual([0, ""]);
  return stdout.trim().split("\n");
}

const canRun = (command: string, ...args: readonly string[]): boolean => spawnSync(command, args).status === 0;
/** A file system of one's own needs either rights or a kernel that lets everybody have one. */
const OWN_MOUNTS = "unshare --mount --map-root-user";
const hasOwnMounts = canRun(
  "sh",
  "-c",
  `d=$(mktemp -d); ${OWN_MOUNTS} mount -t tmpfs tmpfs $d; s=$?; rmdir $d; exit $s`,
);

describe("processes on one ledger", { timeout: 120_000 }, () => {
  test("who make it at the same time and race for runs do each run once, in silence", async () => {
    const store = await openStore(file());
    for (let index = 0; index < 12; index++)
      await store.create({
        id: `run-${index}`,
        task: { config: "config.ts", options: {} },
        events: [{ type: "created", versions: {} }],
      });
    const workers = Array.from({ length: 3 }, () => start("work", file()));
    expect(await Promise.all(workers.map(({ ended }) => ended))).toEqual(["", "", ""]);
    const done = workers.flatMap(({ lines }) => lines());
    expect(done.toSorted()).toEqual((await store.runs()).map(({ id }) => id).sort());
    for (const { status, step, id } of await store.runs()) {
      expect([status, step]).toEqual(["stopped", 3]);
      expect((await store.read(id)).map(({ epoch }) => epoch)).toEqual([0, 1, 1, 1, 1, 1]);
    }
    await store.close();

    const makers = Array.from({ length: 3 }, () => start("open", join(folder, "new", "runs.db")));
    expect(await Promise.all(makers.map(({ ended }) => ended))).toEqual(["", "", ""]);
    expect(makers.map(({ lines }) => lines())).toEqual([["open"], ["open"], ["open"]]);
  });

  test("killed 20 times at any moment: what was acknowledged is there, and the next takes over at once", async () => {
    const rng = Rng.seed("kills");
    let [killed, acknowledged] = [0, 0];
    // Two ledgers at a time, since most of it is the start of processes.
    await Promise.all(
      ["a.db", "b.db"].map(async (name) => {
        const path = join(folder, name);
        for (let turn = 0; turn < 10; turn++) {
          const writer = start("append", path);
          while (writer.lines().length === 0 && writer.child.exitCode === null) await delay(2);
          await delay(rng.integer(40));
          writer.child.kill("SIGKILL");
          expect(await writer.ended).toBe("");
          killed += writer.child.signalCode === "SIGKILL" ? 1 : 0;

          const said = writer.lines().map(Number);
          acknowledged += said.length;
          await using store = await openStore(path);
          const records = await store.read("one");
          expect(records.map(({ seq }) => seq)).toEqual(records.map((_, index) => index + 1));
          const written = records.filter(({ epoch, event }) => epoch === turn + 1 && event.type === "step");
          const seqs = written.map(({ seq }) => seq);
          expect(seqs.slice(0, said.length)).toEqual(said);
          // One more may have been durable before it could be said.
          expect(seqs.length - said.length).toBeLessThanOrEqual(1);
        }
      }),
    );
    expect(killed).toBe(20);
    expect(acknowledged).toBeGreaterThan(20);
  });
});

describe("what an append costs and risks", { timeout: 60_000 }, () => {
  const hasTracer = canRun("strace", "--version");
  test.skipIf(!hasTracer)("an append reaches the disk by one fsync", () => {
    const log = join(folder, "trace");
    within(`exec strace -f -q -e trace=fsync,fdatasync -o ${log} "$@"`, "append", file(), "100");
    const syncs = readFileSync(log, "utf8").match(/\bf(data)?sync\(/g)!.length;
    expect(syncs).toBeGreaterThanOrEqual(100);
    // Besides: making folder, file and tables, claiming, and moving the log into the file.
    expect(syncs).toBeLessThanOrEqual(125);
  });

  test.skipIf(!hasOwnMounts)("a full disk: nothing half-written, and on it goes once there is room", () => {
    const [told] = within(
      `mkdir small && exec ${OWN_MOUNTS} sh -c 'mount -t tmpfs -o size=1m tmpfs small && exec "$@"' sh "$@"`,
      "full-disk",
      "small",
    );
    const { codes, acknowledged, steps } = JSON.parse(told!);
    expect(codes).toEqual(["LEDGER_FULL", "LEDGER_FULL", "LEDGER_FULL"]);
    expect(steps[0]).toBeGreaterThan(0);
    expect(steps[1]).toBe(steps[0] + 1);
    expect(steps[2]).toBeGreaterThan(steps[1]);
    expect(acknowledged).toBe(steps[2]);
  });

  test.skipIf(!hasOwnMounts)("a disk without any room cannot have a ledger", () => {
    const fill = "dd if=/dev/zero of=small/ballast bs=1k count=400 2>/dev/null;";
    const told = within(
      `mkdir small && exec ${OWN_MOUNTS} sh -c 'mount -t tmpfs -o size=300k tmpfs small && { ${fill} exec "$@"; }' sh "$@"`,
      "open",
      "small/runs.db",
    );
    expect(told).toEqual(["LEDGER_FULL"]);
  });

  test.skipIf(process.platform === "win32")("a write that fails has no effect", () => {
    const [told] = within(`trap '' XFSZ; ulimit -f 400; exec "$@"`, "until-it-fails", file());
    const { code, acknowledged, steps } = JSON.parse(told!);
    expect([code, steps]).toEqual(["LEDGER_IO", acknowledged]);
    expect(acknowledged).toBeGreaterThan(0);
  });

  test.skipIf(!hasOwnMounts)("a file system that is only read", () => {
    mkdirSync(join(folder, "fixed"));
    within('exec "$@"', "append", "fixed/runs.db", "1");
    const remounted = "mount --bind fixed fixed && mount -o remount,ro,bind fixed";
    for (const path of ["fixed/runs.db", "fixed/new.db"])
      expect(within(`exec ${OWN_MOUNTS} sh -c '${remounted} && exec "$@"' sh "$@"`, "open", path)).toEqual([
        "LEDGER_READ_ONLY",
      ]);
  });

  // Rights do not bind root.
  test.skipIf(process.getuid?.() === 0)("a file or folder that must not be written", () => {
    within('exec "$@"', "append", file(), "1");
    chmodSync(file(), 0o400);
    expect(within('exec "$@"', "open", file())).toEqual(["LEDGER_READ_ONLY"]);
    chmodSync(file(), 0o600);
    chmodSync(folder, 0o500);
    expect(within('exec "$@"', "open", file())).toEqual(["LEDGER_READ_ONLY"]);
    chmodSync(folder, 0o700);
  });
});
