import { ProviderError } from "../errors.ts";

/** Addresses of the services, without a slash at the end. */
export interface IbmUrls {
  /** Of the API, such as https://quantum.cloud.ibm.com/api/v1 */
  readonly api: string;
  readonly iam: string;
  readonly search: string;
  readonly catalog: string;
}

const CLOUD = "https://cloud.ibm.com";
const API_PATH = "/api/v1";

/**
 * The addresses for an instance. `url` is the API's own (`/api/v1` is added where it has no path), or a cloud's as Qiskit
 * gives it (https://cloud.ibm.com), from which the region's follows. At a loopback address, such as an emulator's, all
 * services are taken to be at that one unless said otherwise, so that the key cannot leave the machine by mistake.
 * @param region of the instance; undefined where no instance is needed
 * @throws ProviderError IBM_URL
 */
export function ibmUrls(
  region: string | undefined,
  given: {
    readonly url?: string | undefined;
    readonly iamUrl?: string | undefined;
    readonly privateEndpoint?: boolean | undefined;
  },
): IbmUrls {
  const url = checkedUrl(given.url ?? CLOUD, "The URL of IBM Quantum");
  const iamUrl = given.iamUrl === undefined ? undefined : checkedUrl(given.iamUrl, "The URL of IAM");
  const local = isLoopback(url.hostname);
  const cloud = /^(?:test\.)?cloud\.ibm\.com$/.test(url.hostname);
  const domain = cloud ? url.hostname : "cloud.ibm.com";
  return {
    api: cloud ? regionUrl(region ?? "us-east", domain, given.privateEndpoint === true) : withPath(url),
    iam: plain(iamUrl ?? (local ? new URL(url.origin) : new URL(`https://iam.${domain}`))),
    search: local ? url.origin : `https://api.global-search-tagging.${domain}`,
    catalog: local ? url.origin : `https://globalcatalog.${domain}`,
  };
}

/** us-east is served at the bare name, every other region at its own. */
function regionUrl(region: string, domain: string, privateEndpoint: boolean): string {
  if (privateEndpoint) return `https://private.${region}.quantum.${domain}${API_PATH}`;
  return region === "us-east"
    ? `https://quantum.${domain}${API_PATH}`
    : `https://${region}.quantum.${domain}${API_PATH}`;
}

const plain = (url: URL): string => `${url.origin}${url.pathname}`.replace(/\/+$/, "");

function withPath(url: URL): string {
  return url.pathname === "/" ? `${url.origin}${API_PATH}` : plain(url);
}

/** @throws ProviderError IBM_URL unless it is https, or http to this machine, and holds nothing but host and path */
export function checkedUrl(text: string, what: string): URL {
  const fault = (reason: string): ProviderError =>
    new ProviderError("IBM_URL", `${what} ${reason}. Give one such as ${CLOUD}, or leave it out.`);
  if (!URL.canParse(text)) throw fault("is no URL; it begins with https://");
  const url = new URL(text);
  if (url.username !== "" || url.password !== "") throw fault("holds a user name or a password");
  if (url.search !== "" || url.hash !== "") throw fault("holds a query or a fragment");
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback(url.hostname)))
    throw fault(
      "is not https; plain http is for this machine only (127.0.0.1, [::1], localhost), since it shows the key",
    );
  return url;
}

/** Names of this machine's loopback interface. A name that resolves to it, or a mapped address, does not count. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);
}
