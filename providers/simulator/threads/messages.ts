import type { MessagePort } from "node:worker_threads";
import { SimulatorError } from "../../errors.ts";
import type { CompiledModule, LinearMemory } from "../wasm/index.ts";
import type { Failure } from "./shared-run.ts";

/** What a worker is started with. */
export interface WorkerStart {
  readonly worker: number;
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly port: MessagePort;
}

/** What the caller's thread tells its workers; they read it when they wake. */
export type TeamMessage =
  | { readonly kind: "program"; readonly id: number; readonly program: unknown }
  | { readonly kind: "memory"; readonly id: number; readonly module: CompiledModule; readonly memory: LinearMemory }
  | { readonly kind: "forget-program"; readonly id: number }
  | { readonly kind: "forget-memories"; readonly ids: readonly number[] }
  | { readonly kind: "ping" };

/** A failure as it goes from thread to thread: in plain words, for copies of errors lose their class and their code. */
export interface FailureMessage {
  readonly chunk: number;
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: string | undefined;
}

export function failureMessage({ chunk, error }: Failure): FailureMessage {
  if (!(error instanceof Error))
    return { chunk, name: "Error", message: `A thread threw ${String(error)}.`, stack: undefined, code: undefined };
  const { code } = error as { readonly code?: unknown };
  const { name, message, stack } = error;
  return { chunk, name, message, stack, code: typeof code === "string" ? code : undefined };
}

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
