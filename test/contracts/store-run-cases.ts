import assert from "node:assert/strict";
import { Rng } from "../../circuits/index.ts";
import { foldRun, type RunEvent, type RunStore, thisOwner } from "../../src/runs/index.ts";
import { type ContractCase, rejectsWithCode } from "./contract-case.ts";
import {
  bytesOf,
  created,
  driven,
  eventsOf,
  parked,
  type StoreCase,
  sha256,
  step,
  task,
  waiting,
  written,
} from "./store-case.ts";

const swept: RunEvent = { type: "swept", jobs: 3, orphans: 0 };

/** Promises on runs, their journals and blobs. */
export function storeRunCases(storeCase: StoreCase): readonly ContractCase[] {
  return [
    storeCase("any number says how many rows to read", async ({ store }) => {
      await store.addSchedule("nightly", {});
      for (const [index, id] of ["one", "two", "three"].entries()) {
        await store.create({ id, events: [created] });
        await store.decideTick({ schedule: "nightly", tick: index, outcome: "skipped", words: "" });
      }
      for (const [limit, rows] of [
        ...[-1, 0, 0.5, 2, 2.5].map((limit) => [limit, Math.max(0, Math.floor(limit))] as const),
        ...[3, 2 ** 53, 1e20, Number.MAX_VALUE, Number.POSITIVE_INFINITY].map((limit) => [limit, 3] as const),
      ]) {
        assert.equal((await store.runs({ limit })).length, rows, `${limit} runs`);
        assert.equal((await store.ticks("nightly", limit)).length, rows, `${limit} ticks`);
      }
    }),
    storeCase("a new run is ready and reads as it was given", async ({ store, clock }) => {
      const schedule = { id: "nightly", tick: 1_795_658_400_000 };
      const row = await store.create({ id: "digits-1", task, schedule, events: [created, swept] });
      assert.deepEqual(row, {
        id: "digits-1",
        status: "ready",
        createdAt: clock.now(),
        updatedAt: clock.now(),
        step: 0,
        activity: undefined,
        wakeAt: undefined,
        lease: undefined,
        stopRequested: false,
        task,
        schedule,
      });
      assert.deepEqual(await store.run("digits-1"), row);
      assert.deepEqual(await store.read("digits-1"), [
        { seq: 1, at: clock.now(), epoch: 0, event: created },
        { seq: 2, at: clock.now(), epoch: 0, event: swept },
      ]);
      const plain = await store.create({ id: "plain", events: [created] });
      assert.deepEqual([plain.task, plain.schedule], [undefined, undefined]);
      assert.equal(await store.now(), clock.now());
    }),
    storeCase("a run is to be run as it was said last", async ({ store }) => {
      await store.create({ id: "told", task, events: [created] });
      await store.create({ id: "program", events: [created] });
      const other = { ...task, options: { lr: 0.5, note: "naïve\u0000" } };
      for (const id of ["told", "program"]) {
        const lease = await store.claim(id, thisOwner(), 30);
        await store.append(lease, { events: [{ type: "task", task: other }, swept] });
        assert.deepEqual((await store.run(id))?.task, other);
        await store.append(lease, { events: [step(1)] });
        await store.release(lease);
        await store.claim(id, thisOwner(), 30);
        assert.deepEqual((await store.run(id))?.task, other);
      }
      assert.deepEqual(new Set((await store.runs()).map((run) => run.task?.options.lr)), new Set([0.5]));
    }),
    storeCase("ids of runs are 1 to 50 of a-z, 0-9 and -, and begin with no -", async ({ store }) => {
      const longest = "a".repeat(50);
      for (const id of ["a", "0", longest, "x-1-"]) await store.create({ id, events: [created] });
      const bad = ["", "-a", "A", "a_b", "a.b", "a/b", "../a", "a b", "a\n", "a\0", "ä", `${longest}a`, "%2f", "a'--"];
      for (const id of [...bad, 7, null, undefined])
        await rejectsWithCode(() => store.create({ id: id as string, events: [created] }), "RUN_ID", /a-z/);
      await store.addSchedule("nightly", {});
      const tick = { schedule: "nightly", tick: 1, outcome: "started", words: "" } as const;
      await rejectsWithCode(() => store.decideTick(tick, { id: "../a", events: [created] }), "RUN_ID", /a-z/);
      assert.deepEqual((await store.runs()).map(({ id }) => id).sort(), ["0", "a", longest, "x-1-"]);
      assert.deepEqual(await store.ticks("nightly"), []);
    }),
    storeCase("a second run of one id is refused without effect", async ({ store }) => {
      await store.create({ id: "one", events: [created] });
      const blob = bytesOf("of the second");
      await rejectsWithCode(
        () => store.create({ id: "one", events: [created, waiting("again")], task, blobs: [blob] }),
        "RUN_EXISTS",
        /"one"/,
      );
      assert.deepEqual(await eventsOf(store, "one"), [created]);
      assert.equal((await store.run("one"))!.task, undefined);
      await rejectsWithCode(() => store.blob(sha256(blob)), "LEDGER_BLOB", /no blob/);
    }),
    storeCase("what is not there is said to be unknown", async ({ store }) => {
      assert.equal(await store.run("none"), undefined);
      assert.deepEqual(await store.runs(), []);
      const owner = (await driven(store, "one")).owner;
      for (const call of [
        () => store.read("none"),
        () => store.claim("none", owner, 30),
        () => store.requestStop("none"),
      ])
        await rejectsWithCode(call, "RUN_UNKNOWN", /"none"/);
      await rejectsWithCode(() => store.blob("f".repeat(64)), "LEDGER_BLOB", /f{64}/);
      await rejectsWithCode(() => store.pauseSchedule("none", true), "SCHEDULE_UNKNOWN", /"none"/);
      await rejectsWithCode(() => store.removeSchedule("none"), "SCHEDULE_UNKNOWN", /"none"/);
    }),
    storeCase(
      "runs are listed newest first, by status and by schedule, 100 unless more are asked for",
      async ({ store }) => {
        for (let index = 0; index < 103; index++) {
          const schedule = index % 50 === 0 ? { schedule: { id: "nightly", tick: index } } : {};
          await store.create({ id: `run-${index}`, events: [created], ...schedule });
        }
        const lease = await store.claim("run-50", (await driven(store, "last")).owner, 30);
        await written(store, lease, { events: [{ type: "stopped", words: "enough" }] });
        const ids = async (filter?: Parameters<RunStore["runs"]>[0]): Promise<readonly string[]> =>
          (await store.runs(filter)).map(({ id }) => id);
        assert.equal((await ids()).length, 100);
        assert.deepEqual(await ids({ limit: 3 }), ["last", "run-102", "run-101"]);
        for (const limit of [1000, Number.POSITIVE_INFINITY])
          assert.deepEqual((await ids({ limit })).slice(-2), ["run-1", "run-0"]);
        assert.deepEqual(await ids({ limit: 0 }), []);
        assert.deepEqual(await ids({ schedule: "nightly" }), ["run-100", "run-50", "run-0"]);
        assert.deepEqual(await ids({ status: "stopped" }), ["run-50"]);
        assert.deepEqual(await ids({ status: "ready", schedule: "nightly", limit: 1 }), ["run-100"]);
        assert.deepEqual(await ids({ status: "failed" }), []);
        assert.deepEqual(await ids({ schedule: "none" }), []);
      },
    ),
    storeCase("a row says what the events fold to", async ({ store, clock }) => {
      const rng = Rng.seed("rows");
      const kinds: readonly ((index: number) => RunEvent)[] = [
        (index) => step(index + 1),
        () => parked(clock.now() + 60_000),
        () => waiting("for a backend"),
        () => swept,
        () => ({ type: "settled", key: "lp1-x", quantumSeconds: 1, executions: 1, final: true }),
        () => ({ type: "stopped", words: "at a request" }),
        () => ({ type: "failed", error: { name: "Error", message: "no luck" } }),
        () => ({ type: "finished", result: "0".repeat(64) }),
      ];
      for (let run = 0; run < 12; run++) {
        const id = `run-${run}`;
        const lease = await driven(store, id);
        for (let index = 0; index < 8; index++) {
          clock.advance(1);
          // A finished run stays what it is, so it comes last.
          const kind = rng.integer(index < 7 ? kinds.length - 1 : kinds.length);
          await written(store, lease, { events: [kinds[kind]!(index)] });
          const state = foldRun(await store.read(id));
          const row = (await store.run(id))!;
          assert.deepEqual(
            [row.status, row.step, row.createdAt, row.updatedAt],
            [state.status, state.step, state.createdAt, state.updatedAt],
          );
          assert.equal(row.wakeAt !== undefined, row.status === "parked");
        }
      }
    }),
    storeCase("events are kept as the JSON they are", async ({ store }) => {
      const lease = await driven(store, "one");
      const report = {
        z: "the order of names stays",
        a: [1, -1.5, 1e308, 5e-324, 0.1, 2 ** 53, 1e21, 123_456_789.123_456_78],
        text: "\u0000 \u0007 \n \" ' \\ $1 %s ?1 äöü 漢字 😀 \ud800 \u2028 </script> '); DROP TABLE runs; --",
        deep: [[[[{ "": null, true: true, "7": [] }]]]],
        $number: "NaN",
      };
      const event = { ...step(1), report };
      const [record] = await written(store, lease, { events: [event] });
      assert.deepEqual(record!.event, event);
      report.a.push(7);
      const [read] = await store.read("one", record!.seq);
      assert.equal(read!.event.type, "step");
      assert.deepEqual(read, record);
      assert.equal(JSON.stringify(read!.event), JSON.stringify(record!.event));
    }),
    storeCase("names and words are kept whatever they hold", async ({ store }) => {
      const lease = await driven(store, "one");
      const texts = ["\0", "a\0b", "a\0c", "\ud800", "\udfff", "\ufffd", '"', '"a\\u0000b"', "", " ", "'; --", "äöü😀"];
      for (const [index, text] of texts.entries()) {
        await written(store, lease, {
          events: [],
          activity: text,
          settle: [{ key: text, scopes: [text], amount: { quantumSeconds: index + 1, money: 0, jobs: 1 } }],
          submit: { account: text, perMinute: 1, key: text },
        });
        assert.equal((await store.run("one"))!.activity, text);
        await store.addSchedule(text, { text });
        await store.decideTick({ schedule: text, tick: index, outcome: "skipped", words: text });
        await store.create({ id: `run-${index}`, events: [created], schedule: { id: text, tick: index } });
      }
      for (const [index, text] of texts.entries()) {
        assert.equal((await store.totals(text)).settled.quantumSeconds, index + 1);
        const [tick] = await store.ticks(text);
        assert.deepEqual([tick!.schedule, tick!.words, tick!.tick], [text, text, index]);
        const [run] = await store.runs({ schedule: text });
        assert.deepEqual([run!.id, run!.schedule], [`run-${index}`, { id: text, tick: index }]);
      }
      assert.deepEqual((await store.schedules()).map(({ id }) => id).sort(), texts.toSorted());
    }),
    storeCase("a journal is read from any of its records on", async ({ store }) => {
      const lease = await driven(store, "one");
      for (let batch = 0; batch < 4; batch++)
        await written(store, lease, { events: Array.from({ length: 5 }, (_, at) => step(5 * batch + at + 1)) });
      const all = await store.read("one");
      assert.deepEqual(
        all.map(({ seq }) => seq),
        Array.from({ length: 22 }, (_, index) => index + 1),
      );
      for (const from of [1, 2, 21, 22]) assert.deepEqual(await store.read("one", from), all.slice(from - 1));
      assert.deepEqual(await store.read("one", 23), []);
      assert.deepEqual(await store.read("one", 1000), []);
    }),
    storeCase("a journal of 20,000 records keeps its order", async ({ store }) => {
      const lease = await driven(store, "large");
      await driven(store, "other");
      for (let batch = 0; batch < 4; batch++)
        await written(store, lease, { events: Array.from({ length: 5000 }, (_, at) => step(5000 * batch + at + 1)) });
      const records = await store.read("large");
      assert.equal(records.length, 20_002);
      records.forEach(({ seq, event }, index) => {
        assert.equal(seq, index + 1);
        if (index >= 2) assert.deepEqual(event, step(index - 1));
      });
      assert.equal((await store.run("large"))!.step, 20_000);
      assert.equal((await store.read("other")).length, 2);
    }),
    storeCase("blobs are kept under their SHA-256, each once, and nobody's copy is another's", async ({ store }) => {
      const rng = Rng.seed("blobs");
      const large = Uint8Array.from({ length: 1_500_000 }, () => rng.integer(256));
      const all = [bytesOf(""), bytesOf("a state"), bytesOf("a state"), Uint8Array.of(0, 255, 0), large];
      const lease = await driven(store, "one", { blobs: [bytesOf("the first")] });
      await written(store, lease, { events: [], blobs: all });
      await written(store, lease, { events: [step(1)], blobs: [all[1]!] });
      for (const bytes of [...all, bytesOf("the first")]) {
        const read = await store.blob(sha256(bytes));
        assert.ok(read instanceof Uint8Array);
        assert.equal(sha256(read), sha256(bytes));
        read.fill(7);
      }
      const state = bytesOf("a state");
      all[1]!.fill(7);
      assert.deepEqual(Uint8Array.from(await store.blob(sha256(state))), state);
    }),
    storeCase("blobs of a part of a larger buffer are that part", async ({ store }) => {
      const part = bytesOf("--the part--").subarray(2, 10);
      const lease = await driven(store, "one");
      await written(store, lease, { events: [], blobs: [part] });
      assert.deepEqual(Uint8Array.from(await store.blob(sha256(part))), bytesOf("the part"));
    }),
    storeCase("a dropped blob is gone, unless another run has it", async ({ store }) => {
      const [own, shared, others] = [bytesOf("own"), bytesOf("shared"), bytesOf("the other's")];
      const lease = await driven(store, "one", { blobs: [own] });
      await written(store, lease, { events: [], blobs: [shared] });
      const other = await driven(store, "other", { blobs: [shared, others] });
      await store.dropBlobs(lease, [own, shared, others, bytesOf("none")].map(sha256));
      await rejectsWithCode(() => store.blob(sha256(own)), "LEDGER_BLOB", /no blob/);
      for (const bytes of [shared, others]) assert.equal(sha256(await store.blob(sha256(bytes))), sha256(bytes));
      await store.dropBlobs(other, [sha256(shared)]);
      await rejectsWithCode(() => store.blob(sha256(shared)), "LEDGER_BLOB", /no blob/);
      // Written once more it is there once more.
      await written(store, lease, { events: [], blobs: [own] });
      assert.equal(sha256(await store.blob(sha256(own))), sha256(own));
    }),
  ];
}
