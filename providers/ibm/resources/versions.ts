import type { HttpClient, RequestOptions } from "../http-client.ts";

/** Route of the API's versions. */
export class Versions {
  readonly #http: HttpClient;
  constructor(http: HttpClient) {
    this.#http = http;
  }

  /** GET /versions: the dates that the header IBM-API-Version may hold. */
  async list(options?: RequestOptions): Promise<readonly string[]> {
    return (await this.#http.get("/versions", {}, options)).versions;
  }
}
