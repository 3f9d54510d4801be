import { ProviderError } from "../errors.ts";

/** What keeps a job from being sent, found before it costs anything; the service would have said so with `ibmCode`. */
export class IbmCheckError extends ProviderError {
  /** The code that IBM gives for it, such as "1517"; undefined where it has none. */
  readonly ibmCode: string | undefined;
  /** All faults that were found, the first of which the message tells. */
  readonly faults: readonly string[];

  constructor(
    code: string,
    message: string,
    options: { readonly ibmCode?: string; readonly faults?: readonly string[] } = {},
  ) {
    super(code, message);
    this.ibmCode = options.ibmCode;
    this.faults = options.faults ?? [message];
  }
}
