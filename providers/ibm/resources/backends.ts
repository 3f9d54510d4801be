import type { HttpClient, RequestOptions } from "../http-client.ts";
import type {
  BackendConfiguration,
  BackendProperties,
  BackendQuery,
  BackendStatusBody,
  BackendSummary,
} from "../schemas.ts";

/** Routes of the backends of an instance. All throw IbmError; IBM_NOT_FOUND for a name that the instance does not have. */
export class Backends {
  readonly #http: HttpClient;
  constructor(http: HttpClient) {
    this.#http = http;
  }

  /** GET /backends: all of them, each with its state and queue. */
  async list(query: BackendQuery = {}, options?: RequestOptions): Promise<readonly BackendSummary[]> {
    return (await this.#http.get("/backends", { query }, options)).devices;
  }

  /** GET /backends/{name}/configuration. Durations are nanoseconds, rep delays microseconds. */
  configuration(
    name: string,
    query: { readonly calibration_id?: string } = {},
    options?: RequestOptions,
  ): Promise<BackendConfiguration> {
    return this.#http.get("/backends/{name}/configuration", { path: { name }, query }, options);
  }

  /** GET /backends/{name}/properties: the last calibration, or the one before `updated_before` (ISO 8601). */
  properties(
    name: string,
    query: { readonly calibration_id?: string; readonly updated_before?: string } = {},
    options?: RequestOptions,
  ): Promise<BackendProperties> {
    return this.#http.get("/backends/{name}/properties", { path: { name }, query }, options);
  }

  /** GET /backends/{name}/status */
  status(name: string, options?: RequestOptions): Promise<BackendStatusBody> {
    return this.#http.get("/backends/{name}/status", { path: { name } }, options);
  }

  /** GET /backends/{name}/defaults: of devices with pulse access, which there are no more. */
  defaults(name: string, options?: RequestOptions): Promise<Readonly<Record<string, unknown>>> {
    return this.#http.get("/backends/{name}/defaults", { path: { name } }, options);
  }
}
