import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Rng } from "../../../../circuits/index.ts";
import { fftPlan } from "../../../../src/data/features/fft.ts";
import {
  type Dataset,
  type Features,
  fourierFeatures,
  fromArrays,
  type GridShape,
  imagePatches,
  lagFeatures,
  pipeline,
  pooling,
  randomProjection,
  scale,
  standardise,
  type Transform,
  transformFromJSON,
  waveletFeatures,
} from "../../../../src/data/index.ts";
import { distance } from "../../../support/linear-algebra.ts";

const code = (name: string) => expect.objectContaining({ name: "DataError", code: name });
const plain = (rows: readonly (readonly number[])[]): Dataset =>
  fromArrays(
    rows,
    rows.map((_, row) => row),
    { task: "regression" },
  );
const random = (seed: number, numRows: number, numFeatures: number): Dataset => {
  const rng = Rng.seed(seed);
  return plain(Array.from({ length: numRows }, () => Array.from({ length: numFeatures }, () => rng.normal())));
};
const gridded = (rows: Dataset, grid: GridShape): Dataset => ({ ...rows, grid });
const rowOf = ({ x, numFeatures }: Features, row: number) => [
  ...x.subarray(row * numFeatures, (row + 1) * numFeatures),
];

const square = { height: 4, width: 4, channels: 2 };
const KINDS: readonly (readonly [string, Transform, number])[] = [
  ["random projection", randomProjection({ numComponents: 3, seed: 1 }), 32],
  ["sparse random projection", randomProjection({ numComponents: 3, seed: 1, kind: "sparse" }), 32],
  ["patches", imagePatches({ size: 3, stride: 1, grid: square }), 32],
  ["mean pooling", pooling({ size: [2, 1], grid: square }), 32],
  ["max pooling", pooling({ size: 2, kind: "max", grid: square }), 32],
  ["lags", lagFeatures({ lags: [0, 2, 1] }), 32],
  ["Fourier", fourierFeatures({ channels: 2, numFrequencies: 5 }), 32],
  ["wavelets", waveletFeatures({ wavelet: "db4", channels: 2, levels: 2 }), 32],
  ["scale", scale({ factor: 0.3 }), 32],
];

describe.each(KINDS)("%s", (_, transform, width) => {
  const train = random(1, 6, width);
  const fitted = transform.fit(train);

  test("has as many outputs and names as it says, and leaves its arguments alone", () => {
    const before = train.x.slice();
    const out = fitted.transform(train);
    expect([fitted.numInputs, out.numFeatures, out.featureNames.length]).toEqual([
      width,
      fitted.numOutputs,
      fitted.numOutputs,
    ]);
    expect(out.x.length).toBe(out.numRows * out.numFeatures);
    expect(new Set(out.featureNames).size).toBe(fitted.numOutputs);
    expect(train.x).toEqual(before);
    expect(out.y.length).toBe(out.numRows);
  });

  test("JSON text brings back the same bits, and nonsense is refused", () => {
    const json = JSON.parse(JSON.stringify(fitted));
    const other = random(2, 5, width);
    expect(transformFromJSON(json).transform(other)).toEqual(fitted.transform(other));
    for (const field of Object.keys(json).filter((name) => name !== "kind"))
      expect(() => transformFromJSON({ ...json, [field]: null }), field).toThrow(code("TRANSFORM_JSON"));
  });

  test("refuses rows of another width and missing values", () => {
    expect(() => fitted.transform(random(1, 6, width + 1))).toThrow(code("DATA_SHAPE"));
    const holed = { ...train, x: train.x.with(3, Number.NaN) };
    expect(() => fitted.transform(holed)).toThrow(code("DATA_NOT_FINITE"));
    expect(() => transform.fit(holed)).toThrow(code("DATA_NOT_FINITE"));
  });
});

describe("random projection", () => {
  test.each(["gaussian", "sparse"] as const)("%s keeps squared lengths on average, and depends on its seed", (kind) => {
    const rows = random(3, 1, 200);
    const length = rows.x.reduce((sum, value) => sum + value * value, 0);
    const numComponents = 20;
    let mean = 0;
    for (let seed = 0; seed < 200; seed++) {
      const { x } = randomProjection({ numComponents, seed, kind }).fit(rows).transform(rows);
      mean += x.reduce((sum, value) => sum + value * value, 0) / length / 200;
    }
    // |Rx|²/|x|² has mean 1 and standard deviation about √(2/20); of 200 the mean has 0.022.
    expect(Math.abs(mean - 1)).toBeLessThan(5 * 0.023);
    const of = (seed: number) => randomProjection({ numComponents, seed, kind }).fit(rows).transform(rows).x;
    expect(of(7)).toEqual(of(7));
    expect(of(7)).not.toEqual(of(8));
  });

  test("entries have the stated law", () => {
    const entries = (kind: "gaussian" | "sparse") =>
      (
        randomProjection({ numComponents: 50, seed: 2, kind })
          .fit(random(1, 1, 400))
          .toJSON() as unknown as { components: number[] }
      ).components;
    const sparse = entries("sparse");
    expect(new Set(sparse.map(Math.abs))).toEqual(new Set([0, Math.sqrt(3 / 50)]));
    const share = (wanted: (value: number) => boolean) => sparse.filter(wanted).length / sparse.length;
    // 20,000 entries: five standard deviations are 0.017.
    expect(Math.abs(share((value) => value === 0) - 2 / 3)).toBeLessThan(0.017);
    expect(Math.abs(share((value) => value > 0) - 1 / 6)).toBeLessThan(0.017);
    const gaussian = entries("gaussian");
    const variance = gaussian.reduce((sum, value) => sum + value * value, 0) / gaussian.length;
    expect(Math.abs(variance * 50 - 1)).toBeLessThan(0.05);
  });

  test("has no way back", () => {
    const rows = random(1, 2, 4);
    const fitted = randomProjection({ numComponents: 2, seed: 1 }).fit(rows);
    expect(() => fitted.inverse(fitted.transform(rows))).toThrow(code("TRANSFORM_NO_INVERSE"));
    expect(() => randomProjection({ numComponents: 0, seed: 1 })).toThrow(code("PROJECTION_COMPONENTS"));
    expect(() => randomProjection({ numComponents: 1, seed: 1, kind: "dense" as never })).toThrow(code("DATA_OPTION"));
  });
});

describe("patches and pooling", () => {
  // Two channels: 1, 2, ... 12 and a hundred times that.
  const pixels = Array.from({ length: 12 }, (_, i) => [i + 1, 100 * (i + 1)]).flat();
  const picture = gridded(plain([pixels]), { height: 3, width: 4, channels: 2 });

  test("patches are pixels row by row, channels last, and form a grid of their own", () => {
    const out = imagePatches({ size: 2, stride: [1, 2] })
      .fit(picture)
      .transform(picture);
    expect(out.grid).toEqual({ height: 2, width: 2, channels: 8 });
    expect(rowOf(out, 0).slice(0, 8)).toEqual([1, 100, 2, 200, 5, 500, 6, 600]);
    expect(rowOf(out, 0).slice(24)).toEqual([7, 700, 8, 800, 11, 1100, 12, 1200]);
    expect(out.featureNames[24]).toBe("patch[1,1].x12");
  });

  test("pooling is per channel", () => {
    const of = (kind: "mean" | "max") => {
      const out = pooling({ size: [3, 2], kind })
        .fit(picture)
        .transform(picture);
      expect(out.grid).toEqual({ height: 1, width: 2, channels: 2 });
      return rowOf(out, 0);
    };
    expect(of("mean")).toEqual([5.5, 550, 7.5, 750]);
    expect(of("max")).toEqual([10, 1000, 12, 1200]);
  });

  test("patches that cover a picture can be put back; pooled ones give each pixel its window's value", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer(),
        (size, stride, seed) => {
          const grid = { height: size + 2 * stride, width: size + stride, channels: 2 };
          const rows = gridded(random(seed, 2, grid.height * grid.width * 2), grid);
          const fitted = imagePatches({ size, stride }).fit(rows);
          const back = fitted.inverse(fitted.transform(rows));
          expect(back.grid).toEqual(grid);
          for (const [at, value] of back.x.entries())
            if (stride <= size) expect(value).toBeCloseTo(rows.x[at]!, 12);
            else expect([0, rows.x[at]!].some((wanted) => Math.abs(wanted - value) < 1e-12)).toBe(true);
        },
      ),
      { seed: 1, numRuns: 40 },
    );
    const pooled = pooling({ size: [3, 2] }).fit(picture);
    const back = pooled.inverse(pooled.transform(picture));
    expect(rowOf(back, 0).slice(0, 8)).toEqual([5.5, 550, 5.5, 550, 7.5, 750, 7.5, 750]);
    expect(distance(pooled.transform(back).x, pooled.transform(picture).x)).toBeLessThan(1e-12);
  });

  test("what is no grid, or does not fit it, is refused", () => {
    const rows = plain([pixels]);
    expect(() => pooling({ size: 2 }).fit(rows)).toThrow(code("GRID_SHAPE"));
    expect(() => pooling({ size: 2, grid: { height: 5, width: 5, channels: 1 } }).fit(rows)).toThrow(
      code("GRID_SHAPE"),
    );
    expect(() => imagePatches({ size: 4 }).fit(picture)).toThrow(code("GRID_WINDOW"));
    expect(() => imagePatches({ size: [0, 1] })).toThrow(code("GRID_WINDOW"));
    expect(() => pooling({ size: 2, kind: "sum" as never })).toThrow(code("DATA_OPTION"));
    expect(() => pooling({ size: 2, padding: 1 } as never)).toThrow(code("DATA_OPTION"));
  });
});

describe("lags", () => {
  const series = plain(Array.from({ length: 6 }, (_, t) => [t, 10 * t]));

  test("each row gets earlier rows, in the order of the lags, and keeps its own target", () => {
    const out = lagFeatures({ lags: [0, 2] })
      .fit(series)
      .transform(series);
    expect(out.numRows).toBe(4);
    expect(rowOf(out, 0)).toEqual([2, 20, 0, 0]);
    expect(rowOf(out, 3)).toEqual([5, 50, 3, 30]);
    expect([...out.y]).toEqual([2, 3, 4, 5]);
    expect(out.featureNames).toEqual(["x0", "x1", "x0[t-2]", "x1[t-2]"]);
  });

  test("no row changes when later ones do", () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 8 }), fc.integer(), (t, seed) => {
        const rows = random(seed, 9, 2);
        const changed = { ...rows, x: rows.x.map((value, at) => (at >= 2 * t ? value + 1 : value)) };
        const fitted = pipeline([lagFeatures({ lags: [1, 3, 0] })]).fit(rows);
        const kept = (t - 3) * fitted.numOutputs;
        expect(fitted.transform(changed).x.slice(0, kept)).toEqual(fitted.transform(rows).x.slice(0, kept));
        expect(fitted.transform(changed).x[kept]).toBe(fitted.transform(rows).x[kept]);
      }),
      { seed: 1, numRuns: 20 },
    );
  });

  test("the way back needs lag 0", () => {
    const fitted = lagFeatures({ lags: [1, 0] }).fit(series);
    expect(fitted.inverse(fitted.transform(series)).x).toEqual(series.x.slice(2));
    const past = lagFeatures({ lags: [1] }).fit(series);
    expect(() => past.inverse(past.transform(series))).toThrow(code("TRANSFORM_NO_INVERSE"));
  });

  test("refuses lags that are none, and series without a past", () => {
    for (const lags of [[], [-1], [1, 1], [0.5], "1"])
      expect(() => lagFeatures({ lags } as never)).toThrow(code("LAGS"));
    const long = lagFeatures({ lags: [6] });
    expect(() => long.fit(series)).toThrow(code("DATA_EMPTY"));
    const fitted = lagFeatures({ lags: [5] }).fit(series);
    expect(() => fitted.transform(random(1, 5, 2))).toThrow(code("DATA_EMPTY"));
  });
});

const SEQUENCE = [0.3, -1.2, 2.5, 0.7, 1.1, -0.4, 0.9, 3.2, -2.1, 0.5, 1.8, -0.6];

describe("Fourier features", () => {
  test("agree with numpy on a sequence that is filled up to 16 steps", () => {
    const out = fourierFeatures()
      .fit(plain([SEQUENCE]))
      .transform(plain([SEQUENCE]));
    // numpy 2.4: abs(rfft(r_[x, zeros(4)], norm="ortho"))
    const wanted = [
      1.675, 0.995127256308, 0.33895769394, 0.350771098398, 1.840006793466, 1.517940971275, 1.895747262089,
      1.547590575058, 0.575,
    ];
    expect(distance(out.x, wanted)).toBeLessThan(1e-11);
    expect(out.featureNames[2]).toBe("frequency2");
  });

  test("a spectrum has the sequence's energy (Parseval), whatever its channel and wherever it starts", () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 0, max: 31 }),
        (seed, power, shift) => {
          const length = 2 ** power;
          const rows = gridded(random(seed, 1, 2 * length), { height: length, width: 1, channels: 2 });
          const { x } = fourierFeatures().fit(rows).transform(rows);
          for (const channel of [0, 1]) {
            const half = [...x].filter((_, at) => at % 2 === channel);
            const total = half.reduce((sum, a, k) => sum + (k === 0 || k === length / 2 ? 1 : 2) * a * a, 0);
            const own = [...rows.x].filter((_, at) => at % 2 === channel);
            expect(total).toBeCloseTo(
              own.reduce((sum, a) => sum + a * a, 0),
              9,
            );
          }
          const turned = plain([[...rows.x].map((_, at) => rows.x[(at + 2 * shift) % (2 * length)]!)]);
          const again = fourierFeatures({ channels: 2 }).fit(turned).transform(turned).x;
          expect(distance(again, x)).toBeLessThan(1e-9);
        },
      ),
      { seed: 1, numRuns: 30 },
    );
  });

  test("refuses what cannot be, and says what to install", () => {
    const rows = plain([SEQUENCE]);
    expect(() => fourierFeatures({ numFrequencies: 10 }).fit(rows)).toThrow(code("FOURIER_FREQUENCIES"));
    expect(() => fourierFeatures({ channels: 5 }).fit(rows)).toThrow(code("SEQUENCE_CHANNELS"));
    expect(() => fourierFeatures({ channels: 12 }).fit(rows)).toThrow(code("SEQUENCE_CHANNELS"));
    const missing = () => {
      throw Object.assign(new Error("Cannot find module 'fft.js'"), { code: "MODULE_NOT_FOUND" });
    };
    expect(() => fftPlan(8, missing)).toThrow(code("FFT_MISSING"));
    expect(() => fftPlan(8, missing)).toThrow(/npm install fft\.js/);
    const fitted = fourierFeatures().fit(rows);
    expect(() => fitted.inverse(fitted.transform(rows))).toThrow(code("TRANSFORM_NO_INVERSE"));
  });
});

describe("wavelet features", () => {
  // PyWavelets 1.8: [sum(c**2)/len(x) for c in wavedec(x, wavelet, mode="periodization", level=levels)]
  test.each([
    ["haar", 2, SEQUENCE, [0.593541666667, 0.754375, 1.064583333333]],
    ["db2", 2, SEQUENCE, [0.419976669444, 0.315103842944, 1.677419487612]],
    ["db4", 2, SEQUENCE, [0.403729693341, 0.758005962575, 1.250764344083]],
    ["db4", 3, SEQUENCE, [0.463626714364, 0.089893005743, 0.758005962575, 1.250764344083]],
    ["db2", 2, SEQUENCE.slice(0, 7), [0.503335500235, 0.063421383657, 1.04181454468]],
  ] as const)("%s of %i levels agrees with PyWavelets", (wavelet, levels, sequence, wanted) => {
    const rows = plain([sequence]);
    const out = waveletFeatures({ wavelet, levels }).fit(rows).transform(rows);
    expect(distance(out.x, wanted)).toBeLessThan(1e-10);
    expect(out.featureNames[0]).toBe(`approximation${levels}`);
    expect(out.featureNames.at(-1)).toBe("detail1");
  });

  test("energies sum to the mean square, by channel", () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.constantFrom("haar", "db2", "db4"),
        fc.integer({ min: 1, max: 4 }),
        (seed, wavelet, levels) => {
          const rows = random(seed, 1, 2 * 48);
          const { x } = waveletFeatures({ wavelet, levels, channels: 2 }).fit(rows).transform(rows);
          for (const channel of [0, 1]) {
            const energy = [...x].reduce((sum, e, at) => sum + (at % 2 === channel ? e : 0), 0);
            const square = [...rows.x].reduce((sum, v, at) => sum + (at % 2 === channel ? v * v : 0), 0) / 48;
            expect(energy).toBeCloseTo(square, 10);
          }
        },
      ),
      { seed: 1, numRuns: 30 },
    );
  });

  test("refuses what cannot be, and takes as many levels as make sense", () => {
    const rows = plain([SEQUENCE]);
    expect(waveletFeatures().fit(rows).numOutputs).toBe(4);
    expect(waveletFeatures({ wavelet: "db4" }).fit(rows).numOutputs).toBe(2);
    expect(() => waveletFeatures({ levels: 4 }).fit(rows)).toThrow(code("WAVELET_LEVELS"));
    expect(() => waveletFeatures({ wavelet: "morlet" as never })).toThrow(code("DATA_OPTION"));
    const fitted = waveletFeatures().fit(rows);
    expect(() => fitted.inverse(fitted.transform(rows))).toThrow(code("TRANSFORM_NO_INVERSE"));
  });
});

test("a pipeline of features and scaling is saved and read as one", () => {
  const grid = { height: 6, width: 6, channels: 1 };
  const rows = gridded(random(4, 8, 36), grid);
  const fitted = pipeline([pooling({ size: 2 }), imagePatches({ size: 2, stride: 1 }), standardise()]).fit(rows);
  const out = transformFromJSON(JSON.parse(JSON.stringify(fitted))).transform(rows);
  expect(out).toEqual(fitted.transform(rows));
  expect(out.grid).toEqual({ height: 2, width: 2, channels: 4 });
  expect(() => scale({ factor: 0 })).toThrow(code("TRANSFORM_FACTOR"));
});
