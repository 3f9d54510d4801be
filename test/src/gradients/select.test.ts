import { describe, expect, test } from "vitest";
import { Circuit, SparsePauliOp, weight } from "../../../circuits/index.ts";
import { localSimulator } from "../../../providers/index.ts";
import { type MethodRequest, selectMethod } from "../../../src/gradients/index.ts";

const { capabilities } = localSimulator();
const w = weight("w", 3);
const circuit = Circuit.build(2, (c) => c.ry(w.at(0), 0).ry(w.at(1), 1).cry(w.at(2), 0, 1));
const local: MethodRequest = {
  capabilities,
  circuit,
  observables: [SparsePauliOp.parse("ZZ")],
  wants: { weights: true, inputs: false },
};
const remote: MethodRequest = {
  ...local,
  capabilities: { ...capabilities, local: false, adjoint: false, exact: false },
};
const measuring = Circuit.build(1, (c) => {
  c.register("m", 1);
  c.ry(weight("w"), 0).measure(0, 0);
});

describe("auto", () => {
  test.each<[string, MethodRequest, string, number, RegExp]>([
    ["adjoint where there is adjoint", local, "adjoint", 1, /reverse mode/],
    ["adjoint whatever the budget", { ...local, rows: 4, budget: 1 }, "adjoint", 4, /reverse mode/],
    ["parameter shift elsewhere", remote, "parameter-shift", 9, /no adjoint/],
    ["parameter shift for the rows of a batch", { ...remote, rows: 4 }, "parameter-shift", 36, /no adjoint/],
    ["parameter shift when samples are wanted", { ...local, precision: 0.1 }, "parameter-shift", 9, /precision/],
    [
      "parameter shift for a dynamic circuit",
      { ...local, circuit: measuring, observables: [SparsePauliOp.parse("Z")] },
      "parameter-shift",
      3,
      /measures/,
    ],
    ["parameter shift that just fits", { ...remote, budget: 9 }, "parameter-shift", 9, /no adjoint/],
    ["SPSA where parameter shift does not fit", { ...remote, budget: 8 }, "spsa", 3, /9 evaluations.*budget of 8/],
    ["SPSA with repeats", { ...remote, budget: 8, spsaRepeats: 3 }, "spsa", 7, /budget of 8/],
  ])("is %s", (_name, request, method, evaluations, reason) => {
    expect(selectMethod(request)).toEqual({ method, evaluations, reason: expect.stringMatching(reason) });
  });
});

describe("a method that was asked for", () => {
  test.each(["adjoint", "parameter-shift", "finite-difference", "spsa"] as const)("%s is taken locally", (method) => {
    expect(selectMethod({ ...local, method }).method).toBe(method);
  });

  test.each<[string, MethodRequest, string]>([
    ["adjoint on a remote backend", { ...remote, method: "adjoint" }, "GRADIENT_METHOD_IMPOSSIBLE"],
    ["adjoint with samples", { ...local, precision: 0.1, method: "adjoint" }, "GRADIENT_METHOD_IMPOSSIBLE"],
    ["adjoint of measurements", { ...local, circuit: measuring, method: "adjoint" }, "GRADIENT_METHOD_IMPOSSIBLE"],
    ["finite differences of noise", { ...remote, method: "finite-difference" }, "GRADIENT_METHOD_IMPOSSIBLE"],
    [
      "finite differences of samples",
      { ...local, precision: 0.1, method: "finite-difference" },
      "GRADIENT_METHOD_IMPOSSIBLE",
    ],
    ["nonsense", { ...local, method: "backprop" as never }, "GRADIENT_METHOD_UNKNOWN"],
    ["parameter shift above the budget", { ...remote, method: "parameter-shift", budget: 8 }, "GRADIENT_BUDGET"],
    ["auto where even SPSA does not fit", { ...remote, budget: 2 }, "GRADIENT_BUDGET"],
    ["a budget that is no number", { ...remote, budget: Number.NaN }, "GRADIENT_BUDGET"],
  ])("is refused: %s", (_name, request, code) => {
    expect(() => selectMethod(request)).toThrow(expect.objectContaining({ code }));
  });

  test("finite differences of noise go with a step of one's own", () => {
    expect(selectMethod({ ...remote, method: "finite-difference", ownStep: true }).evaluations).toBe(7);
  });
});
