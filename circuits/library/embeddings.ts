import { multiply } from "../arithmetic.ts";
import { Circuit } from "../circuit.ts";
import { CircuitError } from "../errors.ts";
import type { Angle } from "../expression.ts";
import { input } from "../parameter.ts";
import { checkChoice, checkCount, checkFinite, checkOptions } from "./checks.ts";
import { type Entanglement, entanglementBlocks } from "./entanglement.ts";

/** The axis of a one-qubit rotation. */
export type RotationAxis = "X" | "Y" | "Z";
const AXES: readonly string[] = ["X", "Y", "Z"];

/** The gate of a rotation axis. @throws CircuitError LIBRARY_OPTION */
export function rotationGate(circuit: string, axis: RotationAxis): "rx" | "ry" | "rz" {
  checkChoice(circuit, "rotation", axis, AXES);
  return `r${axis.toLowerCase()}` as "rx" | "ry" | "rz";
}

/**
 * Encodes bits as a basis state. With `bits` the state is fixed: X on each qubit whose bit is 1. Without, the bits are
 * input parameters `x` [numQubits] and qubit q gets rx(π·x[q]), which for 0 and 1 is that basis state up to a global phase
 * of -i per 1.
 * @param options.bits an integer (bit q for qubit q), a bitstring (highest qubit leftmost), or a list (entry q for qubit q)
 * @throws CircuitError BASIS_BITS, LIBRARY_COUNT
 */
export function basisEmbedding(options: {
  readonly numQubits: number;
  readonly bits?: number | string | ArrayLike<number>;
  readonly name?: string;
}): Circuit {
  checkOptions("basisEmbedding", options, ["numQubits", "bits", "name"]);
  const { numQubits, bits, name = "x" } = options;
  checkCount("basisEmbedding", "numQubits", numQubits);
  return Circuit.build(numQubits, (c) => {
    if (bits === undefined)
      for (const [qubit, bit] of input(name, numQubits).elements.entries()) c.rx(multiply(Math.PI, bit), qubit);
    else for (const [qubit, bit] of bitList(bits, numQubits).entries()) if (bit === 1) c.x(qubit);
  });
}

function bitList(bits: number | string | ArrayLike<number>, numQubits: number): readonly number[] {
  const fail = (reason: string): never => {
    throw new CircuitError("BASIS_BITS", `The bits for ${numQubits} qubit(s) ${reason}.`);
  };
  if (typeof bits === "number") {
    if (!Number.isSafeInteger(bits) || bits < 0 || bits >= 2 ** numQubits)
      return fail(`must be an integer from 0 to ${2 ** numQubits - 1}, not ${bits}`);
    return Array.from({ length: numQubits }, (_, qubit) => Math.floor(bits / 2 ** qubit) % 2);
  }
  const list = typeof bits === "string" ? [...bits].reverse().map(Number) : Array.from(bits);
  if (list.length !== numQubits) return fail(`were given as a list of ${list.length}`);
  const wrong = list.findIndex((bit) => bit !== 0 && bit !== 1);
  return wrong === -1 ? list : fail(`must be 0 or 1, but the one for qubit ${wrong} is not`);
}

/**
 * One rotation per feature: qubit q gets R(scale·x[q]), inputs `x` [numQubits]. A Z rotation alone leaves |0> as it is;
 * use it after other gates.
 * @throws CircuitError LIBRARY_COUNT, LIBRARY_OPTION, LIBRARY_NUMBER
 */
export function angleEmbedding(options: {
  readonly numQubits: number;
  readonly rotation?: RotationAxis;
  readonly name?: string;
  readonly scale?: number;
}): Circuit {
  checkOptions("angleEmbedding", options, ["numQubits", "rotation", "name", "scale"]);
  const { numQubits, rotation = "X", name = "x", scale = 1 } = options;
  checkCount("angleEmbedding", "numQubits", numQubits);
  checkFinite("angleEmbedding", "scale", scale);
  const gate = rotationGate("angleEmbedding", rotation);
  const x = input(name, numQubits);
  return Circuit.build(numQubits, (c) => {
    c.declare(x);
    for (let qubit = 0; qubit < numQubits; qubit++) c[gate](multiply(scale, x.at(qubit)), qubit);
  });
}

/**
 * Instantaneous quantum polynomial encoding (Havlíček et al., arXiv:1804.11326): `reps` times H and rz(x[q]) on every
 * qubit, then rzz(x[i]·x[j]) on each pair. Inputs `x` [numQubits].
 * @throws CircuitError LIBRARY_COUNT, ENTANGLEMENT_UNKNOWN, ENTANGLEMENT_BLOCK, ENTANGLEMENT_QUBIT
 */
export function iqpEmbedding(options: {
  readonly numQubits: number;
  readonly reps?: number;
  readonly entanglement?: Entanglement;
  readonly name?: string;
}): Circuit {
  checkOptions("iqpEmbedding", options, ["numQubits", "reps", "entanglement", "name"]);
  const { numQubits, reps = 1, entanglement = "full", name = "x" } = options;
  checkCount("iqpEmbedding", "numQubits", numQubits);
  checkCount("iqpEmbedding", "reps", reps);
  const x = input(name, numQubits);
  return Circuit.build(numQubits, (c) => {
    for (let layer = 0; layer < reps; layer++) {
      for (let qubit = 0; qubit < numQubits; qubit++) c.h(qubit);
      for (let qubit = 0; qubit < numQubits; qubit++) c.rz(x.at(qubit), qubit);
      for (const [i, j] of entanglementBlocks(entanglement, numQubits, 2, layer))
        c.rzz(multiply(x.at(i!), x.at(j!)) as Angle, i!, j!);
    }
  });
}
