import type { HttpClient, RequestOptions } from "../http-client.ts";
import type { AccountBody, InstanceBody, InstanceConfiguration, InstanceUsage } from "../schemas.ts";

/** Routes of the instance that the client works in, and of accounts. All throw IbmError. */
export class Instances {
  readonly #http: HttpClient;
  constructor(http: HttpClient) {
    this.#http = http;
  }

  /** GET /instances/usage: seconds used and left in the running period. */
  usage(options?: RequestOptions): Promise<InstanceUsage> {
    return this.#http.get("/instances/usage", {}, options);
  }

  /** GET /instances/configuration: limits, and the longest sessions. */
  configuration(options?: RequestOptions): Promise<InstanceConfiguration> {
    return this.#http.get("/instances/configuration", {}, options);
  }

  /** GET /instance */
  retrieve(options?: RequestOptions): Promise<InstanceBody> {
    return this.#http.get("/instance", {}, options);
  }

  /** GET /accounts/{id}: limits of an account on one plan. */
  account(id: string, planId: string, options?: RequestOptions): Promise<AccountBody> {
    return this.#http.get("/accounts/{id}", { path: { id }, query: { plan_id: planId } }, options);
  }
}
