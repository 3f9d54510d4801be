import { describe, expect, test } from "vitest";
import {
  amplitudeEmbedding,
  amplitudeFeatureMap,
  angleEmbedding,
  basicEntangler,
  basisEmbedding,
  type Circuit,
  CircuitError,
  dataReuploading,
  efficientSU2,
  hamiltonianVariational,
  iqpEmbedding,
  mirroredBlocks,
  nLocal,
  pauliFeatureMap,
  qaoaAnsatz,
  realAmplitudes,
  SparsePauliOp,
  stronglyEntangling,
  trotter,
  uccsd,
  zzFeatureMap,
} from "../../../circuits/index.ts";

const zz = SparsePauliOp.parse("ZZI + 0.5*IZZ");
const numQubits = 3;

/** Each function with the options it needs, and the names of those it does not. */
const CASES: readonly (readonly [
  name: string,
  build: (options: object) => Circuit,
  needed: object,
  optional: string,
])[] = [
  ["amplitudeEmbedding", (o) => amplitudeEmbedding([1, 0], o), {}, "complex normalize padWith numQubits"],
  ["amplitudeFeatureMap", (o) => amplitudeFeatureMap(o as never), { numQubits }, "numFeatures name"],
  ["angleEmbedding", (o) => angleEmbedding(o as never), { numQubits }, "rotation name scale"],
  ["basicEntangler", (o) => basicEntangler(o as never), { numQubits, layers: 2 }, "rotation entangler name"],
  ["basisEmbedding", (o) => basisEmbedding(o as never), { numQubits }, "bits name"],
  [
    "dataReuploading",
    (o) => dataReuploading(o as never),
    { numQubits, layers: 2 },
    "numFeatures rotation entanglement trainableScaling name weightName scalingName",
  ],
  [
    "efficientSU2",
    (o) => efficientSU2(o as never),
    { numQubits },
    "reps entanglement skipFinalRotationLayer skipUnentangledQubits barriers name rotationGates",
  ],
  ["hamiltonianVariational", (o) => hamiltonianVariational([zz], o as never), { layers: 2 }, "initialState name"],
  ["iqpEmbedding", (o) => iqpEmbedding(o as never), { numQubits }, "reps entanglement name"],
  [
    "mirroredBlocks",
    (o) => mirroredBlocks(angleEmbedding({ numQubits }).compose(realAmplitudes({ numQubits })), o as never),
    { blocks: 2 },
    "name",
  ],
  [
    "nLocal",
    (o) => nLocal(o as never),
    { numQubits, rotationGates: ["ry"], entanglingGates: ["cz"] },
    "entanglement reps skipFinalRotationLayer skipUnentangledQubits barriers name",
  ],
  ["pauliFeatureMap", (o) => pauliFeatureMap(o as never), { numQubits }, "reps paulis entanglement alpha dataMap name"],
  ["qaoaAnsatz", (o) => qaoaAnsatz(zz, o), {}, "reps mixer initialState costName mixerName"],
  [
    "realAmplitudes",
    (o) => realAmplitudes(o as never),
    { numQubits },
    "reps entanglement skipFinalRotationLayer skipUnentangledQubits barriers name",
  ],
  ["stronglyEntangling", (o) => stronglyEntangling(o as never), { numQubits, layers: 2 }, "ranges entangler name"],
  ["trotter", (o) => trotter(zz, o as never), { time: 0.3 }, "steps order"],
  ["uccsd", (o) => uccsd(o as never), { numQubits: 4, numElectrons: 2 }, "reps ordering name"],
  ["zzFeatureMap", (o) => zzFeatureMap(o as never), { numQubits }, "reps entanglement alpha dataMap name"],
];

test.each(CASES)("%s: an option given as undefined is one left out", (_, build, needed, optional) => {
  const wanted = build(needed).hash;
  for (const name of optional.split(" ")) expect(build({ ...needed, [name]: undefined }).hash, name).toBe(wanted);
  expect(build({ ...needed, ...Object.fromEntries(optional.split(" ").map((name) => [name, undefined])) }).hash).toBe(
    wanted,
  );
});

test.each(CASES)(
  "%s: an option that there is not is refused, as are options that are no object",
  (name, build, needed) => {
    const refused = (options: unknown, text: string) =>
      expect(() => build(options as object)).toThrow(
        expect.objectContaining({ code: "LIBRARY_OPTION", message: expect.stringContaining(text) }),
      );
    refused({ ...needed, rep: 2 }, `${name} has no option "rep"; its options are: `);
    refused(null, `${name} takes an object of options`);
    refused(3, "not number 3");
  },
);

describe("what only plain JavaScript can pass is refused with a reason", () => {
  const blocks = (entanglement: unknown) => () => realAmplitudes({ numQubits: 3, entanglement } as never);
  test.each([
    ["a flat list of qubits", blocks([0, 1]), "ENTANGLEMENT_BLOCK", "such as [[0, 1], [1, 2]]"],
    ["a function that returns nothing", blocks(() => undefined), "ENTANGLEMENT_UNKNOWN", "returned for layer 0"],
    ["a function that returns a name", blocks(() => "circle"), "ENTANGLEMENT_UNKNOWN", '"circle"'],
    ["entanglement null", blocks(null), "ENTANGLEMENT_UNKNOWN", "null is no entanglement"],
    ["a text as a cost", () => qaoaAnsatz("ZZ" as never), "HAMILTONIAN_TYPE", "SparsePauliOp.parse"],
    ["a text as a mixer", () => qaoaAnsatz(zz, { mixer: "XII" } as never), "HAMILTONIAN_TYPE", "the mixer"],
    [
      "a list of texts as groups",
      () => hamiltonianVariational(["ZZ"] as never, { layers: 1 }),
      "HAMILTONIAN_TYPE",
      "group 0",
    ],
    ["a text to evolve", () => trotter("ZZ" as never, { time: 1 }), "HAMILTONIAN_TYPE", "string ZZ"],
    [
      "amplitudes of 40 qubits",
      () => amplitudeEmbedding([1], { numQubits: 40, padWith: 0 }),
      "AMPLITUDES_COUNT",
      "0 to 20 qubits, not of 40",
    ],
    ["amplitudes of half a qubit", () => amplitudeEmbedding([1], { numQubits: 0.5 }), "AMPLITUDES_COUNT", "0.5"],
  ])("%s", (_, act, code, text) => {
    expect(act).toThrow(CircuitError);
    expect(act).toThrow(expect.objectContaining({ code, message: expect.stringContaining(text) }));
  });
});
