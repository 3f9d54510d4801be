import { LeptonError } from "../circuits/index.ts";

/** A primitive unified bloc that does not fit: shapes, observables, values, shots or precision. */
export class PubError extends LeptonError {}

/** The local simulator cannot do what was asked, such as a state too large for the machine's memory. */
export class SimulatorError extends LeptonError {}

export interface ProviderErrorOptions {
  readonly cause?: unknown;
  readonly retryable?: boolean | undefined;
  readonly jobId?: string | undefined;
  readonly costSoFar?: { readonly quantumSeconds: number } | undefined;
}

/** A backend refused or failed; `retryable` says whether trying again can help. */
export class ProviderError extends LeptonError {
  readonly retryable: boolean;
  readonly jobId: string | undefined;
  /** What was charged before it failed, as far as is known. */
  readonly costSoFar: { readonly quantumSeconds: number } | undefined;
  constructor(code: string, message: string, options: ProviderErrorOptions = {}) {
    super(code, message, options);
    this.retryable = options.retryable ?? false;
    this.jobId = options.jobId;
    this.costSoFar = options.costSoFar;
  }
}
