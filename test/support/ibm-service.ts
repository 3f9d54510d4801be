import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createIbmClient, type IbmClient, type IbmClientOptions } from "../../providers/ibm/client.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** Secrets that must turn up nowhere but in the headers and the form that are meant for them. */
export const CANARY = {
  key: "canary-key-Zq81kX0w7NfT",
  crn: "crn:v1:bluemix:public:quantum-computing:us-east:a/c4narycount2f7e:9b13-canary-5e5e::",
  token: (number: number) => `canary.token${number}.Uo6pQ9sVb2xY`,
} as const;

export interface ReceivedRequest {
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** What a request is answered with: status, JSON or text or bytes, headers; or what is done to its connection. */
export interface Answer {
  readonly status?: number;
  readonly json?: unknown;
  readonly text?: string;
  readonly bytes?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** "drop" closes the connection without a word, "hang" keeps silent, "half" stops within the body. */
  readonly connection?: "drop" | "hang" | "half";
}

export type Handler = (request: ReceivedRequest) => Answer | Promise<Answer>;

/** A local HTTP server with an IAM. Everything else is answered by what the test queues, in order, or by a handler. */
export class IbmService implements AsyncDisposable {
  readonly requests: ReceivedRequest[] = [];
  /** Requests for a token are answered by this. */
  iam: Handler;
  /** How many tokens were given out. */
  tokens = 0;
  tokenLife = 3600;
  readonly #queue: (Answer | Handler)[] = [];
  #handler: Handler | undefined;
  readonly #server: Server;
  readonly clock = new VirtualClock();

  private constructor(server: Server) {
    this.#server = server;
    this.iam = () => {
      this.tokens++;
      return {
        json: {
          access_token: CANARY.token(this.tokens),
          refresh_token: "not_supported",
          token_type: "Bearer",
          expires_in: this.tokenLife,
          expiration: Math.floor(this.clock.now() / 1000) + this.tokenLife,
          scope: "ibm openid",
        },
      };
    };
  }

  static async start(): Promise<IbmService> {
    const server = createServer();
    const service = new IbmService(server);
    server.on("request", (request, response) => void service.#receive(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return service;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The requests that were not for a token. */
  get calls(): readonly ReceivedRequest[] {
    return this.requests.filter(({ path }) => path !== "/identity/token");
  }

  /** Answers to the next requests, in order. */
  answer(...answers: readonly (Answer | Handler)[]): void {
    this.#queue.push(...answers);
  }

  /** Answers all requests for which nothing is queued. */
  handle(handler: Handler): void {
    this.#handler = handler;
  }

  /** A client of it with the canary secrets, virtual time and no variables of the environment. */
  client(options: IbmClientOptions = {}): IbmClient {
    return createIbmClient({ ...this.clientOptions, ...options });
  }

  get clientOptions(): IbmClientOptions {
    return {
      token: CANARY.key,
      instance: CANARY.crn,
      url: this.url,
      accountFile: false,
      environment: {},
      clock: this.clock,
      seed: 1,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { pathname, searchParams } = new URL(request.url ?? "/", this.url);
    const received: ReceivedRequest = {
      method: request.method ?? "",
      path: pathname,
      query: searchParams,
      headers: request.headers,
      body: Buffer.concat(chunks).toString("utf8"),
    };
    this.requests.push(received);
    const handler =
      pathname === "/identity/token" ? this.iam : (this.#queue.shift() ?? this.#handler ?? { status: 500, json: {} });
    await this.#send(response, typeof handler === "function" ? await handler(received) : handler);
  }

  async #send(response: ServerResponse, answer: Answer): Promise<void> {
    const { status = 200, json, text, bytes, headers, connection } = answer;
    if (connection === "drop") response.destroy();
    if (connection === "drop" || connection === "hang") return;
    const body = bytes ?? Buffer.from(text ?? (json === undefined ? "" : JSON.stringify(json)));
    response.writeHead(status, {
      Date: new Date(this.clock.now()).toUTCString(),
      ...(json === undefined ? {} : { "Content-Type": "application/json" }),
      ...(status === 204 ? {} : { "Content-Length": String(body.length) }),
      ...headers,
    });
    if (connection !== "half") response.end(status === 204 ? undefined : body);
    else response.write(body.subarray(0, body.length >> 1), () => response.destroy());
  }
}
