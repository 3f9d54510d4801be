import {
  type CheckedPoint,
  checkCotangents,
  type GradientProblem,
  type GradientStrategy,
  type PreparedEvaluation,
  type PrepareOptions,
  parameterRowsOf,
  spreadOf,
} from "./evaluation.ts";
import { type ShiftedRows, ShiftProgram } from "./shift-program.ts";
import { allocateShots, type MeasuredPart, measuredParts, type RowShots, type ShotRequest } from "./shot-allocation.ts";

export class ParameterShift implements GradientStrategy {
  readonly program: ShiftProgram;
  readonly #problem: GradientProblem;
  #parts: readonly MeasuredPart[] | undefined;

  constructor(problem: GradientProblem) {
    this.#problem = problem;
    this.program = new ShiftProgram(problem.circuit, problem.observables, problem.wants);
  }

  prepare(point: CheckedPoint, options: PrepareOptions): PreparedEvaluation {
    const { circuit, observables } = this.#problem;
    const { program } = this;
    const { rows } = point;
    const parameterValues = parameterRowsOf(circuit, point);
    const shifted = program.shiftedRows(parameterValues, rows);
    const shots = options.shots === undefined ? undefined : this.#rowShots(options.shots, shifted);
    return {
      request: {
        circuit: program.slotCircuit,
        observables,
        shape: [shifted.distinct, 1 + program.numShifts],
        data: shifted.data,
        ...(shots === undefined ? {} : { shots }),
      },
      finish: (result) => {
        const { evs, stds, spreads } = result!;
        const { values, stderr, jacobian } = program.combineShifts(shifted, evs, stds);
        const check = (cotangents: Float64Array | undefined) => checkCotangents(cotangents, rows, observables.length);
        return {
          values,
          stderr,
          pullback: (cotangents = options.cotangents) =>
            program.gradients(parameterValues, shifted, jacobian, stds, check(cotangents)),
          standardError: (cotangents) => spreadOf(check(cotangents), stderr, observables.length, shifted.groupOf),
          ...(shots === undefined
            ? {}
            : {
                shotVariances: (cotangents = options.cotangents) =>
                  program.shotVariances(parameterValues, shifted, spreads!, shots.parts.length, check(cotangents)),
              }),
        };
      },
    };
  }

  #rowShots(request: ShotRequest, { distinct }: ShiftedRows): RowShots {
    this.#parts ??= measuredParts(this.#problem.observables);
    const parts = this.#parts;
    const row = allocateShots(request, distinct, this.program.numShifts, parts.length);
    const shots = new Int32Array(distinct * row.length);
    for (let group = 0; group < distinct; group++) shots.set(row, group * row.length);
    return { parts, shots };
  }
}
