import {
  CircuitError,
  LeptonError,
  ObservableError,
  ParameterError,
  QasmError,
  TranspilerError,
} from "../../circuits/index.ts";
import { PubError, SimulatorError } from "../../providers/errors.ts";
import { DataError, GradientError } from "../errors.ts";

/** A command line that cannot be followed: an unknown option, a missing argument, a file that cannot be read. */
export class UsageError extends LeptonError {}

/** What a command ends with; scripts rely on these numbers. */
export const EXIT = { done: 0, failed: 1, badInput: 2 } as const;

const BAD_INPUT = [
  UsageError,
  QasmError,
  CircuitError,
  ParameterError,
  ObservableError,
  TranspilerError,
  PubError,
  SimulatorError,
  DataError,
  GradientError,
];

/** Of those that providers and training throw the ones that another command line, variable or file would cure. */
const BAD_INPUT_CODES =
  /^(TRAINING_(?!\w*NOT_FINITE)\w+|CONFIG_FILE|PROVIDER_UNKNOWN|BUDGET_(FORM|PLAN|PRICE|UNIT)|BUNDLE_(FORMAT|NEWER)|REPLAY_(CONFIG|NOTHING)|SCHEDULE_(?!PACKAGE)\w+|SWEEP_\w+|WORKER_OPTION|RUN_(CHANGED|EXISTS|ID|NO_TASK|OPTION|PROVIDER|STATE_DROPPED|STEP|UNKNOWN)|LEDGER_(FOREIGN|NEWER)|ROTOSOLVE_\w+|LAYER_\w+|COMPRESSION_(?!LOSS)\w+|ENGINE_(CLASSES|FILE|TARGETS)|MODEL_(FOLDER_MISSING|FOREIGN|NOT_BUILT|WEIGHTS_CORRUPT)|DEVICE_\w+|EMULATOR_(OPTION|ADDRESS)|IBM_(API_KEY|OPTION|TOKEN|TOKEN_MISSING|INSTANCE_\w+|CRN|URL|ACCOUNT_\w+|BACKEND_UNKNOWN))$/;

export function exitCodeOf(error: unknown): number {
  const isBadInput =
    BAD_INPUT.some((type) => error instanceof type) ||
    (error instanceof LeptonError && BAD_INPUT_CODES.test(error.code));
  return isBadInput ? EXIT.badInput : EXIT.failed;
}

/** What `--json` prints of an error. */
export interface ErrorReport {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly file?: string;
    readonly line?: number;
    readonly column?: number;
  };
}

export function errorReport(error: unknown): ErrorReport {
  if (error instanceof QasmError) {
    const { code, reason, file, line, column } = error;
    return { error: { code, message: reason, file, line, column } };
  }
  if (error instanceof LeptonError) return { error: { code: error.code, message: error.message } };
  return { error: { code: "INTERNAL", message: error instanceof Error ? error.message : String(error) } };
}

/** What a person reads of an error; a stack only for what Lepton did not throw on purpose. */
export function errorText(error: unknown): string {
  if (error instanceof QasmError) return error.message;
  if (error instanceof LeptonError) return `lepton: ${error.code} ${error.message}`;
  return `lepton: INTERNAL unexpected error; please report it.\n${error instanceof Error ? error.stack : String(error)}`;
}
