import type { Circuit } from "../circuit.ts";
import { describeValue } from "../describe-value.ts";
import { TranspilerError } from "../errors.ts";
import type { Operation } from "../operation.ts";
import { optionsFault } from "../options-fault.ts";
import { Rng } from "../rng.ts";
import { BindProgram } from "./bind-program.ts";
import type { CompiledCircuit, CompileOptions } from "./compiled-circuit.ts";
import { CompiledProgram } from "./compiled-program.ts";
import { isaCircuit } from "./isa-circuit.ts";
import { metricsOf } from "./metrics.ts";
import { insertDynamicalDecoupling } from "./passes/dynamical-decoupling.ts";
import { scheduleAlap } from "./passes/schedule.ts";
import { bestTranslation } from "./pipeline.ts";
import type { Target } from "./target.ts";

const OPTIONS = ["effort", "seed", "initialLayout", "scheduling", "dynamicalDecoupling"];
const EFFORTS: readonly unknown[] = [0, 1, 2, 3];

/**
 * Compiles a circuit for a device. Free parameters stay free: layout, routing and structure hold for all their values, and
 * `bindRows` computes the angles of the compiled circuit. Equal to the source up to a global phase and the permutation of
 * `initialLayout` and `finalLayout`, all other qubits starting in |0⟩.
 * @throws TranspilerError COMPILE_OPTION, COMPILE_BASIS, LAYOUT_WIDTH, LAYOUT_DISCONNECTED, LAYOUT_INITIAL, LAYOUT_BRANCH, SCHEDULE_DURATION, DECOUPLING_GATE
 */
export function compile(circuit: Circuit, target: Target, options: CompileOptions = {}): CompiledCircuit {
  checkOptions(options);
  checkBasis(circuit, target);
  const { effort = 2, seed = 0 } = options;
  const found = bestTranslation(circuit, target, options, effort, Rng.seed(seed));
  const operations = timed(found.operations, target, options);
  const isa = isaCircuit(circuit, operations, target.numQubits);
  return new CompiledProgram({
    source: circuit,
    target,
    effort,
    seed,
    circuit: isa.circuit,
    initialLayout: found.initialLayout,
    finalLayout: found.finalLayout,
    metrics: metricsOf(isa.circuit, target),
    program: new BindProgram(circuit, isa.angles, found.derivations.list),
  });
}

/** With delays where the options ask for them. */
function timed(
  operations: readonly Operation[],
  target: Target,
  { scheduling, dynamicalDecoupling }: CompileOptions,
): readonly Operation[] {
  if (scheduling === undefined && dynamicalDecoupling === undefined) return operations;
  const scheduled = scheduleAlap(operations, target);
  return dynamicalDecoupling === undefined
    ? scheduled
    : insertDynamicalDecoupling(scheduled, target, dynamicalDecoupling);
}

/** @throws TranspilerError COMPILE_OPTION, LAYOUT_INITIAL */
export function checkOptions(options: CompileOptions): void {
  const fault = (message: string): never => {
    throw new TranspilerError("COMPILE_OPTION", message);
  };
  const unknown = optionsFault("compile", options, OPTIONS);
  if (unknown !== undefined) fault(unknown);
  const { effort, seed, initialLayout, scheduling, dynamicalDecoupling } = options;
  if (effort !== undefined && !EFFORTS.includes(effort))
    fault(`The effort of compile is 0, 1, 2 or 3, not ${describeValue(effort)}.`);
  if (seed !== undefined && !Number.isSafeInteger(seed))
    fault(`The seed of compile is an integer, not ${describeValue(seed)}.`);
  if (initialLayout !== undefined && !isNumbers(initialLayout))
    throw new TranspilerError(
      "LAYOUT_INITIAL",
      `initialLayout is a list with the physical qubit of each qubit of the circuit, not ${describeValue(initialLayout)}.`,
    );
  if (scheduling !== undefined && scheduling !== "alap")
    fault(`The scheduling of compile is "alap", not ${describeValue(scheduling)}; leave it out for none.`);
  if (dynamicalDecoupling !== undefined && dynamicalDecoupling !== "XX" && dynamicalDecoupling !== "XY4")
    fault(
      `The dynamicalDecoupling of compile is "XX" or "XY4", not ${describeValue(dynamicalDecoupling)}; leave it out for none.`,
    );
}

function isNumbers(value: unknown): boolean {
  return Array.isArray(value) && value.every((entry) => typeof entry === "number");
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
