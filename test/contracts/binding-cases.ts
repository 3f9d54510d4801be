import { Circuit, input, weight } from "../../circuits/index.ts";
import type { EstimatorPub, EstimatorPubResult, SamplerPub, SamplerPubResult } from "../../providers/index.ts";
import { type ContractCase, closeTo } from "./contract-case.ts";

/** Elements of a vector whose names, sorted as text, come in another order: w[10] before w[2]. */
const LONG = 12;
const w = weight("w", LONG);
const x = input("x");

/** Qubit 0 turns by Σ (k + 1)·w_k, which any other order of the elements would change; qubit 1 by x, which comes last. */
const ordered = Circuit.build(2, (c) => {
  for (let k = 0; k < LONG; k++) c.ry(w.at(k).times(k + 1), 0);
  c.ry(x, 1);
});
const rows = [0, 1].map((row) => ({
  x: 0.4 + 0.9 * row,
  w: Array.from({ length: LONG }, (_, k) => 0.02 * Math.sin(1 + 3 * k + row)),
}));
const turnOf = (row: (typeof rows)[number]): number => row.w.reduce((sum, value, k) => sum + (k + 1) * value, 0);

const BATCH = 24;
const t = weight("t");
const many = Array.from({ length: BATCH }, (_, row) => [0.1 + 0.25 * row]);

/** A circuit with and without operations that do nothing to an ideal state. */
const quiet = Circuit.build(2, (c) => c.ry(0.7, 0).cx(0, 1).rx(0.4, 1));
const withPauses = Circuit.build(2, (c) =>
  c.ry(0.7, 0).barrier().delay(100, "ns", 1).cx(0, 1).barrier(1).delay(0, "dt", 0).rx(0.4, 1),
);

export function estimatorBindingCases(
  run: (pubs: readonly EstimatorPub[]) => Promise<readonly EstimatorPubResult[]>,
  atol: number,
): readonly ContractCase[] {
  return [
    {
      name: "a vector of more than ten elements keeps its order, and inputs precede weights wherever they are used",
      async run() {
        const [positional, named] = await run([
          [ordered, [["IZ"], ["ZI"]], rows.map((row) => [row.x, ...row.w])],
          [ordered, [["IZ"], ["ZI"]], { w: rows.map((row) => row.w), x: rows.map((row) => row.x) }],
        ]);
        for (const result of [positional!, named!])
          for (const [index, row] of rows.entries()) {
            closeTo(result.evs[index]!, Math.cos(turnOf(row)), atol, `Z of the weights, row ${index}`);
            closeTo(result.evs[2 + index]!, Math.cos(row.x), atol, `Z of the input, row ${index}`);
          }
      },
    },
    {
      name: "a batch of two dozen elements is computed to its end",
      async run() {
        const [result] = await run([[Circuit.build(1, (c) => c.rx(t, 0)), [["Z"], ["Y"]], many]]);
        for (const [index, [angle]] of many.entries()) {
          closeTo(result!.evs[index]!, Math.cos(angle!), atol, `Z of row ${index}`);
          closeTo(result!.evs[BATCH + index]!, -Math.sin(angle!), atol, `Y of row ${index}`);
        }
      },
    },
    {
      name: "barriers and delays change no value",
      async run() {
        const labels = ["ZI", "IZ", "XX", "ZZ", "YI"];
        const [without, pauses] = await run([
          [quiet, labels],
          [withPauses, labels],
        ]);
        const truth = [
          Math.cos(0.4) * Math.cos(0.7),
          Math.cos(0.7),
          Math.sin(0.7),
          Math.cos(0.4),
          -Math.sin(0.4) * Math.cos(0.7),
        ];
        for (const [k, value] of truth.entries()) {
          closeTo(without!.evs[k]!, value, atol, labels[k]!);
          closeTo(pauses!.evs[k]!, value, atol, `${labels[k]} with pauses`);
        }
      },
    },
  ];
}

export function samplerBindingCases(
  run: (pubs: readonly SamplerPub[]) => Promise<readonly SamplerPubResult[]>,
  errorRate: number,
): readonly ContractCase[] {
  const shots = 3000;
  const shareOf = (result: SamplerPubResult, element: number, bit: number): number => {
    const texts = result.registers.meas!.bitstrings(element);
    return texts.filter((text) => text.at(-1 - bit) === "1").length / texts.length;
  };
  const near = (share: number, angle: number, what: string): void => {
    const truth = Math.sin(angle / 2) ** 2;
    closeTo(share, truth, 5 * Math.sqrt((truth * (1 - truth)) / shots) + 1 / shots + errorRate, what);
  };
  return [
    {
      name: "a vector of more than ten elements keeps its order, and inputs precede weights wherever they are used",
      async run() {
        const measured = ordered.extend((c) => c.measureAll());
        const [positional, named] = await run([
          [measured, rows.map((row) => [row.x, ...row.w]), shots],
          [measured, { w: rows.map((row) => row.w), x: rows.map((row) => row.x) }, shots],
        ]);
        for (const result of [positional!, named!])
          for (const [index, row] of rows.entries()) {
            near(shareOf(result, index, 0), turnOf(row), `weights, row ${index}`);
            near(shareOf(result, index, 1), row.x, `input, row ${index}`);
          }
      },
    },
    {
      name: "a batch of two dozen elements is computed to its end",
      async run() {
        const [result] = await run([[Circuit.build(1, (c) => c.rx(t, 0).measureAll()), many, shots]]);
        for (const [index, [angle]] of many.entries()) near(shareOf(result!, index, 0), angle!, `row ${index}`);
      },
    },
    {
      name: "barriers and delays change no bit",
      async run() {
        const pubs = [quiet, withPauses].map(
          (circuit): SamplerPub => [circuit.extend((c) => c.measureAll()), undefined, shots],
        );
        for (const result of await run(pubs)) {
          near(shareOf(result, 0, 0), 0.7, "control");
          const truth = (1 - Math.cos(0.4) * Math.cos(0.7)) / 2;
          const sigma = Math.sqrt((truth * (1 - truth)) / shots);
          closeTo(shareOf(result, 0, 1), truth, 5 * sigma + errorRate, "target");
        }
      },
    },
  ];
}
