import type { Circuit } from "../circuit.ts";
import { describeValue } from "../describe-value.ts";
import { TranspilerError } from "../errors.ts";
import type { Operation } from "../operation.ts";
import { optionsFault } from "../options-fault.ts";
import { Rng } from "../rng.ts";
import { BindProgram } from "./bind-program.ts";
import type { CompiledCircuit, CompileOptions, Effort } from "./compiled-circuit.ts";
import { CompiledProgram } from "./compiled-program.ts";
import { Derivations } from "./derivations.ts";
import { isPair } from "./ir.ts";
import { isaCircuit } from "./isa-circuit.ts";
import { placeAndRoute } from "./layout/index.ts";
import { metricsOf } from "./metrics.ts";
import { absorbFinalSwaps } from "./passes/absorb-final-swaps.ts";
import type { SynthesisOptions } from "./passes/block-synthesis.ts";
import { elideSwaps } from "./passes/elide-swaps.ts";
import { liveDirection, lower } from "./passes/lower.ts";
import { resynthesizeBlocks } from "./passes/resynthesize-blocks.ts";
import { simplify } from "./passes/simplify.ts";
import { translatePairs } from "./passes/translate-pairs.ts";
import { unroll } from "./passes/unroll.ts";
import type { Target } from "./target.ts";

const OPTIONS = ["effort", "seed", "initialLayout", "scheduling", "dynamicalDecoupling"];
const EFFORTS: readonly unknown[] = [0, 1, 2, 3];

/**
 * Compiles a circuit for a device. Free parameters stay free: layout, routing and structure hold for all their values, and
 * `bindRows` computes the angles of the compiled circuit. Equal to the source up to a global phase and the permutation of
 * `initialLayout` and `finalLayout`, all other qubits starting in |0⟩.
 * @throws TranspilerError COMPILE_OPTION, COMPILE_BASIS, LAYOUT_WIDTH, LAYOUT_DISCONNECTED, LAYOUT_INITIAL, LAYOUT_BRANCH
 */
export function compile(circuit: Circuit, target: Target, options: CompileOptions = {}): CompiledCircuit {
  checkOptions(options);
  checkBasis(circuit, target);
  const { effort = 2, seed = 0 } = options;
  const rng = Rng.seed(seed);
  const candidate = compileOnce(circuit, target, options, effort, rng);
  return new CompiledProgram({ source: circuit, target, effort, seed, ...candidate });
}

function compileOnce(circuit: Circuit, target: Target, options: CompileOptions, effort: Effort, rng: Rng) {
  const derivations = new Derivations(circuit, rng);
  const fractional = target.basisGates.includes("rzz");
  const symbolic: SynthesisOptions = { fractional };
  let operations = unroll(circuit.operations, circuit.numQubits);
  let wires: readonly number[] = Array.from({ length: circuit.numQubits }, (_, qubit) => qubit);
  if (effort > 0) {
    operations = optimized(operations, symbolic, effort);
    if (effort > 1) operations = resynthesizeBlocks(operations, { ...symbolic, mirror: () => true });
    const elided = elideSwaps(operations, circuit.numQubits);
    operations = simplify(elided.operations);
    wires = elided.wires;
  }
  const routed = placeAndRoute(operations, circuit.numQubits, target, {
    effort,
    rng: rng.fork("layout"),
    ...(options.initialLayout === undefined ? {} : { initialLayout: options.initialLayout }),
  });
  let final = routed.finalLayout;
  operations = unroll(routed.operations, target.numQubits);
  const isNative = (a: number, b: number): boolean => fractional && liveDirection(target, "rzz", a, b) !== undefined;
  if (effort > 0) {
    operations = optimized(operations, symbolic, effort);
    const numeric = { ...symbolic, derivations };
    const absorbed = absorbFinalSwaps(operations, target.numQubits, symbolic);
    final = final.map((qubit) => absorbed.wires[qubit]!);
    operations = simplify(translatePairs(absorbed.operations, isNative));
    operations = optimized(operations, effort > 1 ? numeric : symbolic, effort);
  }
  operations = translatePairs(operations, isNative);
  if (effort > 0) operations = simplify(operations);
  const isa = isaCircuit(circuit, lower(operations, target, derivations), target.numQubits);
  return {
    circuit: isa.circuit,
    initialLayout: routed.initialLayout,
    finalLayout: wires.map((wire) => final[wire]!),
    metrics: metricsOf(isa.circuit, target),
    program: new BindProgram(circuit, isa.angles, derivations.list),
  };
}

/** Simplifies and resynthesises blocks in turns until the number of gates on two qubits stays. */
function optimized(operations: readonly Operation[], options: SynthesisOptions, effort: Effort): readonly Operation[] {
  let current = simplify(operations);
  const rounds = effort === 1 ? 1 : 6;
  for (let round = 0; round < rounds; round++) {
    const before = current.filter(isPair).length;
    current = simplify(resynthesizeBlocks(current, options));
    if (round > 0 && current.filter(isPair).length >= before) break;
  }
  return current;
}

function checkOptions(options: CompileOptions): void {
  const fault = (message: string): never => {
    throw new TranspilerError("COMPILE_OPTION", message);
  };
  const unknown = optionsFault("compile", options, OPTIONS);
  if (unknown !== undefined) fault(unknown);
  const { effort, seed, scheduling, dynamicalDecoupling } = options;
  if (effort !== undefined && !EFFORTS.includes(effort))
    fault(`The effort of compile is 0, 1, 2 or 3, not ${describeValue(effort)}.`);
  if (seed !== undefined && !Number.isSafeInteger(seed))
    fault(`The seed of compile is an integer, not ${describeValue(seed)}.`);
  if (scheduling !== undefined && scheduling !== "alap")
    fault(`The scheduling of compile is "alap", not ${describeValue(scheduling)}; leave it out for none.`);
  if (dynamicalDecoupling !== undefined && dynamicalDecoupling !== "XX" && dynamicalDecoupling !== "XY4")
    fault(
      `The dynamicalDecoupling of compile is "XX" or "XY4", not ${describeValue(dynamicalDecoupling)}; leave it out for none.`,
    );
}

/** @throws TranspilerError COMPILE_BASIS */
function checkBasis(circuit: Circuit, target: Target): void {
  const missing = ["rz", "sx", "x"].filter((gate) => !target.basisGates.includes(gate));
  const needsPairs = circuit.numQubits > 1 && target.entangler === undefined && target.numQubits > 1;
  if (missing.length > 0 || needsPairs)
    throw new TranspilerError(
      "COMPILE_BASIS",
      `${target.name} has the gates ${target.basisGates.join(", ")}; compiling needs rz, sx and x, and one of cz, ecr and cx for pairs of qubits.`,
    );
}
