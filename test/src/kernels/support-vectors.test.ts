import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Rng } from "../../../circuits/index.ts";
import { localSimulator } from "../../../providers/index.ts";
import { fromArrays, selectRows } from "../../../src/data/index.ts";
import {
  FittedSupportVectors,
  type Kernel,
  type LabelledRows,
  quantumKernel,
  rbfKernel,
  supportVectorClassifier,
} from "../../../src/kernels/index.ts";
import { votedClasses } from "../../../src/kernels/one-vs-one.ts";
import { coupledProbabilities, plattSigmoid } from "../../../src/kernels/platt-scaling.ts";
import { solveDual } from "../../../src/kernels/sequential-minimal-optimization.ts";
import { perception } from "../../../src/layers/index.ts";
import { goldenKernels } from "../../support/golden.ts";
import { iris, irisParts, irisRows } from "../../support/iris.ts";
import { distance } from "../../support/linear-algebra.ts";

const code = (name: string) => expect.objectContaining({ name: "KernelError", code: name });
const { train, held } = irisParts(3);

/** Values that are there already: row i is the single feature i. */
function precomputed(kernel: readonly (readonly number[])[]): {
  readonly kernel: Kernel;
  readonly rows: LabelledRows["x"];
} {
  const values: Kernel = {
    kind: "precomputed",
    numFeatures: 1,
    fitted: () => values,
    matrix: async (a, b = a) => ({
      shape: [a.numRows, b.numRows],
      data: Float64Array.from([...a.x].flatMap((i) => [...b.x].map((j) => kernel[i]![j]!))),
      stds: undefined,
      executions: 0,
      quantumSeconds: 0,
      jobIds: [],
    }),
    plan: async () => ({ pairs: 0, jobs: 0, executions: 0, quantumSeconds: 0 }),
    toJSON: () => ({ kind: "precomputed" }),
  };
  return { kernel: values, rows: Float64Array.from(kernel.keys()) };
}

// sklearn.svm.SVC(kernel="precomputed", C=C, tol=1e-9).fit(K, y).decision_function(K), scikit-learn 1.9.1
const SCIKIT = {
  zz_2q_reps2_full: {
    0.7: [-0.896994865, -0.848315419, -1, -1, 0.857481026, -0.078584499, 1, 0.373784711, 0.428523043, 1],
    50: [-1, -1, -1, -1, 1.317099218, -1, 1.451034972, 1, 1, 1.442505501],
    balanced: [-1, -1, -1, -1, 1, -0.340654579, 1.273271603, 1, 0.582861517, 1.158444324],
  },
  zz_3q_reps2_linear: {
    0.7: [-0.206737924, -1, -0.981678347, -0.278598641, -1, 0.170989649, 0.085797659, -1, -1, -1],
    50: [1, -1, -1, 1, -1, 1, 1, -1, -1, -1],
    balanced: [1, -1, -1, 1, -1, 1, 1, -1, -1, -1],
  },
} as const;

describe("two classes", () => {
  test.each(goldenKernels())("decision values on $id are scikit-learn's", async ({ id, kernel: values, labels }) => {
    const { kernel, rows } = precomputed(values);
    const data = { x: rows, numRows: rows.length, numFeatures: 1, y: Float64Array.from(labels) };
    const wanted = SCIKIT[id as keyof typeof SCIKIT];
    for (const C of [0.7, 50] as const) {
      const fitted = await supportVectorClassifier({ kernel, C, tolerance: 1e-9 }).fit(data);
      expect(distance((await fitted.decisionFunction(data)).data, wanted[C])).toBeLessThan(1e-6);
      expect([...(await fitted.predict(data))]).toEqual(wanted[C].map((f) => (f > 0 ? 1 : 0)));
    }
    const balanced = supportVectorClassifier({ kernel, C: 2, tolerance: 1e-9, classWeights: "balanced" });
    expect(distance((await (await balanced.fit(data)).decisionFunction(data)).data, wanted.balanced)).toBeLessThan(
      1e-6,
    );
  });

  test("the dual's objective is the primal's: there is no gap", () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 2, max: 20 }),
        fc.double({ min: 0.05, max: 20, noNaN: true }),
        (seed, n, C) => {
          const rng = Rng.seed(seed);
          const points = Array.from({ length: n }, () => [rng.normal(), rng.normal()] as const);
          const kernel = Float64Array.from(
            points.flatMap(([a, b]) => points.map(([c, d]) => Math.exp(-((a - c) ** 2 + (b - d) ** 2)))),
          );
          const labels = Int8Array.from({ length: n }, (_, i) =>
            i < 1 ? 1 : i < 2 ? -1 : rng.uniform() < 0.5 ? 1 : -1,
          );
          const bounds = new Float64Array(n).fill(C);
          const { coefficients, bias } = solveDual({ kernel, labels, bounds, tolerance: 1e-8, maxIterations: 1e6 });
          let norm = 0;
          let slack = 0;
          let sum = 0;
          let balance = 0;
          for (let i = 0; i < n; i++) {
            let f = bias;
            for (let j = 0; j < n; j++) {
              f += coefficients[j]! * kernel[i * n + j]!;
              norm += coefficients[i]! * coefficients[j]! * kernel[i * n + j]!;
            }
            slack += C * Math.max(0, 1 - labels[i]! * f);
            sum += labels[i]! * coefficients[i]!;
            balance += coefficients[i]!;
            expect(labels[i]! * coefficients[i]!).toBeGreaterThanOrEqual(0);
            expect(labels[i]! * coefficients[i]!).toBeLessThanOrEqual(C);
          }
          expect(Math.abs(balance)).toBeLessThan(1e-9 * n * C + 1e-9);
          expect(Math.abs(norm / 2 + slack - (sum - norm / 2))).toBeLessThan(1e-5 * (1 + sum));
        },
      ),
      { seed: 1, numRuns: 40 },
    );
  });

  test("ends where a kernel is not positive semidefinite, and says so where it does not end", () => {
    const kernel = Float64Array.of(1, 2, 0.5, 2, 1, -1, 0.5, -1, 1);
    const problem = { kernel, labels: Int8Array.of(1, -1, 1), bounds: new Float64Array(3).fill(10), tolerance: 1e-3 };
    expect(solveDual({ ...problem, maxIterations: 1000 }).coefficients.every(Number.isFinite)).toBe(true);
    expect(() => solveDual({ ...problem, maxIterations: 1 })).toThrow(code("SVC_CONVERGENCE"));
  });
});

describe("several classes", () => {
  const classifier = supportVectorClassifier({ kernel: rbfKernel(), C: 2, tolerance: 1e-9, probability: true });

  test("iris as scikit-learn classifies it", async () => {
    const fitted = await classifier.fit(train);
    expect(fitted.kernel.toJSON().gamma).toBeCloseTo(0.06365243124598552, 12);
    const wrong = [...(await fitted.predict(held))].flatMap((predicted, i) =>
      predicted === held.y[i] ? [] : [[i, predicted]],
    );
    expect(wrong).toEqual([
      [51, 2],
      [70, 1],
      [79, 1],
      [80, 1],
      [84, 1],
      [88, 1],
    ]);
    const some = selectRows(iris, [1, 61, 68, 91, 100, 121, 136]);
    const { data, shape } = await fitted.decisionFunction(some);
    expect(shape).toEqual([7, 3]);
    const wanted = [
      [2.227152768, 1.168197049, -0.253163525],
      [-0.213232255, 2.230349517, 0.894771785],
      [-0.229297636, 2.225786092, 1.031569149],
      [-0.222552464, 2.219752133, 1.023020591],
      [-0.229139192, 0.869561131, 2.246574014],
      [-0.234349689, 2.196238413, 1.161170746],
      [-0.230192654, 0.945104414, 2.236122909],
    ];
    expect(distance(data, wanted.flat())).toBeLessThan(1e-6);
  });

  test("probabilities sum to 1, mostly favour the class that is predicted, and depend on training rows alone", async () => {
    const fitted = await classifier.fit(train);
    const { predicted, probabilities } = await fitted.classify(held);
    let agree = 0;
    for (let row = 0; row < held.numRows; row++) {
      const own = probabilities!.data.subarray(3 * row, 3 * row + 3);
      expect(own.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 9);
      if (own.indexOf(Math.max(...own)) === predicted[row]) agree++;
    }
    expect(agree).toBeGreaterThan(90);
    const few = selectRows(held, [3, 50]);
    expect((await fitted.probabilities(few)).data.slice(3)).toEqual(probabilities!.data.slice(150, 153));
    expect(await (await classifier.fit(train)).probabilities(few)).toEqual(await fitted.probabilities(few));
  });

  test("a saved classifier predicts the same bits", async () => {
    for (const kernel of [rbfKernel(), quantumKernel({ featureMap: perception.zz(), qubits: 4, bandwidth: 0.1 })]) {
      const fitted = await supportVectorClassifier({ kernel, probability: true }).fit(train);
      const loaded = FittedSupportVectors.fromJSON(JSON.parse(JSON.stringify(fitted)));
      expect(await loaded.classify(held)).toEqual(await fitted.classify(held));
      expect(loaded.support.numRows).toBeLessThan(train.numRows);
    }
    const json = JSON.parse(JSON.stringify(await supportVectorClassifier({ kernel: rbfKernel() }).fit(train)));
    expect(() => FittedSupportVectors.fromJSON({ ...json, format: "other" })).toThrow(code("SVC_JSON"));
    expect(() => FittedSupportVectors.fromJSON({ ...json, support: json.support.slice(1) })).toThrow(code("SVC_JSON"));
  });

  test("where all classes have as many votes, the first is taken", () => {
    const pair = (positive: number, negative: number) => ({
      positive,
      negative,
      rows: new Int32Array(),
      coefficients: new Float64Array(),
      bias: 0,
      sigmoid: undefined,
    });
    const pairs = [pair(1, 0), pair(2, 0), pair(2, 1)];
    expect([...votedClasses(pairs, Float64Array.of(1, -1, 1, 1, 1, 1, 1, -1, -1), 3, 3)]).toEqual([0, 2, 1]);
  });

  test("classes without training rows are never predicted, and have probability 0", async () => {
    const two = { ...selectRows(train, [0, 1, 2, 40, 41, 42]), classes: ["a", "b", "c"] };
    const fitted = await supportVectorClassifier({ kernel: rbfKernel(), probability: true }).fit(two);
    const { predicted, probabilities } = await fitted.classify(held);
    expect(new Set(predicted)).toEqual(new Set([0, 2]));
    for (let row = 0; row < held.numRows; row++) expect(probabilities!.data[3 * row + 1]).toBe(0);
  });
});

describe("sampled kernels", () => {
  test("a classifier learns from them, with what they took", async () => {
    const few = irisRows((row) => row < 100 && row % 10 === 0);
    const options = { featureMap: perception.angle(), qubits: 4, bandwidth: 0.5 };
    const kernel = quantumKernel({ ...options, provider: localSimulator({ seed: 1 }), shots: 200 });
    const fitted = await supportVectorClassifier({ kernel }).fit(few);
    expect(fitted.costs.executions).toBe(45 * 200);
    const { predicted, executions } = await fitted.classify(few);
    expect([...predicted]).toEqual([...few.y]);
    // Rows that are support vectors are known to be alike with themselves.
    expect(executions).toBe((10 - 1) * fitted.support.numRows * 200);
  });
});

describe("probabilities from decision values", () => {
  test("Platt's sigmoid is scikit-learn's", () => {
    const decisions = [-2, -1.1, -0.3, 0.2, 0.1, 0.9, 1.5, 2.5, -0.7, 0.4];
    const { slope, offset } = plattSigmoid(decisions, [-1, -1, 1, -1, -1, 1, 1, 1, -1, 1]);
    expect(slope).toBeCloseTo(-1.0588921502603161, 4);
    expect(offset).toBeCloseTo(0.13759074726131718, 4);
  });

  test("coupling gives back the probabilities that pairs were made from", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: 3, maxLength: 6 }), (shares) => {
        const total = shares.reduce((sum, share) => sum + share, 0);
        const p = shares.map((share) => share / total);
        const k = p.length;
        const pairwise = Float64Array.from({ length: k * k }, (_, at) => {
          const [i, j] = [Math.floor(at / k), at % k];
          return i === j ? 0 : p[i]! / (p[i]! + p[j]!);
        });
        expect(distance(coupledProbabilities(pairwise, k), p)).toBeLessThan(1e-6);
      }),
      { seed: 1 },
    );
  });
});

test("what cannot be learned is refused", async () => {
  const kernel = rbfKernel();
  const one = fromArrays([[0], [1]], [0, 0]);
  await expect(supportVectorClassifier({ kernel }).fit(one)).rejects.toThrow(code("SVC_CLASSES"));
  const single = fromArrays([[0], [1], [2]], [0, 0, 1]);
  await expect(supportVectorClassifier({ kernel, probability: true }).fit(single)).rejects.toThrow(code("SVC_CLASSES"));
  const values = fromArrays([[0], [1]], [0.5, 1], { task: "regression" });
  await expect(supportVectorClassifier({ kernel }).fit(values)).rejects.toThrow(code("SVC_CLASSES"));
  expect(() => supportVectorClassifier({ kernel, C: 0 })).toThrow(code("KERNEL_OPTION"));
  expect(() => supportVectorClassifier({ kernel, c: 1 } as never)).toThrow(code("KERNEL_OPTION"));
  expect(() => supportVectorClassifier({} as never)).toThrow(code("KERNEL_OPTION"));
  await expect(supportVectorClassifier({ kernel, classWeights: [1] }).fit(single)).rejects.toThrow(
    code("KERNEL_OPTION"),
  );
  const plain = await supportVectorClassifier({ kernel }).fit(single);
  await expect(plain.probabilities(single)).rejects.toThrow(code("SVC_PROBABILITY"));
});
