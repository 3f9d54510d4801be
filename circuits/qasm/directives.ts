import type { Parameter, ParameterVector } from "../parameter.ts";
import { input, weight } from "../parameter.ts";
import type { Directive, Statement } from "./ast.ts";
import type { Source } from "./source.ts";

type UnitaryDirective = Extract<Directive, { kind: "unitary" }>;

/**
 * Lepton's own comments, which say what OpenQASM has no words for. Each speaks of the declarations after it; until these
 * have come it waits here.
 */
export class Directives {
  readonly #source: Source;
  #vector: { readonly vector: ParameterVector; readonly next: number; readonly at: number } | undefined;
  #register: { readonly name: string; readonly at: number } | undefined;
  #unitary: UnitaryDirective | undefined;

  constructor(source: Source) {
    this.#source = source;
  }

  /** The vector that a directive declares; its elements are handed out by `takeParameter`. @throws QasmError QASM_DIRECTIVE */
  vector({ name, role, shape, at }: Extract<Directive, { kind: "parameters" }>): ParameterVector {
    if (shape.some((size) => size < 1) || shape.reduce((product, size) => product * size, 1) > 1 << 20)
      throw this.#source.error("QASM_DIRECTIVE", `Parameters of shape [${shape.join(", ")}] are not possible.`, at);
    const declare = role === "input" ? input : weight;
    const vector = shape.length === 0 ? declare(name).vector : declare(name, shape);
    this.#vector = { vector, next: 0, at };
    return vector;
  }

  register(directive: Extract<Directive, { kind: "register" }>): void {
    this.#register = directive;
  }

  /** @throws QasmError QASM_DIRECTIVE */
  unitary(directive: UnitaryDirective): void {
    const { numbers, numControls, controlState, label, at } = directive;
    const dimension = Math.sqrt(numbers.length / 2);
    if (!Number.isInteger(Math.log2(dimension)) || numControls > 30 || controlState >= 2 ** numControls)
      throw this.#source.error("QASM_DIRECTIVE", "The numbers of this directive are no unitary.", at);
    this.#unitary = { ...directive, label: this.#decoded(label, at) };
  }

  /** The element that the next `input` stands for, if a directive says so. */
  takeParameter(): Parameter | undefined {
    if (this.#vector === undefined) return undefined;
    const { vector, next } = this.#vector;
    this.#vector = next + 1 === vector.size ? undefined : { ...this.#vector, next: next + 1 };
    return vector.elements[next]!;
  }

  /** The true name of the next register, if a directive says so. */
  takeRegisterName(): { readonly name: string; readonly at: number } | undefined {
    const taken = this.#register;
    this.#register = undefined;
    return taken;
  }

  /** The unitary that the next gate definition is, if a directive says so. */
  takeUnitary(): UnitaryDirective | undefined {
    const taken = this.#unitary;
    this.#unitary = undefined;
    return taken;
  }

  /** @throws QasmError QASM_DIRECTIVE when something waits for another kind of statement */
  checkNext({ kind, at }: Statement): void {
    if (this.#vector !== undefined && kind !== "input") this.expectNone(at);
    if (this.#unitary !== undefined && kind !== "gate") this.expectNone(at);
    if (this.#register !== undefined && kind !== "bits") this.expectNone(at);
  }

  /** @throws QasmError QASM_DIRECTIVE when anything waits */
  expectNone(at: number): void {
    const waiting = this.#vector ?? this.#register ?? this.#unitary;
    if (waiting !== undefined)
      throw this.#source.error(
        "QASM_DIRECTIVE",
        "The directive before this lacks the declarations it speaks of.",
        Math.min(at, waiting.at),
      );
  }

  #decoded(label: string, at: number): string {
    try {
      return decodeURIComponent(label);
    } catch {
      throw this.#source.error("QASM_DIRECTIVE", "The label of this directive is not percent-encoded.", at);
    }
  }
}
