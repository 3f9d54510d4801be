import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** "sent": a submit's bytes have left, "accepted": the service has the job and has not said so, "reading": half a result is read. */
export type KillStage = "sent" | "accepted" | "reading";

export interface ProxyKill {
  readonly stage: KillStage;
  /** The how-manieth submit, or result. */
  readonly nth: number;
  /** A submit that was only sent arrives so much later; never where this is left out. */
  readonly lateMilliseconds?: number;
}

interface Passing {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** By `performance.now()`. */
  readonly at: number;
}

/** Stands between one process and the service, and kills the process at moments which only the network knows. */
export class KillingProxy implements AsyncDisposable {
  /** Where the process finds the service. */
  readonly origin: string;
  /** Of the process at hand, in order. */
  requests: Passing[] = [];
  readonly #target: URL;
  readonly #server: Server;
  readonly #agent = new Agent({ keepAlive: true });
  #armed: { readonly kill: ProxyKill; readonly strike: () => void; seen: number } | undefined;
  #late: Promise<unknown> = Promise.resolve();
  #onFirst: (() => void) | undefined;

  static async open(target: string): Promise<KillingProxy> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new KillingProxy(new URL(target), server);
  }

  private constructor(target: URL, server: Server) {
    this.#target = target;
    this.#server = server;
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on("request", (incoming, outgoing) => void this.#pass(incoming, outgoing).catch(() => outgoing.destroy()));
  }

  /** Another process; `strike` kills it. */
  begin(kill: ProxyKill | undefined, strike: () => void): void {
    this.requests = [];
    this.#onFirst = undefined;
    this.#armed = kill === undefined ? undefined : { kill, strike, seen: 0 };
  }

  /** Called at the first request of the process. */
  onFirst(called: () => void): void {
    this.#onFirst = called;
  }

  /** Until what was held back has arrived. */
  async settled(): Promise<void> {
    await this.#late;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = "GET", url = "/" } = incoming;
    const [path = ""] = url.split("?");
    this.requests.push({ method, path, at: performance.now() });
    if (this.requests.length === 1) this.#onFirst?.();
    const struck = this.#struck(method, path);
    const body = await readAll(incoming);
    if (struck?.kill.stage === "sent") {
      struck.strike();
      const { lateMilliseconds } = struck.kill;
      if (lateMilliseconds !== undefined)
        this.#late = new Promise((resolve) => setTimeout(resolve, lateMilliseconds)).then(() =>
          this.#forward(incoming, body),
        );
      return;
    }
    const { status, headers, content } = await this.#forward(incoming, body);
    if (struck?.kill.stage === "accepted") {
      struck.strike();
      return;
    }
    outgoing.writeHead(status, headers);
    if (struck !== undefined) outgoing.write(content.subarray(0, Math.floor(content.length / 2)), struck.strike);
    else outgoing.end(content);
  }

  #struck(method: string, path: string) {
    const armed = this.#armed;
    if (armed === undefined) return undefined;
    const submit = method === "POST" && path.endsWith("/jobs");
    const result = method === "GET" && path.endsWith("/results");
    if (armed.kill.stage === "reading" ? !result : !submit) return undefined;
    return ++armed.seen === armed.kill.nth ? armed : undefined;
  }

  async #forward({ method, url, headers }: IncomingMessage, body: Buffer) {
    const { hostname, port } = this.#target;
    const sent = request({
      hostname,
      port,
      method,
      path: url,
      agent: this.#agent,
      headers: { ...headers, host: `${hostname}:${port}` },
    });
    sent.end(body);
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    const content = await readAll(answer);
    return { status: answer.statusCode!, headers: answer.headers, content };
  }
}

async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
