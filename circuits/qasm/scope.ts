import type { Operation } from "../operation.ts";
import type { GateDefinition } from "./ast.ts";
import type { Source } from "./source.ts";
import type { GateTemplate } from "./standard-gates.ts";
import type { Value } from "./value.ts";

/** A gate that a text defines. */
export interface UserGate {
  readonly kind: "user gate";
  readonly definition: GateDefinition;
  /** The names that the body may use: those defined before it. */
  readonly scope: Scope;
  /** How deep the definitions below it are nested. */
  readonly height: number;
  /** The exact matrix, from a directive, of which the body is the printed form. */
  readonly unitary?: {
    readonly label: string;
    readonly numControls: number;
    readonly controlState: number;
    readonly numbers: readonly number[];
  };
  /** The gate of the table that the body equals, once that has been looked at. */
  template?: GateTemplate | ((qubits: readonly number[]) => Operation) | "own";
}

export type Named =
  | { readonly kind: "value"; readonly value: Value; readonly constant: boolean }
  | {
      readonly kind: "gate";
      readonly template: GateTemplate;
      /** Whether a definition of the text may replace it: only so long as nothing has used it. */
      redefinable: boolean;
    }
  | { readonly kind: "opaque" }
  | UserGate;

/** Names and what they stand for, looked up from the inside out. */
export class Scope {
  readonly #names = new Map<string, Named | undefined>();
  readonly #outer: Scope | undefined;
  constructor(outer?: Scope) {
    this.#outer = outer;
  }

  find(name: string): Named | undefined {
    let scope: Scope | undefined = this;
    while (scope !== undefined) {
      if (scope.#names.has(name)) return scope.#names.get(name);
      scope = scope.#outer;
    }
    return undefined;
  }

  /** What this very scope, outer ones aside, has under the name. */
  own(name: string): Named | undefined {
    return this.#names.get(name);
  }

  set(name: string, named: Named): void {
    this.#names.set(name, named);
  }

  /** Makes a name of outer scopes unknown here. */
  hide(name: string): void {
    this.#names.set(name, undefined);
  }
}

/** Names live once a scope, and those of gates and registers once a text. @throws QasmError QASM_REDEFINED */
export function checkNew(name: string, at: number, scope: Scope, source: Source): void {
  const known = scope.own(name);
  if (known === undefined || (known.kind === "gate" && known.redefinable)) return;
  throw source.error("QASM_REDEFINED", `${name} is defined already; choose another name.`, at);
}
