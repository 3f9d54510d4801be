import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ProviderError } from "../../errors.ts";
import type { EmulatorControl } from "../control.ts";
import type { FaultRule } from "../faults/fault-rule.ts";
import { spoilResult } from "../faults/result-faults.ts";
import { type Journal, journalPath, UNKNOWN_PATH } from "../journal.ts";
import { apiVersion, checkAccess } from "../routes/access.ts";
import { accountRoutes } from "../routes/account.ts";
import { backendRoutes } from "../routes/backends.ts";
import type { Endpoint } from "../routes/call.ts";
import { controlRefusal, controlRoutes } from "../routes/control.ts";
import { jobRoutes } from "../routes/jobs.ts";
import { sessionRoutes } from "../routes/sessions.ts";
import { workloadRoutes } from "../routes/workloads.ts";
import type { Service } from "../service.ts";
import { type Answer, errorAnswer, refused } from "./answer.ts";
import { Refusal } from "./refusal.ts";
import { type EmulatorRequest, readBody, requestLine } from "./request.ts";
import { Router } from "./router.ts";

/** Slow clients are cut off. */
const HEADERS_TIMEOUT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 120_000;
const OVERSIZED_BYTES = 300_000_000;
const CONTROL_PREFIX = "/_lepton/";
const LOOPBACK_HOST = /^(127(\.\d{1,3}){3}|localhost|\[::1\])(:\d+)?$/i;
const LOOPBACK_PEER = /^(127\.|::1$|::ffff:127\.)/;

export interface EmulatorServerOptions {
  readonly service: Service;
  readonly control: EmulatorControl;
  readonly journal: Journal;
  readonly isControlToken: (candidate: string) => boolean;
}

const endpoints = new Router<Endpoint>([
  ...accountRoutes,
  ...backendRoutes,
  ...jobRoutes,
  ...sessionRoutes,
  ...workloadRoutes,
]);
const controls = new Router(controlRoutes);

/** Answers requests: reads them, lets faults strike, finds the route, and writes the journal. */
export class EmulatorServer {
  readonly #options: EmulatorServerOptions;
  readonly #server: Server;

  constructor(options: EmulatorServerOptions) {
    this.#options = options;
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
    const started = performance.now();
    const { service, journal } = this.#options;
    let path = UNKNOWN_PATH;
    let method = "GET";
    let status = 0;
    let fault: string | undefined;
    // Clients reckon by the server's clock.
    response.setHeader("date", new Date(service.clock.now()).toUTCString());
    try {
      const line = requestLine(message);
      ({ method } = line);
      this.#checkOrigin(message, line);
      const body = await readBody(message, service.settings.maxBodyBytes);
      const request: EmulatorRequest = { ...line, headers: message.headers, body };
      if (line.path.startsWith(CONTROL_PREFIX)) {
        const answer = await this.#control(request, message.socket.remoteAddress ?? "");
        send(response, answer);
        return;
      }
      const match = endpoints.match(method, line.path);
      if (match !== undefined && "route" in match)
        path = journalPath(match.route.pattern, match.params, line.query, (part) => this.#isOwn(part));
      const struck = this.#options.control.faults.strike(method, line.path);
      fault = struck?.name;
      status = await this.#answer(request, response, struck?.rule);
    } catch (error) {
      const refusal = error instanceof Refusal ? error : undefined;
      const answer = refusal === undefined ? errorAnswer(500, 1000, "Internal error.", "Try again.") : refused(refusal);
      ({ status } = answer);
      // What is left of a body that was refused is not waited for.
      send(response, { ...answer, headers: { ...answer.headers, connection: "close" } });
    } finally {
      if (!(message.url ?? "").startsWith(CONTROL_PREFIX))
        journal.add({
          time: new Date(service.clock.now()).toISOString(),
          method,
          path,
          status,
          ...(fault === undefined ? {} : { fault }),
          durationMs: Math.round(1000 * (performance.now() - started)) / 1000,
        });
    }
  }

  /** Whether a text is the name of a backend or the id of a job or session. */
  #isOwn(part: string): boolean {
    const { devices, queue, sessions } = this.#options.service;
    return (
      devices.some(({ name }) => name === part) || queue.find(part) !== undefined || sessions.find(part) !== undefined
    );
  }

  /** Pages of a browser must not reach the emulator, whatever name they call it by. @throws Refusal 403 */
  #checkOrigin({ headers }: IncomingMessage, { host, absolute }: Pick<EmulatorRequest, "host" | "absolute">): void {
    if (this.#options.service.settings.allowRemote) return;
    const { origin } = headers;
    if (!absolute && !LOOPBACK_HOST.test(host))
      throw new Refusal(403, 1200, "The emulator answers under its own address only.", "Use 127.0.0.1.");
    if (origin !== undefined && !LOOPBACK_HOST.test(origin.replace(/^https?:\/\//i, "")))
      throw new Refusal(403, 1200, "The emulator does not answer pages of other origins.");
  }

  /** Answers as the rule wants it. @returns the status; 0 when the connection was dropped */
  async #answer(request: EmulatorRequest, response: ServerResponse, rule: FaultRule = {}): Promise<number> {
    const { clock } = this.#options.service;
    if (rule.delaySeconds !== undefined) await this.#wait(rule.delaySeconds);
    if (rule.hang === true) return 0;
    if (rule.dropConnection === "before") {
      if (rule.lateSeconds !== undefined) clock.schedule(rule.lateSeconds, "work", () => void this.#process(request));
      response.socket?.destroy();
      return 0;
    }
    if (rule.status !== undefined && rule.phase !== "after") return send(response, answerOf(rule));
    let answer = await this.#process(request);
    if (rule.result !== undefined) answer = await spoilResult(answer, rule.result, rule.resultBytes ?? OVERSIZED_BYTES);
    if (rule.dropConnection === "after") {
      response.socket?.destroy();
      return 0;
    }
    if (rule.dropConnection === "midway") {
      response.writeHead(answer.status, { ...answer.headers, "content-length": answer.body.length });
      response.write(answer.body.subarray(0, Math.floor(answer.body.length / 2)), () => response.socket?.destroy());
      return 0;
    }
    return send(response, rule.status === undefined ? answer : answerOf(rule));
  }

  #wait(seconds: number): Promise<void> {
    return new Promise((resolve) => {
      this.#options.service.clock.schedule(seconds, "work", () => resolve());
    });
  }

  /** Does what is asked; time stands still meanwhile. */
  async #process(request: EmulatorRequest): Promise<Answer> {
    const { service } = this.#options;
    const release = service.clock.hold();
    try {
      const match = endpoints.match(request.method, request.path);
      if (match === undefined) throw new Refusal(404, 1291, "There is no such resource.");
      if ("allowed" in match)
        throw new Refusal(405, 1210, `${request.method} is not possible here.`, "", {
          allow: match.allowed.join(", "),
        });
      const { route, params } = match;
      checkAccess(request, route.handler.access, service);
      const version = route.handler.access === "instance" ? apiVersion(request) : "";
      return await route.handler.answer({ request, params, service, version });
    } catch (error) {
      if (error instanceof Refusal) return refused(error);
      throw error;
    } finally {
      release();
    }
  }

  async #control(request: EmulatorRequest, peer: string): Promise<Answer> {
    const { service, control, journal, isControlToken } = this.#options;
    const [scheme = "", credential = ""] = (request.headers.authorization ?? "").split(/ +/);
    if (!LOOPBACK_PEER.test(peer)) throw new Refusal(403, 1200, "The control route answers this machine only.");
    if (!/^bearer$/i.test(scheme) || !isControlToken(credential))
      throw new Refusal(
        401,
        1201,
        "The control route needs its own token.",
        "Send Authorization: Bearer CONTROL_TOKEN.",
      );
    const match = controls.match(request.method, request.path);
    if (match === undefined) throw new Refusal(404, 1291, "There is no such control.");
    if ("allowed" in match) throw new Refusal(405, 1210, "Not possible here.", "", { allow: match.allowed.join(", ") });
    try {
      return await match.route.handler({ request, params: match.params, control, journal, service });
    } catch (error) {
      throw controlRefusal(error) ?? error;
    }
  }
}

function answerOf({ status = 500, code = 1000, message, retryAfter }: FaultRule): Answer {
  return errorAnswer(
    status,
    code,
    message ?? "The emulator was told to answer so.",
    "",
    retryAfter === undefined ? {} : { "retry-after": String(retryAfter) },
  );
}

function send(response: ServerResponse, { status, headers, body }: Answer): number {
  if (response.headersSent || response.destroyed) return status;
  response.writeHead(status, status === 204 ? headers : { ...headers, "content-length": body.length });
  response.end(status === 204 ? undefined : body);
  return status;
}
