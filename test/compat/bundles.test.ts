import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readBundle, replayRun } from "../../src/index.ts";
import { goldenRun } from "./golden-run.ts";

test("a bundle of format 1 is read and replays to its weights, in this version and in all later ones", async () => {
  const bytes = readFileSync(new URL("./run-v1.lepton.tar.gz", import.meta.url));
  expect(bytes.length).toBeLessThan(20_000);
  expect(readBundle(bytes)).toMatchObject({ run: { id: "golden", status: "finished", step: 4 } });
  expect(await replayRun(bytes, { run: goldenRun })).toEqual({
    run: "golden",
    kind: "minimize",
    status: "finished",
    steps: 4,
    jobs: 5,
    weights: "ceb1723c5c3d92539c97a05c2ef1e548b10246199d69f495897fd5d4e5f761d2",
  });
});
