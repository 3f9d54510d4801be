import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { createIbmClient } from "../../../providers/ibm/client.ts";
import { type CredentialOptions, findCredentials } from "../../../providers/ibm/credentials.ts";
import { ibmUrls } from "../../../providers/ibm/urls.ts";
import { CANARY } from "../../support/ibm-service.ts";

const folder = mkdtempSync(join(tmpdir(), "lepton-credentials-"));
afterAll(() => rmSync(folder, { recursive: true }));

const { key, crn } = CANARY;
const account = (more: object = {}): object => ({
  channel: "ibm_quantum_platform",
  url: "https://cloud.ibm.com",
  token: "saved-key-123456",
  instance: "crn:v1:bluemix:public:quantum-computing:eu-de:a/saved00account:saved-instance::",
  verify: true,
  ...more,
});
const saveAccounts = (name: string, content: unknown, mode = 0o600): string => {
  const file = join(folder, name);
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  chmodSync(file, mode);
  return file;
};
const find = (options: CredentialOptions, environment: Readonly<Record<string, string>> = {}) =>
  findCredentials({ accountFile: false, ...options }, environment);
const fault = (run: () => unknown): { readonly code: string; readonly message: string } => {
  try {
    run();
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error("nothing was thrown");
};

describe("where credentials are found", () => {
  const crnOf = (region: string) => `crn:v1:bluemix:public:quantum-computing:${region}:a/abc:${region}-1::`;
  const places = {
    LEPTON_IBM_TOKEN: "lepton-key",
    LEPTON_IBM_INSTANCE: crnOf("us-east"),
    QISKIT_IBM_TOKEN: "qiskit-key",
    QISKIT_IBM_INSTANCE: crnOf("eu-de"),
  };

  test("options come before LEPTON_IBM_*, those before Qiskit's variables, those before its file", () => {
    const accountFile = saveAccounts("order.json", { "default-ibm-quantum-platform": account() });
    const found = (options: CredentialOptions, environment: Readonly<Record<string, string>>) => {
      const credentials = findCredentials({ accountFile, ...options }, environment);
      return [credentials.revealApiKey(), credentials.region];
    };
    expect(found({ token: "option-key", instance: crnOf("us-south") }, places)).toEqual(["option-key", "us-south"]);
    expect(found({}, places)).toEqual(["lepton-key", "us-east"]);
    expect(found({}, { ...places, LEPTON_IBM_TOKEN: "", LEPTON_IBM_INSTANCE: "" })).toEqual(["qiskit-key", "eu-de"]);
    expect(found({}, {})).toEqual(["saved-key-123456", "eu-de"]);
    expect(found({}, { QISKIT_IBM_INSTANCE: crnOf("us-east") })).toEqual(["saved-key-123456", "us-east"]);
  });

  test("the file's instance does not go with a key from elsewhere", () => {
    const accountFile = saveAccounts("pair.json", { a: account() });
    expect(fault(() => findCredentials({ accountFile }, { LEPTON_IBM_TOKEN: "lepton-key" })).code).toBe(
      "IBM_INSTANCE_MISSING",
    );
  });

  test("the file's default account is taken, or the one that is named", () => {
    const accountFile = saveAccounts("accounts.json", {
      first: account({ token: "first-key" }),
      second: account({ token: "second-key", is_default_account: true }),
      old: { channel: "ibm_quantum", token: "old-key" },
    });
    expect(findCredentials({ accountFile }, {}).revealApiKey()).toBe("second-key");
    expect(findCredentials({ accountFile, accountName: "first" }, {}).revealApiKey()).toBe("first-key");
    const { code, message } = fault(() => findCredentials({ accountFile, accountName: "third" }, {}));
    expect(code).toBe("IBM_ACCOUNT_FILE");
    expect(message).toContain("first, second");
  });

  test.each([0o644, 0o640, 0o604, 0o660, 0o601])("a file with mode %o is refused, unread", (mode) => {
    const accountFile = saveAccounts("open.json", "not even JSON", mode);
    const { code, message } = fault(() => findCredentials({ accountFile }, {}));
    expect(code).toBe("IBM_ACCOUNT_FILE_MODE");
    expect(message).toContain("chmod 600");
  });

  test.each([
    ["text", `{"a": {"token": "${key}"`],
    ["a list", [key]],
    ["no accounts", { a: key }],
    ["a key that is no text", { a: account({ token: 5 }) }],
    ["several without a default", { a: account(), b: account() }],
  ])("a file that is %s is refused without quoting it", (_, content) => {
    const accountFile = saveAccounts("bad.json", content);
    const error = fault(() => findCredentials({ accountFile }, {}));
    expect(error.code).toBe("IBM_ACCOUNT_FILE");
    expect(inspect(error, { depth: null })).not.toContain(key);
  });

  test("no key anywhere: the message says which variable and where to get one", () => {
    const { code, message } = fault(() => findCredentials({ accountFile: join(folder, "none.json") }, {}));
    expect(code).toBe("IBM_TOKEN_MISSING");
    expect(message).toContain("LEPTON_IBM_TOKEN");
    expect(message).toContain("https://quantum.cloud.ibm.com");
    expect(message).toMatch(/without an account, start `lepton emulator`\.$/);
  });
});

describe("malformed credentials", () => {
  test.each([
    ["a line break", `${key}\n`],
    ["a space", `${key} x`],
    ["another script", "ключключ"],
    ["a CRN", crn],
    ["too short", "abc"],
  ])("an API key with %s is refused and not shown", (_, token) => {
    const error = fault(() => find({ instance: crn }, { LEPTON_IBM_TOKEN: token }));
    expect(error.code).toBe("IBM_TOKEN");
    expect(error.message).toContain("LEPTON_IBM_TOKEN");
    expect(inspect(error, { depth: null })).not.toContain(token.trim());
  });

  test.each([
    ["IBM_INSTANCE_NAME", "my-instance", "by its CRN"],
    ["IBM_CRN", crn.slice(0, -2), "8 fields"],
    ["IBM_CRN", crn.replace("quantum-computing", "cloud-object-storage"), "another service"],
    ["IBM_CRN", crn.replace("us-east", ""), "region"],
    ["IBM_CRN", crn.replace("a/", ""), "a/ACCOUNT"],
    ["IBM_CRN", `${crn} `, "white space"],
    ["IBM_CRN", crn.replace("us-east", "evil.example/x"), "region"],
  ])("%s: the CRN is not shown, its form is", (code, instance, says) => {
    const error = fault(() => find({ token: key }, { QISKIT_IBM_INSTANCE: instance }));
    expect(error.code).toBe(code);
    expect(error.message).toContain("QISKIT_IBM_INSTANCE");
    expect(error.message).toContain("crn:v1:bluemix:public:quantum-computing:REGION:a/ACCOUNT:INSTANCE::");
    expect(error.message).toContain(says);
    expect(inspect(error, { depth: null })).not.toContain("c4nary");
  });

  test.each([
    "quantum.cloud.ibm.com",
    "http://quantum.cloud.ibm.com",
    "http://169.254.169.254/",
    "http://0.0.0.0:8080",
    "http://[::ffff:127.0.0.1]/",
    "http://127.0.0.1.evil.example/",
    "ftp://127.0.0.1",
    "https://user:pass@quantum.cloud.ibm.com",
    "https://quantum.cloud.ibm.com/?x=1",
  ])("the URL %s is refused", (url) => {
    expect(fault(() => find({ token: key, instance: crn, url })).code).toBe("IBM_URL");
    expect(fault(() => find({ token: key, instance: crn }, { IAM_URL: url })).code).toBe("IBM_URL");
  });
});

describe("addresses", () => {
  test.each([
    ["us-east", {}, "https://quantum.cloud.ibm.com/api/v1"],
    ["eu-de", {}, "https://eu-de.quantum.cloud.ibm.com/api/v1"],
    ["eu-de", { url: "https://cloud.ibm.com" }, "https://eu-de.quantum.cloud.ibm.com/api/v1"],
    ["us-east", { privateEndpoint: true }, "https://private.us-east.quantum.cloud.ibm.com/api/v1"],
    ["eu-de", { url: "https://quantum.cloud.ibm.com/api/v1/" }, "https://quantum.cloud.ibm.com/api/v1"],
    ["eu-de", { url: "http://127.0.0.1:8080" }, "http://127.0.0.1:8080/api/v1"],
    ["eu-de", { url: "http://localhost:8080/other/" }, "http://localhost:8080/other"],
  ])("region %s with %j", (region, given, api) => {
    expect(ibmUrls(region, given).api).toBe(api);
  });

  test("at a loopback address the key goes nowhere else", () => {
    const urls = ibmUrls("us-east", { url: "http://127.0.0.1:8080/api/v1" });
    expect(urls).toMatchObject({
      iam: "http://127.0.0.1:8080",
      search: "http://127.0.0.1:8080",
      catalog: "http://127.0.0.1:8080",
    });
    expect(ibmUrls("us-east", {}).iam).toBe("https://iam.cloud.ibm.com");
    expect(ibmUrls("us-east", { iamUrl: "http://127.0.0.1:1/" }).iam).toBe("http://127.0.0.1:1");
  });
});

describe("what shows of credentials", () => {
  const shown = (value: unknown): string =>
    [
      inspect(value, { depth: null, showHidden: true, getters: true }),
      String(JSON.stringify(value)),
      inspect({ ...(value as object) }, { depth: null, showHidden: true }),
      String(value),
    ].join("\n");

  test("neither the object nor a client of it shows key, CRN or their parts", () => {
    const credentials = find({ token: key, instance: crn });
    for (const text of [shown(credentials), shown(createIbmClient({ credentials }))]) {
      expect(text).toContain("quantum.cloud.ibm.com");
      for (const secret of [key, crn, "c4narycount2f7e", "9b13-canary-5e5e"]) expect(text).not.toContain(secret);
    }
    expect(credentials.revealApiKey()).toBe(key);
    expect(credentials.revealCrn()).toBe(crn);
    expect(credentials.instanceHash).toMatch(/^[0-9a-f]{64}$/);
  });

  test("unknown and impossible options of a client are refused by name", () => {
    const options = { token: key, instance: crn };
    const refused = (more: object): string => fault(() => createIbmClient({ ...options, ...more })).message;
    expect(refused({ tokn: "x" })).toContain('"tokn"');
    expect(refused({ retry: { tries: 3 } })).toContain('"tries"');
    expect(refused({ retry: { retries: -1 } })).toContain("retry.retries");
    expect(refused({ timeoutSeconds: Number.NaN })).toContain("timeoutSeconds");
    expect(refused({ proxy: "proxy.example:3128" })).toContain("proxy");
    expect(refused({ apiVersion: "2026-04-15\r\nX: y" })).toContain("apiVersion");
    expect(refused({ token: 5 })).toContain("token");
  });
});
