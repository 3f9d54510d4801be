import type { HttpClient, RequestOptions } from "../http-client.ts";
import type { CatalogPlan, ResourceBody, ResourceSearchPage } from "../schemas.ts";
import type { IbmUrls } from "../urls.ts";

/** An instance that the account has. */
export interface DiscoveredInstance {
  readonly crn: string;
  readonly name: string;
  readonly region: string;
  /** Such as "Open Plan"; undefined where the catalog does not name it. */
  readonly plan: string | undefined;
  readonly planId: string | undefined;
  /** free, trial, paygo, paid, subscription, ... */
  readonly pricing: string | undefined;
  readonly tags: readonly string[];
}

const QUERY = {
  query: "service_name:quantum-computing",
  fields: ["crn", "service_plan_unique_id", "name", "doc", "tags"],
};
const PAGE = 100;

/** Routes of IBM Cloud's search and catalog, by which the instances of an account are found. They need no instance. */
export class Discovery {
  readonly #http: HttpClient;
  readonly #urls: IbmUrls;
  constructor(http: HttpClient, urls: IbmUrls) {
    this.#http = http;
    this.#urls = urls;
  }

  /** POST /v3/resources/search: one page of the account's instances. */
  search(cursor?: string, options?: RequestOptions): Promise<ResourceSearchPage> {
    const body = { ...QUERY, ...(cursor === undefined ? {} : { search_cursor: cursor }) };
    const call = { ...options, otherService: this.#urls.search, repeat: "always" } as const;
    return this.#http.post("/v3/resources/search", { query: { limit: PAGE }, body }, call);
  }

  /** GET /api/v1/{plan_id}: name and pricing of a plan. */
  plan(planId: string, options?: RequestOptions): Promise<CatalogPlan> {
    return this.#http.get(
      "/api/v1/{plan_id}",
      { path: { plan_id: planId } },
      { ...options, otherService: this.#urls.catalog },
    );
  }

  /** Every instance of the account with its plan: a page of search for each 100, and one look-up for each plan. */
  async instances(options?: RequestOptions): Promise<readonly DiscoveredInstance[]> {
    const resources: ResourceBody[] = [];
    const cursors = new Set<string>();
    for (let cursor: string | undefined; ; ) {
      const page = await this.search(cursor, options);
      resources.push(...page.items);
      cursor = page.search_cursor;
      if (page.items.length === 0 || cursor === undefined || cursors.has(cursor)) break;
      cursors.add(cursor);
    }
    // The service itself counts those without extensions as no instances.
    const usable = resources.filter(({ doc }) => Object.keys(doc?.extensions ?? {}).length > 0);
    const plans = new Map<string, CatalogPlan>();
    for (const { service_plan_unique_id: id } of usable)
      if (id !== undefined && !plans.has(id)) plans.set(id, await this.plan(id, options));
    return usable.map(({ crn, name, service_plan_unique_id: planId, tags }) => {
      const plan = planId === undefined ? undefined : plans.get(planId);
      return {
        crn,
        name: name ?? "",
        region: crn.split(":")[5] ?? "",
        plan: plan?.overview_ui?.en?.display_name,
        planId,
        pricing: plan?.metadata?.pricing?.type,
        tags: tags ?? [],
      };
    });
  }
}
