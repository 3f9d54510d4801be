import { ProviderError } from "../errors.ts";
import { nearNames } from "../near-names.ts";
import type { IbmClient } from "./client.ts";
import { IbmError } from "./ibm-error.ts";
import type { BackendConfiguration, BackendProperties } from "./schemas.ts";

/** A backend as the service describes it. */
export interface Calibrated {
  readonly configuration: BackendConfiguration;
  readonly properties: BackendProperties | undefined;
}

/** Configurations and calibrations of backends, each asked for once. */
export class Calibrations {
  readonly #client: IbmClient;
  readonly #known = new Map<string, Promise<Calibrated>>();

  constructor(client: IbmClient) {
    this.#client = client;
  }

  /**
   * As it was read before, or anew with `refresh`.
   * @throws ProviderError IBM_BACKEND_UNKNOWN with near names; IbmError
   */
  async get(name: string, refresh: boolean): Promise<Calibrated> {
    const known = refresh ? undefined : this.#known.get(name);
    if (known !== undefined) return known;
    const asked = this.#read(name);
    this.#known.set(name, asked);
    try {
      return await asked;
    } catch (error) {
      this.#known.delete(name);
      throw error;
    }
  }

  async #read(name: string): Promise<Calibrated> {
    try {
      const configuration = await this.#client.backends.configuration(name);
      return { configuration, properties: await propertiesOf(this.#client, name) };
    } catch (error) {
      if (!(error instanceof IbmError) || error.code !== "IBM_NOT_FOUND") throw error;
      const names = (await this.#client.backends.list()).map((backend) => backend.name);
      const near = nearNames(name, names);
      throw new ProviderError(
        "IBM_BACKEND_UNKNOWN",
        `The instance has no backend ${JSON.stringify(name.slice(0, 60))}.${near.length === 0 ? "" : ` Did you mean ${near.join(" or ")}?`} It has ${names.join(", ") || "none"}.`,
        { cause: error },
      );
    }
  }
}

/** When a backend was calibrated last, ISO 8601 as the service tells it. @throws IbmError; the signal's reason */
export async function calibrationOf(
  client: IbmClient,
  name: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  return (await propertiesOf(client, name, signal))?.last_update_date;
}

/** Simulators may have none. */
async function propertiesOf(
  client: IbmClient,
  name: string,
  signal?: AbortSignal,
): Promise<BackendProperties | undefined> {
  try {
    return await client.backends.properties(name, {}, { signal });
  } catch (error) {
    if (error instanceof IbmError && error.code === "IBM_NOT_FOUND") return undefined;
    throw error;
  }
}
