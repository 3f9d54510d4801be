// W6 on our side, in a process of its own, through the package as it is published.
import { angleEmbedding, SparsePauliOp, stronglyEntangling } from "lepton/circuits";
import { localSimulator } from "lepton/providers";

const { numQubits, batch, inputs, weights, cotangents } = JSON.parse(process.argv[2]);
const circuit = angleEmbedding({ numQubits, rotation: "Y" }).compose(stronglyEntangling({ numQubits, layers: 3 }));
const observables = Array.from({ length: numQubits }, (_, qubit) => SparsePauliOp.z(numQubits, qubit));
const program = localSimulator().differentiate(circuit, observables);
const outputs = new Float64Array(cotangents.length);
const weightGradient = new Float64Array(weights.length);
const inputGradient = new Float64Array(inputs.length);
program.backward(
  Float64Array.from(inputs),
  Float64Array.from(weights),
  batch,
  Float64Array.from(cotangents),
  outputs,
  weightGradient,
  inputGradient,
);
console.log(JSON.stringify([weightGradient, inputGradient].map((all) => all.reduce((sum, value) => sum + value, 0))));
