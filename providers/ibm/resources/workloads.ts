import type { HttpClient, RequestOptions } from "../http-client.ts";
import type { WorkloadBody, WorkloadPage, WorkloadQuery } from "../schemas.ts";

/** Route of jobs, sessions and batches in one list. */
export class Workloads {
  readonly #http: HttpClient;
  constructor(http: HttpClient) {
    this.#http = http;
  }

  /** GET /workloads: one page of at most 50, oldest first unless `sort` says otherwise. */
  list(query: WorkloadQuery = {}, options?: RequestOptions): Promise<WorkloadPage> {
    return this.#http.get("/workloads", { query }, options);
  }

  /** GET /workloads over all pages. Only the cursor of a page's `next` is used, never its address. */
  async *listAll(
    query: Omit<WorkloadQuery, "next" | "previous"> = {},
    options?: RequestOptions,
  ): AsyncGenerator<WorkloadBody, void, undefined> {
    const cursors = new Set<string>();
    for (let next: string | undefined; ; ) {
      const page = await this.list({ ...query, ...(next === undefined ? {} : { next }) }, options);
      yield* page.workloads;
      next = cursorOf(page.next?.href);
      if (next === undefined || cursors.has(next)) return;
      cursors.add(next);
    }
  }
}

function cursorOf(href: string | undefined): string | undefined {
  if (href === undefined) return undefined;
  return new URLSearchParams(href.slice(href.indexOf("?") + 1)).get("next") ?? undefined;
}
