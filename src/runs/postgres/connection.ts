import { readFileSync } from "node:fs";
import type { ClientConfig } from "pg";
import { describeValue } from "../../../circuits/index.ts";
import { RunError } from "../../errors.ts";

type Pg = typeof import("pg");

/** Where a PostgreSQL server is and how to speak to it. Holds the password: never to be printed. */
export interface PostgresConnection {
  readonly config: ClientConfig;
  /** The URL with host, port, database and user only. */
  readonly location: string;
}

const PARAMETERS = ["sslmode", "sslrootcert", "sslcert", "sslkey", "connect_timeout", "host"];
const CONNECT_SECONDS = 10;
const NO_HOST = "host.invalid";

/**
 * The package that speaks to PostgreSQL, which is an optional peer.
 * @throws RunError LEDGER_PACKAGE with the line that installs it
 */
export async function loadPg(load: () => Promise<Pg> = () => import("pg")): Promise<Pg> {
  try {
    return await load();
  } catch (error) {
    throw missingPackage(error, "pg", "a ledger on PostgreSQL needs it: npm install pg");
  }
}

/** What a failed import of an optional peer is for the user; anything else as it is. */
export function missingPackage(error: unknown, name: string, what: string): unknown {
  if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") return error;
  return new RunError("LEDGER_PACKAGE", `Package ${name} is not installed; ${what}`, { cause: error });
}

/**
 * Reads `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=...`. What is left out is taken from libpq's environment
 * variables (PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE). TLS: none without `sslmode` or with "disable"; "require",
 * "verify-ca" and "verify-full" all check the certificate and the host's name, against `sslrootcert` where given;
 * "no-verify" encrypts for whoever answers. `connect_timeout` is in seconds.
 * @throws RunError LEDGER_OPEN, without the URL; LEDGER_PACKAGE
 */
export async function postgresConnection(url: string): Promise<PostgresConnection> {
  const config = configOf(url);
  const { Client } = (await loadPg()).default;
  // The client knows the environment's defaults.
  const { host, port, user, database } = new Client(config);
  const shown = host.startsWith("/") ? encodeURIComponent(host) : host.includes(":") ? `[${host}]` : host;
  const location = `postgres://${encodeURIComponent(user ?? "")}@${shown}:${port}/${encodeURIComponent(database ?? "")}`;
  return { config, location };
}

function configOf(text: string): ClientConfig {
  const [, rest] = /^postgres(?:ql)?:\/\/(.*)$/is.exec(text) ?? [];
  // The URL is not in any of these words: it may hold a password wherever it is malformed.
  if (rest === undefined) throw refused("it does not begin with postgres://");
  const authority = /^[^/?#]*/.exec(rest)![0];
  if (rest.slice(authority.length).includes("@") || rest.includes("#"))
    throw refused('write the characters "/", "?", "#" and "@" of a user or password as %2F, %3F, %23 and %40');
  let url: URL;
  let parts: string[];
  try {
    // A URL with a user has a host; one that is left out, such as before a socket's folder, gets a name that is taken back.
    const host = authority.endsWith("@") ? NO_HOST : "";
    url = new URL(`postgres://${authority}${host}${rest.slice(authority.length)}`);
    parts = [url.username, url.password, url.hostname, url.pathname.slice(1)].map(decodeURIComponent);
  } catch {
    throw refused('its form is postgres://USER:PASSWORD@HOST:PORT/DATABASE, with "%" in it written as %25');
  }
  const unknown = [...url.searchParams.keys()].find((name) => !PARAMETERS.includes(name));
  if (unknown !== undefined)
    throw refused(`its parameter ${describeValue(unknown)} is not known; known are ${PARAMETERS.join(", ")}`);
  const [user, password, hostname, database] = parts as [string, string, string, string];
  const host = url.searchParams.get("host") ?? (hostname === NO_HOST ? "" : hostname.replace(/^\[(.+)\]$/, "$1"));
  const ssl = sslOf(url.searchParams);
  return {
    ...(user === "" ? {} : { user }),
    ...(password === "" ? {} : { password }),
    ...(host === "" ? {} : { host }),
    ...(url.port === "" ? {} : { port: Number(url.port) }),
    ...(database === "" ? {} : { database }),
    ...(ssl === undefined ? {} : { ssl }),
    connectionTimeoutMillis: connectSeconds(url.searchParams) * 1000,
    application_name: "lepton",
    keepAlive: true,
  };
}

function sslOf(parameters: URLSearchParams): Exclude<ClientConfig["ssl"], undefined> | undefined {
  const mode = parameters.get("sslmode");
  const file = (name: string): string | undefined => {
    const path = parameters.get(name);
    if (path === null || (name === "sslrootcert" && path === "system")) return undefined;
    try {
      return readFileSync(path, "utf8");
    } catch (error) {
      throw refused(`the file of its parameter ${name} cannot be read (${(error as NodeJS.ErrnoException).code})`);
    }
  };
  if (mode === null) {
    if (["sslrootcert", "sslcert", "sslkey"].some((name) => parameters.has(name)))
      throw refused("it names certificates but no sslmode; add sslmode=verify-full");
    return undefined;
  }
  if (mode === "disable") return false;
  if (!["require", "verify-ca", "verify-full", "no-verify"].includes(mode))
    throw refused(
      `its sslmode is ${describeValue(mode)}; it is one of disable, require, verify-ca, verify-full and no-verify` +
        (mode === "allow" || mode === "prefer" ? ": whether a connection is encrypted is not left to the server" : ""),
    );
  const [ca, cert, key] = ["sslrootcert", "sslcert", "sslkey"].map(file);
  return {
    rejectUnauthorized: mode !== "no-verify",
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

function connectSeconds(parameters: URLSearchParams): number {
  const text = parameters.get("connect_timeout");
  if (text === null) return CONNECT_SECONDS;
  const seconds = Number(text);
  if (!(Number.isInteger(seconds) && seconds >= 1 && seconds <= 600))
    throw refused(`its connect_timeout is ${describeValue(text)}; it is a number of seconds from 1 to 600`);
  return seconds;
}

function refused(why: string): RunError {
  return new RunError("LEDGER_OPEN", `The URL of the PostgreSQL ledger cannot be used: ${why}.`);
}
