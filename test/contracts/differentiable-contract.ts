import assert from "node:assert/strict";
import { add, Circuit, cos, input, multiply, SparsePauliOp, weight } from "../../circuits/index.ts";
import { type Backend, type DifferentiableBackend, isDifferentiable } from "../../providers/index.ts";
import { type ContractCase, type ContractOptions, closeTo, withoutSkipped } from "./contract-case.ts";
import { differentiableErrorCases } from "./differentiable-error-cases.ts";
import { expectedValue, stateOf } from "./truth.ts";

export interface DifferentiableContractOptions extends Pick<ContractOptions, "backend" | "skip"> {
  /** How far a value or gradient may be from the truth; 1e-6, that of central differences, by default. */
  readonly atol?: number;
}

const x = input("x", 2);
const w = weight("w", 3);
/** Two inputs and three weights, some of them in several gates, in products and inside functions; entangling. */
const circuit = Circuit.build(3, (c) =>
  c
    .ry(w.at(0), 0)
    .rx(x.at(0), 1)
    .h(2)
    .cx(0, 1)
    .crz(multiply(w.at(1), x.at(1)), 1, 2)
    .rzz(add(w.at(2), 0.3), 0, 2)
    .ry(w.at(0), 2)
    .u(cos(x.at(0)), w.at(2), 0.4, 1)
    .cp(w.at(1), 2, 0)
    .ry(0.6, 0),
);
const observables = ["ZII", "0.5*XYZ - 1.5*IZX + 2*III", "IXX"].map((text) => SparsePauliOp.parse(text));
const ROWS = 5;
const inputs = Float64Array.from({ length: 2 * ROWS }, (_, i) => Math.sin(1 + 2 * i));
const weights = Float64Array.of(0.8, -1.3, 0.4);
/** Different in every row and observable, so that nothing can be mixed up unnoticed. */
const cotangents = Float64Array.from({ length: 3 * ROWS }, (_, i) => Math.cos(3 + 5 * i));

/** Expectation values [ROWS, K], by whole matrices. */
function truth(xs: Float64Array, ws: Float64Array): Float64Array {
  const values = new Float64Array(3 * ROWS);
  for (let row = 0; row < ROWS; row++) {
    const state = stateOf(circuit.bind({ x: xs.slice(2 * row, 2 * row + 2), w: ws }));
    for (const [k, observable] of observables.entries()) values[3 * row + k] = expectedValue(state, observable);
  }
  return values;
}

/** The derivatives of Σ cotangents·values in every element of `at`, by central differences. */
function differences(at: Float64Array, value: () => Float64Array): Float64Array {
  const step = 1e-5;
  const loss = (): number => value().reduce((sum, v, i) => sum + v * cotangents[i]!, 0);
  return at.map((kept, i) => {
    at[i] = kept + step;
    const above = loss();
    at[i] = kept - step;
    const below = loss();
    at[i] = kept;
    return (above - below) / (2 * step);
  });
}

function allClose(actual: ArrayLike<number>, expected: ArrayLike<number>, atol: number, what: string): void {
  assert.equal(actual.length, expected.length, what);
  for (let i = 0; i < expected.length; i++) closeTo(actual[i]!, expected[i]!, atol, `${what}[${i}]`);
}

/**
 * What any backend with capability `adjoint` must do: values, gradients of weights and inputs, gradients left out, calls
 * that do not disturb each other, and errors.
 * @example for (const { name, run } of differentiableContract({ backend: () => new MyBackend() })) test(name, run);
 * @returns cases that need no test runner of their own
 * @throws AssertionError when `skip` names a case that does not exist
 */
export function differentiableContract(options: DifferentiableContractOptions): readonly ContractCase[] {
  const { atol = 1e-6 } = options;
  const backend = async (): Promise<DifferentiableBackend> => {
    const found: Backend = await options.backend();
    assert.ok(isDifferentiable(found), `${found.name} has capability adjoint and a method differentiate`);
    return found;
  };
  const program = async () => (await backend()).differentiate(circuit, observables);
  /** Arrays that hold what an earlier call may have left, all of which must be overwritten. */
  const used = (length: number): Float64Array => new Float64Array(length).fill(9);
  return withoutSkipped(
    [
      {
        name: "forward gives the expectation values of every row",
        async run() {
          const found = await program();
          assert.equal(found.numObservables, 3);
          assert.equal(found.circuit.hash, circuit.hash);
          const outputs = used(3 * ROWS);
          found.forward(inputs, weights, ROWS, outputs);
          allClose(outputs, truth(inputs, weights), atol, "outputs");
        },
      },
      {
        name: "backward gives the values and the gradients of their weighted sum",
        async run() {
          const found = await program();
          const [outputs, forWeights, forInputs] = [used(3 * ROWS), used(3), used(2 * ROWS)];
          found.backward(inputs, weights, ROWS, cotangents, outputs, forWeights, forInputs);
          allClose(outputs, truth(inputs, weights), atol, "outputs");
          const [ws, xs] = [weights.slice(), inputs.slice()];
          allClose(
            forWeights,
            differences(ws, () => truth(inputs, ws)),
            10 * atol,
            "weightGradients",
          );
          allClose(
            forInputs,
            differences(xs, () => truth(xs, weights)),
            10 * atol,
            "inputGradients",
          );
        },
      },
      {
        name: "gradients that are not asked for are left out and change no others",
        async run() {
          const found = await program();
          const outputs = used(3 * ROWS);
          const both = { weights: used(3), inputs: used(2 * ROWS) };
          found.backward(inputs, weights, ROWS, cotangents, outputs, both.weights, both.inputs);
          const alone = { weights: used(3), inputs: used(2 * ROWS) };
          found.backward(inputs, weights, ROWS, cotangents, outputs, alone.weights, null);
          found.backward(inputs, weights, ROWS, cotangents, outputs, null, alone.inputs);
          allClose(alone.weights, both.weights, 1e-9, "weightGradients");
          allClose(alone.inputs, both.inputs, 1e-9, "inputGradients");
          const last = used(3 * ROWS);
          found.backward(inputs, weights, ROWS, cotangents, last, null, null);
          allClose(last, truth(inputs, weights), atol, "outputs");
        },
      },
      {
        name: "a call leaves nothing behind for the next, and no argument changed",
        async run() {
          const found = await program();
          const other = (await backend()).differentiate(circuit, observables.slice(0, 1));
          const given = { inputs: inputs.slice(), weights: weights.slice(), cotangents: cotangents.slice() };
          const first = { outputs: used(3 * ROWS), weights: used(3), inputs: used(2 * ROWS) };
          const again = { outputs: used(3 * ROWS), weights: used(3), inputs: used(2 * ROWS) };
          found.backward(
            given.inputs,
            given.weights,
            ROWS,
            given.cotangents,
            first.outputs,
            first.weights,
            first.inputs,
          );
          // Fewer rows, other values, another program.
          found.forward(Float64Array.of(2, 3), Float64Array.of(1, 1, 1), 1, used(3));
          other.backward(
            Float64Array.of(2, 3),
            Float64Array.of(4, 5, 6),
            1,
            Float64Array.of(1),
            used(1),
            used(3),
            used(2),
          );
          found.backward(
            given.inputs,
            given.weights,
            ROWS,
            given.cotangents,
            again.outputs,
            again.weights,
            again.inputs,
          );
          assert.deepEqual(again, first);
          assert.deepEqual(given, { inputs, weights, cotangents });
        },
      },
      {
        name: "circuits without inputs, without weights and without either; no rows",
        async run() {
          const found = await backend();
          const z = [SparsePauliOp.z(1, 0)];
          const none = new Float64Array(0);
          const one = Float64Array.of(1);
          const check = (what: Circuit, xs: Float64Array, ws: Float64Array, value: number, slope: number): void => {
            const [outputs, forWeights, forInputs] = [used(1), used(ws.length), used(xs.length)];
            found.differentiate(what, z).backward(xs, ws, 1, one, outputs, forWeights, forInputs);
            closeTo(outputs[0]!, value, atol, "value");
            allClose([...forWeights, ...forInputs], xs.length + ws.length === 0 ? [] : [slope], atol, "gradient");
          };
          const at = Float64Array.of(0.7);
          check(
            Circuit.build(1, (c) => c.ry(weight("a"), 0)),
            none,
            at,
            Math.cos(0.7),
            -Math.sin(0.7),
          );
          check(
            Circuit.build(1, (c) => c.ry(input("a"), 0)),
            at,
            none,
            Math.cos(0.7),
            -Math.sin(0.7),
          );
          check(
            Circuit.build(1, (c) => c.ry(0.7, 0)),
            none,
            none,
            Math.cos(0.7),
            0,
          );
          const forWeights = used(3);
          (await program()).backward(none, weights, 0, none, none, forWeights, none);
          assert.deepEqual([...forWeights], [0, 0, 0]);
        },
      },
      ...differentiableErrorCases(program, backend, {
        inputs: 2 * ROWS,
        weights: weights.length,
        values: 3 * ROWS,
        rows: ROWS,
      }),
    ],
    options,
  );
}
