import { describe, expect, test } from "vitest";
import { Circuit, input, type SparsePauliOp } from "../../../circuits/index.ts";
import {
  angleEmbedding,
  ghzState,
  hamiltonianVariational,
  qaoaAnsatz,
  realAmplitudes,
  stronglyEntangling,
  trotter,
  wState,
  zzFeatureMap,
} from "../../../circuits/library/index.ts";
import { anglesOf, distance, expectationOf, type GoldenItem, golden, operator, stateOf } from "./golden.ts";

const ring = (n: number): readonly (readonly [string, number])[] =>
  Array.from({ length: n }, (_, i) => [`Z${i} Z${(i + 1) % n}`, 0.5] as const);
const chain = (n: number, coefficient: number): SparsePauliOp =>
  operator(
    n,
    Array.from({ length: n - 1 }, (_, i) => [`Z${i} Z${i + 1}`, coefficient] as const),
  );
const field = (n: number, coefficient: number): SparsePauliOp =>
  operator(
    n,
    Array.from({ length: n }, (_, i) => [`X${i}`, coefficient] as const),
  );

const STATES: Readonly<Record<string, (item: GoldenItem) => Circuit>> = {
  ghz_3: () => ghzState(3),
  w_4: () => wState(4),
  strongly_entangling_4: (item) =>
    stronglyEntangling({ numQubits: 4, layers: 2 }).bind({ w: anglesOf(item, "rz", "ry") }),
  zz_feature_map_3: (item) =>
    zzFeatureMap({ numQubits: 3 }).bind({
      x: anglesOf(item, "p")
        .slice(0, 3)
        .map((angle) => angle / 2),
    }),
  real_amplitudes_5: (item) =>
    realAmplitudes({ numQubits: 5, reps: 2, entanglement: "linear" }).bind({ w: anglesOf(item, "ry") }),
  qaoa_ring_6: (item) =>
    qaoaAnsatz(operator(6, ring(6)), { reps: 2 }).bind({
      gamma: [0, 6].map((i) => anglesOf(item, "rzz")[i]!),
      beta: [0, 6].map((i) => anglesOf(item, "rx")[i]! / 2),
    }),
  tfim_trotter_7: () => trotter(chain(7, -1).plus(field(7, -0.75)), { time: 0.6, steps: 3 }),
};

describe("golden states", () => {
  test.each(Object.keys(STATES))("%s", (id) => {
    const item = golden("statevectors", id);
    expect(distance(stateOf(STATES[id]!(item)), item.amplitudes.flat())).toBeLessThan(1e-12);
  });
});

const VALUES: Readonly<Record<string, (item: GoldenItem) => Circuit>> = {
  angle_strongly_entangling_4q: ({ w, x }) =>
    angleEmbedding({ numQubits: 4, rotation: "Y" })
      .compose(stronglyEntangling({ numQubits: 4, layers: 2 }))
      .bind({ x, w }),
  qaoa_p2_ring4: ({ w }) =>
    qaoaAnsatz(operator(4, ring(4)).times(2), { reps: 2 }).bind({ gamma: [w[0]!, w[2]!], beta: [w[1]!, w[3]!] }),
  hva_tfim_5q: ({ w }) =>
    hamiltonianVariational([chain(5, 0.5), field(5, 0.5)], {
      layers: 3,
      initialState: Circuit.build(5, (c) => c.h(0).h(1).h(2).h(3).h(4)),
    }).bind({ w }),
};

describe("golden expectation values", () => {
  test.each(Object.keys(VALUES))("%s", (id) => {
    const item = golden("gradients", id);
    const value = expectationOf(stateOf(VALUES[id]!(item)), operator(item.n, item.observable));
    expect(value).toBeCloseTo(item.value, 12);
  });
});

test("the ZZ feature map's angles are expressions of its inputs", () => {
  const map = zzFeatureMap({ numQubits: 2, reps: 1 });
  expect(map.vectors.map(({ name, role, shape }) => [name, role, shape])).toEqual([["x", "input", [2]]]);
  const x = input("x", 2);
  const angles = map.operations.flatMap((operation) => (operation.kind === "gate" ? operation.params : []));
  const at = (a: number, b: number): number[] =>
    angles.map((angle) =>
      typeof angle === "number" ? angle : angle.evaluate((parameter) => (parameter.name === x.at(0).name ? a : b)),
    );
  expect(at(0.5, -0.25)).toEqual([1, -0.5, 2 * (Math.PI - 0.5) * (Math.PI + 0.25)]);
});
