import { describe, expect, test } from "vitest";
import type { Backend } from "../../providers/index.ts";
import { type ContractCase, differentiableContract, estimatorContract, samplerContract } from "../contracts/index.ts";
import { circuitMutants } from "./mutants/circuit-mutants.ts";
import { acceptsAnything, jobMutants } from "./mutants/job-mutants.ts";
import { type ContractName, type Mutant, type Mutation, mutant } from "./mutants/mutant.ts";
import { programMutants } from "./mutants/program-mutants.ts";
import { sampleMutants } from "./mutants/sample-mutants.ts";
import { valueMutants } from "./mutants/value-mutants.ts";

/*
 * A contract case is worth what it catches: here every case meets backends with one fault each that it must not let pass.
 */

const prefixed = (prefix: string, cases: readonly ContractCase[]): readonly ContractCase[] =>
  cases.map(({ name, run }) => ({ name: `${prefix}: ${name}`, run }));

const contracts: Readonly<Record<ContractName, (backend: () => Backend) => readonly ContractCase[]>> = {
  exact: (backend) => estimatorContract({ backend, atol: 1e-9 }),
  sampled: (backend) => estimatorContract({ backend, atol: 0.1, precision: 0.02 }),
  sampler: (backend) => samplerContract({ backend }),
  differentiable: (backend) => differentiableContract({ backend }),
  "without dynamic circuits": (backend) => [
    ...prefixed("estimator", estimatorContract({ backend, atol: 1e-9, dynamicCircuits: false })),
    ...prefixed("sampler", samplerContract({ backend, dynamicCircuits: false })),
  ],
};

/** Backends without a fault. */
const honest: Readonly<Record<ContractName, Mutation>> = {
  exact: {},
  sampled: {},
  sampler: {},
  differentiable: {},
  "without dynamic circuits": {
    dynamicCircuits: false,
    circuit: (circuit) => {
      if (circuit.operations.some(({ kind }) => kind === "if" || kind === "reset"))
        throw Object.assign(new Error("There are no dynamic circuits here."), { code: "CIRCUIT_DYNAMIC" });
      return circuit;
    },
  },
};

const namesOf = (contract: ContractName): readonly string[] => contracts[contract](mutant({})).map(({ name }) => name);
const refusals = (contract: ContractName) => namesOf(contract).filter((name) => name.startsWith("refuses "));
const mutants: readonly Mutant[] = [
  ...valueMutants,
  ...sampleMutants,
  ...circuitMutants,
  ...jobMutants,
  ...programMutants,
  [
    "everything is accepted",
    acceptsAnything,
    { exact: refusals("exact"), sampled: refusals("sampled"), sampler: refusals("sampler") },
  ],
];

describe.each(Object.keys(contracts) as ContractName[])("contract: %s", (contract) => {
  const own = mutants.filter(([, , caughtBy]) => caughtBy[contract] !== undefined);

  test.each(own)("%s", async (_, mutation, caughtBy) => {
    const cases = new Map(contracts[contract](mutant(mutation)).map(({ name, run }) => [name, run]));
    for (const name of caughtBy[contract]!) {
      expect(cases.has(name), `there is no case "${name}"`).toBe(true);
      await expect(cases.get(name)!(), `"${name}" lets it pass`).rejects.toThrow();
    }
  });

  test("a backend without a fault passes", async () => {
    for (const { name, run } of contracts[contract](mutant(honest[contract])))
      await expect(run(), name).resolves.toBeUndefined();
  });

  // Without dynamic circuits all cases but the refusals are those of the other contracts.
  if (contract !== "without dynamic circuits")
    test("every case has a mutant that it catches", () => {
      const caught = new Set(own.flatMap(([, , caughtBy]) => caughtBy[contract]!));
      expect(namesOf(contract).filter((name) => !caught.has(name))).toEqual([]);
    });
});
