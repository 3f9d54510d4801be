import type { Circuit } from "../circuit.ts";
import { TranspilerError } from "../errors.ts";
import { checkOptions, compile } from "./compile.ts";
import type { CompiledCircuit, CompileOptions } from "./compiled-circuit.ts";
import type { Target } from "./target.ts";

/**
 * Compiled circuits by circuit, target (its calibration included) and options, so that what is trained is compiled once. Keeps
 * the `capacity` used last.
 */
export class CompileCache {
  readonly capacity: number;
  readonly #entries = new Map<string, CompiledCircuit>();

  /** @throws TranspilerError COMPILE_OPTION unless `capacity` is a positive integer */
  constructor(capacity = 64) {
    if (!Number.isSafeInteger(capacity) || capacity < 1)
      throw new TranspilerError(
        "COMPILE_OPTION",
        `A cache of compiled circuits holds a positive number of them, not ${capacity}.`,
      );
    this.capacity = capacity;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** As `compile`, which is called only where no equal circuit was compiled for an equal target and options. */
  compile(circuit: Circuit, target: Target, options: CompileOptions = {}): CompiledCircuit {
    checkOptions(options);
    const key = JSON.stringify([
      circuit.hash,
      target.hash,
      Object.entries(options)
        .filter(([, value]) => value !== undefined)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ]);
    const found = this.#entries.get(key) ?? compile(circuit, target, options);
    this.#entries.delete(key);
    this.#entries.set(key, found);
    if (this.#entries.size > this.capacity) this.#entries.delete(this.#entries.keys().next().value!);
    return found;
  }

  clear(): void {
    this.#entries.clear();
  }
}
