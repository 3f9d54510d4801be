import { createHash } from "node:crypto";
import { ProviderError } from "../errors.ts";
import { qiskitAccountFile, readSavedAccount, type SavedAccount } from "./account-file.ts";
import { CRN_FORM, parseCrn } from "./crn.ts";
import { type IbmUrls, ibmUrls } from "./urls.ts";

export interface CredentialOptions {
  /** API key of IBM Cloud. */
  readonly token?: string | undefined;
  /** CRN of the instance. */
  readonly instance?: string | undefined;
  /** Of the API, or of the cloud (https://cloud.ibm.com), from which the region's follows. Default: by the CRN's region. */
  readonly url?: string | undefined;
  /** Default: that of the cloud; at a loopback URL that URL. */
  readonly iamUrl?: string | undefined;
  /** The region's private endpoint. */
  readonly privateEndpoint?: boolean | undefined;
  /** Qiskit's file of accounts; false reads none. Default ~/.qiskit/qiskit-ibm.json. */
  readonly accountFile?: string | false | undefined;
  /** Which of its accounts; default its default one. */
  readonly accountName?: string | undefined;
}

/** Where credentials may stand in the environment, in the order in which they count. */
const VARIABLES = {
  token: ["LEPTON_IBM_TOKEN", "QISKIT_IBM_TOKEN"],
  instance: ["LEPTON_IBM_INSTANCE", "QISKIT_IBM_INSTANCE"],
  url: ["LEPTON_IBM_URL", "QISKIT_IBM_URL"],
  iamUrl: ["LEPTON_IBM_IAM_URL", "IAM_URL"],
} as const;

type Field = keyof typeof VARIABLES;
type Environment = Readonly<Record<string, string | undefined>>;

interface Found {
  readonly value: string;
  /** In the words of an error. */
  readonly from: string;
}

// `inspect.custom` by its registered name: the declarations of the package then need no types of Node.
const INSPECT = Symbol.for("nodejs.util.inspect.custom");

/**
 * An API key, an instance and their addresses. Key and CRN are given out by calls only: no inspection, JSON or copy of the
 * object shows them.
 */
export class IbmCredentials {
  readonly urls: IbmUrls;
  /** Of the instance; undefined without one. */
  readonly region: string | undefined;
  /** Where the key was found, such as "LEPTON_IBM_TOKEN". */
  readonly source: string;
  /** SHA-256 of the CRN: tells instances apart without naming them. Undefined without one. */
  readonly instanceHash: string | undefined;
  readonly #apiKey: string;
  readonly #crn: string | undefined;

  constructor(apiKey: Found, crn: Found | undefined, urls: IbmUrls) {
    this.#apiKey = apiKey.value;
    this.#crn = crn?.value;
    this.urls = Object.freeze({ ...urls });
    this.region = crn === undefined ? undefined : parseCrn(crn.value, crn.from).region;
    this.source = apiKey.from;
    this.instanceHash = crn === undefined ? undefined : createHash("sha256").update(crn.value).digest("hex");
  }

  revealApiKey(): string {
    return this.#apiKey;
  }

  /** @throws ProviderError IBM_INSTANCE_MISSING when no instance was given */
  revealCrn(): string {
    if (this.#crn === undefined) throw missingInstance();
    return this.#crn;
  }

  /** The key, the CRN and its parts: what must be shown nowhere. */
  revealSecrets(): readonly string[] {
    if (this.#crn === undefined) return [this.#apiKey];
    const { account, instance } = parseCrn(this.#crn, "the CRN");
    return [this.#apiKey, this.#crn, account, instance];
  }

  toJSON(): Readonly<Record<string, unknown>> {
    const { urls, region, source, instanceHash } = this;
    return { urls, region, source, instanceHash };
  }

  [INSPECT](): string {
    return `IbmCredentials { region: ${this.region}, source: ${this.source}, api: ${this.urls.api} }`;
  }
}

/**
 * Finds credentials. Each field is taken from the first place that has it: the options, LEPTON_IBM_*, Qiskit's variables,
 * Qiskit's file of accounts. The file is opened only when no key was found before it, so that its instance and URL count
 * only with its own key. An empty variable counts as none.
 * @param needsInstance false for discovery, which finds instances
 * @throws ProviderError IBM_OPTION, IBM_TOKEN_MISSING, IBM_TOKEN, IBM_INSTANCE_MISSING, IBM_INSTANCE_NAME, IBM_CRN, IBM_URL,
 * IBM_ACCOUNT_FILE, IBM_ACCOUNT_FILE_MODE
 */
export function findCredentials(
  options: CredentialOptions = {},
  environment: Environment = process.env,
  needsInstance = true,
): IbmCredentials {
  const given = (field: Field): Found | undefined => {
    const option = options[field];
    if (option !== undefined && typeof option !== "string")
      throw new ProviderError("IBM_OPTION", `The option ${field} is to be a text.`);
    if (option !== undefined) return { value: option, from: `The option ${field}` };
    const name = VARIABLES[field].find((variable) => (environment[variable] ?? "") !== "");
    return name === undefined ? undefined : { value: environment[name]!, from: name };
  };
  const keyGiven = given("token");
  const file = options.accountFile ?? qiskitAccountFile();
  const saved: SavedAccount =
    keyGiven !== undefined || file === false ? {} : (readSavedAccount(file, options.accountName) ?? {});
  const fromFile = (value: string | undefined): Found | undefined =>
    value === undefined ? undefined : { value, from: String(file) };

  const token = keyGiven ?? fromFile(saved.token);
  if (token === undefined)
    throw new ProviderError(
      "IBM_TOKEN_MISSING",
      `There is no API key for IBM Quantum. Create one at https://quantum.cloud.ibm.com and set LEPTON_IBM_TOKEN, and LEPTON_IBM_INSTANCE to the CRN of your instance. (Looked in: the option token, ${VARIABLES.token.join(", ")}${file === false ? "" : `, ${file}`}.) To try without an account, start \`lepton emulator\`.`,
    );
  checkToken(token);
  const instance = given("instance") ?? fromFile(saved.instance);
  if (instance === undefined && needsInstance) throw missingInstance();
  const region = instance === undefined ? undefined : parseCrn(instance.value, instance.from).region;
  const urls = ibmUrls(region, {
    url: given("url")?.value ?? saved.url,
    iamUrl: given("iamUrl")?.value,
    privateEndpoint: options.privateEndpoint ?? saved.privateEndpoint,
  });
  return new IbmCredentials(token, instance, urls);
}

/** What an API key consists of. */
export const KEY_FORM = /^[\x21-\x7e]{4,4096}$/;
/** How a text of that form begins that is a CRN or a URL. */
export const OTHER_THAN_KEY = /^(crn:|https?:)/;

/** @throws ProviderError IBM_TOKEN for what cannot be an API key; the message does not hold it */
function checkToken({ value, from }: Found): void {
  const fault =
    value === ""
      ? "is empty"
      : /\s/.test(value)
        ? "holds white space, such as a line break at its end"
        : !KEY_FORM.test(value)
          ? "is too short, too long, or holds other than printable ASCII characters"
          : OTHER_THAN_KEY.test(value)
            ? "is a CRN or a URL, not a key"
            : undefined;
  if (fault !== undefined)
    throw new ProviderError(
      "IBM_TOKEN",
      `${from} ${fault}. It is to be an API key of IBM Cloud; create one at https://quantum.cloud.ibm.com.`,
    );
}

function missingInstance(): ProviderError {
  return new ProviderError(
    "IBM_INSTANCE_MISSING",
    `There is no instance of IBM Quantum. Set LEPTON_IBM_INSTANCE to its CRN (${CRN_FORM}); \`lepton account\` or discoverInstances() lists yours, https://quantum.cloud.ibm.com/instances creates one.`,
  );
}
