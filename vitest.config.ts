import { defineConfig } from "vitest/config";
import { watchConsole } from "./test/support/canary-watch.ts";

// With LEPTON_TEST_REPORT=FILE the results are also written there as JSON, for scripts that count them.
const report = process.env.LEPTON_TEST_REPORT;

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/canary-watch.ts"],
    onConsoleLog: watchConsole,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]],
  },
});
