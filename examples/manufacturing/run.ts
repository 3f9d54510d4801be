import type { DemoOptions, DemoProgress, DemoResult } from "../../src/cli/demo.ts";
import { runParts } from "../application/parts.ts";
import { schedulePart } from "./schedule-study.ts";

/** Job-shop scheduling by QAOA. */
export function run(options: DemoOptions, progress: DemoProgress): Promise<DemoResult> {
  return runParts({ name: "manufacturing", title: "Manufacturing" }, [schedulePart], options, progress);
}
