import type { HttpClient, RequestOptions } from "../http-client.ts";
import { IbmError } from "../ibm-error.ts";
import { JsonSyntax, parseJson } from "../json.ts";
import type { SubmitLimiter } from "../limiter.ts";
import type { JobBody, JobCreated, JobMetrics, JobPage, JobQuery, JobRequest, JobResultsBody } from "../schemas.ts";
import { assertJobMaySend, assertMaySend, type Sending } from "../sending.ts";

/** The service's own maximum. */
const PAGE = 200;
/** Seconds without submits after a 429 that does not say how long: the share of one submit in the limit. */
const PAUSE_SECONDS = 12;

export interface JobsOptions {
  readonly limiter: SubmitLimiter;
  /** Most decoded bytes of a result, or of a job with its params. */
  readonly maxResultBytes: number;
  readonly submitTimeoutSeconds: number;
  /** What may be submitted. */
  readonly sending: Sending;
}

/** The results of a job as they came: keep `text` before reading `value`, since those of a private job come only once. */
export class JobResultsText {
  readonly text: string;
  /** Whether the service says that it is JSON; the results of a failed job are the text of its error. */
  readonly json: boolean;
  constructor(text: string, json: boolean) {
    this.text = text;
    this.json = json;
  }

  /** The text as JSON in which NaN and Infinity may stand bare. @throws IbmError IBM_RESPONSE_JSON, with the position */
  parse(): JobResultsBody {
    try {
      return parseJson(this.text) as JobResultsBody;
    } catch (error) {
      if (!(error instanceof JsonSyntax)) throw error;
      throw new IbmError("IBM_RESPONSE_JSON", `The results of the job are no JSON: ${error.message}.`, {
        method: "GET",
        path: "/jobs/{id}/results",
        outcome: "rejected",
        status: 200,
      });
    }
  }
}

/** Routes of the jobs of an instance. All throw IbmError; IBM_NOT_FOUND for an id that the instance does not have. */
export class Jobs {
  readonly #http: HttpClient;
  readonly #limiter: SubmitLimiter;
  readonly #sending: Sending;
  /** Most decoded bytes of a result, or of a job with its params. */
  readonly maxResultBytes: number;
  /** How long an answer to a submit is waited for. */
  readonly submitTimeoutSeconds: number;
  constructor(http: HttpClient, options: JobsOptions) {
    this.#http = http;
    this.#limiter = options.limiter;
    this.#sending = options.sending;
    this.maxResultBytes = options.maxResultBytes;
    this.submitTimeoutSeconds = options.submitTimeoutSeconds;
  }

  /** What the client submits in a minute; Infinity for any number. */
  get submitsPerMinute(): number {
    return this.#limiter.perMinute;
  }

  /**
   * POST /jobs: submits one job, at the pace that the service allows. It is sent again only after an answer which says that
   * no job was made (429, 401 once, no connection). In any other failure the error's `outcome` is "unknown": look for the
   * job by a tag of its own (`listAll`) before submitting again.
   * @param body a function is asked for it right before each time that it is sent; what it throws is thrown, and nothing is
   * sent
   * @throws ProviderError IBM_SENDING_REFUSED
   */
  async create(
    body: JobRequest | (() => JobRequest | Promise<JobRequest>),
    options: RequestOptions = {},
  ): Promise<JobCreated> {
    const { signal, timeoutSeconds = this.submitTimeoutSeconds } = options;
    if (typeof body === "function") assertMaySend(this.#sending, "No job is submitted");
    else assertJobMaySend(this.#sending, body);
    const created = await this.#http.post(
      "/jobs",
      // Of a body that is made later the type alone counts here.
      { body: (typeof body === "function" ? undefined : body) as JobRequest },
      {
        signal,
        timeoutSeconds,
        prepare: typeof body === "function" ? () => this.#prepared(body) : undefined,
        beforeTry: () => this.#limiter.pass(signal),
        onFailedTry: ({ code, retryAfterSeconds }) => {
          if (code === "IBM_RATE_LIMIT") this.#limiter.block(retryAfterSeconds ?? PAUSE_SECONDS);
        },
      },
    );
    if (typeof created?.id !== "string" || created.id === "")
      throw new IbmError(
        "IBM_RESPONSE",
        "POST /jobs was accepted, but the answer holds no job id; look for it by tag.",
        {
          method: "POST",
          path: "/jobs",
          outcome: "unknown",
          status: 200,
        },
      );
    return created;
  }

  async #prepared(make: () => JobRequest | Promise<JobRequest>): Promise<JobRequest> {
    const body = await make();
    assertJobMaySend(this.#sending, body);
    return body;
  }

  /** GET /jobs: one page of at most 200, newest first unless `sort` says otherwise. The service matches tags; see `listAll`. */
  list(query: JobQuery = {}, options?: RequestOptions): Promise<JobPage> {
    return this.#http.get("/jobs", { query }, { ...options, maxBytes: this.maxResultBytes });
  }

  /**
   * GET /jobs over all pages: every job once that fits the query and bears each of its tags exactly. Tags are also compared
   * here, so that a filter which the service ignores, or matches loosely, lets nothing through.
   */
  async *listAll(
    query: Omit<JobQuery, "offset"> = {},
    options?: RequestOptions,
  ): AsyncGenerator<JobBody, void, undefined> {
    const wanted = query.tags ?? [];
    const limit = query.limit ?? PAGE;
    // Jobs that are made while we read move the others to later places, so that one can come twice.
    const seen = new Set<string>();
    for (let offset = 0; ; ) {
      const { jobs, count } = await this.list({ ...query, limit, offset }, options);
      for (const job of jobs) {
        if (seen.has(job.id)) continue;
        seen.add(job.id);
        if (wanted.every((tag) => job.tags?.includes(tag) === true)) yield job;
      }
      offset += jobs.length;
      if (jobs.length === 0 || (jobs.length < limit && !(count > offset))) return;
    }
  }

  /** GET /jobs/{id}, without params unless they are asked for: with them every poll would download the circuits. */
  retrieve(
    id: string,
    { includeParams = false, ...options }: RequestOptions & { readonly includeParams?: boolean } = {},
  ): Promise<JobBody> {
    return this.#http.get(
      "/jobs/{id}",
      { path: { id }, query: { exclude_params: !includeParams } },
      { ...options, maxBytes: this.maxResultBytes },
    );
  }

  /** GET /jobs/{id}/results: undefined where there are none, or none yet. */
  async results(id: string, options?: RequestOptions): Promise<JobResultsText | undefined> {
    const answer = await this.#http.getText(
      "/jobs/{id}/results",
      { path: { id } },
      { ...options, maxBytes: this.maxResultBytes, accept: "application/json, text/plain;q=0.9" },
    );
    return answer === undefined ? undefined : new JobResultsText(answer.text, answer.json);
  }

  /** GET /jobs/{id}/logs: of a job that has ended; empty where there are none. */
  async logs(id: string, options?: RequestOptions): Promise<string> {
    const answer = await this.#http.getText(
      "/jobs/{id}/logs",
      { path: { id } },
      { ...options, accept: "text/plain, */*;q=0.5" },
    );
    return answer?.text ?? "";
  }

  /** GET /jobs/{id}/metrics: times and charge; the charge is final once `usage.status` is not "pending". */
  metrics(id: string, options?: RequestOptions): Promise<JobMetrics> {
    return this.#http.get("/jobs/{id}/metrics", { path: { id } }, options);
  }

  /** POST /jobs/{id}/cancel: "ended" where the job had ended before. */
  async cancel(id: string, options?: RequestOptions): Promise<"cancelling" | "ended"> {
    try {
      await this.#http.post("/jobs/{id}/cancel", { path: { id } }, { ...options, repeat: "always" });
      return "cancelling";
    } catch (error) {
      if (error instanceof IbmError && error.status === 409) return "ended";
      throw error;
    }
  }

  /** DELETE /jobs/{id}: forgets a job that has ended. */
  async delete(id: string, options?: RequestOptions): Promise<void> {
    try {
      await this.#http.delete("/jobs/{id}", { path: { id } }, options);
    } catch (error) {
      // The answer of an earlier try was lost.
      if (!(error instanceof IbmError && error.status === 404 && error.attempts > 1)) throw error;
    }
  }

  /** PUT /jobs/{id}/tags: replaces all tags; at most 8 of 86 characters. */
  async replaceTags(id: string, tags: readonly string[], options?: RequestOptions): Promise<void> {
    await this.#http.put("/jobs/{id}/tags", { path: { id }, body: { tags: [...tags] } }, options);
  }
}
