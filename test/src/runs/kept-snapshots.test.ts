import { expect, test } from "vitest";
import { KeptSnapshots } from "../../../src/runs/kept-snapshots.ts";

const LARGE = 1024 * 1024;

test("of large snapshots the last three are kept, and those before are dropped one by one", () => {
  const kept = new KeptSnapshots(["1", "2"]);
  expect(kept.add("3", LARGE)).toEqual([]);
  expect(kept.add("4", LARGE)).toEqual(["1"]);
  expect(kept.add("5", LARGE)).toEqual(["2"]);
});

test("a snapshot that a later step has left as well is kept", () => {
  const kept = new KeptSnapshots(["same", "2", "same"]);
  expect(kept.add("4", LARGE)).toEqual([]);
  expect(kept.add("5", LARGE)).toEqual(["2"]);
  expect(kept.add("6", LARGE)).toEqual(["same"]);
});

test("of small snapshots as many are kept as take 64 MiB, and 16 are dropped at once", () => {
  const bytes = LARGE / 4;
  const kept = new KeptSnapshots(Array.from({ length: 256 + 14 }, (_, step) => `${step}`));
  expect(kept.add("270", bytes)).toEqual([]);
  expect(kept.add("271", bytes)).toEqual(Array.from({ length: 16 }, (_, step) => `${step}`));
  expect(kept.add("272", bytes)).toEqual([]);
});
