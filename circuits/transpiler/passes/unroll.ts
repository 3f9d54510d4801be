import { add, divide, multiply, negate } from "../../arithmetic.ts";
import type { Angle } from "../../expression.ts";
import { constantValue } from "../../expression.ts";
import { type GateCall, gateSpec } from "../../gates.ts";
import {
  type GateOperation,
  matrixOf,
  type Operation,
  type UnitaryKind,
  type UnitaryOperation,
} from "../../operation.ts";
import { synthesizeUnitary } from "../../qasm/unitary-synthesis.ts";
import { AffineAngle } from "../affine-angle.ts";
import { cz, local, rotation, rzz, swap, twoQubitUnitary } from "../ir.ts";
import { KakDecomposition } from "../linalg/kak.ts";
import { blockForm } from "./block-form.ts";
import { BlockSynthesis } from "./block-synthesis.ts";
import { controlledPhase, controlledX } from "./multi-controls.ts";
import { entanglersOf } from "./resynthesize-blocks.ts";
import { shannonDecomposition } from "./shannon.ts";

/**
 * Writes every gate in the compiler's own form (see ir.ts): gates on three or more qubits and controls beyond one are
 * expanded, two-qubit gates become cz, rzz or swap between gates on one qubit, with as few of them as is known for the gate
 * on its own. `if` bodies too. O(gates), but exponential in the qubits of a unitary matrix, quadratic in a gate's controls.
 * @throws CircuitError UNITARY_SYNTHESIS for a matrix on more than 8 qubits, or 5 under controls
 */
export function unroll(operations: readonly Operation[], numQubits: number): readonly Operation[] {
  const unroller = new Unroller(numQubits);
  return operations.flatMap((operation) => unroller.operation(operation));
}

/** Up to here a unitary with its controls is decomposed as one; beyond, its parts are put under the controls. */
const MAX_MATRIX_QUBITS = 4;

class Unroller {
  readonly #numQubits: number;
  readonly #synthesis = new BlockSynthesis();
  readonly #kak = new KakDecomposition();
  readonly #known = new Map<string, readonly UnitaryKind[]>();
  #out: UnitaryKind[] = [];

  constructor(numQubits: number) {
    this.#numQubits = numQubits;
  }

  operation(operation: Operation): readonly Operation[] {
    if (operation.kind === "if")
      return [
        Object.freeze({
          ...operation,
          whenTrue: Object.freeze(operation.whenTrue.flatMap((inner) => this.operation(inner))),
          whenFalse: Object.freeze(operation.whenFalse.flatMap((inner) => this.operation(inner))),
        }),
      ];
    if (operation.kind !== "gate" && operation.kind !== "unitary") return [operation];
    this.#out = [];
    if (operation.kind === "unitary") this.#unitary(operation);
    else this.#controlled(operation);
    return this.#smallest(operation, this.#out);
  }

  /** The expansion of one two-qubit gate, resynthesised as a block where that takes fewer entanglers. */
  #smallest(operation: UnitaryKind, expansion: readonly UnitaryKind[]): readonly UnitaryKind[] {
    const entanglers = expansion.reduce((sum, part) => sum + entanglersOf(part, false, this.#kak), 0);
    const [low, high] = operation.qubits;
    if (operation.qubits.length !== 2 || entanglers < 3 || expansion.some(isSwap)) return expansion;
    const block = this.#synthesis.synthesize(blockForm(expansion, low!), low!, high!, { fractional: false });
    return block !== undefined && block.entanglers < entanglers ? block.operations : expansion;
  }

  #unitary(operation: UnitaryOperation): void {
    const { qubits, numControls, matrix } = operation;
    if (qubits.length === 1) this.#out.push(local(matrix as Float64Array, qubits[0]!));
    else if (qubits.length === 2) this.#out.push(twoQubitUnitary(matrixOf(operation), qubits[0]!, qubits[1]!));
    else if (qubits.length <= MAX_MATRIX_QUBITS || numControls === 0)
      this.#out.push(...shannonDecomposition(matrixOf(operation), qubits));
    else
      this.#underControls(qubits.slice(0, numControls), operation.controlState, (controls) => {
        const targets = qubits.slice(numControls);
        for (const part of synthesizeUnitary(matrix as Float64Array))
          this.#underControls(
            part.qubits.slice(0, part.numControls).map((position) => targets[position]!),
            part.controlState,
            (own) =>
              this.#visit(
                part.gate,
                part.params,
                [...controls, ...own],
                part.qubits.slice(part.numControls).map((position) => targets[position]!),
              ),
          );
      });
  }

  #controlled({ gate, params, qubits, numControls, controlState }: GateOperation): void {
    this.#underControls(qubits.slice(0, numControls), controlState, (controls) =>
      this.#visit(gate, params, controls, qubits.slice(numControls)),
    );
  }

  /** Turns controls that must be 0 around. */
  #underControls(controls: readonly number[], state: number, body: (controls: readonly number[]) => void): void {
    const negative = controls.filter((_, index) => Math.floor(state / 2 ** index) % 2 === 0);
    for (const control of negative) this.#constant("x", control);
    body(controls);
    for (const control of negative) this.#constant("x", control);
  }

  #constant(gate: string, qubit: number): void {
    this.#out.push(local(gateSpec(gate).matrix([]), qubit));
  }

  #rotate(axis: "X" | "Y" | "Z", angle: Angle, qubit: number): void {
    this.#out.push(rotation(axis, AffineAngle.of(angle), qubit));
  }

  /** The gate under controls that must all be 1. */
  #visit(name: string, params: readonly Angle[], controls: readonly number[], qubits: readonly number[]): void {
    const spec = gateSpec(name);
    if (controls.length === 0 && this.#plain(name, params, qubits)) return;
    if (spec.base !== undefined && spec.controls !== undefined && spec.phases === undefined) {
      // cx, crx, ccx, cswap, ...: ch and csx are shorter by their own decompositions.
      if (spec.decomposition === undefined || controls.length > 0) {
        const own = qubits.slice(0, spec.controls);
        this.#visit(spec.base, params, [...controls, ...own], qubits.slice(spec.controls));
        return;
      }
    }
    if (spec.phases !== undefined) {
      this.#diagonal(name, params, controls, qubits);
      return;
    }
    if (name === "x") {
      this.#out.push(...controlledX(controls, qubits[0]!, this.#numQubits));
      return;
    }
    if (name === "swap") {
      const [a, b] = qubits as [number, number];
      this.#visit("x", [], [b], [a]);
      this.#visit("x", [], [...controls, a], [b]);
      this.#visit("x", [], [b], [a]);
      return;
    }
    if (name === "ry") {
      const half = divide(params[0]!, 2);
      this.#rotate("Y", half, qubits[0]!);
      this.#visit("x", [], controls, qubits);
      this.#rotate("Y", negate(half), qubits[0]!);
      this.#visit("x", [], controls, qubits);
      return;
    }
    const calls = (spec.decomposition as (params: readonly Angle[]) => readonly GateCall[])(params);
    for (const [inner, angles, positions] of calls)
      this.#visit(
        inner,
        angles,
        controls,
        positions.map((position) => qubits[position]!),
      );
  }

  /** Gates that have a form of their own here; false for others. */
  #plain(name: string, params: readonly Angle[], qubits: readonly number[]): boolean {
    const [a, b] = qubits as [number, number];
    switch (name) {
      case "gphase":
      case "id":
        return true;
      case "rx":
      case "ry":
      case "rz":
        this.#rotate(name === "rx" ? "X" : name === "ry" ? "Y" : "Z", params[0]!, a);
        return true;
      case "p":
        this.#rotate("Z", params[0]!, a);
        return true;
      case "u":
        this.#rotate("Z", params[2]!, a);
        this.#rotate("Y", params[0]!, a);
        this.#rotate("Z", params[1]!, a);
        return true;
      case "cz":
        this.#out.push(cz(a, b));
        return true;
      case "swap":
        this.#out.push(swap(a, b));
        return true;
      case "rzz":
        this.#out.push(rzz(AffineAngle.of(params[0]!), a, b));
        return true;
      default:
        break;
    }
    if (qubits.length === 1 && params.length === 0) {
      this.#constant(name, a);
      return true;
    }
    // A two-qubit gate of known angles without a formula of few gates of its own is found by its matrix.
    if (qubits.length === 2 && gateSpec(name).decomposition !== undefined && name !== "cx") {
      const values = params.map(constantValue);
      if (values.every((value) => value !== undefined)) {
        this.#out.push(...this.#byMatrix(name, values as number[], a, b));
        return true;
      }
    }
    return false;
  }

  #byMatrix(name: string, values: readonly number[], a: number, b: number): readonly UnitaryKind[] {
    const key = `${name} ${values.join()} ${a} ${b}`;
    let known = this.#known.get(key);
    if (known === undefined) {
      const form = { constants: [gateSpec(name).matrix(values)], rotations: [] };
      known = this.#synthesis.synthesize(form, a, b, { fractional: false })!.operations;
      this.#known.set(key, known);
    }
    return known;
  }

  #diagonal(name: string, params: readonly Angle[], controls: readonly number[], qubits: readonly number[]): void {
    for (const { mask, constant = 0, param, coefficient = 1 } of gateSpec(name).phases!) {
      const angle = param === undefined ? constant : add(constant, multiply(coefficient, params[param]!));
      const involved = [...controls, ...qubits.filter((_, bit) => ((mask >> bit) & 1) === 1)];
      this.#phase(angle, involved);
    }
  }

  /** The phase e^{iα} on the states in which all the qubits are 1. */
  #phase(angle: Angle, qubits: readonly number[]): void {
    const [a, b] = qubits as [number, number];
    if (qubits.length === 1) this.#rotate("Z", angle, a);
    else if (qubits.length === 2) {
      if (constantValue(angle) === Math.PI) {
        this.#out.push(cz(a, b));
        return;
      }
      const half = AffineAngle.of(angle, 0.5);
      this.#out.push(rotation("Z", half, a), rotation("Z", half, b), rzz(half.negated(), a, b));
    } else if (qubits.length > 2) this.#out.push(...controlledPhase(angle, qubits, this.#numQubits));
  }
}

function isSwap(operation: UnitaryKind): boolean {
  return operation.kind === "gate" && operation.gate === "swap";
}
