import type { DemoOptions, DemoProgress, DemoResult } from "../../src/cli/demo.ts";
import { runParts } from "../application/parts.ts";
import { creditPart } from "./credit-study.ts";
import { portfolioPart } from "./portfolio-study.ts";

/** Portfolio choice by QAOA and credit risk. `options.data` is a file of prices, see `readPrices`; a made-up sample by default. */
export function run(options: DemoOptions, progress: DemoProgress): Promise<DemoResult> {
  return runParts({ name: "finance", title: "Finance" }, [portfolioPart, creditPart], options, progress);
}
