import "@tensorflow/tfjs-backend-cpu";
import { train as optimizers } from "@tensorflow/tfjs-core";
import { initializers, layers, sequential } from "@tensorflow/tfjs-layers";
import { expect, test } from "vitest";
import { localSimulator } from "../../../providers/index.ts";
import {
  type Dataset,
  datasetFromTable,
  fitOnStream,
  readCsv,
  standardise,
  streamCsv,
} from "../../../src/data/index.ts";
import { connection, perception, quantumLayer } from "../../../src/layers/index.ts";
import { quantum, train } from "../../../src/tfjs.ts";

const options = { target: "kind", classes: ["no", "yes"] };

test("training on parts of a stream gives the weights of training on the whole", async () => {
  const rows = Array.from(
    { length: 60 },
    (_, i) => `${Math.sin(i)},${9 * Math.cos(2 * i)},${Math.sin(i) > 0 ? "yes" : "no"}`,
  );
  const text = `a,b,kind\n${rows.join("\n")}\n`;
  const parts = async function* (): AsyncGenerator<Dataset> {
    for await (const table of streamCsv(pieces(), { chunkRows: 20 })) yield datasetFromTable(table, options);
  };
  const pieces = async function* () {
    for (let start = 0; start < text.length; start += 50) yield text.slice(start, start + 50);
  };
  const whole = datasetFromTable(readCsv({ text }), options);
  const scaler = await fitOnStream(standardise(), parts());
  const weightsAfter = async (given: AsyncIterable<Dataset> | Iterable<Dataset>): Promise<number[]> => {
    const circuit = quantumLayer({
      ...{
        qubits: 2,
        seed: 2,
        perception: perception.angle(),
        connection: connection.stronglyEntangling({ layers: 1 }),
      },
    });
    const dense = layers.dense({
      ...{ units: 2, activation: "softmax", kernelInitializer: initializers.glorotUniform({ seed: 3 }) },
    });
    const model = sequential({ layers: [quantum(circuit), dense] });
    const settings = {
      ...{ provider: localSimulator(), optimizer: optimizers.adam(0.1), loss: "categoricalCrossentropy" },
      ...{ epochs: 1, batchSize: 10, shuffle: false },
    };
    for await (const part of given) await train(model, scaler.transform(part), settings);
    return model.getWeights().flatMap((weight) => [...weight.dataSync()]);
  };
  const expected = await weightsAfter([whole]);
  expect(await weightsAfter(parts())).toEqual(expected);
  expect(expected.some((weight) => Math.abs(weight) > 0.1)).toBe(true);
});

test("memory grows with the tables of a stream, not with its length", async () => {
  const row = `${Array.from({ length: 10 }, (_, i) => (i * 1.25 + 0.123).toFixed(6)).join(",")}\n`;
  const source = async function* (blocks: number) {
    yield `${Array.from({ length: 10 }, (_, i) => `c${i}`).join(",")}\n`;
    for (let block = 0; block < blocks; block++) yield row.repeat(500);
  };
  const peakOf = async (blocks: number): Promise<number> => {
    let peak = 0;
    let rows = 0;
    for await (const table of streamCsv(source(blocks), { chunkRows: 1000 })) {
      rows += table.numRows;
      peak = Math.max(peak, process.memoryUsage().rss);
    }
    expect(rows).toBe(500 * blocks);
    return peak;
  };
  await peakOf(20);
  const short = await peakOf(20);
  // 36 MB of text, which takes about seven times that when its rows are held.
  expect(await peakOf(800)).toBeLessThan(short + 100e6);
});
