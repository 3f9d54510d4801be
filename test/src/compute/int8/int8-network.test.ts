import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Rng } from "../../../../circuits/index.ts";
import { DOT_FORMS } from "../../../../src/compute/int8/dot-form.ts";
import { Int8Network, type QuantizeOptions, quantizeNetwork } from "../../../../src/compute/int8/index.ts";
import { hasRelaxedDot } from "../../../../src/compute/int8/kernels.ts";
import { Int8Program } from "../../../../src/compute/int8/program.ts";
import {
  ACTIVATIONS,
  type Activation,
  type ActivationName,
  type Network,
  type NetworkLayer,
  sizeOf,
  windowOver,
} from "../../../../src/compute/network.ts";
import { int8Reference } from "../../../support/int8-reference.ts";

const HIDDEN = ACTIVATIONS.filter((name) => name !== "softmax");

const activationOf = (name: ActivationName): Activation => (name === "leakyRelu" ? { name, slope: 0.1 } : { name });

interface ConvSpec {
  readonly kind: "conv2d" | "depthwiseConv2d" | "maxPool2d" | "averagePool2d";
  readonly window: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly padding: "same" | "valid";
  readonly filters: number;
  readonly activation: ActivationName;
  readonly normalised: boolean;
}

const size = fc.integer({ min: 1, max: 3 });
const convSpec: fc.Arbitrary<ConvSpec> = fc.record({
  kind: fc.constantFrom("conv2d", "depthwiseConv2d", "maxPool2d", "averagePool2d"),
  window: fc.tuple(size, size),
  strides: fc.tuple(size, size),
  padding: fc.constantFrom("same", "valid"),
  filters: fc.integer({ min: 1, max: 11 }),
  activation: fc.constantFrom(...HIDDEN),
  normalised: fc.boolean(),
});
const denseSpec = fc.record({ units: fc.integer({ min: 1, max: 20 }), activation: fc.constantFrom(...HIDDEN) });
const networkSpec = fc.record({
  image: fc.tuple(fc.integer({ min: 3, max: 7 }), fc.integer({ min: 3, max: 7 }), fc.integer({ min: 1, max: 4 })),
  images: fc.array(convSpec, { maxLength: 3 }),
  dense: fc.array(denseSpec, { maxLength: 2 }),
  seed: fc.nat(),
});

/** A network by its description; layers whose window is larger than the image are left out. */
function networkOf({
  image,
  images,
  dense,
  seed,
}: typeof networkSpec extends fc.Arbitrary<infer Spec> ? Spec : never): Network {
  const rng = Rng.seed(seed);
  const normal = (count: number, scale = 0.5): Float32Array =>
    Float32Array.from({ length: count }, () => scale * rng.normal());
  const list: NetworkLayer[] = [];
  let shape: readonly number[] = image;
  const push = (layer: Record<string, unknown>, outputShape: readonly number[]): void => {
    list.push({ name: `layer-${list.length}`, inputShape: shape, outputShape, ...layer } as unknown as NetworkLayer);
    shape = outputShape;
  };
  for (const { kind, window, strides, padding, filters, activation, normalised } of images) {
    const [height, width, channels] = shape as [number, number, number];
    if (window[0] > height || window[1] > width) continue;
    const over = windowOver([height, width], window, strides, padding);
    const windowed = { windowSize: window, strides, padding: over.padding };
    const made = kind === "conv2d" ? filters : kind === "depthwiseConv2d" ? 2 * channels : channels;
    const weights =
      kind === "conv2d" || kind === "depthwiseConv2d"
        ? {
            kernel: normal(window[0] * window[1] * made * (kind === "conv2d" ? channels : 1)),
            bias: normal(made),
            activation: activationOf(normalised ? "linear" : activation),
            trainable: true,
          }
        : {};
    push({ kind, ...windowed, ...weights }, [...over.outputSize, made]);
    if (!normalised) continue;
    const moving = { movingMean: normal(made), movingVariance: normal(made).map((x) => x * x + 0.1) };
    const settings = { epsilon: 1e-3, momentum: 0.9, trainable: true };
    push({ kind: "batchNormalization", gamma: normal(made, 1), beta: normal(made), ...moving, ...settings }, shape);
    push({ kind: "activation", activation: activationOf(activation) }, shape);
  }
  push({ kind: "flatten" }, [sizeOf(shape)]);
  for (const { units, activation } of [...dense, { units: 3, activation: "softmax" as const }])
    push(
      {
        kind: "dense",
        kernel: normal(sizeOf(shape) * units),
        bias: normal(units),
        activation: activationOf(activation),
        trainable: true,
      },
      [units],
    );
  return { inputShape: image, outputShape: shape, layers: list };
}

function rowsFor(network: Network, rows: number, positive: boolean): Float32Array {
  const rng = Rng.seed("rows");
  return Float32Array.from({ length: rows * sizeOf(network.inputShape) }, () =>
    positive ? Math.abs(rng.normal()) : rng.normal(),
  );
}

const dense = (inputs: number, units: number, activation: ActivationName = "linear"): NetworkLayer => {
  const rng = Rng.seed(units);
  return {
    kind: "dense",
    name: `dense-${units}`,
    inputShape: [inputs],
    outputShape: [units],
    kernel: Float32Array.from({ length: inputs * units }, () => rng.normal()),
    bias: undefined,
    activation: { name: activation },
    trainable: true,
  };
};
const mlp: Network = { inputShape: [6], outputShape: [4], layers: [dense(6, 9, "relu"), dense(9, 4, "softmax")] };

describe("int8 inference", () => {
  test("this engine has relaxed dot products, so that all forms are tested", () => expect(hasRelaxedDot()).toBe(true));

  test("kernels make the bits of the plain twin, in every form, for any network", () => {
    fc.assert(
      fc.property(networkSpec, fc.boolean(), fc.integer({ min: 1, max: 9 }), (spec, positive, rows) => {
        const network = networkOf(spec);
        const x = rowsFor(network, rows, positive);
        const { content } = quantizeNetwork(network, { calibration: x });
        const expected = int8Reference(content, x);
        for (const form of DOT_FORMS) {
          const program = new Int8Program(content, form);
          const results = new Float32Array(rows * 3);
          expect(program.run(x, 0, rows, results, 0)).toBe(true);
          expect(results).toEqual(expected.results);
          for (const [i, integers] of expected.stages.entries())
            expect(program.stageValues(i, rows)).toEqual(
              Float32Array.from(integers, (integer) => integer * content.stages[i]!.output.scale),
            );
        }
      }),
      { seed: 1, numRuns: 20 },
    );
  });

  test("a row alone is answered as among more rows than a chunk has", () => {
    const x = rowsFor(mlp, 700, false);
    const small = quantizeNetwork(mlp, { calibration: x });
    const together = small.predict(x);
    for (const row of [0, 255, 256, 699])
      expect(small.predict(x.slice(6 * row, 6 * row + 6))).toEqual(together.slice(4 * row, 4 * row + 4));
  });

  test("answers are near those of f32, and nearer with more bits", () => {
    const x = rowsFor(mlp, 300, false);
    const sqnr = [4, 6, 8].map((bits) => {
      const { report } = quantizeNetwork(mlp, { calibration: x, weightBits: bits, activationBits: bits });
      return report.at(-1)!.sqnrDb;
    });
    expect(sqnr[2]).toBeGreaterThan(34);
    // 6 dB a bit, less what clipping takes.
    expect(sqnr[1]! - sqnr[0]!).toBeGreaterThan(8);
    expect(sqnr[2]! - sqnr[1]!).toBeGreaterThan(8);
  });

  test("bytes hold the whole network, with weights of four bits in halves", () => {
    const x = rowsFor(mlp, 50, false);
    for (const weightBits of [8, 4, 3]) {
      const small = quantizeNetwork(mlp, { calibration: x, weightBits });
      const read = Int8Network.fromBytes(small.toBytes());
      expect(read.predict(x)).toEqual(small.predict(x));
      expect(small.bytes).toBe((6 * 9 + 9 * 4) / (weightBits <= 4 ? 2 : 1) + 8 * (9 + 4));
    }
  });

  test("bytes that describe no network are refused", () => {
    const small = quantizeNetwork(mlp, { calibration: rowsFor(mlp, 50, false) });
    const text = new TextDecoder("latin1").decode(small.toBytes());
    for (const [from, to] of [
      ["[1,1,9]", "[1,1,8]"],
      ['\\"high\\":127', '\\"high\\":999'],
      ['\\"windowSize\\":[1,1]', '\\"windowSize\\":[9,1]'],
      ['\\"windowSize\\":[1,1]', '\\"windowSize\\":11111'],
      ["lepton-int8@1", "lepton-int8@9"],
      ['\\"kind\\":\\"linear\\"', '\\"kind\\":\\"lineal\\"'],
    ] as const) {
      expect(text).toContain(from);
      const bytes = Uint8Array.from(text.replace(from, to), (letter) => letter.charCodeAt(0));
      expect(() => Int8Network.fromBytes(bytes)).toThrow(expect.objectContaining({ code: "INT8_FORMAT" }));
    }
  });

  test("bad rows, options and layers are refused", () => {
    const calibration = rowsFor(mlp, 50, false);
    const small = quantizeNetwork(mlp, { calibration });
    const code = (name: string) => expect.objectContaining({ code: name });
    expect(() => small.predict(new Float32Array(7))).toThrow(code("DATA_SHAPE"));
    const bad = calibration.slice();
    bad[17] = Number.NaN;
    expect(() => small.predict(bad)).toThrow(/Row 2 has NaN/);
    expect(small.predict(calibration)).toEqual(quantizeNetwork(mlp, { calibration }).predict(calibration));
    expect(() => quantizeNetwork(mlp, { calibration: bad })).toThrow(code("INT8_CALIBRATION"));
    expect(() => quantizeNetwork(mlp, { calibration: new Float32Array(5) })).toThrow(code("INT8_CALIBRATION"));
    for (const options of [{ method: "best" }, { percentile: 0 }, { weightBits: 9 }, { bits: 8 }])
      expect(() => quantizeNetwork(mlp, { calibration, ...options } as unknown as QuantizeOptions)).toThrow(
        code("INT8_OPTION"),
      );
    const softmaxInside = { ...mlp, layers: [dense(6, 9, "softmax"), dense(9, 4)] };
    expect(() => quantizeNetwork(softmaxInside, { calibration })).toThrow(code("INT8_LAYER"));
  });

  test("a filter without weights keeps its bias", () => {
    const layer = dense(2, 3);
    const kernel = Float32Array.of(1, 0, 0.5, -1, 0, 0.25);
    const network: Network = {
      inputShape: [2],
      outputShape: [3],
      layers: [{ ...layer, kernel, bias: Float32Array.of(0, 1000, -1) } as NetworkLayer],
    };
    const small = quantizeNetwork(network, { calibration: Float32Array.of(1, 1, -1, 0.5) });
    const [a, b, c] = small.predict(Float32Array.of(1, 1));
    expect(a).toBeCloseTo(0, 1);
    expect(b).toBeCloseTo(1000, 2);
    expect(c).toBeCloseTo(-0.25, 1);
  });
});
