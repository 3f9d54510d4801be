import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { ProviderError } from "../errors.ts";

/** What is read of one account in the file that Qiskit saves. */
export interface SavedAccount {
  readonly token?: string;
  readonly instance?: string;
  readonly url?: string;
  readonly privateEndpoint?: boolean;
}

/** The channels of IBM Cloud; others are of services that have ended. */
const CHANNELS = ["ibm_quantum_platform", "ibm_cloud"];
const DEFAULT_NAMES = ["default-ibm-quantum-platform", "default-ibm-cloud"];

/** Where Qiskit saves its accounts. */
export function qiskitAccountFile(): string {
  return join(homedir(), ".qiskit", "qiskit-ibm.json");
}

/**
 * The account of that name in Qiskit's file; without a name its default account, or the only one. The file is read, never
 * written. Undefined where there is no file or no account of IBM Cloud in it.
 * @throws ProviderError IBM_ACCOUNT_FILE_MODE when others than its owner may read it; IBM_ACCOUNT_FILE when it cannot be
 * read, is not of Qiskit's form, or holds no account of that name
 */
export function readSavedAccount(file: string, name?: string): SavedAccount | undefined {
  const text = readPrivate(file);
  const accounts = text === undefined ? {} : parseAccounts(text, file);
  const usable = Object.entries(accounts).filter(([, { channel }]) => CHANNELS.includes(channel as string));
  const chosen =
    name !== undefined
      ? usable.find(([key]) => key === name)
      : (usable.find(([, account]) => account.is_default_account === true) ??
        usable.find(([key]) => DEFAULT_NAMES.includes(key)) ??
        (usable.length === 1 ? usable[0] : undefined));
  if (chosen === undefined) {
    if (name === undefined && usable.length === 0) return undefined;
    const names = usable.map(([key]) => key).join(", ") || "none";
    const wanted = name === undefined ? "has several accounts and no default one" : `has no account "${name}"`;
    throw new ProviderError(
      "IBM_ACCOUNT_FILE",
      `${file} ${wanted}; those it has: ${names}. Give the option accountName.`,
    );
  }
  const [key, account] = chosen;
  const text_ = (field: string): string | undefined => {
    const value = account[field];
    if (value === undefined || value === null) return undefined;
    if (typeof value === "string") return value;
    throw new ProviderError("IBM_ACCOUNT_FILE", `${file}: ${field} of account "${key}" is no text.`);
  };
  const [token, instance, url] = [text_("token"), text_("instance"), text_("url")];
  return {
    ...(token === undefined ? {} : { token }),
    ...(instance === undefined ? {} : { instance }),
    ...(url === undefined ? {} : { url }),
    ...(account.private_endpoint === true ? { privateEndpoint: true } : {}),
  };
}

/** Mode and text of one open file, so that it cannot be another one in between. Undefined where there is none. */
function readPrivate(file: string): string | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new ProviderError("IBM_ACCOUNT_FILE", `${file} cannot be read (${code}); check its permissions.`);
  }
  try {
    // Windows has no such modes.
    if (process.platform !== "win32" && (fstatSync(descriptor).mode & 0o077) !== 0)
      throw new ProviderError(
        "IBM_ACCOUNT_FILE_MODE",
        `${file} holds an API key and may be read by others than its owner; close it with: chmod 600 ${file}`,
      );
    return readFileSync(descriptor, "utf8");
  } finally {
    closeSync(descriptor);
  }
}

function parseAccounts(text: string, file: string): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which holds the key.
    value = undefined;
  }
  if (!isObject(value) || !Object.values(value).every(isObject))
    throw new ProviderError("IBM_ACCOUNT_FILE", `${file} is not the JSON of accounts by name that Qiskit saves.`);
  return value as Record<string, Record<string, unknown>>;
}
