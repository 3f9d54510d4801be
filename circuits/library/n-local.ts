import { Circuit } from "../circuit.ts";
import { CircuitError } from "../errors.ts";
import { type GateName, gateSpec } from "../gates.ts";
import { weight } from "../parameter.ts";
import { checkCount, checkOptions } from "./checks.ts";
import { type Entanglement, entanglementBlocks } from "./entanglement.ts";

export interface NLocalOptions {
  readonly numQubits: number;
  /** One-qubit gates of a rotation layer; each goes over all qubits before the next. */
  readonly rotationGates: readonly GateName[];
  /** Gates of an entangling layer, on two or more qubits. */
  readonly entanglingGates: readonly GateName[];
  /** Linear, ring and so on; `full` by default. */
  readonly entanglement?: Entanglement;
  /** Rotation and entangling layers; 3 by default. A last rotation layer follows. */
  readonly reps?: number;
  readonly skipFinalRotationLayer?: boolean;
  /** Leave out rotations on qubits that no entangling gate touches. */
  readonly skipUnentangledQubits?: boolean;
  readonly barriers?: boolean;
  readonly name?: string;
}

/**
 * Alternating rotation and entangling layers; gates and parameters in the order of Qiskit's `n_local`. Weights `w`: shape
 * [rotation layers, rotation gates, numQubits] when only one-parameter rotations of all qubits have parameters, without the
 * middle axis when there is one rotation gate; else flat.
 * @throws CircuitError LIBRARY_COUNT, N_LOCAL_GATE, ENTANGLEMENT_UNKNOWN, ENTANGLEMENT_BLOCK, ENTANGLEMENT_QUBIT
 */
export function nLocal(options: NLocalOptions): Circuit {
  checkOptions("nLocal", options, [
    "numQubits",
    "rotationGates",
    "entanglingGates",
    "entanglement",
    "reps",
    "skipFinalRotationLayer",
    "skipUnentangledQubits",
    "barriers",
    "name",
  ]);
  const { numQubits, rotationGates, entanglingGates, entanglement = "full", reps = 3, name = "w" } = options;
  const { skipFinalRotationLayer = false, skipUnentangledQubits = false, barriers = false } = options;
  checkCount("nLocal", "numQubits", numQubits);
  checkCount("nLocal", "reps", reps, 0);
  for (const gate of rotationGates) checkGate(gate, "rotation", (size) => size === 1);
  for (const gate of entanglingGates) checkGate(gate, "entangling", (size) => size >= 2);

  const entanglers = Array.from({ length: reps }, (_, layer) =>
    entanglingGates.map((gate) => entanglementBlocks(entanglement, numQubits, gateSpec(gate).numQubits, layer)),
  );
  const touched = new Set(entanglers.flat(3));
  const rotated = Array.from({ length: numQubits }, (_, qubit) => qubit).filter(
    (qubit) => !skipUnentangledQubits || touched.has(qubit),
  );
  const calls: (readonly [gate: GateName, qubits: readonly number[]] | "barrier")[] = [];
  const rotationLayers = skipFinalRotationLayer ? reps : reps + 1;
  for (let layer = 0; layer <= reps; layer++) {
    if (barriers && layer > 0 && layer < rotationLayers) calls.push("barrier");
    if (layer < rotationLayers)
      for (const gate of rotationGates) for (const qubit of rotated) calls.push([gate, [qubit]]);
    if (layer === reps) break;
    if (barriers) calls.push("barrier");
    for (const [i, gate] of entanglingGates.entries())
      for (const block of entanglers[layer]![i]!) calls.push([gate, block]);
  }

  let total = 0;
  for (const call of calls) if (call !== "barrier") total += gateSpec(call[0]).numParams;
  const regular =
    rotated.length === numQubits &&
    rotationGates.every((gate) => gateSpec(gate).numParams === 1) &&
    entanglingGates.every((gate) => gateSpec(gate).numParams === 0);
  const axes = rotationGates.length === 1 ? [numQubits] : [rotationGates.length, numQubits];
  const w = total === 0 ? undefined : weight(name, regular ? [rotationLayers, ...axes] : [total]);
  return Circuit.build(numQubits, (c) => {
    let next = 0;
    for (const call of calls)
      if (call === "barrier") c.barrier();
      else {
        const params = Array.from({ length: gateSpec(call[0]).numParams }, () => w!.elements[next++]!);
        c.gate(call[0], params, call[1]);
      }
  });
}

function checkGate(gate: GateName, role: string, fits: (numQubits: number) => boolean): void {
  const { numQubits } = gateSpec(gate);
  if (!fits(numQubits))
    throw new CircuitError(
      "N_LOCAL_GATE",
      `Gate ${gate} on ${numQubits} qubit(s) is no ${role} gate; a rotation gate has one qubit, an entangling gate more.`,
    );
}

export interface TwoLayerOptions {
  readonly numQubits: number;
  readonly reps?: number;
  /** `reverse_linear` by default, as in Qiskit. */
  readonly entanglement?: Entanglement;
  readonly skipFinalRotationLayer?: boolean;
  readonly skipUnentangledQubits?: boolean;
  readonly barriers?: boolean;
  readonly name?: string;
}

const TWO_LAYER_OPTIONS = [
  "numQubits",
  "reps",
  "entanglement",
  "skipFinalRotationLayer",
  "skipUnentangledQubits",
  "barriers",
  "name",
] as const satisfies readonly (keyof TwoLayerOptions)[];

/**
 * RealAmplitudes, as Qiskit's `real_amplitudes`: ry layers with CX between; the amplitudes stay real. Weights `w`
 * [reps + 1, numQubits].
 * @throws CircuitError as `nLocal`
 */
export function realAmplitudes(options: TwoLayerOptions): Circuit {
  checkOptions("realAmplitudes", options, TWO_LAYER_OPTIONS);
  return twoLayer(options, ["ry"]);
}

/**
 * EfficientSU2, as Qiskit's `efficient_su2`: layers of ry and rz (or other one-qubit gates) with CX between. Weights `w`
 * [reps + 1, 2, numQubits].
 * @throws CircuitError as `nLocal`
 */
export function efficientSU2(options: TwoLayerOptions & { readonly rotationGates?: readonly GateName[] }): Circuit {
  checkOptions("efficientSU2", options, [...TWO_LAYER_OPTIONS, "rotationGates"]);
  return twoLayer(options, options.rotationGates ?? ["ry", "rz"]);
}

/** Field by field, since an option given as undefined must not push its default aside. */
function twoLayer(options: TwoLayerOptions, rotationGates: readonly GateName[]): Circuit {
  const { numQubits, reps = 3, entanglement = "reverse_linear", name = "w" } = options;
  const { skipFinalRotationLayer = false, skipUnentangledQubits = false, barriers = false } = options;
  return nLocal({
    numQubits,
    rotationGates,
    entanglingGates: ["cx"],
    entanglement,
    reps,
    skipFinalRotationLayer,
    skipUnentangledQubits,
    barriers,
    name,
  });
}
