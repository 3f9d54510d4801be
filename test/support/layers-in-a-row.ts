import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { Circuit, input, SparsePauliOp, weight } from "../../circuits/index.ts";
import { quantumLayer } from "../../src/layers/index.ts";
import { quantum } from "../../src/tfjs.ts";

/** Two quantum layers, of which the second needs what the first one measures: each step takes two jobs in a row. */
export function layersInARow(): tfl.Sequential {
  const x = input("x", 1);
  const w = weight("w", 1);
  const circuit = Circuit.build(1, (c) => {
    c.ry(x.at(0), 0).ry(w.at(0), 0);
  });
  const observables = [SparsePauliOp.parse("Z")];
  const initializer = { type: "constant", value: 0.2 } as const;
  const sequential = tfl.sequential();
  sequential.add(tfl.layers.inputLayer({ inputShape: [1] }));
  for (let layer = 0; layer < 2; layer++) sequential.add(quantum(quantumLayer({ circuit, observables, initializer })));
  return sequential;
}

export const twoRows = { x: [[0.3], [0.6]], y: [[0.1], [0.4]] };

/** Of one step with both rows. */
export const rowSettings = () =>
  ({ optimizer: tf.train.sgd(0.1), loss: "meanSquaredError", batchSize: 2, precision: 0.1 }) as const;
