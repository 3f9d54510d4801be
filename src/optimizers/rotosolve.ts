import { type Circuit, type Parameter, slotsOf } from "../../circuits/index.ts";
import { TrainingError } from "../errors.ts";
import { checkNumbers, plain, settingsText } from "./checks.ts";
import type { EvaluationOptimizer } from "./optimizer.ts";
import { minimizeFit, planFit, type TrigonometricFit } from "./trigonometric.ts";

export interface RotosolveState {
  readonly step: number;
  readonly weights: readonly number[];
}

/** More frequencies than this in one weight need more evaluations than a step should have. */
const MAX_FREQUENCIES = 64;

/**
 * Rotosolve (Ostaszewski et al., arXiv:1905.09692): each step minimises one weight exactly, in turn. As a function of one
 * weight an expectation value is a trigonometric polynomial, known from 2R+1 values for R frequencies: three for a weight
 * that turns one Pauli rotation, more where it feeds several gates. They run as one job. A step's value is the new minimum
 * as the polynomial gives it. Weights that no gate holds are left alone.
 * @throws TrainingError ROTOSOLVE_NONLINEAR when a weight enters an angle other than by a constant factor;
 * ROTOSOLVE_FREQUENCIES when it has more than 64 frequencies; ROTOSOLVE_NO_WEIGHTS
 */
export function rotosolve(circuit: Circuit): EvaluationOptimizer<RotosolveState> {
  const fits = fitsOf(circuit);
  if (fits.length === 0)
    throw new TrainingError("ROTOSOLVE_NO_WEIGHTS", "The circuit has no weight that changes an expectation value.");
  const turnOf = ({ step }: RotosolveState) => fits[step % fits.length]!;
  return {
    kind: "evaluation",
    name: "rotosolve",
    settings: settingsText({ circuit: circuit.hash }),
    stepsPerSweep: fits.length,
    init(weights) {
      checkNumbers("rotosolve", "weight", weights, circuit.numWeights);
      return { step: 0, weights: plain(weights) };
    },
    weights: (state) => Float64Array.from(state.weights),
    propose(state) {
      const { weight, fit } = turnOf(state);
      return fit.offsets.map((offset) =>
        Float64Array.from(state.weights.with(weight, state.weights[weight]! + offset)),
      );
    },
    accept(state, values, stds = new Float64Array(values.length)) {
      const { weight, fit } = turnOf(state);
      checkNumbers("rotosolve", "value", values, fit.offsets.length);
      const { offset, value, influence } = minimizeFit(fit, values);
      const weights = state.weights.with(weight, state.weights[weight]! + offset);
      // The minimum's place moves with the noise too, but to first order that does not change the value there.
      const stderr = Math.hypot(...stds.map((std, i) => std * influence[i]!));
      return { state: { step: state.step + 1, weights: plain(weights) }, value, stderr };
    },
  };
}

function fitsOf(circuit: Circuit): readonly { readonly weight: number; readonly fit: TrigonometricFit }[] {
  const plans = new Map<string, TrigonometricFit | undefined>();
  return circuit.parameters.slice(circuit.numInputs).flatMap((parameter, weight) => {
    const frequencies = frequenciesIn(circuit, parameter);
    if (frequencies.length === 0) return [];
    const key = frequencies.join();
    if (!plans.has(key)) plans.set(key, planFit(frequencies));
    const fit = plans.get(key);
    if (fit === undefined) throw tooMany(parameter, frequencies.length);
    return [{ weight, fit }];
  });
}

/** All positive sums Σ ±(slope·frequency) over the slots that hold the parameter, one frequency or none from each. */
function frequenciesIn(circuit: Circuit, parameter: Parameter): readonly number[] {
  let sums: readonly number[] = [0];
  for (const { expression, frequencies, operation } of slotsOf(circuit)) {
    if (!expression.parameters.some(({ name }) => name === parameter.name)) continue;
    const derivative = expression.derivative(parameter);
    if (derivative.parameters.length > 0)
      throw new TrainingError(
        "ROTOSOLVE_NONLINEAR",
        `Weight ${parameter.name} enters the angle ${String(expression)} of gate ${operation.gate} with slope ${String(derivative)}, which is no constant; rotosolve cannot minimise it. Use a gradient optimizer or spsa.`,
      );
    const slope = Math.abs(derivative.evaluate(() => undefined));
    if (slope === 0) continue;
    const turns = frequencies.flatMap((frequency) => [slope * frequency, -slope * frequency]);
    sums = distinct(sums.flatMap((sum) => [sum, ...turns.map((turn) => sum + turn)]));
    if (sums.length > 2 * MAX_FREQUENCIES + 1) throw tooMany(parameter, (sums.length - 1) / 2);
  }
  return sums.filter((sum) => sum > 0);
}

/** Ascending, with numbers that differ by rounding alone taken as one; sums near 0 are 0. */
function distinct(numbers: readonly number[]): readonly number[] {
  const sorted = numbers.toSorted((a, b) => a - b);
  const tolerance = 1e-9 * Math.max(1e-300, -sorted[0]!);
  const found: number[] = [];
  for (const number of sorted) {
    const value = Math.abs(number) <= tolerance ? 0 : number;
    if (found.length === 0 || value - found.at(-1)! > tolerance) found.push(value);
  }
  return found;
}

function tooMany(parameter: Parameter, count: number): TrainingError {
  return new TrainingError(
    "ROTOSOLVE_FREQUENCIES",
    `Weight ${parameter.name} turns the expectation value with ${count} or more frequencies that lie too close or are too many (at most ${MAX_FREQUENCIES}); use a gradient optimizer or spsa.`,
  );
}
