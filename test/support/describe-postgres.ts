import { afterAll, beforeAll, describe, test } from "vitest";
import { PostgresServer, type PostgresServerOptions, postgresFolder, type TestDatabase } from "./postgres.ts";

export interface PostgresTests {
  /** The server of all tests of the file, from the first test on. */
  server(): PostgresServer;
  /** A database of the test's own. */
  database(clauses?: string): Promise<TestDatabase>;
}

/** Tests that need a PostgreSQL server; where none is installed, one test is skipped that says so. */
export function describeOnPostgres(
  name: string,
  define: (postgres: PostgresTests) => void,
  options: PostgresServerOptions = {},
): void {
  describe(name, () => {
    if (postgresFolder() === undefined) {
      test.skip("PostgreSQL is not installed", () => {});
      return;
    }
    let server: PostgresServer | undefined;
    beforeAll(async () => {
      server = await PostgresServer.start(options);
    });
    afterAll(async () => {
      await server?.[Symbol.asyncDispose]();
    });
    define({ server: () => server!, database: (clauses) => server!.database(clauses) });
  });
}
