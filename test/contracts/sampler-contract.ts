import assert from "node:assert/strict";
import { Circuit, weight } from "../../circuits/index.ts";
import type { SamplerPub, SamplerPubResult } from "../../providers/index.ts";
import { samplerBindingCases } from "./binding-cases.ts";
import { type ContractCase, type ContractOptions, closeTo, withoutSkipped } from "./contract-case.ts";
import { dynamicSamplerCases, noDynamicCases } from "./dynamic-cases.ts";
import { samplerErrorCases } from "./error-cases.ts";
import { samplerGateCases } from "./gate-cases.ts";
import { samplerIndependenceCases } from "./independence-cases.ts";
import { jobCases } from "./job-cases.ts";
import { samplerLimitCases } from "./limit-cases.ts";

export interface SamplerContractOptions extends ContractOptions {
  /** The share of shots that noise may spoil in a circuit of a few gates; 0 by default. */
  readonly errorRate?: number;
}

const bell = Circuit.build(2, (c) => c.h(0).cx(0, 1).measureAll());
const angle = weight("angle");
const one = Circuit.build(1, (c) => c.ry(angle, 0).measureAll());

/**
 * What any Sampler must do: bits and their order, shapes, every gate of the table, binding of parameters, dynamic circuits,
 * independent samples, seeds, errors, limits and jobs.
 * @example for (const { name, run } of samplerContract({ backend: () => new MyBackend() })) test(name, run);
 * @returns cases that need no test runner of their own
 * @throws AssertionError when `skip` names a case that does not exist
 */
export function samplerContract(options: SamplerContractOptions): readonly ContractCase[] {
  const { backend, errorRate = 0, seeded = true, dynamicCircuits = true } = options;
  const run = async (pubs: readonly SamplerPub[], seed = 11): Promise<readonly SamplerPubResult[]> => {
    const job = await (await backend()).sampler({ shots: 500, seed }).run(pubs);
    return job.result();
  };
  const mostly = (result: SamplerPubResult, register: string, text: string): void => {
    const bits = result.registers[register]!;
    const hits = bits.counts()[text] ?? 0;
    assert.ok(
      hits >= bits.shots * (1 - errorRate),
      `${register} read ${text} in ${hits} of ${bits.shots} shots: ${JSON.stringify(bits.counts())}`,
    );
  };

  return withoutSkipped(
    [
      {
        name: "bitstrings have the highest bit leftmost",
        async run() {
          const [result] = await run([[Circuit.build(3, (c) => c.x(0).x(1).measureAll())]]);
          mostly(result!, "meas", "011");
        },
      },
      {
        name: "a Bell state gives 00 and 11 in halves",
        async run() {
          const shots = 4000;
          const [result] = await run([[bell, undefined, shots]]);
          const counts = result!.registers.meas!.counts();
          const equal = (counts["00"] ?? 0) + (counts["11"] ?? 0);
          assert.equal(
            Object.values(counts).reduce((a, b) => a + b, 0),
            shots,
          );
          assert.ok(equal >= shots * (1 - errorRate), JSON.stringify(counts));
          closeTo((counts["00"] ?? 0) / shots, 0.5, 5 * Math.sqrt(0.25 / shots) + errorRate, "share of 00");
        },
      },
      {
        name: "any qubit goes to any bit; bits that nothing measures are 0",
        async run() {
          const circuit = Circuit.build(3, (c) => {
            const high = c.register("high", 2);
            const low = c.register("low", 3);
            c.x(0).x(2);
            c.measure(0, high.offset + 1)
              .measure(2, low.offset)
              .measure(1, low.offset + 1);
          });
          const [result] = await run([[circuit]]);
          assert.deepEqual(Object.keys(result!.registers).sort(), ["high", "low"]);
          mostly(result!, "high", "10");
          mostly(result!, "low", "001");
        },
      },
      {
        name: "bits come packed, most significant byte first, element by element and shot by shot",
        async run() {
          const circuit = Circuit.build(10, (c) => c.x(9).x(0).measureAll("wide"));
          const [result] = await run([[circuit, undefined, 7]]);
          const bits = result!.registers.wide!;
          assert.deepEqual([bits.numBits, bits.shots, bits.bytes.length, [...bits.shape]], [10, 7, 14, []]);
          assert.equal(bits.bitstrings().length, 7);
          for (const [shot, text] of bits.bitstrings().entries())
            assert.equal((bits.bytes[2 * shot]! << 8) | bits.bytes[2 * shot + 1]!, Number.parseInt(text, 2));
          if (errorRate === 0) assert.deepEqual([...bits.bytes.slice(0, 2)], [0b10, 0b1]);
        },
      },
      {
        name: "rows of values make the batch shape, each element with its own shots",
        async run() {
          const values = [
            [[0], [Math.PI]],
            [[Math.PI], [0]],
            [[Math.PI / 3], [Math.PI]],
          ];
          const shots = 3000;
          const [result] = await run([[one, values, shots]]);
          const bits = result!.registers.meas!;
          assert.deepEqual([...result!.shape], [3, 2]);
          assert.deepEqual([...bits.shape], [3, 2]);
          const shares = [0, 1, 1, 0, 0.25, 1];
          for (const [element, share] of shares.entries()) {
            const counts = bits.counts(element);
            assert.equal(
              Object.values(counts).reduce((a, b) => a + b, 0),
              shots,
            );
            assert.equal(bits.bitstrings(element).length, shots);
            closeTo(
              (counts["1"] ?? 0) / shots,
              share,
              5 * Math.sqrt((share * (1 - share)) / shots) + errorRate,
              `element ${element}`,
            );
          }
          assert.equal(bits.bitstrings().length, 6 * shots);
        },
      },
      {
        name: "the first half of the shots is as fair as the second",
        async run() {
          const shots = 4000;
          const [result] = await run([[bell, undefined, shots]]);
          const first = result!.registers.meas!.bitstrings().slice(0, shots / 2);
          const share = first.filter((text) => text[0] === "1").length / first.length;
          closeTo(share, 0.5, 5 * Math.sqrt(0.25 / first.length) + errorRate, "share of 1 in the first half");
        },
      },
      {
        name: "results come in the order of the PUBs, with a PUB's own shots before the Sampler's",
        async run() {
          const results = await run([
            [Circuit.build(1, (c) => c.x(0).measureAll("a")), undefined, 10],
            { circuit: Circuit.build(2, (c) => c.x(1).measureAll("b")) },
            { circuit: one, parameterValues: { angle: 0 }, shots: 20 },
          ]);
          assert.deepEqual(
            results.map(({ registers }) => Object.entries(registers).map(([name, { shots }]) => [name, shots])),
            [[["a", 10]], [["b", 500]], [["meas", 20]]],
          );
          assert.deepEqual([...results[2]!.shape], []);
          mostly(results[1]!, "b", "10");
        },
      },
      ...(seeded
        ? [
            {
              name: "the same seed and PUBs give the same bytes, another seed others",
              async run() {
                const [first] = await run([[bell]], 5);
                const [again] = await run([[bell]], 5);
                const [other] = await run([[bell]], 6);
                assert.deepEqual(again!.registers.meas!.bytes, first!.registers.meas!.bytes);
                assert.notDeepEqual(other!.registers.meas!.bytes, first!.registers.meas!.bytes);
              },
            },
          ]
        : []),
      ...samplerGateCases(run, errorRate),
      ...samplerBindingCases(run, errorRate),
      ...samplerIndependenceCases(backend),
      ...(dynamicCircuits ? dynamicSamplerCases(run, errorRate) : noDynamicCases("sampler", backend)),
      ...samplerErrorCases(backend),
      ...samplerLimitCases(backend),
      ...jobCases({
        submitter: async () => {
          const sampler = (await backend()).sampler({ shots: 50 });
          return (runOptions) => sampler.run([[bell]], runOptions);
        },
        local: async () => (await backend()).capabilities.local,
      }),
    ],
    options,
  );
}
