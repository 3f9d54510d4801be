import { Circuit, input, weight } from "../../circuits/index.ts";
import type { Backend, EstimatorPub, SamplerPub } from "../../providers/index.ts";
import { type ContractCase, rejectsWithCode } from "./contract-case.ts";

const circuit = Circuit.build(2, (c) => c.rx(input("x"), 0).ry(weight("w"), 1));
const measured = circuit.extend((c) => c.measureAll());
const plain = Circuit.build(2, (c) => c.h(0));
const wrong = <Value>(value: unknown): Value => value as Value;

/** Parameter values that no PUB may have: what is wrong, the values, the code, and what the message must mention. */
const BAD_VALUES: readonly (readonly [what: string, values: unknown, code: string, mentions: RegExp])[] = [
  ["too few in a row", [[0.1], [0.2]], "PUB_VALUES_SHAPE", /\[2, 1\].*\[\.\.\.batch, 2\]/],
  ["a bare number", 0.1, "PUB_VALUES_SHAPE", /\[\.\.\.batch, 2\]/],
  ["ragged rows", [[0.1, 0.2], [0.3]], "PUB_VALUES_RAGGED", /parameterValues\[1\] has shape \[1\]/],
  [
    "NaN",
    [
      [0.1, 0.2],
      [0.3, Number.NaN],
    ],
    "PUB_VALUES_NOT_FINITE",
    /parameterValues\[1\]\[1\] is NaN/,
  ],
  ["Infinity", { x: Infinity, w: 0 }, "PUB_VALUES_NOT_FINITE", /parameterValues\.x is Infinity/],
  ["text", [["0.1", "0.2"]], "PUB_VALUES_TYPE", /string/],
  ["an unknown name", { x: 0, w: 0, v: 0 }, "PUB_PARAMETER_UNKNOWN", /names v.*x, w/],
  ["a missing name", { x: 0 }, "PUB_PARAMETER_MISSING", /no value for w/],
  [
    "data that do not fill their shape",
    { x: 0, w: { shape: [2], data: Float64Array.of(1, 2, 3) } },
    "PUB_VALUES_SHAPE",
    /has 3 number.*\[2\]/,
  ],
  ["names that do not broadcast", { x: [0, 1], w: [0, 1, 2] }, "PUB_BROADCAST", /x \[2\] and w \[3\]/],
  ["no values", undefined, "PUB_PARAMETERS_UNBOUND", /x, w/],
];

export function estimatorErrorCases(backend: () => Backend | Promise<Backend>): readonly ContractCase[] {
  const bad = (name: string, pubs: unknown, code: string, mentions: RegExp): ContractCase => ({
    name: `refuses ${name}`,
    run: async () => {
      const estimator = (await backend()).estimator();
      await rejectsWithCode(() => estimator.run(wrong<readonly EstimatorPub[]>(pubs)), code, mentions);
    },
  });
  return [
    ...BAD_VALUES.map(([what, values, code, mentions]) =>
      bad(
        `values: ${what}`,
        [
          [plain, "ZZ"],
          [circuit, "ZZ", values],
        ],
        code,
        new RegExp(`^PUB 1: .*${mentions.source}`, "s"),
      ),
    ),
    bad("values for a circuit without parameters", [[plain, "ZZ", [0.1]]], "PUB_VALUES_SHAPE", /0 parameter/),
    bad("an empty PUB list", [], "PUB_LIST_EMPTY", /one or more PUBs/),
    bad("a circuit in place of a PUB", [plain], "PUB_FORM", /PUB 0/),
    bad("a PUB without a circuit", [["ZZ", plain]], "PUB_FORM", /not a Circuit/),
    bad("a PUB without observables", [[plain]], "PUB_FORM", /observables are missing/),
    bad(
      "shapes that do not broadcast",
      [
        [
          circuit,
          ["ZZ", "XX", "YY"],
          [
            [0, 0],
            [1, 1],
          ],
        ],
      ],
      "PUB_BROADCAST",
      /\[2\].*\[3\].*\[2, 1, 2\]/,
    ),
    bad("an observable of too few qubits", [[plain, ["ZZ", "Z"]]], "OBSERVABLE_QUBITS", /observables\[1\] acts on 1/),
    bad("an observable on a qubit too far", [[plain, { 2: "Z" }]], "OBSERVABLE_QUBITS", /Qubit 2/),
    bad("an unreadable observable", [[plain, "ZQ"]], "PUB_OBSERVABLE", /ZQ/),
    bad("an observable of another type", [[plain, 5]], "PUB_OBSERVABLE", /type number/),
    bad("labels with coefficients as an observable", [[plain, { ZZ: 1 }]], "PUB_OBSERVABLE", /fromLabels/),
    bad("a missing observable among others", [[plain, ["ZZ", undefined]]], "PUB_OBSERVABLE", /observables\[1\]/),
    bad("ragged observables", [[plain, [["ZZ", "XX"], ["ZZ"]]]], "PUB_OBSERVABLES_RAGGED", /observables\[1\]/),
    bad("a negative precision", [[plain, "ZZ", undefined, -0.1]], "PUB_PRECISION", /-0\.1/),
    bad("a precision of NaN", [[plain, "ZZ", undefined, Number.NaN]], "PUB_PRECISION", /NaN/),
  ];
}

export function samplerErrorCases(backend: () => Backend | Promise<Backend>): readonly ContractCase[] {
  const bad = (name: string, pubs: unknown, code: string, mentions: RegExp): ContractCase => ({
    name: `refuses ${name}`,
    run: async () => {
      const sampler = (await backend()).sampler();
      await rejectsWithCode(() => sampler.run(wrong<readonly SamplerPub[]>(pubs)), code, mentions);
    },
  });
  return [
    ...BAD_VALUES.map(([what, values, code, mentions]) =>
      bad(`values: ${what}`, [[measured, values]], code, new RegExp(`^PUB 0: .*${mentions.source}`, "s")),
    ),
    bad("an empty PUB list", [], "PUB_LIST_EMPTY", /one or more PUBs/),
    bad("a circuit in place of a PUB", [measured], "PUB_FORM", /PUB 0/),
    bad("null in place of a PUB", [null], "PUB_FORM", /PUB 0/),
    bad("a PUB without a circuit", [[[0.1, 0.2], measured]], "PUB_FORM", /not a Circuit/),
    bad("an observable in place of values", [[measured, "ZZ"]], "PUB_VALUES_TYPE", /string/),
    bad(
      "values for a circuit without parameters",
      [[plain.extend((c) => c.measureAll()), [0.1]]],
      "PUB_VALUES_SHAPE",
      /0 parameter/,
    ),
    bad("shots as text", [[measured, [0, 0], "10"]], "PUB_SHOTS", /shots.*10/),
    bad("a circuit that measures nothing", [[plain]], "PUB_NO_MEASUREMENT", /measureAll/),
    ...[0, -5, 1.5, Number.NaN, Infinity].map((shots) =>
      bad(`${shots} shots`, [[measured, [0, 0], shots]], "PUB_SHOTS", new RegExp(`shots is ${shots}`)),
    ),
  ];
}
