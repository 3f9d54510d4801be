import type { HttpClient, RequestOptions } from "../http-client.ts";
import { IbmError } from "../ibm-error.ts";
import type { SessionBody, SessionRequest } from "../schemas.ts";
import { assertMaySend, type Sending } from "../sending.ts";

/** Routes of sessions and batches. All throw IbmError; IBM_SESSION_PLAN where the plan has no dedicated sessions. */
export class Sessions {
  readonly #http: HttpClient;
  readonly #sending: Sending;
  constructor(http: HttpClient, sending: Sending) {
    this.#http = http;
    this.#sending = sending;
  }

  /** POST /sessions: opens one. Not repeated when the answer is lost: it ends by itself at its TTL. @throws ProviderError IBM_SENDING_REFUSED */
  async create(body: SessionRequest, options?: RequestOptions): Promise<SessionBody> {
    assertMaySend(this.#sending, "No session or batch is opened");
    const session = await this.#http.post("/sessions", { body }, options);
    if (typeof session?.id !== "string" || session.id === "")
      throw new IbmError("IBM_RESPONSE", "POST /sessions was accepted, but the answer holds no session id.", {
        method: "POST",
        path: "/sessions",
        outcome: "unknown",
        status: 200,
      });
    return session;
  }

  /** GET /sessions/{id} */
  retrieve(id: string, options?: RequestOptions): Promise<SessionBody> {
    return this.#http.get("/sessions/{id}", { path: { id } }, options);
  }

  /** PATCH /sessions/{id}: with false it takes no more jobs and closes once those in its queue have run. */
  async setAcceptingJobs(id: string, acceptingJobs: boolean, options?: RequestOptions): Promise<void> {
    await this.#http.patch("/sessions/{id}", { path: { id }, body: { accepting_jobs: acceptingJobs } }, options);
  }

  /** DELETE /sessions/{id}/close: closes it at once; jobs in its queue will not run, running ones finish. */
  async close(id: string, options?: RequestOptions): Promise<void> {
    await this.#http.delete("/sessions/{id}/close", { path: { id } }, options);
  }
}
