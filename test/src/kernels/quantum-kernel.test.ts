import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Circuit, Rng, realAmplitudes, zzFeatureMap } from "../../../circuits/index.ts";
import { startEmulator } from "../../../providers/emulator/index.ts";
import {
  createStatevectorEngine,
  deviceSimulator,
  loadTarget,
  localSimulator,
  NoiseChannel,
  NoiseModel,
  noisySimulator,
} from "../../../providers/index.ts";
import {
  type Kernel,
  type KernelRows,
  kernelFromJSON,
  linearKernel,
  nearestPositiveSemidefinite,
  projectedQuantumKernel,
  quantumKernel,
  rbfKernel,
  symmetricEigenvalues,
} from "../../../src/kernels/index.ts";
import { connection, perception } from "../../../src/layers/index.ts";
import { emulatedProvider } from "../../support/emulated-provider.ts";
import { goldenKernels } from "../../support/golden.ts";
import { distance } from "../../support/linear-algebra.ts";

const code = (name: string) => expect.objectContaining({ name: "KernelError", code: name });
const rowsOf = (rows: readonly (readonly number[])[]): KernelRows => ({
  x: Float64Array.from(rows.flat()),
  numRows: rows.length,
  numFeatures: rows[0]!.length,
});
const randomRows = (seed: number, numRows: number, numFeatures: number): KernelRows => {
  const rng = Rng.seed(seed);
  return { x: Float64Array.from({ length: numRows * numFeatures }, () => rng.normal()), numRows, numFeatures };
};

describe("fidelity kernel", () => {
  test.each(goldenKernels())("golden kernel $id", async ({ n, reps, entanglement, points, kernel, min_eigenvalue }) => {
    const map = zzFeatureMap({ numQubits: n, reps, entanglement });
    const { data, stds } = await quantumKernel({ circuit: map }).matrix(rowsOf(points));
    expect(distance(data, kernel.flat())).toBeLessThan(1e-12);
    expect(stds).toBeUndefined();
    expect(symmetricEigenvalues(data, points.length).at(-1)).toBeCloseTo(min_eigenvalue, 10);
  });

  test("rows against themselves are rows against others, whatever the number of rows and the tiles", async () => {
    const kernel = quantumKernel({ featureMap: perception.zz(), qubits: 3, bandwidth: 0.4 });
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        async (seed, n, m) => {
          const a = randomRows(seed, n, 3);
          const b = randomRows(seed + 1, m, 3);
          const all = { x: Float64Array.from([...a.x, ...b.x]), numRows: n + m, numFeatures: 3 };
          const whole = (await kernel.matrix(all)).data;
          const part = (await kernel.matrix(a, b)).data;
          for (let i = 0; i < n; i++)
            for (let j = 0; j < m; j++) {
              expect(part[i * m + j]).toBeCloseTo(whole[i * (n + m) + n + j]!, 12);
              expect(part[i * m + j]).toBeGreaterThanOrEqual(0);
              expect(part[i * m + j]).toBeLessThanOrEqual(1);
            }
          expect(symmetricEigenvalues(whole, n + m).at(-1)).toBeGreaterThan(-1e-12);
        },
      ),
      { seed: 1, numRuns: 25 },
    );
  });

  test("states too large for one tile give the same values", async () => {
    const qubits = 11;
    const rows = randomRows(5, 21, qubits);
    const { data } = await quantumKernel({ featureMap: perception.angle(), qubits, bandwidth: 0.7 }).matrix(rows);
    // Products of one-qubit states: k = Π cos²((x_q - y_q)·0.7/2).
    const wanted = new Float64Array(21 * 21).fill(1);
    for (let i = 0; i < 21; i++)
      for (let j = 0; j < 21; j++)
        for (let q = 0; q < qubits; q++)
          wanted[i * 21 + j]! *= Math.cos(0.35 * (rows.x[i * qubits + q]! - rows.x[j * qubits + q]!)) ** 2;
    expect(distance(data, wanted)).toBeLessThan(1e-12);
  });

  test("weights of a feature map are part of the kernel", async () => {
    const ansatz = realAmplitudes({ numQubits: 2, reps: 1 });
    const map = zzFeatureMap({ numQubits: 2 })
      .compose(ansatz)
      .compose(zzFeatureMap({ numQubits: 2 }));
    const rows = randomRows(1, 3, 2);
    const of = async (weights: readonly number[]) => (await quantumKernel({ circuit: map, weights }).matrix(rows)).data;
    expect(distance(await of([0.1, 0.2, 0.3, 0.4]), await of([0.1, 0.2, 0.3, 0.5]))).toBeGreaterThan(1e-3);
    expect(() => quantumKernel({ circuit: map })).toThrow(code("KERNEL_FEATURE_MAP"));
  });

  test("what cannot be computed is refused", async () => {
    const kernel = quantumKernel({ featureMap: perception.zz(), qubits: 2 });
    await expect(kernel.matrix(randomRows(0, 2, 3))).rejects.toThrow(code("KERNEL_ROWS"));
    await expect(kernel.matrix(rowsOf([[Number.NaN, 0]]))).rejects.toThrow(code("KERNEL_ROWS"));
    await expect(kernel.matrix(randomRows(0, 2, 2), randomRows(0, 2, 1))).rejects.toThrow(code("KERNEL_ROWS"));
    const huge = quantumKernel({ featureMap: perception.angle(), qubits: 26 });
    await expect(huge.matrix(randomRows(0, 20_000, 26))).rejects.toThrow(code("KERNEL_MEMORY"));
    expect(() => quantumKernel({ featureMap: perception.zz() })).toThrow(code("KERNEL_OPTION"));
    expect(() => quantumKernel({ circuit: zzFeatureMap({ numQubits: 2 }), bandwidth: 0 })).toThrow(
      code("KERNEL_OPTION"),
    );
    expect(() => quantumKernel({ circuit: zzFeatureMap({ numQubits: 2 }), shots: 10 })).toThrow(code("KERNEL_OPTION"));
    expect(() => quantumKernel({ circuit: Circuit.build(1, (c) => c.h(0)) })).toThrow(code("KERNEL_FEATURE_MAP"));
    expect(() => quantumKernel({ qubits: 2, featureMap: perception.zz(), colour: 1 } as never)).toThrow(
      code("KERNEL_OPTION"),
    );
    expect(() => quantumKernel({ qubits: 2, featureMap: connection.basicEntangler({ layers: 1 }) })).toThrow(
      code("KERNEL_FEATURE_MAP"),
    );
    await expect(kernel.matrix(randomRows(0, 2, 2), undefined, { signal: AbortSignal.abort() })).rejects.toThrow(
      /abort/,
    );
  });
});

describe("fidelity kernel on a provider", () => {
  const map = zzFeatureMap({ numQubits: 3, entanglement: "linear" });
  const a = randomRows(2, 5, 3);
  const b = { x: Float64Array.from([...randomRows(3, 2, 3).x, ...a.x.slice(0, 3)]), numRows: 3, numFeatures: 3 };

  test("samples lie within their standard errors, are symmetric, and the diagonal is not measured", async () => {
    const truth = (await quantumKernel({ circuit: map }).matrix(a)).data;
    const kernel = quantumKernel({ circuit: map, provider: localSimulator({ seed: 4 }), shots: 2000 });
    const { data, stds, executions, jobIds, shape } = await kernel.matrix(a);
    expect(shape).toEqual([5, 5]);
    expect(jobIds.length).toBe(1);
    expect(executions).toBe(10 * 2000);
    expect(await kernel.plan(a)).toMatchObject({ pairs: 10, jobs: 1, executions });
    let distinct = 0;
    for (let i = 0; i < 5; i++)
      for (let j = 0; j < 5; j++) {
        const at = i * 5 + j;
        expect(data[at]).toBe(data[j * 5 + i]);
        if (i === j) expect([data[at], stds![at]]).toEqual([1, 0]);
        else {
          expect(Math.abs(data[at]! - truth[at]!)).toBeLessThan(5 * stds![at]!);
          if (data[at] !== truth[at]) distinct++;
        }
      }
    expect(distinct).toBeGreaterThan(0);
  });

  test("a row that comes again on the other side is known", async () => {
    const kernel = quantumKernel({ circuit: map, provider: localSimulator(), shots: 500, seed: 1 });
    const truth = (await quantumKernel({ circuit: map }).matrix(a, b)).data;
    const { data, stds, executions } = await kernel.matrix(a, b);
    expect(executions).toBe(14 * 500);
    expect([data[2], stds![2]]).toEqual([1, 0]);
    for (const [at, value] of truth.entries())
      if (at !== 2) expect(Math.abs(data[at]! - value)).toBeLessThan(5 * stds![at]!);
  });

  test("shots that all agree are no certainty", async () => {
    const kernel = quantumKernel({ featureMap: perception.angle(), qubits: 1, provider: localSimulator(), shots: 98 });
    const { data, stds } = await kernel.matrix(rowsOf([[0], [Math.PI], [2 * Math.PI]]));
    expect([data[1], data[2]]).toEqual([0, 1]);
    for (const at of [1, 2]) expect(stds![at]).toBeCloseTo(Math.sqrt((0.01 * 0.99) / 98), 12);
  });

  test("exact values of a noisy simulator are those of the circuit that would be sampled", async () => {
    const lambda = 0.1;
    const provider = noisySimulator({
      noise: NoiseModel.build((n) => n.gate("rx", NoiseChannel.depolarizing(lambda, 1))),
    });
    const kernel = quantumKernel({ featureMap: perception.angle(), qubits: 2, bandwidth: 0.5, provider });
    const rows = randomRows(6, 4, 2);
    const { data, stds, executions } = await kernel.matrix(rows);
    expect(stds).toBeUndefined();
    expect(executions).toBe(6);
    for (let i = 0; i < 4; i++)
      for (let j = 0; j < 4; j++) {
        const shrunk = [0, 1].map((q) => Math.cos(0.5 * (rows.x[2 * i + q]! - rows.x[2 * j + q]!)) * (1 - lambda) ** 2);
        expect(data[4 * i + j]).toBeCloseTo(i === j ? 1 : ((1 + shrunk[0]!) * (1 + shrunk[1]!)) / 4, 10);
      }
    const wide = quantumKernel({ featureMap: perception.angle(), qubits: 13, provider });
    await expect(wide.matrix(randomRows(0, 2, 13))).rejects.toThrow(code("KERNEL_QUBITS"));
  });

  test("a service runs one job of one circuit, planned, tagged and told of", async () => {
    const emulator = await startEmulator({ devices: ["manila"], clock: "automatic", seed: 5 });
    try {
      const backend = await emulatedProvider(emulator).backend("ibmq_manila");
      const kernel = quantumKernel({ circuit: zzFeatureMap({ numQubits: 2, reps: 1 }), provider: backend, shots: 300 });
      const rows = randomRows(4, 4, 2);
      const plan = await kernel.plan(rows);
      const told: string[] = [];
      const onSubmitted = (id: string) => {
        told.push(id);
      };
      const measured = await kernel.matrix(rows, undefined, { tags: ["kernel"], onSubmitted });
      expect(plan).toEqual({ pairs: 6, jobs: 1, executions: 1800, quantumSeconds: measured.quantumSeconds });
      expect([measured.executions, measured.jobIds]).toEqual([1800, told]);
      expect((await backend.jobsTagged("kernel")).map(({ id }) => id)).toEqual(told);
      const truth = (await quantumKernel({ circuit: zzFeatureMap({ numQubits: 2, reps: 1 }) }).matrix(rows)).data;
      for (const [at, value] of truth.entries())
        expect(Math.abs(measured.data[at]! - value)).toBeLessThan(0.1 + 5 * measured.stds![at]!);
    } finally {
      await emulator.close();
    }
  });

  test("a device runs the compiled circuits, as many as planned", async () => {
    const provider = deviceSimulator(loadTarget("torino"), { seed: 1 });
    const kernel = quantumKernel({ circuit: map, provider, shots: 400 });
    const rows = randomRows(2, 3, 3);
    const { executions, data, stds } = await kernel.matrix(rows);
    const plan = await kernel.plan(rows);
    expect([plan.pairs, plan.jobs, plan.executions]).toEqual([3, 1, executions]);
    // Two seconds for the job, and the delay between shots for each.
    expect(plan.quantumSeconds).toBeGreaterThan(2 + executions * provider.target.repDelaySeconds);
    expect(plan.quantumSeconds).toBeLessThan(2 + executions * (provider.target.repDelaySeconds + 1e-4));
    const truth = (await quantumKernel({ circuit: map }).matrix(rows)).data;
    for (const [at, value] of truth.entries()) expect(Math.abs(data[at]! - value)).toBeLessThan(0.15 + 5 * stds![at]!);
  });
});

describe("projected kernel", () => {
  test("is exp(-γ Σ|ρ - ρ'|²) of the reduced density matrices", async () => {
    const n = 3;
    const gamma = 0.8;
    const rows = randomRows(7, 4, n);
    const circuit = zzFeatureMap({ numQubits: n });
    const { data, stds, executions } = await projectedQuantumKernel({ circuit, gamma }).matrix(rows);
    expect([stds, executions]).toEqual([undefined, 4]);
    const reduced = await Promise.all(
      [0, 1, 2, 3].map((row) => reducedMatrices(circuit.bind({ x: rows.x.slice(row * n, row * n + n) }))),
    );
    for (let i = 0; i < 4; i++)
      for (let j = 0; j < 4; j++) {
        const squared = reduced[i]!.reduce((sum, value, k) => sum + (value - reduced[j]![k]!) ** 2, 0);
        expect(data[4 * i + j]).toBeCloseTo(Math.exp(-gamma * squared), 12);
      }
  });

  test("sampled values lie within their standard errors", async () => {
    const options = { featureMap: perception.zz(), qubits: 2, gamma: 0.5, bandwidth: 0.6 };
    const a = randomRows(8, 4, 2);
    const b = randomRows(9, 3, 2);
    const truth = (await projectedQuantumKernel(options).matrix(a, b)).data;
    const kernel = projectedQuantumKernel({ ...options, provider: localSimulator({ seed: 2 }), precision: 0.02 });
    const { data, stds, executions } = await kernel.matrix(a, b);
    expect(executions).toBe(7 * 3 * 2500);
    expect((await kernel.plan(a, b)).executions).toBe(executions);
    // First order leaves out a bias of the size of the squared error.
    for (const [at, value] of truth.entries())
      expect(Math.abs(data[at]! - value)).toBeLessThan(5 * stds![at]! + 4 * 0.02 ** 2 * 2);
    expect((await kernel.matrix(a)).stds![0]).toBe(0);
  });
});

/** Entries of all one-qubit density matrices, re and im, by partial traces of the state. */
async function reducedMatrices(circuit: Circuit): Promise<readonly number[]> {
  const state = createStatevectorEngine().statevector(circuit).statevector(new Float64Array(0));
  const size = 2 ** circuit.numQubits;
  const entries: number[] = [];
  for (let qubit = 0; qubit < circuit.numQubits; qubit++)
    for (const [row, column] of [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ] as const) {
      let re = 0;
      let im = 0;
      for (let rest = 0; rest < size; rest++) {
        if ((rest >> qubit) & 1) continue;
        const r = 2 * (rest + row * 2 ** qubit);
        const c = 2 * (rest + column * 2 ** qubit);
        re += state[r]! * state[c]! + state[r + 1]! * state[c + 1]!;
        im += state[r + 1]! * state[c]! - state[r]! * state[c + 1]!;
      }
      entries.push(re, im);
    }
  return entries;
}

describe("classical kernels", () => {
  const a = rowsOf([
    [1, 2],
    [3, 5],
    [-1, 0.5],
  ]);

  test("linear and RBF agree with scikit-learn", async () => {
    expect(distance((await linearKernel().matrix(a)).data, [5, 13, 0, 13, 34, -0.5, 0, -0.5, 1.25])).toBe(0);
    // sklearn.metrics.pairwise.rbf_kernel(a, gamma=0.3), first row
    const { data } = await rbfKernel({ gamma: 0.3 }).matrix(a);
    expect(distance(data.slice(0, 3), [1, Math.exp(-0.3 * 13), Math.exp(-0.3 * 6.25)])).toBeLessThan(1e-15);
  });

  test("the width of RBF comes from the training rows", async () => {
    const fitted = rbfKernel().fitted(a) as Kernel & { toJSON(): { gamma: number } };
    const variance = [...a.x].reduce((sum, x) => sum + (x - 1.75) ** 2, 0) / 6;
    expect(fitted.toJSON().gamma).toBeCloseTo(1 / (2 * variance), 12);
    await expect(rbfKernel().matrix(a)).rejects.toThrow(code("KERNEL_NOT_FITTED"));
  });
});

describe("kernels as JSON", () => {
  const rows = randomRows(11, 4, 2);
  test.each<readonly [string, Kernel]>([
    ["linear", linearKernel()],
    ["rbf", rbfKernel({ gamma: 0.7 })],
    ["fidelity", quantumKernel({ featureMap: perception.zz(), qubits: 2, bandwidth: 0.3 })],
    ["projected", projectedQuantumKernel({ featureMap: perception.zz(), qubits: 2, bandwidth: 0.3, gamma: 2 })],
  ])("%s", async (kind, kernel) => {
    const json = JSON.parse(JSON.stringify(kernel));
    expect(json.kind).toBe(kind);
    expect((await kernelFromJSON(json).matrix(rows)).data).toEqual((await kernel.matrix(rows)).data);
  });

  test("of no known kind are refused", () => {
    expect(() => kernelFromJSON({ kind: "colour" })).toThrow(code("KERNEL_JSON"));
    expect(() => kernelFromJSON({ kind: "fidelity", bandwidth: 1 })).toThrow(code("KERNEL_JSON"));
    expect(() => kernelFromJSON({ kind: "rbf", gamma: "wide" })).toThrow(code("KERNEL_JSON"));
  });
});

describe("nearest positive semidefinite matrix", () => {
  const symmetric = fc.integer({ min: 1, max: 6 }).chain((n) =>
    fc.array(fc.integer({ min: -100, max: 100 }), { minLength: n * n, maxLength: n * n }).map((values) => ({
      n,
      matrix: Float64Array.from(values, (_, at) => (values[at]! + values[(at % n) * n + Math.floor(at / n)]!) / 20),
    })),
  );

  test("has no negative eigenvalue, keeps what has none, and is nearer than any other clipping", () => {
    fc.assert(
      fc.property(symmetric, ({ n, matrix }) => {
        const near = nearestPositiveSemidefinite(matrix, n);
        expect(symmetricEigenvalues(near, n).at(-1)).toBeGreaterThan(-1e-9);
        expect(distance(nearestPositiveSemidefinite(near, n), near)).toBeLessThan(1e-9);
        // The distance is that of the negative eigenvalues (Higham, theorem 2.1).
        const negative = symmetricEigenvalues(matrix, n).reduce((sum, value) => sum + Math.min(0, value) ** 2, 0);
        const squared = near.reduce((sum, value, at) => sum + (value - matrix[at]!) ** 2, 0);
        expect(squared).toBeCloseTo(negative, 6);
      }),
      { seed: 1 },
    );
  });

  test("can keep a diagonal of ones", () => {
    const noisy = Float64Array.of(1, 0.99, 0.1, 0.99, 1, 0.9, 0.1, 0.9, 1);
    expect(symmetricEigenvalues(noisy, 3).at(-1)).toBeLessThan(-0.1);
    const near = nearestPositiveSemidefinite(noisy, 3, { unitDiagonal: true });
    expect([near[0], near[4], near[8]]).toEqual([1, 1, 1]);
    expect(symmetricEigenvalues(near, 3).at(-1)).toBeGreaterThan(-1e-12);
    expect(() => nearestPositiveSemidefinite([1, 2], 2)).toThrow(code("KERNEL_MATRIX"));
    expect(() => nearestPositiveSemidefinite([1, Number.NaN, 0, 1], 2)).toThrow(code("KERNEL_MATRIX"));
  });
});
