import { expect, test } from "vitest";
import { systemClock } from "../../../providers/index.ts";
import { Patience } from "../../../src/runs/postgres/patience.ts";
import { DriverFault } from "../../../src/runs/postgres/session.ts";

const unreachable = new DriverFault(Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }));

/** Attempts against a server that is down, until there are to be no more: the error, and milliseconds. */
async function tried(closing: AbortSignal, seconds = 30) {
  const began = systemClock.now();
  const patience = new Patience(seconds, "postgres://db", closing);
  for (let attempts = 1; ; attempts++)
    try {
      await patience.again(unreachable, "nothing was written");
    } catch (error) {
      return { error: error as { readonly code?: string }, attempts, took: systemClock.now() - began };
    }
}

test("a store that is closed waits no longer for a server that is down", async () => {
  const closing = new AbortController();
  const trying = tried(closing.signal);
  await systemClock.sleep(40);
  closing.abort();
  const { error, took } = await trying;
  expect(error.code).toBe("LEDGER_IO");
  expect(took).toBeLessThan(900);
});

test("a store that is closed tries what was cut off a few times all the same", async () => {
  const { attempts, took } = await tried(AbortSignal.abort());
  expect(attempts).toBeGreaterThan(4);
  expect(took).toBeLessThan(900);
});

test("a store that is open waits as long as it may", async () => {
  const { took } = await tried(new AbortController().signal, 0.6);
  expect(took).toBeGreaterThan(300);
});
