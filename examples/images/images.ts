import {
  type Dataset,
  imagePatches,
  imagesFromTable,
  minMax,
  readCsv,
  splitByNames,
  textsOf,
} from "../../src/data/index.ts";
import {
  type Backend,
  Circuit,
  connection,
  cosineDecay,
  engine,
  input,
  type LeptonEngine,
  perception,
  quantumLayer,
  Rng,
} from "../../src/index.ts";

export type Split = Readonly<Record<"train" | "test", Dataset>>;

/** Pictures by the table's own split; pixels scaled by their range in the training rows, unless they are to stay as they are. */
export function loadPictures(file: URL, side: number, isScaled = true): Split {
  const table = readCsv(file);
  const grid = { height: side, width: side, channels: 1 };
  const all = imagesFromTable(table, { target: "label", exclude: ["split"], grid });
  const { train, test } = splitByNames(all, textsOf(table, "split"), ["train", "test"]);
  if (!isScaled) return { train, test };
  const scaler = minMax().fit(train);
  return { train: scaler.transform(train), test: scaler.transform(test) };
}

const settings = (steps: number) =>
  ({ learningRate: cosineDecay({ rate: 0.05, steps }), steps, batchSize: 32 }) as const;

/** A bottleneck: scaled pixels, a trained layer from them to angles, two strongly entangling layers, and a softmax. */
export function bottleneck(data: Split, qubits: number, steps: number, seed: number): LeptonEngine {
  return engine({
    name: `digits-${qubits}-qubits`,
    data,
    features: minMax(),
    quantum: {
      layer: ({ seed: own }) =>
        quantumLayer({
          qubits,
          perception: perception.angle(),
          connection: connection.stronglyEntangling({ layers: 2 }),
          seed: own,
        }),
      bottleneck: true,
    },
    optimize: settings(steps),
    seed,
  });
}

export function softmax(data: Split, steps: number, seed: number): LeptonEngine {
  return engine({ name: "softmax", data, optimize: settings(steps), seed });
}

/** A random circuit on a patch of 2×2 pixels: a rotation by π times each pixel, then random rotations between entangling gates. */
export function patchCircuit(seed: number): Circuit {
  const rng = Rng.seed(seed).fork("patch-circuit");
  const pixel = input("pixel", 4);
  const angle = (): number => 2 * Math.PI * rng.uniform();
  return Circuit.build(4, (c) => {
    for (let qubit = 0; qubit < 4; qubit++) c.ry(pixel.at(qubit).times(Math.PI), qubit);
    for (let layer = 0; layer < 2; layer++) {
      for (let qubit = 0; qubit < 4; qubit++) c.rx(angle(), qubit).rz(angle(), qubit);
      for (let qubit = 0; qubit < 4; qubit++) c.cz(qubit, (qubit + 1) % 4);
    }
    for (let qubit = 0; qubit < 4; qubit++) c.rx(angle(), qubit);
  });
}

/**
 * Quanvolution (Henderson et al., arXiv:1904.04767): every patch of 2×2 pixels goes through the same circuit, and its four expectation
 * values are the patch's new pixels. Nothing in it is trained. All patches of all pictures are rows of one PUB.
 */
export async function quanvolve(
  { train, test }: Split,
  circuit: Circuit,
  provider: Backend,
): Promise<{ readonly data: Split; readonly executions: number }> {
  const patches = imagePatches({ size: 2 }).fit(train);
  let executions = 0;
  const filter = async (pictures: Dataset): Promise<Dataset> => {
    const cut = patches.transform(pictures);
    const rows = cut.x.length / 4;
    const parameterValues = { shape: [rows, 1, 4], data: cut.x };
    const pub = { circuit, observables: ["IIIZ", "IIZI", "IZII", "ZIII"], parameterValues };
    const [result] = await (await provider.estimator({ precision: 0 }).run([pub])).result();
    executions += rows;
    return Object.freeze({ ...cut, x: Float64Array.from(result!.evs) });
  };
  return { data: { train: await filter(train), test: await filter(test) }, executions };
}

/** The same with random classical filters: cosines of random sums of a patch's pixels, four of them. */
export function randomFilters({ train, test }: Split, seed: number): Split {
  const rng = Rng.seed(seed).fork("random-filters");
  const weights = Float64Array.from({ length: 16 }, () => Math.PI * rng.normal());
  const phases = Float64Array.from({ length: 4 }, () => 2 * Math.PI * rng.uniform());
  const patches = imagePatches({ size: 2 }).fit(train);
  const filter = (pictures: Dataset): Dataset => {
    const cut = patches.transform(pictures);
    const x = cut.x.map((_, at) => {
      const first = at - (at % 4);
      let sum = phases[at % 4]!;
      for (let k = 0; k < 4; k++) sum += weights[4 * (at % 4) + k]! * cut.x[first + k]!;
      return Math.cos(sum);
    });
    return Object.freeze({ ...cut, x });
  };
  return { train: filter(train), test: filter(test) };
}
