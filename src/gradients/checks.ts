import { Circuit, describeValue, SparsePauliOp } from "../../circuits/index.ts";
import { GradientError } from "../errors.ts";
import { optionsCheck } from "../options-check.ts";
import { FINITE_DIFFERENCE_STEP } from "./finite-difference.ts";
import type { GradientProgramOptions } from "./gradient-program.ts";

/** @throws GradientError GRADIENT_OPTION unless `options` is an object of known options */
export const checkOptions = optionsCheck(GradientError, "GRADIENT_OPTION");

/** @throws GradientError GRADIENT_OPTION, GRADIENT_OBSERVABLES */
export function checkProblem(
  circuit: Circuit,
  observables: readonly SparsePauliOp[],
  options: GradientProgramOptions,
): void {
  const {
    rows = 1,
    step = FINITE_DIFFERENCE_STEP,
    precision = 0,
    spsa: { perturbation = 0.1, repeats = 1 } = {},
  } = options;
  if (!(circuit instanceof Circuit))
    throw new GradientError("GRADIENT_OPTION", `A gradient is one of a Circuit, not of ${describeValue(circuit)}.`);
  if (typeof options.provider?.estimator !== "function")
    throw new GradientError("GRADIENT_OPTION", "A gradient needs a provider, such as localSimulator().");
  const typed = Array.isArray(observables) && observables.every((one) => one instanceof SparsePauliOp);
  if (!typed)
    throw new GradientError(
      "GRADIENT_OBSERVABLES",
      'Observables are a list of SparsePauliOp, such as [SparsePauliOp.parse("ZZ")].',
    );
  checkOptions("wants", options.wants ?? {}, ["weights", "inputs"]);
  checkOptions("spsa", options.spsa ?? {}, ["perturbation", "repeats"]);
  if (observables.length === 0)
    throw new GradientError("GRADIENT_OBSERVABLES", "A gradient needs one observable or more.");
  const odd = observables.find(({ numQubits }) => numQubits !== circuit.numQubits);
  if (odd !== undefined)
    throw new GradientError(
      "GRADIENT_OBSERVABLES",
      `The circuit has ${circuit.numQubits} qubit(s) but an observable has ${odd.numQubits}: ${String(odd)}.`,
    );
  const positive = (value: number): boolean => value > 0 && Number.isFinite(value);
  for (const [name, value, valid] of [
    ["rows", rows, positive(rows) && Number.isSafeInteger(rows)],
    ["step", step, positive(step)],
    ["spsa.perturbation", perturbation, positive(perturbation)],
    ["spsa.repeats", repeats, positive(repeats) && Number.isSafeInteger(repeats)],
  ] as const)
    if (!valid) throw new GradientError("GRADIENT_OPTION", `${name} is ${value}; it must be a positive number.`);
  if (!(precision >= 0 && Number.isFinite(precision)))
    throw new GradientError("GRADIENT_OPTION", `precision is ${precision}; it must be 0 (exact) or a positive number.`);
}
