import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { Refusal } from "./refusal.ts";

/** What a request says before its body. */
export interface RequestHead {
  readonly method?: string | undefined;
  /** As the request line has it: `/path`, or `http://host/path` as a proxy gets it. */
  readonly url?: string | undefined;
  /** By names in small letters. */
  readonly headers: IncomingMessage["headers"];
}

/** A request whose body has been read. */
export interface EmulatorRequest {
  readonly method: string;
  /** Host that the client means; of the request line where that names one, as clients of a proxy do. */
  readonly host: string;
  /** Whether the request line named the host. */
  readonly absolute: boolean;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

/** Method, host, path and query of a request line. @throws Refusal 400 */
export function requestLine(message: RequestHead): Omit<EmulatorRequest, "body" | "headers"> {
  const target = message.url ?? "/";
  const absolute = /^https?:\/\//i.test(target);
  let url: URL;
  try {
    url = new URL(absolute ? target : `http://emulator${target.startsWith("/") ? target : "/"}`);
  } catch {
    throw new Refusal(400, 1210, "The request line holds no valid URL.");
  }
  return {
    method: (message.method ?? "GET").toUpperCase(),
    host: absolute ? url.host : (message.headers.host ?? ""),
    absolute,
    path: url.pathname.replace(/\/{2,}/g, "/"),
    query: url.searchParams,
  };
}

/** The whole body. @throws Refusal 413 when it is longer than `limit` bytes */
export async function readBody(message: IncomingMessage, limit: number): Promise<Buffer> {
  const tooLarge = (): Refusal =>
    new Refusal(413, 5302, `The body is larger than ${limit} bytes.`, "Send fewer or smaller circuits in one job.");
  if (Number(message.headers["content-length"] ?? 0) > limit) throw tooLarge();
  const chunks: Buffer[] = [];
  let length = 0;
  message.on("data", (chunk: Buffer) => {
    length += chunk.length;
    if (length <= limit) chunks.push(chunk);
  });
  await once(message, "end");
  if (length > limit) throw tooLarge();
  return Buffer.concat(chunks);
}

/** The body as JSON. @throws Refusal 400 */
export function jsonBody({ body, headers }: EmulatorRequest): unknown {
  const type = headers["content-type"] ?? "";
  if (!/^application\/(?:[\w.+-]+\+)?json\b/i.test(type))
    throw new Refusal(415, 1210, "The body must be of type application/json.", "Send Content-Type: application/json.");
  try {
    return JSON.parse(body.toString("utf8"), (key, value: unknown) => {
      if (key === "__proto__") throw new SyntaxError("__proto__ is no key");
      return value;
    }) as unknown;
  } catch (error) {
    throw new Refusal(400, 1210, `The body is not valid JSON: ${(error as Error).message}.`, "Send valid JSON.");
  }
}
