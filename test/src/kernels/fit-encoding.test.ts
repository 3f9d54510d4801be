import { describe, expect, test } from "vitest";
import { localSimulator } from "../../../providers/index.ts";
import {
  kFold,
  minMax,
  pca,
  pipeline,
  scale,
  selectRows,
  standardise,
  type Transform,
} from "../../../src/data/index.ts";
import {
  type EncodingProgress,
  FittedEncoder,
  fitEncoding,
  fitKernel,
  type Kernel,
  linearKernel,
  quantumKernel,
  rbfKernel,
  supportVectorClassifier,
} from "../../../src/kernels/index.ts";
import { connection, perception, quantumLayer } from "../../../src/layers/index.ts";
import { accuracy } from "../../../src/metrics/index.ts";
import { irisParts, irisRows } from "../../support/iris.ts";

const code = (name: string) => expect.objectContaining({ name: "KernelError", code: name });
const { train, held } = irisParts(2);
const candidates = {
  qubits: [2, 3],
  featureMaps: { angle: perception.angle(), zz: perception.zz() },
  bandwidths: [0.1, 0.6],
  ranges: [[0, Math.PI]],
  C: [1, 20],
} as const;

describe("fitEncoding", () => {
  test("tries all with all, and takes the highest mean", async () => {
    const told: EncodingProgress[] = [];
    const fit = await fitEncoding(train, { candidates, folds: 3, onProgress: (progress) => told.push(progress) });
    expect(fit.candidates.length).toBe(2 * 2 * 3 * 2);
    expect(fit.executions).toBe(2 * 2 * 3 * 3 * train.numRows);
    expect(told.map(({ done, total }) => `${done}/${total}`)).toEqual(
      Array.from({ length: 12 }, (_, i) => `${i + 1}/12`),
    );
    expect(told.at(-1)!.best).toEqual(fit.chosen);
    const means = fit.candidates.map(({ mean }) => mean);
    expect(fit.chosen.mean).toBe(Math.max(...means));
    expect(Math.min(...means)).toBeLessThan(fit.chosen.mean);
    for (const { scores, mean, spread } of fit.candidates) {
      expect(scores.length).toBe(3);
      const own = [...scores];
      expect(mean).toBeCloseTo(own.reduce((sum, score) => sum + score, 0) / 3, 12);
      expect(spread).toBeCloseTo(Math.sqrt(own.reduce((sum, score) => sum + (score - mean) ** 2, 0) / 2), 12);
    }
    const classifier = await fit.encoder.classifier().fit(fit.encoder.encode(train));
    expect(accuracy(held.y, await classifier.predict(fit.encoder.encode(held)))).toBeGreaterThan(0.9);
    const again = await fitEncoding(train, { candidates, folds: 3 });
    expect(again.candidates).toEqual(fit.candidates);
    expect(again.encoder.toJSON()).toEqual(fit.encoder.toJSON());
    const otherFolds = await fitEncoding(train, { candidates, folds: 3, seed: 1 });
    expect(otherFolds.candidates).not.toEqual(fit.candidates);
  });

  test("a score is what a pipeline, a kernel and a classifier give that never see the fold's other rows", async () => {
    const seen: Float64Array[] = [];
    const reduce = (numComponents: number): Transform => {
      const inner = pipeline([standardise(), pca({ numComponents })]);
      return {
        fit(rows) {
          seen.push(rows.x);
          return inner.fit(rows);
        },
      };
    };
    const { candidates: all, encoder } = await fitEncoding(train, {
      candidates: { qubits: [2], featureMaps: { zz: perception.zz() }, bandwidths: [0.3], ranges: [[0, 3]], C: [5] },
      folds: 3,
      reduce,
    });
    // One fit a fold, and one of all rows for the encoder.
    expect(seen.map(({ length }) => length / 4)).toEqual([50, 50, 50, 75]);
    let compared = 0;
    for (const [fold, rows] of seen.slice(0, 3).entries()) {
      const isSeen = (row: number) =>
        [...Array(rows.length / 4).keys()].some((i) =>
          [0, 1, 2, 3].every((f) => rows[4 * i + f] === train.x[4 * row + f]),
        );
      // Rows that are equal to one that was seen cannot be told from it.
      const others = [...Array(train.numRows).keys()].filter((row) => !isSeen(row));
      const own = selectRows(train, [...Array(train.numRows).keys()].filter(isSeen));
      if (own.numRows !== 50) continue;
      compared++;
      const kernel = quantumKernel({ featureMap: perception.zz(), qubits: 2 });
      const rest = selectRows(train, others);
      for (const [index, scaling] of [scale({ factor: 0.3 }), minMax({ range: [0, 3] })].entries()) {
        const transform = pipeline([standardise(), pca({ numComponents: 2 }), scaling]).fit(own);
        const model = await supportVectorClassifier({ kernel, C: 5 }).fit(transform.transform(own));
        expect(all[index]!.scores[fold]).toBe(accuracy(rest.y, await model.predict(transform.transform(rest))));
      }
    }
    expect(compared).toBeGreaterThan(0);
    expect(encoder.transform.numOutputs).toBe(2);
  });

  test("the encoder serves a quantum layer and a kernel on any provider, and can be saved", async () => {
    const { encoder } = await fitEncoding(train, { candidates: { ...candidates, qubits: [2] }, folds: 3 });
    const loaded = FittedEncoder.fromJSON(JSON.parse(JSON.stringify(encoder)));
    const encoded = encoder.encode(held);
    expect(loaded.encode(held)).toEqual(encoded);
    expect((await loaded.kernel().matrix(encoded)).data).toEqual((await encoder.kernel().matrix(encoded)).data);
    expect(encoder.kernel({ provider: localSimulator(), shots: 10 }).circuit).toBe(encoder.circuit);
    const layer = quantumLayer({
      qubits: encoder.qubits,
      perception: encoder.circuit,
      connection: connection.basicEntangler({ layers: 1 }),
    });
    const inputs = { shape: [held.numRows, 2], data: encoded.x };
    const { outputs } = await layer.forward(inputs, layer.initialWeights(), { provider: localSimulator() });
    expect(outputs.shape).toEqual([held.numRows, 2]);
    expect(() => FittedEncoder.fromJSON({ ...encoder.toJSON(), format: "x" } as never)).toThrow(code("KERNEL_JSON"));
    const three = { ...encoder.toJSON(), transform: pca({ numComponents: 3 }).fit(train).toJSON() };
    expect(() => FittedEncoder.fromJSON(three)).toThrow(code("KERNEL_JSON"));
  });

  test("stops when it is told to", async () => {
    const controller = new AbortController();
    const onProgress = ({ done }: EncodingProgress) => done === 2 && controller.abort(new Error("enough"));
    await expect(fitEncoding(train, { candidates, signal: controller.signal, onProgress })).rejects.toThrow("enough");
  });

  test("what cannot be compared is refused", async () => {
    const refused = async (change: object, name: string) =>
      expect(fitEncoding(train, { candidates, ...change })).rejects.toThrow(code(name));
    for (const folds of [1, 30])
      await expect(fitEncoding(train, { candidates, folds })).rejects.toThrow(
        expect.objectContaining({ name: "DataError", code: "DATA_SPLIT" }),
      );
    await refused({ score: "roc-auc" }, "KERNEL_OPTION");
    await refused({ score: "luck" }, "KERNEL_OPTION");
    await refused({ candidates: { qubits: [] } }, "KERNEL_OPTION");
    await refused({ candidates: { qubits: [2], C: [0] } }, "KERNEL_OPTION");
    await refused({ candidates: { qubits: [2], angles: [1] } }, "KERNEL_OPTION");
    const trained = { w: perception.reuploading({ layers: 1 }) };
    await refused({ candidates: { qubits: [2], featureMaps: trained } }, "KERNEL_FEATURE_MAP");
  });
});

describe("fitKernel", () => {
  test("gives classical kernels the same folds and the same judgement", async () => {
    const kernels = {
      linear: linearKernel(),
      rbf: rbfKernel(),
      angle: quantumKernel({ featureMap: perception.angle(), qubits: 4 }),
    };
    const preprocessing = pipeline([standardise(), minMax({ range: [0, 1] })]);
    const fit = await fitKernel(train, { kernels, C: [1, 10], preprocessing, folds: 3, score: "f1" });
    expect(fit.candidates.map(({ kernel, C }) => `${kernel} ${C}`)).toEqual([
      "linear 1",
      "linear 10",
      "rbf 1",
      "rbf 10",
      "angle 1",
      "angle 10",
    ]);
    expect(fit.executions).toBe(3 * train.numRows);
    expect(fit.chosen.mean).toBe(Math.max(...fit.candidates.map(({ mean }) => mean)));
    expect(fit.chosen.mean).toBeGreaterThan(0.9);
    expect(fit.transform!.transform(train).numFeatures).toBe(4);
    await expect(fitKernel(train, { kernels: {} })).rejects.toThrow(code("KERNEL_OPTION"));
  });

  test("a kernel is fitted to a fold's training rows, and scored as a classifier of them would be", async () => {
    const few = irisRows((row) => row < 100 && row % 4 === 0);
    const seen: number[] = [];
    // So noisy that the nearest positive semidefinite matrix classifies otherwise.
    const noisy: Kernel = {
      ...rbfKernel({ gamma: 0.5 }),
      fitted(rows) {
        seen.push(rows.numRows);
        return noisy;
      },
      async matrix(a, b = a) {
        const data = new Float64Array(a.numRows * b.numRows);
        for (let i = 0; i < a.numRows; i++)
          for (let j = 0; j < b.numRows; j++) {
            const [left, right] = [a.x[4 * i]! + 10 * a.x[4 * i + 2]!, b.x[4 * j]! + 10 * b.x[4 * j + 2]!];
            data[i * b.numRows + j] = left === right ? 1 : Math.sin(1e3 * left * right);
          }
        const shape = [a.numRows, b.numRows] as const;
        return { shape, data, stds: data.map(() => 0.1), executions: 0, quantumSeconds: 0, jobIds: [] };
      },
    };
    const { candidates: tried } = await fitKernel(few, { kernels: { noisy }, C: [100], folds: 2 });
    expect([...seen].sort()).toEqual([12, 13]);
    for (const [fold, parts] of kFold(few, { folds: 2, seed: 0, stratified: true }).entries()) {
      const model = await supportVectorClassifier({ kernel: noisy, C: 100 }).fit(selectRows(few, parts.train));
      const rest = selectRows(few, parts.validation);
      expect(tried[0]!.scores[fold]).toBe(accuracy(rest.y, await model.predict(rest)));
    }
  });

  test("can judge two classes by the area under the ROC curve", async () => {
    const two = {
      ...irisRows((row) => row >= 50),
      classes: ["versicolor", "virginica"],
    };
    const labels = { ...two, y: two.y.map((label) => label - 1) };
    const { chosen } = await fitKernel(labels, { kernels: { rbf: rbfKernel() }, C: [1], score: "roc-auc" });
    expect(chosen.mean).toBeGreaterThan(0.95);
    expect(chosen.mean).toBeLessThan(1.0001);
  });
});
