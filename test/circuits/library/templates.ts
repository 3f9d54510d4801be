import { Circuit, weight } from "../../../circuits/index.ts";
import { angleEmbedding, dataReuploading, efficientSU2, stronglyEntangling } from "../../../circuits/library/index.ts";

/** Circuits to build mirrored blocks from: good ones, and ones to refuse. */
export const TEMPLATES = {
  trainable: [
    stronglyEntangling({ numQubits: 3, layers: 2, name: "theta" }),
    efficientSU2({ numQubits: 2, reps: 1 }),
    dataReuploading({ numQubits: 2, layers: 2 }),
  ],
  inputsOnly: angleEmbedding({ numQubits: 2 }),
  measured: Circuit.build(1, (c) => c.rx(weight("w"), 0).measureAll()),
} as const;
