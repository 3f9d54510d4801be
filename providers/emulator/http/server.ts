import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ProviderError } from "../../errors.ts";
import type { Service } from "../service.ts";
import type { Answer } from "./answer.ts";
import { readBody } from "./request.ts";
import type { Responder } from "./responder.ts";

/** Slow clients are cut off. */
const HEADERS_TIMEOUT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 120_000;

/** Brings requests that come over HTTP to the responder, and does to the connection what it says. */
export class EmulatorServer {
  readonly #service: Service;
  readonly #responder: Responder;
  readonly #server: Server;

  constructor(service: Service, responder: Responder) {
    this.#service = service;
    this.#responder = responder;
    this.#server = createServer(
      { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS, keepAliveTimeout: 5000 },
      (message, response) => void this.#serve(message, response),
    );
    // A client that takes this for a proxy must not reach the real service with its key.
    this.#server.on("connect", (_message, socket) => {
      socket.end("HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    });
    this.#server.on("clientError", (_error, socket) => {
      if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    });
  }

  /** @returns the port @throws ProviderError EMULATOR_LISTEN */
  listen(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", (cause) => {
        reject(
          new ProviderError(
            "EMULATOR_LISTEN",
            `The emulator cannot listen on ${host}:${port}: ${cause.message}. Choose another port, or 0 for any that is free.`,
            { cause },
          ),
        );
      });
      this.#server.listen(port, host, () => resolve((this.#server.address() as AddressInfo).port));
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const { clock, settings } = this.#service;
    const { method, url, headers } = message;
    // Clients reckon by the server's clock.
    response.setHeader("date", new Date(clock.now()).toUTCString());
    const reply = await this.#responder.respond({
      ...{ method, url, headers },
      peer: message.socket.remoteAddress ?? "",
      body: () => readBody(message, settings.maxBodyBytes),
    });
    if (reply.kind === "answer") send(response, reply.answer);
    else if (reply.kind === "drop" && reply.amid !== undefined) {
      const { status, headers: own, body } = reply.amid;
      response.writeHead(status, { ...own, "content-length": body.length });
      response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.socket?.destroy());
    } else if (reply.kind === "drop") response.socket?.destroy();
  }
}

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, status === 204 ? headers : { ...headers, "content-length": body.length });
  response.end(status === 204 ? undefined : body);
}
