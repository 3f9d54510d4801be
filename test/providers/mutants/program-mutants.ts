import { Circuit, SparsePauliOp } from "../../../circuits/index.ts";
import type { ExpectationProgram } from "../../../providers/index.ts";
import type { Mutant, Mutation } from "./mutant.ts";

type Forward = ExpectationProgram["forward"];
type Backward = ExpectationProgram["backward"];

const VALUES = "forward gives the expectation values of every row";
const GRADIENTS = "backward gives the values and the gradients of their weighted sum";
const NULLS = "gradients that are not asked for are left out and change no others";
const BEHIND = "a call leaves nothing behind for the next, and no argument changed";
const SMALL = "circuits without inputs, without weights and without either; no rows";

/** A program with other calls, made for each program anew. */
function calls(make: (program: ExpectationProgram) => { forward?: Forward; backward?: Backward }): Mutation {
  return {
    program: (program) => ({
      circuit: program.circuit,
      numObservables: program.numObservables,
      forward: program.forward.bind(program),
      backward: program.backward.bind(program),
      ...make(program),
    }),
  };
}

/** Spoils what a call wrote. */
function spoiled(spoil: (...args: Parameters<Backward>) => void): Mutation {
  return calls((program) => ({
    forward(inputs, weights, rows, outputs) {
      program.forward(inputs, weights, rows, outputs);
      spoil(inputs, weights, rows, new Float64Array(0), outputs, null, null);
    },
    backward(...args) {
      program.backward(...args);
      spoil(...args);
    },
  }));
}

function scale(array: Float64Array | null, factor: number): void {
  array?.forEach((value, i) => {
    array[i] = factor * value;
  });
}

/** Whatever the call makes of arrays that do not fit. */
function trust(call: () => void): void {
  try {
    call();
  } catch {
    // Nobody hears of it.
  }
}

export const programMutants: readonly Mutant[] = [
  [
    "rows are mixed up",
    spoiled((_i, _w, _r, _c, outputs) => void outputs.reverse()),
    { differentiable: [VALUES, GRADIENTS] },
  ],
  [
    "the weights' gradient is a mean over rows",
    spoiled((_i, _w, rows, _c, _o, forWeights) => scale(forWeights, 1 / rows)),
    { differentiable: [GRADIENTS] },
  ],
  [
    "the inputs' gradient has the wrong sign",
    spoiled((_i, _w, _r, _c, _o, _fw, forInputs) => scale(forInputs, -1)),
    { differentiable: [GRADIENTS, SMALL] },
  ],
  [
    "without the weights' gradient the inputs' is 0",
    spoiled((_i, _w, _r, _c, _o, forWeights, forInputs) => scale(forInputs, forWeights === null ? 0 : 1)),
    { differentiable: [NULLS] },
  ],
  [
    "without the inputs' gradient the weights' is 0",
    spoiled((_i, _w, _r, _c, _o, forWeights, forInputs) => scale(forWeights, forInputs === null ? 0 : 1)),
    { differentiable: [NULLS] },
  ],
  [
    "gradients are added to what is there",
    calls((program) => ({
      backward(inputs, weights, rows, cotangents, outputs, forWeights, forInputs) {
        const before = forWeights?.slice();
        program.backward(inputs, weights, rows, cotangents, outputs, forWeights, forInputs);
        before?.forEach((value, i) => {
          forWeights![i]! += value;
        });
      },
    })),
    { differentiable: [GRADIENTS, SMALL] },
  ],
  [
    "the weights of an earlier call stay",
    calls((program) => {
      let kept: Float64Array | undefined;
      return {
        forward(inputs, weights, rows, outputs) {
          kept = weights.slice();
          program.forward(inputs, weights, rows, outputs);
        },
        backward: (inputs, weights, ...rest) => program.backward(inputs, kept ?? weights, ...rest),
      };
    }),
    { differentiable: [BEHIND] },
  ],
  [
    "cotangents are overwritten",
    spoiled((_i, _w, _r, cotangents) => void cotangents.fill(0)),
    { differentiable: [BEHIND] },
  ],
  [
    "lengths are not looked at",
    calls((program) => ({
      forward: (...args) => trust(() => program.forward(...args)),
      backward: (...args) => trust(() => program.backward(...args)),
    })),
    { differentiable: ["arrays of another length are refused by name", "rows that are no number of rows are refused"] },
  ],
  [
    "differentiate takes anything",
    {
      differentiate: (found) => (circuit, observables) => {
        try {
          return found.differentiate(circuit, observables);
        } catch {
          return found.differentiate(
            Circuit.build(2, (c) => c.h(0)),
            [SparsePauliOp.z(2, 0)],
          );
        }
      },
    },
    {
      differentiable: [
        "differentiate refuses circuits that measure",
        "differentiate refuses observables of another size",
        "differentiate refuses labels in place of observables",
        "differentiate refuses something else than a circuit",
      ],
    },
  ],
];
