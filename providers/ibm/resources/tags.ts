import type { HttpClient, RequestOptions } from "../http-client.ts";

/** Route of the tags in use. */
export class Tags {
  readonly #http: HttpClient;
  constructor(http: HttpClient) {
    this.#http = http;
  }

  /** GET /tags: tags of jobs that contain the text, which is to have 3 characters or more. */
  async search(text: string, options?: RequestOptions): Promise<readonly string[]> {
    return (await this.#http.get("/tags", { query: { type: "job", search: text } }, options)).tags;
  }
}
