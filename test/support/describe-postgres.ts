import { afterAll, beforeAll, describe, test } from "vitest";
import { PostgresServer, type PostgresServerOptions, postgresFolder, type TestDatabase } from "./postgres.ts";

export interface PostgresTests {
  /** The server of all tests of the file, from the first test on. */
  server(): PostgresServer;
  /** A database of the test's own. */
  database(clauses?: string): Promise<TestDatabase>;
}

let told = false;

/** Tests that need a PostgreSQL server; where none is installed, one test of the file is skipped that says so. */
export function describeOnPostgres(
  name: string,
  define: (postgres: PostgresTests) => void,
  options: PostgresServerOptions = {},
): void {
  if (postgresFolder() === undefined) {
    if (!told) test.skip("on PostgreSQL, which is not installed", () => {});
    told = true;
    return;
  }
  describe(name, () => {
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
