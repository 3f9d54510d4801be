import assert from "node:assert/strict";
import { Circuit, weight } from "../../circuits/index.ts";
import type { Backend, EstimatorPub, EstimatorPubResult, SamplerPub, SamplerPubResult } from "../../providers/index.ts";
import type { ContractCase } from "./contract-case.ts";

const ROWS = 12;
const rows = Array.from({ length: ROWS }, () => [0]);
const t = weight("t");
/** Every Pauli letter on qubit 0 or 1 is as uncertain as can be, so that equal samples are never a coincidence. */
const uncertain = Circuit.build(2, (c) => c.h(0).cx(0, 1).rz(t, 0));

/** Two lists of numbers that were drawn anew differ somewhere. */
function differ(a: ArrayLike<number>, b: ArrayLike<number>, what: string): void {
  assert.ok(
    Array.from(a).some((value, i) => value !== b[i]),
    `${what} are the same samples`,
  );
}

/** The row's own numbers of each of `count` rows. */
function split(values: ArrayLike<number>, count: number): readonly (readonly number[])[] {
  const all = Array.from(values);
  const length = all.length / count;
  return Array.from({ length: count }, (_, row) => all.slice(row * length, (row + 1) * length));
}

export function estimatorIndependenceCases(backend: () => Backend | Promise<Backend>): readonly ContractCase[] {
  /** Results of jobs of one Estimator, one after another. */
  const runs = async (...jobs: readonly (readonly EstimatorPub[])[]): Promise<readonly EstimatorPubResult[]> => {
    const estimator = (await backend()).estimator({ seed: 7, precision: 0.05 });
    const results: EstimatorPubResult[] = [];
    for (const pubs of jobs) results.push(...(await (await estimator.run(pubs)).result()));
    return results;
  };
  const pub: EstimatorPub = [uncertain, "ZI", rows];
  return [
    {
      name: "PUBs, rows and groups of terms draw samples of their own",
      async run() {
        const [first, second, groups] = await runs([pub, pub, [uncertain, [["ZI"], ["XI"]], rows]]);
        // A backend that answers exactly has no samples to draw.
        if (first!.stds.every((std) => std === 0)) return;
        differ(first!.evs, second!.evs, "two PUBs");
        assert.ok(new Set(first!.evs).size > 2, `${ROWS} equal rows gave only ${[...new Set(first!.evs)]}`);
        differ(groups!.evs.slice(0, ROWS), groups!.evs.slice(ROWS), "two groups of terms");
      },
    },
    {
      name: "a further run of the same Estimator draws samples of its own",
      async run() {
        const [first, second] = await runs([pub], [pub]);
        if (first!.stds.every((std) => std === 0)) return;
        differ(first!.evs, second!.evs, "two runs");
      },
    },
  ];
}

export function samplerIndependenceCases(backend: () => Backend | Promise<Backend>): readonly ContractCase[] {
  const runs = async (...jobs: readonly (readonly SamplerPub[])[]): Promise<readonly SamplerPubResult[]> => {
    const sampler = (await backend()).sampler({ seed: 7, shots: 64 });
    const results: SamplerPubResult[] = [];
    for (const pubs of jobs) results.push(...(await (await sampler.run(pubs)).result()));
    return results;
  };
  const pub: SamplerPub = [uncertain.extend((c) => c.measureAll()), rows];
  const bytesOf = ({ registers }: SamplerPubResult): Uint8Array => registers.meas!.bytes;
  return [
    {
      name: "PUBs and rows draw samples of their own",
      async run() {
        const [first, second] = await runs([pub, pub]);
        differ(bytesOf(first!), bytesOf(second!), "two PUBs");
        const [row, ...others] = split(bytesOf(first!), ROWS);
        for (const [index, other] of others.entries()) differ(row!, other, `rows 0 and ${index + 1}`);
      },
    },
    {
      name: "a further run of the same Sampler draws samples of its own",
      async run() {
        const [first, second] = await runs([pub], [pub]);
        differ(bytesOf(first!), bytesOf(second!), "two runs");
      },
    },
  ];
}
