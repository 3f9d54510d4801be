import assert from "node:assert/strict";
import { Circuit, weight } from "../../circuits/index.ts";
import type { Backend, EstimatorPub, EstimatorPubResult, SamplerPub, SamplerPubResult } from "../../providers/index.ts";
import { type ContractCase, closeTo, refuses } from "./contract-case.ts";

const theta = weight("theta");

/** Moves ry(theta)|0⟩ from qubit 0 to qubit 2 with two measurements and two corrections. */
export const teleportation = Circuit.build(3, (c) => {
  const m = c.register("m", 2);
  c.ry(theta, 0)
    .h(1)
    .cx(1, 2)
    .cx(0, 1)
    .h(0)
    .measure(0, m.offset)
    .measure(1, m.offset + 1);
  c.if([m.offset + 1], 1, (then) => then.x(2)).if([m.offset], 1, (then) => then.z(2));
});

/** Tries up to three times to measure 1 on a fresh |+⟩; qubit 1 ends in |1⟩ unless all tries fail. */
export const repeatUntilSuccess = Circuit.build(2, (c) => {
  const m = c.register("m", 1);
  c.h(0).measure(0, 0);
  c.if(
    m,
    1,
    (then) => then.x(1),
    (retry) =>
      retry
        .reset(0)
        .h(0)
        .measure(0, 0)
        .if(
          m,
          1,
          (then) => then.x(1),
          (last) =>
            last
              .reset(0)
              .h(0)
              .measure(0, 0)
              .if(m, 1, (then) => then.x(1)),
        ),
  );
});

/** What is read into three bits, least significant first: 6, which read in reverse is 3, and 0 in its first bit. */
const READ = [0, 1, 1];
/** Conditions on those bits: the clbits, least significant first, the value, and whether it holds. */
const CONDITIONS: readonly (readonly [clbits: readonly number[], value: number, holds: boolean])[] = [
  [[0, 1, 2], 6, true],
  [[0, 1, 2], 3, false],
  [[0, 1, 2], 0, false],
  [[2, 1, 0], 3, true],
  [[1, 0], 1, true],
  [[1, 0], 2, false],
];
/** Qubits 3 to 8 are turned to |1⟩ where conditions 0 to 5 hold, and qubit 9 where the second does not. */
const conditional = Circuit.build(10, (c) => {
  c.register("m", 3);
  for (const [bit, value] of READ.entries()) {
    if (value === 1) c.x(bit);
    c.measure(bit, bit);
  }
  for (const [index, [clbits, value]] of CONDITIONS.entries())
    c.if(clbits, value, (then) => then.x(3 + index), index === 1 ? (otherwise) => otherwise.x(9) : undefined);
});
const CONDITIONAL_BITS = [...CONDITIONS.map(([, , holds]) => (holds ? 1 : 0)), 1];

/** For backends without dynamic circuits: a wrong answer would be worse than none. */
export function noDynamicCases(
  kind: "estimator" | "sampler",
  backend: () => Backend | Promise<Backend>,
): readonly ContractCase[] {
  return [
    {
      name: "refuses circuits that measure and branch inside",
      async run() {
        const found = await backend();
        const circuit = repeatUntilSuccess.extend((c) => c.register("out", 1) && c.measure(1, 1));
        await refuses(
          () => (kind === "estimator" ? found.estimator().run([[circuit, "ZI"]]) : found.sampler().run([[circuit]])),
          "a circuit with branches",
        );
      },
    },
  ];
}

export function dynamicEstimatorCases(
  run: (pubs: readonly EstimatorPub[]) => Promise<readonly EstimatorPubResult[]>,
  atol: number,
): readonly ContractCase[] {
  return [
    {
      name: "expectation values of dynamic circuits are means over all outcomes",
      async run() {
        const [sent, success, dephased, reset] = await run([
          [teleportation, ["ZII", "XII", "YII"], [[[0.7]], [[2.1]]]],
          [repeatUntilSuccess, ["ZI", "IZ"]],
          [
            Circuit.build(1, (c) => {
              c.register("m", 1);
              c.ry(0.6, 0).measure(0, 0);
            }),
            ["Z", "X"],
          ],
          [Circuit.build(2, (c) => c.h(0).cx(0, 1).reset(0)), ["IZ", "ZI", "XX"]],
        ]);
        for (const [row, value] of [0.7, 2.1].entries()) {
          closeTo(sent!.evs[3 * row]!, Math.cos(value), atol, "teleported Z");
          closeTo(sent!.evs[3 * row + 1]!, Math.sin(value), atol, "teleported X");
          closeTo(sent!.evs[3 * row + 2]!, 0, atol, "teleported Y");
        }
        // Three tries fail with probability 1/8.
        closeTo(success!.evs[0]!, 1 / 8 - 7 / 8, atol, "success flag");
        closeTo(success!.evs[1]!, 1 / 8 - 7 / 8, atol, "last outcome");
        closeTo(dephased!.evs[0]!, Math.cos(0.6), atol, "Z after a measurement");
        closeTo(dephased!.evs[1]!, 0, atol, "X after a measurement");
        closeTo(reset!.evs[0]!, 1, atol, "Z after a reset");
        closeTo(reset!.evs[1]!, 0, atol, "Z of the partner of a reset qubit");
        closeTo(reset!.evs[2]!, 0, atol, "XX after a reset");
      },
    },
    {
      name: "conditions read all their bits, least significant first",
      async run() {
        const observables = CONDITIONAL_BITS.map((_, index) => ({ [3 + index]: "Z" as const }));
        const [result] = await run([[conditional, observables]]);
        for (const [index, bit] of CONDITIONAL_BITS.entries())
          closeTo(result!.evs[index]!, 1 - 2 * bit, atol, `Z of qubit ${3 + index}`);
      },
    },
  ];
}

export function dynamicSamplerCases(
  run: (pubs: readonly SamplerPub[]) => Promise<readonly SamplerPubResult[]>,
  errorRate: number,
): readonly ContractCase[] {
  return [
    {
      name: "measurement, reset and branches inside a circuit",
      async run() {
        const shots = 2000;
        const copied = Circuit.build(2, (c) => {
          const a = c.register("a", 1);
          const b = c.register("b", 2);
          c.h(0).measure(0, a.offset);
          c.if(a, 1, (then) => then.x(1));
          c.measure(1, b.offset)
            .reset(0)
            .measure(0, b.offset + 1);
        });
        const tries = repeatUntilSuccess.extend((c) => c.register("out", 1) && c.measure(1, 1));
        const [copy, success] = await run([
          [copied, undefined, shots],
          [tries, undefined, shots],
        ]);
        const a = copy!.registers.a!.bitstrings();
        const b = copy!.registers.b!.bitstrings();
        const agreeing = a.filter((bit, shot) => b[shot] === `0${bit}`).length;
        assert.ok(agreeing >= shots * (1 - 3 * errorRate), `${agreeing} of ${shots} shots agree`);
        const sigma = (p: number): number => Math.sqrt((p * (1 - p)) / shots);
        closeTo((copy!.registers.a!.counts()["1"] ?? 0) / shots, 0.5, 5 * sigma(0.5) + errorRate, "fair outcome");
        closeTo(
          (success!.registers.out!.counts()["1"] ?? 0) / shots,
          7 / 8,
          5 * sigma(7 / 8) + 3 * errorRate,
          "success",
        );
      },
    },
    {
      name: "conditions read all their bits, least significant first",
      async run() {
        const shots = 100;
        const read = conditional.extend((c) => {
          const { offset } = c.register("out", CONDITIONAL_BITS.length);
          for (const index of CONDITIONAL_BITS.keys()) c.measure(3 + index, offset + index);
        });
        const [result] = await run([[read, undefined, shots]]);
        const counts = result!.registers.out!.counts();
        const hits = counts[CONDITIONAL_BITS.toReversed().join("")] ?? 0;
        assert.ok(hits >= shots * (1 - CONDITIONAL_BITS.length * errorRate), JSON.stringify(counts));
      },
    },
    {
      name: "of two measurements into one bit the later counts",
      async run() {
        const circuit = Circuit.build(2, (c) => {
          const { offset } = c.register("m", 2);
          c.x(0)
            .measure(0, offset + 1)
            .measure(0, offset)
            .measure(1, offset);
        });
        const [result] = await run([[circuit, undefined, 100]]);
        const hits = result!.registers.m!.counts()["10"] ?? 0;
        assert.ok(hits >= 100 * (1 - 3 * errorRate), JSON.stringify(result!.registers.m!.counts()));
      },
    },
  ];
}
