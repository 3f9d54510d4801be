import { Circuit, SparsePauliOp } from "../../circuits/index.ts";
import type { DifferentiableBackend, ExpectationProgram } from "../../providers/index.ts";
import { type ContractCase, rejectsWithCode } from "./contract-case.ts";

/** Lengths that the program's arrays must have. */
interface Lengths {
  readonly rows: number;
  readonly inputs: number;
  readonly weights: number;
  readonly values: number;
}

/** @param program of a circuit with inputs and weights, for `lengths.rows` rows */
export function differentiableErrorCases(
  program: () => Promise<ExpectationProgram>,
  backend: () => Promise<DifferentiableBackend>,
  { rows, inputs, weights, values }: Lengths,
): readonly ContractCase[] {
  const lengths = {
    inputs,
    weights,
    cotangents: values,
    outputs: values,
    weightGradients: weights,
    inputGradients: inputs,
  };
  const array = (length: number): Float64Array => new Float64Array(length);
  type Name = keyof typeof lengths;
  /** Both calls with arrays of these lengths, or only backward where forward does not take the array. */
  const call = (found: ExpectationProgram, own: Readonly<Record<Name, number>>, count: number, both: boolean): void => {
    if (both) found.forward(array(own.inputs), array(own.weights), count, array(own.outputs));
    else
      found.backward(
        array(own.inputs),
        array(own.weights),
        count,
        array(own.cotangents),
        array(own.outputs),
        array(own.weightGradients),
        array(own.inputGradients),
      );
  };
  const forwardTakes = (name: Name): boolean => name === "inputs" || name === "weights" || name === "outputs";
  const refuses = (name: string, act: (found: DifferentiableBackend) => unknown, code: string, mentions: RegExp) => ({
    name: `differentiate refuses ${name}`,
    run: () => rejectsWithCode(async () => act(await backend()), code, mentions),
  });
  const two = Circuit.build(2, (c) => c.h(0).cx(0, 1));
  return [
    {
      name: "arrays of another length are refused by name",
      async run() {
        const found = await program();
        for (const name of Object.keys(lengths) as Name[])
          for (const wrong of [0, lengths[name] - 1, lengths[name] + 1])
            for (const forward of forwardTakes(name) ? [true, false] : [false])
              await rejectsWithCode(
                async () => call(found, { ...lengths, [name]: wrong }, rows, forward),
                "PUB_VALUES_SHAPE",
                new RegExp(`${name} has ${wrong} .*${lengths[name]}`),
              );
      },
    },
    {
      name: "rows that are no number of rows are refused",
      async run() {
        const found = await program();
        for (const wrong of [-1, 1.5, Number.NaN, rows + 1])
          for (const forward of [true, false])
            await rejectsWithCode(
              async () => call(found, lengths, wrong, forward),
              "PUB_VALUES_SHAPE",
              /rows|row\(s\)/,
            );
      },
    },
    refuses(
      "circuits that measure",
      (found) =>
        found.differentiate(
          two.extend((c) => c.measureAll()),
          [SparsePauliOp.z(2, 0)],
        ),
      "CIRCUIT_NOT_UNITARY",
      /measure/,
    ),
    refuses(
      "observables of another size",
      (found) => found.differentiate(two, [SparsePauliOp.z(2, 0), SparsePauliOp.z(3, 0)]),
      "OBSERVABLE_QUBITS",
      /1 has 3/,
    ),
    refuses(
      "labels in place of observables",
      (found) => found.differentiate(two, ["ZZ"] as unknown as SparsePauliOp[]),
      "PUB_OBSERVABLE",
      /observables\[0\]/,
    ),
    refuses(
      "something else than a circuit",
      (found) => found.differentiate("h 0" as unknown as Circuit, [SparsePauliOp.z(2, 0)]),
      "PUB_FORM",
      /Circuit/,
    ),
  ];
}
