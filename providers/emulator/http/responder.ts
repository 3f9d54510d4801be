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
import { type EmulatorRequest, type RequestHead, requestLine } from "./request.ts";
import { Router } from "./router.ts";

const OVERSIZED_BYTES = 300_000_000;
const CONTROL_PREFIX = "/_lepton/";
const LOOPBACK_HOST = /^(127(\.\d{1,3}){3}|localhost|\[::1\])(:\d+)?$/i;
const LOOPBACK_PEER = /^(127\.|::1$|::ffff:127\.)/;

export interface ResponderOptions {
  readonly service: Service;
  readonly control: EmulatorControl;
  readonly journal: Journal;
  readonly isControlToken: (candidate: string) => boolean;
}

/** A request as it comes in. */
export interface Incoming extends RequestHead {
  /** Address of the client. */
  readonly peer: string;
  /** @throws Refusal when it is too long */
  readonly body: () => Buffer | Promise<Buffer>;
}

/** What becomes of a request. */
export type Reply =
  | { readonly kind: "answer"; readonly answer: Answer }
  /** The connection is closed, amid the answer where there is one. */
  | { readonly kind: "drop"; readonly amid?: Answer }
  /** Nothing is ever answered. */
  | { readonly kind: "silence" };

const endpoints = new Router<Endpoint>([
  ...accountRoutes,
  ...backendRoutes,
  ...jobRoutes,
  ...sessionRoutes,
  ...workloadRoutes,
]);
const controls = new Router(controlRoutes);

/** Answers requests, however they come in: lets faults strike, finds the route, and writes the journal. */
export class Responder {
  readonly #options: ResponderOptions;

  constructor(options: ResponderOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  async respond(incoming: Incoming): Promise<Reply> {
    const started = performance.now();
    const { service, journal, control } = this.#options;
    let path = UNKNOWN_PATH;
    let method = "GET";
    let fault: string | undefined;
    let reply: Reply = { kind: "silence" };
    try {
      const line = requestLine(incoming);
      ({ method } = line);
      this.#checkOrigin(incoming, line);
      const request: EmulatorRequest = { ...line, headers: incoming.headers, body: await incoming.body() };
      if (line.path.startsWith(CONTROL_PREFIX)) {
        reply = answered(await this.#control(request, incoming.peer));
        return reply;
      }
      const match = endpoints.match(method, line.path);
      if (match !== undefined && "route" in match)
        path = journalPath(match.route.pattern, match.params, line.query, (part) => this.#isOwn(part));
      const struck = control.faults.strike(method, line.path);
      fault = struck?.name;
      reply = await this.#answer(request, struck?.rule);
      return reply;
    } catch (error) {
      const refusal = error instanceof Refusal ? error : undefined;
      const answer = refusal === undefined ? errorAnswer(500, 1000, "Internal error.", "Try again.") : refused(refusal);
      // What is left of a body that was refused is not waited for.
      reply = answered({ ...answer, headers: { ...answer.headers, connection: "close" } });
      return reply;
    } finally {
      if (!(incoming.url ?? "").startsWith(CONTROL_PREFIX))
        journal.add({
          time: new Date(service.clock.now()).toISOString(),
          method,
          path,
          status: reply.kind === "answer" ? reply.answer.status : 0,
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
  #checkOrigin({ headers }: RequestHead, { host, absolute }: Pick<EmulatorRequest, "host" | "absolute">): void {
    if (this.#options.service.settings.allowRemote) return;
    const { origin } = headers;
    if (!absolute && !LOOPBACK_HOST.test(host))
      throw new Refusal(403, 1200, "The emulator answers under its own address only.", "Use 127.0.0.1.");
    if (origin !== undefined && !LOOPBACK_HOST.test(origin.replace(/^https?:\/\//i, "")))
      throw new Refusal(403, 1200, "The emulator does not answer pages of other origins.");
  }

  /** Answers as the rule wants it. */
  async #answer(request: EmulatorRequest, rule: FaultRule = {}): Promise<Reply> {
    const { clock } = this.#options.service;
    if (rule.delaySeconds !== undefined) await this.#wait(rule.delaySeconds);
    const undone = rule.phase !== "after" && (rule.hang === true || rule.status !== undefined);
    if (undone || rule.dropConnection === "before") {
      // What a machine on the way has kept arrives when nobody waits for it any more.
      if (rule.lateSeconds !== undefined) clock.schedule(rule.lateSeconds, "work", () => void this.#process(request));
      if (rule.dropConnection === "before") return { kind: "drop" };
      return rule.hang === true ? { kind: "silence" } : answered(answerOf(rule));
    }
    let answer = await this.#process(request);
    if (rule.result !== undefined) answer = await spoilResult(answer, rule.result, rule.resultBytes ?? OVERSIZED_BYTES);
    if (rule.dropConnection === "after") return { kind: "drop" };
    if (rule.dropConnection === "midway") return { kind: "drop", amid: answer };
    if (rule.hang === true) return { kind: "silence" };
    return answered(rule.status === undefined ? answer : answerOf(rule));
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

function answered(answer: Answer): Reply {
  return { kind: "answer", answer };
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
