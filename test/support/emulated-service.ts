import { afterAll, beforeAll } from "vitest";
import { type Emulator, type EmulatorOptions, startEmulator } from "../../providers/emulator/index.ts";
import type { IbmProviderOptions } from "../../providers/ibm/index.ts";
import type { RemoteBackend } from "../../providers/index.ts";
import { EMULATED_BACKEND, emulatedProvider } from "./emulated-provider.ts";

/** An emulator for all tests of a file, and what its journal says of their runs. */
export class EmulatedService {
  #emulator: Emulator | undefined;

  constructor(options: EmulatorOptions = {}) {
    beforeAll(async () => {
      this.#emulator = await startEmulator({
        devices: ["manila"],
        clock: "automatic",
        seed: 3,
        noise: false,
        ...options,
      });
    });
    afterAll(() => this.#emulator?.close());
  }

  /** From the first test on. */
  get emulator(): Emulator {
    return this.#emulator!;
  }

  /** By a client of its own, as each process has one. */
  backend(options: IbmProviderOptions = {}): Promise<RemoteBackend> {
    const provider = emulatedProvider(this.emulator, { lagSeconds: 0.05, submitTimeoutSeconds: 1, ...options });
    return provider.backend(EMULATED_BACKEND);
  }

  jobsOf(id: string) {
    return this.emulator.control.jobs().filter(({ tags }) => tags.includes(`lp-run-${id}`));
  }

  /** Seconds of the quantum computer for all jobs of the runs. */
  chargedFor(...ids: readonly string[]): number {
    const micros = ids.flatMap((id) => this.jobsOf(id)).map(({ quantumSeconds }) => Math.round(1e6 * quantumSeconds));
    return micros.reduce((sum, charged) => sum + charged, 0) / 1e6;
  }
}
