import { Circuit, type CircuitJSON, SparsePauliOp } from "../../../circuits/index.ts";
import { adoptKernelModule, kernelModule } from "../kernels/kernel-memory.ts";
import { StateMemory } from "../state-memory.ts";
import type { WorkMemory } from "../threads/index.ts";
import type { CompiledModule } from "../wasm/index.ts";
import { exchangeOf, readShape } from "./exchange.ts";
import { LaneProgram, laneTarget } from "./lane-program.ts";
import { planLevels } from "./levels.ts";

/** From what a thread makes a program of its own for shares of batches. */
export interface BatchTask {
  readonly kind: "batch";
  readonly circuit: CircuitJSON;
  readonly observables: readonly ReturnType<SparsePauliOp["toJSON"]>[];
  readonly sharesWeights: boolean;
  readonly realBits: 32 | 64;
  /** As the caller's: it decides which states are kept, and so the last bits of gradients. */
  readonly maxBytes: number | undefined;
  /** The kernels, compiled for `laneTarget(realBits)`. */
  readonly module: CompiledModule;
}

/** The programs of this thread. */
const programs = new WeakMap<BatchTask, LaneProgram>();
/** Where a worker's programs have their states: the caller has seen to it that there is room. */
let states: StateMemory | undefined;

/**
 * The task of a program that this thread has already.
 * @throws ParameterError PARAMETER_TOO_LARGE where the circuit has expressions that are too large for JSON
 */
export function batchTask(
  program: LaneProgram,
  circuit: Circuit,
  observables: readonly SparsePauliOp[],
  { sharesWeights, realBits, maxBytes }: Pick<BatchTask, "sharesWeights" | "realBits" | "maxBytes">,
): BatchTask {
  const task: BatchTask = {
    kind: "batch",
    circuit: circuit.toJSON(),
    observables: observables.map((observable) => observable.toJSON()),
    sharesWeights,
    realBits,
    maxBytes,
    module: kernelModule(laneTarget(realBits)),
  };
  programs.set(task, program);
  return task;
}

/** Does one share of the batch in an exchange, in any thread. @param call a number of its own for each call, not 0 */
export function doShare({ f64 }: WorkMemory, task: BatchTask, call: number, share: number): void {
  let program = programs.get(task);
  if (program === undefined) {
    program = makeProgram(task);
    programs.set(task, program);
  }
  const shape = readShape(f64, program);
  const { values, weights, outputs, targets } = exchangeOf(f64, shape, share);
  const own = task.sharesWeights ? weights : null;
  program.runShare({ index: share, count: shape.shares, call }, values, own, shape.rows, outputs, targets);
}

function makeProgram(task: BatchTask): LaneProgram {
  const { sharesWeights, realBits, maxBytes } = task;
  adoptKernelModule(laneTarget(realBits), task.module);
  states ??= new StateMemory();
  const circuit = Circuit.fromJSON(task.circuit);
  const observables = task.observables.map((json) => SparsePauliOp.fromJSON(json));
  const plan = planLevels(
    circuit,
    observables.every(({ isDiagonal }) => isDiagonal),
  );
  return new LaneProgram(circuit, plan, observables, { memory: states, sharesWeights, realBits, maxBytes });
}
