import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  accessSync,
  chownSync,
  constants,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { outerFolder } from "./canary-watch.ts";

/** A part of the password of every test's role; the watch over all tests looks for it. */
const PASSWORD = "canary-database-pw-h7Qm";
const START_SECONDS = 30;
const FOLDER = join(outerFolder(), "lepton-postgres-");
const TLS_FILES = new URL("../fixtures/tls/", import.meta.url);

export interface PostgresServerOptions {
  readonly tls?: boolean;
}

/** The file with the certificate of whoever signed a TLS server's. */
export const CERTIFICATE_AUTHORITY = fileURLToPath(new URL("ca.crt", TLS_FILES));

/** The folder with `initdb` and `postgres`: of the path, or where Debian keeps them; undefined where there is none. */
export function postgresFolder(): string | undefined {
  const folders = [
    ...(process.env.PATH ?? "").split(delimiter),
    ...globSync("/usr/lib/postgresql/*/bin").sort().reverse(),
    "/usr/local/pgsql/bin",
  ];
  return folders.find((folder) => folder !== "" && ["initdb", "postgres"].every((name) => isProgram(folder, name)));
}

function isProgram(folder: string, name: string): boolean {
  try {
    accessSync(join(folder, name), constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * A PostgreSQL server of the tests' own: its data in a folder that is removed at the end, its port on the loopback one that was
 * free, its `fsync` on as by default. It ends with the process that started it.
 */
export class PostgresServer implements AsyncDisposable {
  readonly port: number;
  readonly #folder: string;
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #admin: pg.Pool;
  #databases = 0;

  private constructor(folder: string, port: number, process: ChildProcess) {
    this.#folder = folder;
    this.port = port;
    this.#process = process;
    this.#ended = new Promise((resolve) => process.once("exit", resolve));
    this.#admin = new pg.Pool({ host: folder, port, user: "postgres", database: "postgres", max: 2 });
    // The server's end ends these too.
    this.#admin.on("error", () => {});
  }

  /** @param tls also speak TLS, as "localhost", by the authority of `CERTIFICATE_AUTHORITY` */
  static async start({ tls = false }: PostgresServerOptions = {}): Promise<PostgresServer> {
    const programs = postgresFolder();
    if (programs === undefined) throw new Error("PostgreSQL is not installed.");
    removeLeftovers();
    const folder = mkdtempSync(FOLDER);
    const user = unprivileged();
    if (user !== undefined) chownSync(folder, user.uid, user.gid);
    const data = join(folder, "data");
    const initialise = asUser(user, [
      join(programs, "initdb"),
      ...["-D", data, "-U", "postgres", "--encoding=UTF8", "--locale=C", "--auth=trust", "--no-sync"],
    ]);
    execFileSync(initialise[0]!, initialise.slice(1), {
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
      env: environment(),
    });
    writeFileSync(join(data, "pg_hba.conf"), "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n");
    for (const name of tls ? ["server.crt", "server.key"] : []) {
      const file = join(data, name);
      writeFileSync(file, readFileSync(new URL(name, TLS_FILES)), { mode: 0o600 });
      if (user !== undefined) chownSync(file, user.uid, user.gid);
    }
    const port = await freePort();
    const all = {
      port: String(port),
      listen_addresses: "127.0.0.1",
      unix_socket_directories: folder,
      shared_buffers: "32MB",
      max_connections: "200",
      password_encryption: "scram-sha-256",
      ...(tls ? { ssl: "on" } : {}),
    };
    const command = asUser(user, [
      join(programs, "postgres"),
      ...["-D", data],
      ...Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    ]);
    const child = spawn(command[0]!, command.slice(1), {
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
      env: environment(),
    });
    let log = "";
    child.stderr!.on("data", (chunk: Buffer) => {
      log = (log + chunk.toString("utf8")).slice(-1e6);
    });
    const server = new PostgresServer(folder, port, child);
    server.log = () => log;
    process.once("exit", () => child.kill("SIGQUIT"));
    await server.#ready();
    return server;
  }

  /** What the server has written to its log so far. */
  log: () => string = () => "";

  /** A new database, and a role that owns it and may do nothing else; the URL has its password. `clauses` of CREATE DATABASE. */
  async database(clauses = ""): Promise<TestDatabase> {
    const name = `test_${++this.#databases}`;
    await this.sql(`CREATE ROLE ${name} LOGIN PASSWORD '${PASSWORD}'`);
    await this.sql(`CREATE DATABASE ${name} OWNER ${name} ${clauses}`);
    return {
      name,
      password: PASSWORD,
      url: `postgres://${name}:${PASSWORD}@127.0.0.1:${this.port}/${name}`,
      sql: (text, values) => this.sql(text, values, name),
    };
  }

  /** Runs a statement as the superuser. */
  async sql(text: string, values: readonly unknown[] = [], database?: string): Promise<Record<string, unknown>[]> {
    if (database === undefined) return (await this.#admin.query(text, [...values])).rows;
    const client = new pg.Client({ host: this.#folder, port: this.port, user: "postgres", database });
    await client.connect();
    try {
      return (await client.query(text, [...values])).rows;
    } finally {
      await client.end();
    }
  }

  /** Ends the server process at once, as a crash does, or after a checkpoint; the data stay. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#admin.end();
    this.#process.kill("SIGQUIT");
    await this.#ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #ready(): Promise<void> {
    for (let waited = 0; waited < START_SECONDS * 1000; waited += 50) {
      if (this.#process.exitCode !== null) throw new Error(`PostgreSQL does not start: ${this.log()}`);
      try {
        await this.sql("SELECT 1");
        return;
      } catch {
        await delay(50);
      }
    }
    throw new Error(`PostgreSQL is not ready after ${START_SECONDS} s: ${this.log()}`);
  }
}

export interface TestDatabase {
  readonly name: string;
  readonly password: string;
  readonly url: string;
  /** As the superuser, in this database. */
  sql(text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
}

interface User {
  readonly uid: number;
  readonly gid: number;
}

/** PostgreSQL refuses to run as root: another user of the machine. */
function unprivileged(): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync("/etc/passwd", "utf8").split("\n");
  for (const name of ["postgres", "nobody"]) {
    const fields = users.find((line) => line.startsWith(`${name}:`))?.split(":");
    if (fields !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new Error("PostgreSQL does not run as root, and there is no user postgres or nobody.");
}

/** The command as that user, and so that it ends with this process where the machine can do that. */
function asUser(user: User | undefined, command: readonly string[]): readonly string[] {
  const setpriv = (process.env.PATH ?? "").split(delimiter).some((folder) => isProgram(folder, "setpriv"));
  if (!setpriv) {
    if (user === undefined) return command;
    throw new Error(
      "PostgreSQL does not run as root, and there is no setpriv (util-linux) to start it as another user.",
    );
  }
  const become = user === undefined ? [] : [`--reuid=${user.uid}`, `--regid=${user.gid}`, "--clear-groups"];
  // Some sandboxes let only root write to /dev/null, without which initdb does not work.
  const anybodyWrites = (statSync("/dev/null").mode & 0o002) !== 0;
  const override =
    user === undefined || anybodyWrites ? [] : ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"];
  return ["setpriv", ...become, ...override, "--pdeathsig=INT", "--", ...command];
}

/** What tests that were killed have left: folders of servers that are no more. */
function removeLeftovers(): void {
  for (const folder of globSync(`${FOLDER}*`))
    try {
      const [pid] = readFileSync(join(folder, "data/postmaster.pid"), "utf8").split("\n");
      process.kill(Number(pid), 0);
    } catch (error) {
      // A folder without the file is that of a server which starts just now, or has ended in order.
      const gone = (error as NodeJS.ErrnoException).code === "ESRCH";
      if (gone) rmSync(folder, { recursive: true, force: true });
    }
}

/** Without what the tests' own settings for PostgreSQL, if any, would change. */
function environment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(([name]) => !/^(PG|LC_|LANG)/.test(name));
  return { ...Object.fromEntries(entries), LC_ALL: "C" };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
