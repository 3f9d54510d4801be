import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { Readable } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { Axios, type AxiosProxyConfig } from "axios";
import { type ProxySetting, WireFault, type WireRequest, type WireResponse } from "./wire.ts";

/** Codes of faults that come before the first byte is sent. */
const UNREACHABLE =
  /^(ECONNREFUSED|ENOTFOUND|EAI_|ENETUNREACH|EHOSTUNREACH|EADDRNOTAVAIL|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_TLS_CERT|ERR_INVALID_URL)/;

/** Bare: defaults and interceptors that something else sets on the shared instance do not count. */
const axios = new Axios({});

const freshAgents = {
  httpAgent: new HttpAgent({ keepAlive: false }),
  httpsAgent: new HttpsAgent({ keepAlive: false }),
};

/**
 * Sends one request, once, and reads the answer whatever its status. Redirects are not followed.
 * @throws WireFault
 */
export async function exchange(request: WireRequest, proxy: ProxySetting): Promise<WireResponse> {
  const stop = new AbortController();
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    stop.abort();
  }, request.timeoutSeconds * 1000);
  const abort = (): void => stop.abort();
  request.signal?.addEventListener("abort", abort, { once: true });
  if (request.signal?.aborted === true) stop.abort();
  try {
    const answer = await axios.request<Readable>({
      adapter: "http",
      method: request.method,
      url: request.url,
      headers: { ...request.headers, "Accept-Encoding": "gzip, deflate, br" },
      ...(request.body === undefined ? {} : { data: request.body }),
      signal: stop.signal,
      ...(proxy === "environment" ? {} : { proxy: proxy === false ? false : proxyConfig(proxy) }),
      ...(request.freshConnection === true ? freshAgents : {}),
      maxRedirects: 0,
      maxBodyLength: Number.POSITIVE_INFINITY,
      responseType: "stream",
      decompress: false,
      validateStatus: null,
      transformRequest: [(data: unknown) => data],
      transformResponse: [],
    });
    const header = (name: string): string | undefined => {
      const value: unknown = answer.headers[name];
      return typeof value === "string" ? value : undefined;
    };
    const body = await readBody(answer.data, header("content-encoding"), request.maxBytes, stop.signal);
    return { status: answer.status, header, body };
  } catch (error) {
    if (error instanceof WireFault) throw error;
    if (timedOut) throw new WireFault("timeout", `no answer within ${request.timeoutSeconds} s`);
    if (stop.signal.aborted) throw new WireFault("aborted", "aborted");
    throw faultOf(error);
  } finally {
    clearTimeout(timer);
    request.signal?.removeEventListener("abort", abort);
  }
}

/** What axios or Node throws holds headers and body of the request: only its code and its first line are kept. */
function faultOf(error: unknown): WireFault {
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  const systemCode = typeof code === "string" ? code : undefined;
  // A route can vanish under a connection that stands, with the same code as one that was never there.
  const early = systemCode !== undefined && UNREACHABLE.test(systemCode) && !/^(read|write)/.test(syscallOf(error));
  const kind = early ? "unreachable" : "broken";
  const text = typeof message === "string" && message !== "" ? message.split("\n", 1)[0]! : "the connection failed";
  return new WireFault(kind, text, systemCode);
}

/** What Node was doing, such as "connect" or "read"; empty where it does not tell. */
function syscallOf(error: unknown): string {
  const { syscall, cause } = (error ?? {}) as { readonly syscall?: unknown; readonly cause?: { syscall?: unknown } };
  const known = syscall ?? cause?.syscall;
  return typeof known === "string" ? known : "";
}

function proxyConfig(proxy: URL): AxiosProxyConfig {
  const port = proxy.port === "" ? (proxy.protocol === "https:" ? 443 : 80) : Number(proxy.port);
  return {
    protocol: proxy.protocol.slice(0, -1),
    host: proxy.hostname,
    port,
    ...(proxy.username === ""
      ? {}
      : { auth: { username: decodeURIComponent(proxy.username), password: decodeURIComponent(proxy.password) } }),
  };
}

/**
 * Inflates and counts while it reads, and stops at the cap: a few kilobytes can inflate to gigabytes.
 * @throws WireFault
 */
export async function readBody(
  stream: Readable,
  encoding: string | undefined,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Buffer> {
  const inflate = inflater(encoding);
  if (inflate === undefined) {
    stream.destroy();
    throw new WireFault("encoding", "the answer is encoded in a way that was not asked for");
  }
  const source = inflate === "identity" ? stream : stream.pipe(inflate);
  const abort = (): void => {
    stream.destroy(new WireFault("broken", "aborted"));
  };
  signal.addEventListener("abort", abort, { once: true });
  // `pipe` passes data on, but no failure.
  if (source !== stream) stream.on("error", (error) => source.destroy(error));
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes)
        throw new WireFault("too-large", `the body is larger than the limit of ${maxBytes} bytes (decoded)`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks, size);
  } finally {
    signal.removeEventListener("abort", abort);
    source.destroy();
    stream.destroy();
  }
}

function inflater(encoding: string | undefined) {
  switch (encoding?.trim().toLowerCase()) {
    case undefined:
    case "":
    case "identity":
      return "identity";
    case "gzip":
    case "x-gzip":
      return createGunzip();
    case "deflate":
      return createInflate();
    case "br":
      return createBrotliDecompress();
    default:
      return undefined;
  }
}
