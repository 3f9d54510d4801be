import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Rng } from "../../../circuits/index.ts";
import { IbmError, type IbmErrorOptions } from "../../../providers/ibm/ibm-error.ts";
import { SubmitLimiter } from "../../../providers/ibm/limiter.ts";
import { DEFAULT_RETRY_POLICY, type Repeat, secondsBeforeRetry, withRetries } from "../../../providers/ibm/retry.ts";
import { retryAfterSeconds } from "../../../providers/ibm/retry-after.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const failure = (more: Partial<IbmErrorOptions> = {}): IbmError =>
  new IbmError("IBM_SERVICE", "It failed.", {
    method: "GET",
    path: "/jobs",
    outcome: "unknown",
    retryable: true,
    ...more,
  });
const rejected = (more: Partial<IbmErrorOptions> = {}): IbmError => failure({ outcome: "rejected", ...more });

describe("retryAfterSeconds", () => {
  const serverNow = Date.parse("Wed, 25 Nov 2026 12:00:00 GMT");
  test.each([
    ["7", 7],
    [" 0 ", 0],
    ["1.5", 1.5],
    ["Wed, 25 Nov 2026 12:00:30 GMT", 30],
    ["Wed, 25 Nov 2026 11:00:00 GMT", 0],
    ["soon", undefined],
    ["-5", undefined],
    ["", undefined],
    [undefined, undefined],
  ])("%j", (header, seconds) => {
    expect(retryAfterSeconds(header, serverNow)).toBe(seconds);
  });
});

describe("secondsBeforeRetry", () => {
  const wait = (error: IbmError, consumed: number, repeat: Repeat = "always", draw = 0.5) =>
    secondsBeforeRetry(error, consumed, repeat, DEFAULT_RETRY_POLICY, () => draw);

  test("doubles up to the cap, spread over its upper half", () => {
    expect([0, 1, 2, 3, 4, 5].map((n) => wait(failure(), n, "always", 0))).toEqual([0.5, 1, 2, 4, 8, 16]);
    expect(secondsBeforeRetry(failure(), 30, "always", { ...DEFAULT_RETRY_POLICY, retries: 99 }, () => 1)).toBe(60);
    expect(wait(failure(), 6)).toBeUndefined();
  });

  test("waits as the service says, at least a second, and gives up where that is too long", () => {
    expect(wait(failure({ retryAfterSeconds: 200 }), 0)).toBe(200);
    expect(wait(failure({ retryAfterSeconds: 0 }), 0)).toBe(1);
    expect(wait(failure({ retryAfterSeconds: 301 }), 0)).toBeUndefined();
  });

  test("what may be done twice is sent again only if it surely was not done", () => {
    expect(wait(failure(), 0, "if-rejected")).toBeUndefined();
    expect(wait(rejected(), 0, "if-rejected")).toBe(0.75);
    expect(wait(rejected(), 0, "never")).toBeUndefined();
    expect(wait(rejected({ retryable: false }), 0)).toBeUndefined();
  });
});

describe("withRetries", () => {
  const run = async (errors: readonly unknown[], repeat: Repeat = "always", signal?: AbortSignal) => {
    const clock = new VirtualClock();
    const rng = Rng.seed(7);
    const left = [...errors];
    let calls = 0;
    const outcome = await withRetries(
      async (number) => {
        calls++;
        expect(number).toBe(calls);
        if (left.length > 0) throw left.shift();
        return "done";
      },
      { repeat, clock, random: () => rng.uniform(), signal },
    ).catch((error: unknown) => error);
    return { outcome, calls, sleeps: clock.sleeps };
  };

  test("succeeds after failures, with the same waits for the same seed", async () => {
    const first = await run([failure(), failure({ retryAfterSeconds: 9 }), rejected()]);
    expect(first).toMatchObject({ outcome: "done", calls: 4 });
    expect(first.sleeps[1]).toBe(9);
    expect((await run([failure(), failure({ retryAfterSeconds: 9 }), rejected()])).sleeps).toEqual(first.sleeps);
  });

  test("gives up with the last error, which says how often it was tried", async () => {
    const errors = Array.from({ length: 9 }, () => failure());
    const { outcome, calls } = await run(errors);
    expect(calls).toBe(7);
    expect(outcome).toBe(errors[6]);
    expect(outcome).toMatchObject({ attempts: 7, message: "It failed. (Tried 7 times.)" });
  });

  test("passes on at once what is no failure of a request", async () => {
    const mistake = new TypeError("x is not a function");
    expect(await run([mistake])).toMatchObject({ outcome: mistake, calls: 1 });
  });

  test("an aborted signal ends it with the signal's reason", async () => {
    const abort = new AbortController();
    abort.abort("enough");
    expect(await run([failure()], "always", abort.signal)).toMatchObject({ outcome: "enough", calls: 0 });

    const later = new AbortController();
    const failing = failure();
    const answers = (): boolean => {
      later.abort("while it waits");
      return true;
    };
    Object.defineProperty(failing, "retryable", { get: answers });
    expect(await run([failing], "always", later.signal)).toMatchObject({ outcome: "while it waits", calls: 1 });
  });
});

describe("SubmitLimiter", () => {
  test("never lets more than 5 pass in a minute, in order, and uses at least 90 % of that", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 40 }), { minLength: 5, maxLength: 60 }), async (pauses) => {
        const clock = new VirtualClock(0);
        const limiter = new SubmitLimiter({ clock });
        const passed: number[] = [];
        for (const pause of pauses) {
          clock.advance(pause);
          await limiter.pass();
          passed.push(clock.now() / 1000);
        }
        for (let i = 5; i < passed.length; i++) expect(passed[i]! - passed[i - 5]!).toBeGreaterThanOrEqual(60);
      }),
      { numRuns: 60 },
    );
    const clock = new VirtualClock(0);
    const limiter = new SubmitLimiter({ clock });
    const order: number[] = [];
    await Promise.all(Array.from({ length: 50 }, (_, i) => limiter.pass().then(() => order.push(i))));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(50 / (clock.now() / 60_000 + 1)).toBeGreaterThanOrEqual(0.9 * 5);
  });

  test("lets nobody pass while it is blocked", async () => {
    const clock = new VirtualClock(0);
    const limiter = new SubmitLimiter({ clock });
    limiter.block(20);
    limiter.block(5);
    await limiter.pass();
    expect(clock.now()).toBe(20_000);
  });

  test("who gives up leaves at once and takes no place", async () => {
    const clock = new VirtualClock(0);
    const limiter = new SubmitLimiter({ clock, limit: 1 });
    await limiter.pass();
    const abort = new AbortController();
    const waiting = limiter.pass(abort.signal);
    abort.abort(new Error("no more"));
    await expect(waiting).rejects.toThrow("no more");
    await limiter.pass();
    expect(clock.now()).toBe(61_000);
  });
});
