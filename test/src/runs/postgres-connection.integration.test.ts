import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { RunError } from "../../../src/errors.ts";
import { loadPg, postgresConnection } from "../../../src/runs/postgres/connection.ts";
import { postgresStore } from "../../../src/runs/postgres/postgres-store.ts";
import { loadPgBoss } from "../../../src/worker/wake-postgres.ts";
import { canariesIn } from "../../support/canary-watch.ts";
import { describeOnPostgres } from "../../support/describe-postgres.ts";
import { IbmService } from "../../support/ibm-service.ts";
import { CERTIFICATE_AUTHORITY } from "../../support/postgres.ts";

const SECRET = "canary-database-pw-x9";

async function failure(work: Promise<unknown>): Promise<RunError> {
  const error = await work.then(
    () => expect.fail("It did not fail."),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(RunError);
  const { stack, message, cause } = error as RunError;
  const shown = [
    String(error),
    message,
    stack,
    inspect(error, { depth: 20, showHidden: true }),
    inspect(cause),
    JSON.stringify(error),
  ];
  expect(canariesIn(shown.join("\n"))).toEqual([]);
  return error as RunError;
}

describe("URLs of PostgreSQL", () => {
  test("the location has host, port, database and user only", async () => {
    const url = `postgresql://us%20er:${SECRET}@db.example:6543/runs?sslmode=no-verify&connect_timeout=3`;
    const { location, config } = await postgresConnection(url);
    expect(location).toBe("postgres://us%20er@db.example:6543/runs");
    expect(config).toMatchObject({ user: "us er", password: SECRET, host: "db.example", port: 6543, database: "runs" });
    expect(config.ssl).toEqual({ rejectUnauthorized: false });
    expect(config.connectionTimeoutMillis).toBe(3000);
    expect((await postgresConnection("postgres://u@[::1]/d")).location).toBe("postgres://u@[::1]:5432/d");
    expect((await postgresConnection("postgres://u@/d?host=/run/pg")).location).toBe("postgres://u@%2Frun%2Fpg:5432/d");
    expect((await postgresConnection("POSTGRES://u@h/d?sslmode=disable")).config.ssl).toBe(false);
    expect((await postgresConnection("postgres://u@h/d")).config.ssl).toBeUndefined();
    for (const mode of ["require", "verify-ca", "verify-full"])
      expect((await postgresConnection(`postgres://u@h/d?sslmode=${mode}`)).config.ssl).toEqual({
        rejectUnauthorized: true,
      });
  });

  test.each([
    ["mysql://u:PW@h/d", "begin with postgres://"],
    ["postgres://u:PW/x@h/d", "%2F"],
    ["postgres://u:PW?x@h/d", "%3F"],
    ["postgres://u:12#PW@h/d", "%23"],
    ["postgres://u:1/PW@h/d", "%2F"],
    ["postgres://u:PW%zz@h/d", "%25"],
    ["postgres://u:PW@h:port/d", "USER:PASSWORD@HOST"],
    ["postgres://u:PW@h/d?sslmode=prefer", "not left to the server"],
    ["postgres://u:PW@h/d?sslmode=on", "verify-full"],
    ["postgres://u:PW@h/d?sslcert=x", "sslmode"],
    ["postgres://u:PW@h/d?sslmode=verify-full&sslrootcert=/nowhere", "sslrootcert cannot be read (ENOENT)"],
    ["postgres://u:PW@h/d?connect_timeout=0", "1 to 600"],
    ["postgres://u:PW@h/d?sslMode=require", "sslmode"],
  ])("%s is refused", async (url, words) => {
    const error = await failure(postgresConnection(url.replace("PW", SECRET)));
    expect(error.code).toBe("LEDGER_OPEN");
    expect(error.message).toContain(words);
  });

  test("a missing package is named with the line that installs it", async () => {
    const missing = () =>
      Promise.reject(Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" }));
    await expect(loadPg(missing)).rejects.toMatchObject({
      code: "LEDGER_PACKAGE",
      message: expect.stringMatching(/npm install pg$/),
    });
    await expect(loadPgBoss(missing)).rejects.toMatchObject({
      code: "LEDGER_PACKAGE",
      message: expect.stringMatching(/npm install pg pg-boss$/),
    });
  });

  test("where nothing listens, where something else answers, and where nothing does", async () => {
    await using http = await IbmService.start();
    const { port } = new URL(http.url);
    const silent = await failure(postgresStore(`postgres://u:${SECRET}@127.0.0.1:${port}/d?connect_timeout=1`));
    expect(silent).toMatchObject({ code: "LEDGER_OPEN", message: expect.stringContaining(`127.0.0.1:${port}/d`) });
    const nobody = await failure(postgresStore(`postgres://u:${SECRET}@127.0.0.1:1/d`));
    expect(nobody).toMatchObject({ code: "LEDGER_OPEN", message: expect.stringContaining("Nothing listens there") });
    const unknown = await failure(postgresStore(`postgres://u:${SECRET}@no-such-host.invalid/d`));
    expect(unknown).toMatchObject({ code: "LEDGER_OPEN", message: expect.stringContaining("no-such-host.invalid") });
  });
});

describeOnPostgres(
  "opening a ledger on PostgreSQL",
  (postgres) => {
    test("a wrong password, user or database is an error of its own", async () => {
      const { url, name, password } = await postgres.database();
      const wrong = await failure(postgresStore(url.replace(password, SECRET)));
      expect(wrong).toMatchObject({ code: "LEDGER_OPEN", message: expect.stringContaining("28P01") });
      expect(wrong.message).toContain(`postgres://${name}@127.0.0.1:${postgres.server().port}/${name}`);
      expect(await failure(postgresStore(`${url}x`))).toMatchObject({
        code: "LEDGER_OPEN",
        message: expect.stringContaining("Create the database"),
      });
      expect(await failure(postgresStore(url.replace(name, "nobody")))).toMatchObject({ code: "LEDGER_OPEN" });
    });

    test("a role that may not create the schema, and a database that holds not every text", async () => {
      const bare = await postgres.database();
      await bare.sql(
        `REVOKE CREATE ON DATABASE ${bare.name} FROM PUBLIC; ALTER DATABASE ${bare.name} OWNER TO postgres`,
      );
      expect(await failure(postgresStore(bare.url))).toMatchObject({
        code: "LEDGER_READ_ONLY",
        message: expect.stringMatching(/42501.*make the schema lepton/),
      });
      const latin = await postgres.database("ENCODING LATIN1 TEMPLATE template0");
      expect(await failure(postgresStore(latin.url))).toMatchObject({
        code: "LEDGER_OPEN",
        message: expect.stringContaining("LATIN1"),
      });
    });

    test("a role that may only use the schema drives runs; one that may only read is told so", async () => {
      const { url, name, sql } = await postgres.database();
      await using owner = await postgresStore(url);
      await owner.create({ id: "a", events: [] });
      await sql(`ALTER DATABASE ${name} OWNER TO postgres; ALTER ROLE ${name} SET default_transaction_read_only = on`);
      await using store = await postgresStore(url);
      // Each transaction says that it writes, whatever the role's default.
      await store.create({ id: "b", events: [] });
      await sql(`ALTER SCHEMA lepton OWNER TO postgres; REVOKE ALL ON ALL TABLES IN SCHEMA lepton FROM ${name}`);
      await sql(
        `ALTER TABLE lepton.runs OWNER TO postgres; GRANT USAGE ON SCHEMA lepton TO ${name}; GRANT SELECT ON lepton.runs TO ${name}`,
      );
      expect(await store.runs()).toHaveLength(2);
      expect(await failure(store.create({ id: "c", events: [] }))).toMatchObject({ code: "LEDGER_READ_ONLY" });
    });

    test("TLS as the URL says", async () => {
      const { url, sql, name } = await postgres.database();
      const local = url.replace("127.0.0.1", "localhost");
      const authority = `sslrootcert=${encodeURIComponent(CERTIFICATE_AUTHORITY)}`;
      for (const [from, encrypted] of [
        [`${local}?sslmode=verify-full&${authority}`, true],
        [`${url}?sslmode=no-verify`, true],
        [`${url}?sslmode=disable`, false],
        [url, false],
      ] as const) {
        await using store = await postgresStore(from);
        await store.now();
        const rows = await sql(
          `SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
           WHERE application_name = 'lepton' AND datname = $1`,
          [name],
        );
        expect(rows).toEqual([{ ssl: encrypted }]);
        await store.close();
        await expect
          .poll(() => sql("SELECT FROM pg_stat_activity WHERE application_name = 'lepton' AND datname = $1", [name]))
          .toEqual([]);
      }
      const unknownAuthority = await failure(postgresStore(`${local}?sslmode=verify-full`));
      expect(unknownAuthority).toMatchObject({
        code: "LEDGER_OPEN",
        message: expect.stringContaining("sslrootcert=FILE"),
      });
      const otherName = await failure(postgresStore(`${url}?sslmode=verify-ca&${authority}`));
      expect(otherName).toMatchObject({ code: "LEDGER_OPEN", message: expect.stringContaining("127.0.0.1") });
    });

    test("a closed store refuses, and leaves no connection open", async () => {
      const { url, sql, name } = await postgres.database();
      const store = await postgresStore(url);
      await Promise.all(Array.from({ length: 20 }, () => store.runs()));
      const connections = () =>
        sql("SELECT FROM pg_stat_activity WHERE application_name = 'lepton' AND datname = $1", [name]);
      expect((await connections()).length).toBeLessThanOrEqual(4);
      await store.close();
      await store.close();
      await expect.poll(connections).toEqual([]);
      expect(await failure(store.runs())).toMatchObject({ code: "LEDGER_CLOSED" });
    });
  },
  { tls: true },
);
