/** A thread that simulates the runs whose seeds it is sent. */
import { parentPort } from "node:worker_threads";
import { useTensorBackend } from "../../support/tensorflow.ts";
import { takeOverEnvironment } from "./environment.ts";
import { type RunReport, simulate } from "./simulate.ts";
import { watchCrashPoints } from "./simulated-process.ts";

await useTensorBackend("cpu");
takeOverEnvironment();
watchCrashPoints();

parentPort!.on("message", async ({ seeds, trace }: { readonly seeds: readonly number[]; readonly trace: boolean }) => {
  const reports: RunReport[] = [];
  for (const seed of seeds) reports.push(await simulate(seed, { keepTrace: trace }));
  parentPort!.postMessage(reports);
});
