import type { MessagePort } from "node:worker_threads";
import type { CompiledModule, KernelTarget, LinearMemory } from "../wasm/index.ts";
import type { Failure } from "./shared-run.ts";

/** What a worker is started with. */
export interface WorkerStart {
  /** Its number in the team, from 1. */
  readonly thread: number;
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly port: MessagePort;
}

/** The parts of a KernelMemory that another thread can be given. */
export interface PostedMemory {
  readonly target: KernelTarget;
  readonly module: CompiledModule;
  readonly memory: LinearMemory;
}

/** What the caller's thread tells its workers; they read it when they wake. */
export type TeamMessage =
  | { readonly kind: "program"; readonly id: number; readonly program: unknown }
  | ({ readonly kind: "memory"; readonly id: number } & PostedMemory)
  | { readonly kind: "forget-program"; readonly id: number }
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
