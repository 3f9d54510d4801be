import type { DemoOptions, DemoProgress, DemoResult } from "../../src/cli/demo.ts";
import { runParts } from "../application/parts.ts";
import { anomalyPart } from "./anomaly-study.ts";
import { failurePart } from "./failure-study.ts";
import { schedulePart } from "./schedule-study.ts";

/** Job-shop scheduling by QAOA, failure prediction, and anomalies by a quantum autoencoder. */
export function run(options: DemoOptions, progress: DemoProgress): Promise<DemoResult> {
  return runParts(
    { name: "manufacturing", title: "Manufacturing" },
    [schedulePart, failurePart, anomalyPart],
    options,
    progress,
  );
}
