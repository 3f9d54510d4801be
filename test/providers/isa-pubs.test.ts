import { describe, expect, test } from "vitest";
import {
  Circuit,
  type CompiledCircuit,
  compile,
  input,
  type SparsePauliOp,
  stronglyEntangling,
  Target,
} from "../../circuits/index.ts";
import {
  checkEstimatorPubs,
  checkSamplerPubs,
  type EstimatorPub,
  executionsOf,
  type IsaAnswer,
  type IsaEstimatorPub,
  isaEstimatorPubs,
  isaSamplerPubs,
  loadTarget,
  localSimulator,
  planIsaPubs,
} from "../../providers/index.ts";

const target = Target.fromEdges(5, [
  [0, 1],
  [1, 2],
  [2, 3],
  [3, 4],
]);
const compileFor = (circuit: Circuit): CompiledCircuit => compile(circuit, target, { effort: 1 });

/** What a perfect device answers: every observable at every row of the compiled circuit. */
async function answersOf(pubs: readonly IsaEstimatorPub[]): Promise<readonly IsaAnswer[]> {
  if (pubs.length === 0) return [];
  const job = await localSimulator()
    .estimator({ precision: 0 })
    .run(
      pubs.map(({ compiled, observables, values, rows }) => ({
        circuit: compiled.circuit,
        observables: observables as SparsePauliOp[],
        parameterValues: { shape: [rows, 1, compiled.circuit.parameters.length], data: values },
      })),
    );
  return (await job.result()).map(({ evs, stds }, index) => ({ evs, stds, metadata: { index } }));
}

const x = input("x", 3);
const circuit = Circuit.build(3, (c) => {
  for (let qubit = 0; qubit < 3; qubit++) c.rx(x.at(qubit), qubit);
  return c;
}).compose(stronglyEntangling({ numQubits: 3, layers: 2 }));
const width = circuit.parameters.length;
const row = (seed: number): number[] => Array.from({ length: width }, (_, i) => Math.sin(1 + seed * 7 + i));

describe("isaEstimatorPubs", () => {
  test("answers on the device are the answers to what was asked, whatever the shapes", async () => {
    const pubs: readonly EstimatorPub[] = [
      [circuit, ["ZZI", "XIX", "1.0*IIY + 0.5*ZII"], [[row(1)], [row(2)], [row(1)]]],
      [circuit, [["ZII"], ["IXI"]], [row(1), row(3)]],
      [circuit, "ZZZ", row(4)],
      [Circuit.build(2, (c) => c.h(0).cx(0, 1)), ["XX", "ZZ", "IZ"]],
    ];
    const job = isaEstimatorPubs(checkEstimatorPubs(pubs, 0), compileFor);
    const results = job.results(await answersOf(job.pubs));
    const expected = await (await localSimulator().estimator({ precision: 0 }).run(pubs)).result();
    for (const [index, { shape, evs }] of expected.entries()) {
      expect(results[index]!.shape).toEqual(shape);
      for (const [i, value] of evs.entries()) expect(results[index]!.evs[i]).toBeCloseTo(value, 9);
    }
  });

  test("one circuit is one PUB, equal rows are sent once, and observables that are measured together share it", () => {
    const table = [[row(1)], [row(2)], [row(1)], [row(2)]];
    const one = isaEstimatorPubs(checkEstimatorPubs([[circuit, ["ZZI", "IZZ"], table]], 0.1), compileFor);
    expect(one.pubs.map(({ rows, observables }) => [rows, observables.length])).toEqual([[2, 2]]);
    const two = isaEstimatorPubs(
      checkEstimatorPubs(
        [
          [circuit, "ZII", [row(1), row(2)]],
          [circuit, "IIZ", [row(2), row(3)]],
        ],
        0.1,
      ),
      compileFor,
    );
    expect(two.pubs.map(({ rows, observables }) => [rows, observables.length])).toEqual([[3, 2]]);
    const apart = isaEstimatorPubs(
      checkEstimatorPubs(
        [
          [circuit, "ZII", [row(1)]],
          [circuit, "XII", [row(2)]],
        ],
        0.1,
      ),
      compileFor,
    );
    expect(apart.pubs).toHaveLength(2);
  });

  test("a circuit is compiled once, however many PUBs have it, and precisions stay apart", () => {
    let compiled = 0;
    const job = isaEstimatorPubs(
      checkEstimatorPubs(
        [
          [circuit, "ZII", row(1), 0.1],
          [circuit, "ZII", row(2), 0.2],
        ],
        0,
      ),
      (given) => {
        compiled++;
        return compileFor(given);
      },
    );
    expect(compiled).toBe(1);
    expect(job.pubs.map(({ precision }) => precision)).toEqual([0.1, 0.2]);
  });

  test("no rows are no values", async () => {
    const pubs: readonly EstimatorPub[] = [[circuit, ["ZII"], { shape: [0, width], data: new Float64Array(0) }]];
    const job = isaEstimatorPubs(checkEstimatorPubs(pubs, 0), compileFor);
    expect(job.results(await answersOf(job.pubs))[0]!.evs).toHaveLength(0);
  });
});

test("sampler PUBs go one for one, since equal rows are independent samples", () => {
  const measured = circuit.extend((c) => c.measureAll());
  const pubs = isaSamplerPubs(checkSamplerPubs([[measured, [row(1), row(1)], 100]], 10), compileFor);
  expect(pubs.map(({ rows, shots, shape }) => ({ rows, shots, shape }))).toEqual([{ rows: 2, shots: 100, shape: [2] }]);
  expect(executionsOf(pubs[0]!)).toBe(200);
});

test("a plan counts 2 s a job, and each execution's circuit and delay", () => {
  const slow = Target.fromIbm({
    backend_name: "slow",
    n_qubits: 2,
    basis_gates: ["cz", "rz", "sx", "x"],
    coupling_map: [
      [0, 1],
      [1, 0],
    ],
    default_rep_delay: 250,
  });
  const bell = Circuit.build(2, (c) => c.h(0).cx(0, 1));
  const { pubs } = isaEstimatorPubs(checkEstimatorPubs([[bell, ["ZZ", "XX"]]], 0.1), (given) => compile(given, slow));
  // Two settings of ceil(1 / 0.1²) shots.
  expect(planIsaPubs(pubs, { subJobs: 3 })).toMatchObject({ pubs: 1, rows: 1, executions: 200, subJobs: 3 });
  expect(planIsaPubs(pubs, { subJobs: 3 }).quantumSeconds).toBeCloseTo(6 + 200 * 250e-6, 9);

  const manila = loadTarget("manila");
  const [pub] = isaEstimatorPubs(checkEstimatorPubs([[bell, "ZZ"]], 0.1), (given) => compile(given, manila)).pubs;
  const { durationSeconds } = pub!.compiled.metrics;
  // An Estimator's circuit ends before its read-out.
  const each = manila.repDelaySeconds + durationSeconds! + manila.qubits[0]!.readoutSeconds!;
  expect(manila.qubits[0]!.readoutSeconds).toBeGreaterThan(1e-6);
  expect(planIsaPubs([pub!]).quantumSeconds).toBeCloseTo(2 + 100 * each, 9);
});
