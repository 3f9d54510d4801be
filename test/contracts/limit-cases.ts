import assert from "node:assert/strict";
import { Circuit, weight } from "../../circuits/index.ts";
import type { Backend, Job } from "../../providers/index.ts";
import { type ContractCase, refuses, rejectsWithCode } from "./contract-case.ts";

/** More qubits than the limit; the margin is for backends that hold more without gradients than with. */
const TOO_MANY = 4;

/** All qubits entangled, so that no backend can leave any of them out. */
function entangled(numQubits: number): Circuit {
  return Circuit.build(numQubits, (c) => {
    c.h(0);
    for (let qubit = 1; qubit < numQubits; qubit++) c.cx(qubit - 1, qubit).ry(0.3, qubit);
  });
}

function refusesTooWide(
  backend: () => Backend | Promise<Backend>,
  run: (found: Backend, circuit: Circuit) => Promise<Job<unknown>>,
): ContractCase {
  return {
    name: "refuses circuits of more qubits than its limit",
    async run() {
      const found = await backend();
      const numQubits = found.capabilities.limits.maxQubits + TOO_MANY;
      await refuses(() => run(found, entangled(numQubits)), `a circuit of ${numQubits} qubits`);
    },
  };
}

const t = weight("t");
const turned = Circuit.build(1, (c) => c.ry(t, 0));
const rows = [[0.1], [0.2], [0.3]];

export function estimatorLimitCases(
  backend: () => Backend | Promise<Backend>,
  precision: number,
): readonly ContractCase[] {
  return [
    refusesTooWide(backend, (found, circuit) =>
      found.estimator({ precision }).run([[circuit, "Z".repeat(circuit.numQubits)]]),
    ),
    {
      name: "usage counts the executions of every row",
      async run() {
        const found = await backend();
        const job = await found.estimator({ precision }).run([
          [turned, "Z", rows],
          [turned, "X", rows],
        ]);
        await job.result();
        const { executions } = await job.usage();
        const perRow = precision === 0 ? 1 : Math.ceil((1 / precision ** 2) * (1 - 1e-12));
        const least = 2 * rows.length * perRow;
        assert.ok(executions >= least, `${executions} executions for ${least}`);
        // Elsewhere an execution may be more than what was asked for, as where errors are mitigated.
        if (found.capabilities.local) assert.equal(executions, least);
      },
    },
  ];
}

export function samplerLimitCases(backend: () => Backend | Promise<Backend>): readonly ContractCase[] {
  const measured = turned.extend((c) => c.measureAll());
  return [
    refusesTooWide(backend, (found, circuit) =>
      found.sampler({ shots: 10 }).run([[circuit.extend((c) => c.measureAll())]]),
    ),
    {
      name: "refuses more shots than its limit",
      async run() {
        const found = await backend();
        const { maxShots } = found.capabilities.limits;
        if (maxShots === undefined) return;
        await rejectsWithCode(
          () => found.sampler().run([[measured, [0], maxShots + 1]]),
          "PUB_SHOTS",
          new RegExp(`PUB 0.*${maxShots}`),
        );
      },
    },
    {
      name: "usage counts rows times shots",
      async run() {
        const found = await backend();
        const job = await found.sampler({ shots: 50 }).run([
          [measured, rows],
          [measured, [0.4], 20],
        ]);
        await job.result();
        const { executions } = await job.usage();
        const least = rows.length * 50 + 20;
        assert.ok(executions >= least, `${executions} executions for ${least}`);
        if (found.capabilities.local) assert.equal(executions, least);
      },
    },
  ];
}
