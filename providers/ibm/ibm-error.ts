import { ProviderError, type ProviderErrorOptions } from "../errors.ts";

/**
 * What is known of a request that failed: "rejected" = it surely had no effect; "unknown" = it may have had one, since the
 * answer was lost (timeout, reset, 5xx, unreadable).
 */
export type RequestOutcome = "rejected" | "unknown";

/** One entry of the `errors` that IBM answers. */
export interface IbmErrorDetail {
  /** IBM's own code, such as "1217"; empty where there is none. */
  readonly code: string;
  readonly message: string;
  readonly solution?: string | undefined;
  readonly moreInfo?: string | undefined;
}

export interface IbmErrorOptions extends ProviderErrorOptions {
  readonly method: string;
  /** The route, such as "/jobs/{id}". */
  readonly path: string;
  readonly outcome: RequestOutcome;
  readonly status?: number | undefined;
  readonly details?: readonly IbmErrorDetail[] | undefined;
  readonly trace?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
}

/** A request to IBM Quantum or to IBM's IAM that failed. Nothing in it holds the API key, a token or the instance's CRN. */
export class IbmError extends ProviderError {
  readonly method: string;
  /** The route, such as "/jobs/{id}". */
  readonly path: string;
  readonly outcome: RequestOutcome;
  /** HTTP status; undefined where there was no answer. */
  readonly status: number | undefined;
  /** IBM's code of the first error that has one, such as "1217". */
  readonly ibmCode: string | undefined;
  readonly details: readonly IbmErrorDetail[];
  /** IBM's support finds the request by it. */
  readonly trace: string | undefined;
  /** How long the service asks to wait. */
  readonly retryAfterSeconds: number | undefined;
  /** How often the request was sent. */
  attempts = 1;

  constructor(code: string, message: string, options: IbmErrorOptions) {
    super(code, message, options);
    this.method = options.method;
    this.path = options.path;
    this.outcome = options.outcome;
    this.status = options.status;
    this.details = options.details ?? [];
    this.ibmCode = this.details.find((detail) => detail.code !== "")?.code;
    this.trace = options.trace;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}
