import { SimulatorError } from "../../errors.ts";
import type { FailureMessage } from "./messages.ts";
import type { Failure } from "./shared-run.ts";

const CLASSES = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError } as const;

/** The error again: of its own class where that is the simulator's or JavaScript's, else an Error of the same name. */
export function receivedFailure({ chunk, name, message, stack, code }: FailureMessage): Failure {
  const error = errorOf(name, message, code);
  if (error.name !== name) Object.defineProperty(error, "name", { value: name, configurable: true });
  if (code !== undefined) Object.assign(error, { code });
  if (stack !== undefined) error.stack = stack;
  return { chunk, error };
}

function errorOf(name: string, message: string, code: string | undefined): Error {
  if (name === "SimulatorError" && code !== undefined) return new SimulatorError(code, message);
  return new (CLASSES[name as keyof typeof CLASSES] ?? Error)(message);
}
