import assert from "node:assert/strict";
import { Circuit, input, SparsePauliOp, weight } from "../../circuits/index.ts";
import type { EstimatorPub, EstimatorPubResult } from "../../providers/index.ts";
import { estimatorBindingCases } from "./binding-cases.ts";
import { type ContractCase, type ContractOptions, closeTo, withoutSkipped } from "./contract-case.ts";
import { dynamicEstimatorCases, noDynamicCases } from "./dynamic-cases.ts";
import { estimatorErrorCases } from "./error-cases.ts";
import { estimatorGateCases } from "./gate-cases.ts";
import { estimatorIndependenceCases } from "./independence-cases.ts";
import { jobCases } from "./job-cases.ts";
import { estimatorLimitCases } from "./limit-cases.ts";
import { standardErrorCases } from "./standard-error-cases.ts";

export interface EstimatorContractOptions extends ContractOptions {
  /** How far an expectation value of a ±1 observable may be from the truth: rounding where exact, else noise and shots. */
  readonly atol: number;
  /** Precision to ask for; 0 (exact) by default. */
  readonly precision?: number;
}

const none = { numQubits: 1 };
const bell = Circuit.build(2, (c) => c.h(0).cx(0, 1));
const x = input("x", 2);
const w = weight("w");
/** <Z_0> = cos x0, <Z_1> = cos(x1 + w), unentangled. */
const rotations = Circuit.build(2, (c) => c.ry(x.at(0), 0).ry(x.at(1).plus(w), 1));
const angle = weight("angle");
const one = Circuit.build(none.numQubits, (c) => c.rx(angle, 0));

/**
 * What any Estimator must do: values and their order, shapes, every gate of the table, binding of parameters, standard
 * errors, dynamic circuits, independent samples, seeds, errors, limits and jobs. Run it once exactly, where the backend can,
 * and once sampled.
 * @example
 * for (const { name, run } of estimatorContract({ backend, atol: 0.1, precision: 0.02 })) test(name, run);
 * @returns cases that need no test runner of their own
 * @throws AssertionError when `skip` names a case that does not exist
 */
export function estimatorContract(options: EstimatorContractOptions): readonly ContractCase[] {
  const { backend, atol, precision = 0, seeded = true, dynamicCircuits = true } = options;
  const run = async (pubs: readonly EstimatorPub[], seed = 11): Promise<readonly EstimatorPubResult[]> => {
    const job = await (await backend()).estimator({ precision, seed }).run(pubs);
    return job.result();
  };
  const expectValues = (result: EstimatorPubResult, shape: readonly number[], values: readonly number[]): void => {
    assert.deepEqual([...result.shape], [...shape]);
    assert.equal(result.evs.length, values.length);
    assert.equal(result.stds.length, values.length);
    for (const [index, value] of values.entries())
      closeTo(result.evs[index]!, value, atol, `value ${index} of shape [${shape.join(", ")}]`);
  };

  return withoutSkipped(
    [
      {
        name: "known states: |0>, |1>, |+>, Bell and GHZ",
        async run() {
          const results = await run([
            [Circuit.build(1, (c) => c), ["Z", "X", "Y", "I"]],
            [Circuit.build(1, (c) => c.x(0)), ["Z"]],
            [Circuit.build(1, (c) => c.h(0).s(0)), ["X", "Y", "Z"]],
            [bell, ["ZZ", "XX", "YY", "ZI", "IX"]],
            [Circuit.build(3, (c) => c.h(0).cx(0, 1).cx(1, 2)), ["XXX", "ZZI", "IZZ", "YYX", "ZZZ"]],
          ]);
          expectValues(results[0]!, [4], [1, 0, 0, 1]);
          expectValues(results[1]!, [1], [-1]);
          expectValues(results[2]!, [3], [0, 1, 0]);
          expectValues(results[3]!, [5], [1, 1, -1, 0, 0]);
          expectValues(results[4]!, [5], [1, 1, 1, -1, 0]);
        },
      },
      {
        name: "qubit 0 is the rightmost letter of a label",
        async run() {
          const [result] = await run([[Circuit.build(3, (c) => c.x(0).h(2)), ["IIZ", "IZI", "ZII", "XII", "XIZ"]]]);
          expectValues(result!, [5], [-1, 1, 0, 1, -1]);
        },
      },
      {
        name: "all forms of an observable agree",
        async run() {
          const [result] = await run([
            [
              Circuit.build(2, (c) => c.ry(0.7, 0).cx(0, 1)),
              [
                "ZZ",
                "1.0*ZZ",
                { 0: "Z", 1: "Z" },
                SparsePauliOp.fromLabels("ZZ"),
                "0.25*ZZ + 0.75*ZZ",
                SparsePauliOp.fromLabels({ ZZ: 2, XY: 0 }).times(0.5),
              ],
            ],
          ]);
          expectValues(result!, [6], [1, 1, 1, 1, 1, 1]);
        },
      },
      {
        name: "sums: coefficients, constants and terms that need several bases",
        async run() {
          const [result] = await run([[bell, ["0.5*ZZ - 0.5*XX", "2*II", "0.5*II + 0.25*YY + 0.25*XX"]]]);
          expectValues(result!, [3], [0, 2, 0.5]);
        },
      },
      {
        name: "batch shapes of values and observables broadcast as in numpy",
        async run() {
          // Values of batch shape A with observables of shape B give the shape that np.broadcast_shapes(A, B) gives.
          const table: readonly (readonly [number[], number[], number[]])[] = [
            [[], [], []],
            [[], [2], [2]],
            [[3], [], [3]],
            [[1], [2], [2]],
            [[2], [2], [2]],
            [[3], [1], [3]],
            [[3, 1], [2], [3, 2]],
            [
              [2, 1],
              [1, 3],
              [2, 3],
            ],
            [[2], [3, 1], [3, 2]],
            [
              [2, 1, 2],
              [3, 1],
              [2, 3, 2],
            ],
          ];
          const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
          const angleOf = (row: number): number => 0.3 + 0.4 * row;
          const labels = ["Z", "Y", "X"];
          const nest = <Leaf>(shape: readonly number[], leaf: (flat: number) => Leaf, offset = 0): unknown => {
            const [length, ...inner] = shape;
            if (length === undefined) return leaf(offset);
            return Array.from({ length }, (_, i) => nest(inner, leaf, offset + i * size(inner)));
          };
          const pubs = table.map(
            ([values, observables]): EstimatorPub => [
              one,
              nest(observables, (flat) => labels[flat % 3]!) as EstimatorPub extends readonly [unknown, infer O]
                ? O
                : never,
              { shape: [...values, 1], data: Float64Array.from({ length: size(values) }, (_, row) => angleOf(row)) },
            ],
          );
          const results = await run(pubs);
          for (const [index, [values, observables, shape]] of table.entries()) {
            const flatIn = (own: readonly number[], at: readonly number[]): number => {
              const aligned = at.slice(at.length - own.length);
              return own.reduce((flat, length, axis) => flat * length + (length === 1 ? 0 : aligned[axis]!), 0);
            };
            const expected = Array.from({ length: size(shape) }, (_, flat) => {
              const at: number[] = [];
              for (let axis = shape.length - 1, rest = flat; axis >= 0; axis--) {
                at.unshift(rest % shape[axis]!);
                rest = Math.floor(rest / shape[axis]!);
              }
              const theta = angleOf(flatIn(values, at));
              return { Z: Math.cos(theta), Y: -Math.sin(theta), X: 0 }[labels[flatIn(observables, at) % 3]!]!;
            });
            expectValues(results[index]!, shape, expected);
          }
        },
      },
      {
        name: "a batch equals a loop over its rows",
        async run() {
          const rows = [
            [0.1, 0.2, 0.3],
            [1.1, -0.4, 0.3],
            [2.5, 0.9, -1.7],
            [0.1, 0.2, 0.3],
          ];
          const observables = [["IZ"], ["ZI"], ["ZZ"]];
          const [batch] = await run([[rotations, observables, rows]]);
          const singles = await run(rows.map((row): EstimatorPub => [rotations, observables.flat(), row]));
          assert.deepEqual([...batch!.shape], [3, 4]);
          for (const [row, [x0, x1, shift]] of rows.entries()) {
            const truth = [Math.cos(x0!), Math.cos(x1! + shift!), Math.cos(x0!) * Math.cos(x1! + shift!)];
            expectValues(singles[row]!, [3], truth);
            for (const [k, value] of truth.entries()) closeTo(batch!.evs[k * 4 + row]!, value, atol, `row ${row}`);
          }
        },
      },
      {
        name: "values by name: own shapes split off, batches broadcast, same as by position",
        async run() {
          const xs = [
            [0.1, 0.2],
            [0.5, -0.6],
          ];
          const byName: EstimatorPub = [rotations, "IZ", { x: xs, w: 0.4 }];
          const [named, crossed, listed] = await run([
            byName,
            { circuit: rotations, observables: "ZI", parameterValues: { w: [[0.4], [0.8], [1.2]], x: xs } },
            [
              rotations,
              "IZ",
              [
                [0.1, 0.2, 0.4],
                [0.5, -0.6, 0.4],
              ],
            ],
          ]);
          expectValues(named!, [2], [Math.cos(0.1), Math.cos(0.5)]);
          expectValues(listed!, [2], [Math.cos(0.1), Math.cos(0.5)]);
          expectValues(
            crossed!,
            [3, 2],
            [0.4, 0.8, 1.2].flatMap((shift) => [Math.cos(0.2 + shift), Math.cos(-0.6 + shift)]),
          );
        },
      },
      {
        name: "results come in the order of the PUBs, each with its own circuit and shape",
        async run() {
          const results = await run([
            [one, "Z", [[Math.PI]]],
            [bell, ["ZZ", "ZI"]],
            [one, "Z", [0]],
            [one, [["Z"]], [0]],
          ]);
          assert.equal(results.length, 4);
          expectValues(results[0]!, [1], [-1]);
          expectValues(results[1]!, [2], [1, 0]);
          expectValues(results[2]!, [], [1]);
          expectValues(results[3]!, [1, 1], [1]);
        },
      },
      {
        name: "standard errors: 0 where exact; else near 1/sqrt(shots) and five of them cover the truth",
        async run() {
          const [result] = await run([[one, ["Z", "Y"], [[[0.4]], [[1.2]], [[2.2]]]]]);
          for (const [index, std] of result!.stds.entries()) {
            if (precision === 0) assert.equal(std, 0);
            else {
              const theta = [0.4, 1.2, 2.2][index >> 1]!;
              const truth = index % 2 === 0 ? Math.cos(theta) : -Math.sin(theta);
              assert.ok(std > 0 && std < 1.5 * precision, `standard error ${std} at precision ${precision}`);
              closeTo(result!.evs[index]!, truth, Math.max(atol, 5 * std), `value ${index}`);
            }
          }
        },
      },
      {
        name: "a PUB's own precision goes before the Estimator's",
        async run() {
          const [coarse, own] = await run([
            [one, "Z", [1.1], 0.2],
            { circuit: one, observables: "Z", parameterValues: [1.1], precision: 0.02 },
          ]);
          closeTo(coarse!.evs[0]!, Math.cos(1.1), 1, "coarse");
          closeTo(own!.evs[0]!, Math.cos(1.1), Math.max(atol, 0.1), "fine");
          assert.ok(coarse!.stds[0]! > 2 * own!.stds[0]!, `${coarse!.stds[0]} and ${own!.stds[0]}`);
        },
      },
      ...(seeded
        ? [
            {
              name: "the same seed and PUBs give the same bytes, another seed others",
              async run() {
                const pubs: readonly EstimatorPub[] = [[one, ["Z", "Y", "X"], [[[0.4]], [[1.2]]], 0.05]];
                const [first] = await run(pubs, 5);
                const [again] = await run(pubs, 5);
                const [other] = await run(pubs, 6);
                assert.deepEqual(again, first);
                assert.notDeepEqual(other!.evs, first!.evs);
              },
            },
          ]
        : []),
      ...estimatorGateCases(run, atol),
      ...estimatorBindingCases(run, atol),
      ...standardErrorCases(run),
      ...estimatorIndependenceCases(backend),
      ...(dynamicCircuits ? dynamicEstimatorCases(run, atol) : noDynamicCases("estimator", backend)),
      ...estimatorErrorCases(backend),
      ...estimatorLimitCases(backend, precision),
      ...jobCases({
        submitter: async () => {
          const estimator = (await backend()).estimator({ precision });
          return (runOptions) => estimator.run([[bell, "ZZ"]], runOptions);
        },
        local: async () => (await backend()).capabilities.local,
      }),
    ],
    options,
  );
}
