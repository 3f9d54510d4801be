import type { Circuit } from "../circuit.ts";
import { ParameterError } from "../errors.ts";
import type { SparsePauliOp } from "../observable.ts";
import type { BindProgram } from "./bind-program.ts";
import type { CompiledCircuit, CompiledMetrics, Effort } from "./compiled-circuit.ts";
import type { Target } from "./target.ts";

/** What a compilation found. */
export interface CompiledParts extends Omit<CompiledCircuit, "bindRows" | "applyLayout"> {
  readonly program: BindProgram;
}

/** The `CompiledCircuit` that `compile` returns. */
export class CompiledProgram implements CompiledCircuit {
  readonly source: Circuit;
  readonly target: Target;
  readonly effort: Effort;
  readonly seed: number;
  readonly circuit: Circuit;
  readonly initialLayout: readonly number[];
  readonly finalLayout: readonly number[];
  readonly metrics: CompiledMetrics;
  readonly #program: BindProgram;

  constructor(parts: CompiledParts) {
    this.source = parts.source;
    this.target = parts.target;
    this.effort = parts.effort;
    this.seed = parts.seed;
    this.circuit = parts.circuit;
    this.initialLayout = Object.freeze([...parts.initialLayout]);
    this.finalLayout = Object.freeze([...parts.finalLayout]);
    this.metrics = parts.metrics;
    this.#program = parts.program;
    Object.freeze(this);
  }

  bindRows(values: Float64Array, rows: number, out?: Float64Array): Float64Array {
    const { numSources, numAngles } = this.#program;
    if (!Number.isSafeInteger(rows) || rows < 0 || values.length !== rows * numSources)
      throw new ParameterError(
        "PARAMETER_SHAPE",
        `${rows} row(s) of this circuit's ${numSources} parameter(s) are ${rows * numSources} numbers, but ${values.length} were given.`,
      );
    const angles = out ?? new Float64Array(rows * numAngles);
    if (angles.length !== rows * numAngles)
      throw new ParameterError(
        "PARAMETER_SHAPE",
        `${rows} row(s) of ${numAngles} compiled angle(s) fill ${rows * numAngles} numbers; the array given holds ${angles.length}.`,
      );
    this.#program.run(values, rows, angles);
    return angles;
  }

  applyLayout(observable: SparsePauliOp): SparsePauliOp {
    return observable.placed(this.target.numQubits, this.finalLayout);
  }
}
