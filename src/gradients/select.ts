import type { Circuit, SparsePauliOp } from "../../circuits/index.ts";
import type { Capabilities } from "../../providers/index.ts";
import { GradientError } from "../errors.ts";
import { type GradientWants, shiftedSlots, wantedParameters } from "./slot-circuit.ts";

export const GRADIENT_METHODS = ["adjoint", "parameter-shift", "finite-difference", "spsa"] as const;
export type GradientMethod = (typeof GRADIENT_METHODS)[number];

export interface MethodRequest {
  readonly capabilities: Capabilities;
  readonly circuit: Circuit;
  readonly observables: readonly SparsePauliOp[];
  readonly wants: GradientWants;
  /** Rows of a batch; 1 by default. */
  readonly rows?: number | undefined;
  /** "auto" by default. */
  readonly method?: GradientMethod | "auto" | undefined;
  /** Target standard error; above 0, adjoint is out, since it is exact and takes no samples. */
  readonly precision?: number | undefined;
  /** Rows of parameter values that one evaluation may send; unlimited by default. */
  readonly budget?: number | undefined;
  /** Directions that SPSA would average; 1 by default. */
  readonly spsaRepeats?: number | undefined;
  /** True when the caller chose the step of finite differences. */
  readonly ownStep?: boolean | undefined;
}

export interface MethodChoice {
  readonly method: GradientMethod;
  /** Why, in a sentence for people. */
  readonly reason: string;
  /** Rows of parameter values that one evaluation sends, the unshifted ones included, if no two rows of the batch are equal. */
  readonly evaluations: number;
}

/**
 * Picks how to differentiate: what was asked for if it is possible; for "auto" adjoint where the backend has it, else
 * parameter shift, else, when that does not fit the budget, SPSA.
 * @throws GradientError GRADIENT_METHOD_UNKNOWN, GRADIENT_METHOD_IMPOSSIBLE, GRADIENT_BUDGET
 */
export function selectMethod(request: MethodRequest): MethodChoice {
  const { method = "auto", budget = Number.POSITIVE_INFINITY } = request;
  if (!(budget >= 1))
    throw new GradientError("GRADIENT_BUDGET", `A budget of ${budget} evaluation(s) is too small for any gradient.`);
  if (method !== "auto") return asked(request, method, budget);
  const obstacle = adjointObstacle(request);
  if (obstacle === undefined)
    return choice(request, "adjoint", "The backend differentiates in reverse mode: exact, and the fastest way.");
  const shift = choice(request, "parameter-shift", `Parameter shift is exact on any backend, and ${obstacle}.`);
  if (shift.evaluations <= budget) return shift;
  const spsa = choice(
    request,
    "spsa",
    `Parameter shift needs ${shift.evaluations} evaluations, more than the budget of ${budget}; SPSA estimates the gradient from fewer.`,
  );
  if (spsa.evaluations <= budget) return spsa;
  throw overBudget(spsa, budget);
}

function asked(request: MethodRequest, method: GradientMethod, budget: number): MethodChoice {
  if (!GRADIENT_METHODS.includes(method))
    throw new GradientError(
      "GRADIENT_METHOD_UNKNOWN",
      `"${String(method)}" is no gradient method; use "auto" or one of ${GRADIENT_METHODS.join(", ")}.`,
    );
  const obstacle = method === "adjoint" ? adjointObstacle(request) : undefined;
  if (obstacle !== undefined)
    throw new GradientError(
      "GRADIENT_METHOD_IMPOSSIBLE",
      `Method "adjoint" cannot be used: ${obstacle}. Use "parameter-shift" or "auto".`,
    );
  const sampled = !request.capabilities.exact || (request.precision ?? 0) > 0;
  if (method === "finite-difference" && sampled && request.ownStep !== true)
    throw new GradientError(
      "GRADIENT_METHOD_IMPOSSIBLE",
      'Method "finite-difference" needs exact values: its default step of 1e-5 amplifies sampling noise by 50,000. Use "parameter-shift", or give a step such as 0.1.',
    );
  const chosen = choice(request, method, "It was asked for.");
  if (chosen.evaluations > budget) throw overBudget(chosen, budget);
  return chosen;
}

/** Why adjoint cannot be used, in words that follow a comma; undefined when it can. */
function adjointObstacle({ capabilities, circuit, precision }: MethodRequest): string | undefined {
  if (!capabilities.adjoint) return "the backend has no adjoint differentiation";
  if (!circuit.isUnitary)
    return "the circuit measures, resets or branches, which adjoint differentiation cannot follow";
  if ((precision ?? 0) > 0) return "sampled values were asked for (precision above 0), but adjoint gradients are exact";
  return undefined;
}

function choice(request: MethodRequest, method: GradientMethod, reason: string): MethodChoice {
  const { circuit, observables, wants, rows = 1, spsaRepeats = 1 } = request;
  const wanted = wantedParameters(circuit, wants);
  const perRow = {
    adjoint: () => 1,
    "parameter-shift": () =>
      1 + shiftedSlots(circuit, observables, wants).reduce((sum, { terms }) => sum + terms.length, 0),
    "finite-difference": () => 1 + 2 * wanted,
    spsa: () => (wanted === 0 ? 1 : 1 + 2 * spsaRepeats),
  }[method]();
  return { method, reason, evaluations: rows * perRow };
}

function overBudget({ method, evaluations }: MethodChoice, budget: number): GradientError {
  return new GradientError(
    "GRADIENT_BUDGET",
    `Method "${method}" needs ${evaluations} evaluations but the budget is ${budget}; raise it, or use smaller batches.`,
  );
}
