import { defineConfig } from "vitest/config";
import { watchConsole } from "./test/support/canary-watch.ts";

// Tests that start processes, databases and services, or need much memory or time, have names of their own: `npm run test:integration`.
const integration = process.env.LEPTON_TESTS === "integration";
const INTEGRATION = "test/**/*.integration.test.ts";

// With LEPTON_TEST_REPORT=FILE the results are also written there as JSON, for scripts that count them.
const report = process.env.LEPTON_TEST_REPORT;

export default defineConfig({
  test: {
    include: [integration ? INTEGRATION : "test/**/*.test.ts"],
    exclude: integration ? [] : [INTEGRATION],
    globalSetup: ["test/support/canary-watch.ts"],
    onConsoleLog: watchConsole,
    testTimeout: 30_000,
    // Vitest would leave one core to itself: of two, half. Integration tests start processes of their own.
    ...(integration ? {} : { maxWorkers: "100%" }),
    hookTimeout: 60_000,
    reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]],
  },
});
