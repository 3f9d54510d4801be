import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dickeState, qaoaAnsatz, Rng, xyMixer } from "../../../circuits/index.ts";
import {
  adam,
  BinaryProblem,
  enumerateProblem,
  keptGroups,
  localSimulator,
  type QaoaProgram,
  qaoa,
  qaoaProgram,
  rampAngles,
  randomAssignment,
  sampleQuality,
  spsa,
  valueAndGradient,
} from "../../../src/index.ts";
import { golden, stateOf } from "../../circuits/library/golden.ts";
import { allBits, problems, randomProblem } from "./problems.ts";

const provider = localSimulator();
const probabilities = (state: Float64Array): number[] =>
  Array.from({ length: state.length / 2 }, (_, i) => state[2 * i]! ** 2 + state[2 * i + 1]! ** 2);

/** How far apart the values of assignments that keep the groups are, the other constraints being penalised. */
function widthOfValues(problem: BinaryProblem): number {
  const groups = keptGroups(problem);
  const rest = problem.constraints.filter((constraint) => !groups.some((group) => group.constraint === constraint));
  const penalised = problem.penalised({ constraints: rest });
  const values = allBits(problem.numVariables)
    .map((bits) => problem.bits(bits))
    .filter((bits) => groups.every(({ qubits, ones }) => qubits.filter((qubit) => bits[qubit] === 1).length === ones))
    .map((bits) => penalised.value(bits));
  return Math.max(...values) - Math.min(...values);
}

describe("qaoaProgram", () => {
  test("every outcome keeps the groups, and the observable's mean is that of the penalised values", async () => {
    await fc.assert(
      fc.asyncProperty(problems, fc.constantFrom("ring" as const, "complete" as const), async (problem, mixer) => {
        let program: QaoaProgram;
        try {
          program = qaoaProgram(problem, { layers: 2, mixer });
        } catch (error) {
          expect(error).toMatchObject({ code: "PROBLEM_FLAT" });
          expect(widthOfValues(problem)).toBeLessThan(1e-9);
          return;
        }
        const { circuit, observable, penalised, kept } = program;
        const weights = [0.4, 0.9, -0.7, -0.2];
        const chances = probabilities(stateOf(circuit.bind({ gamma: weights.slice(0, 2), beta: weights.slice(2) })));
        let mean = 0;
        for (const [index, chance] of chances.entries()) {
          const bits = index.toString(2).padStart(problem.numVariables, "0");
          mean += chance * penalised.value(bits);
          const keeps = kept.every(
            ({ qubits, ones }) => qubits.filter((qubit) => (index >> qubit) & 1).length === ones,
          );
          if (!keeps) expect(chance).toBeLessThan(1e-20);
        }
        const { values } = await valueAndGradient({ circuit, observables: [observable], provider, weights });
        expect(values[0]).toBeCloseTo(mean, 8);
      }),
      { seed: 6, numRuns: 15 },
    );
  });

  test("constants of the groups are left out of the circuit and change no probability", () => {
    const problem = randomProblem(5, 8, [{ exactly: 2 }]);
    const { circuit, scale } = qaoaProgram(problem, { layers: 2, mixer: "ring" });
    const plain = qaoaAnsatz(problem.hamiltonian().times(1 / scale), {
      reps: 2,
      mixer: xyMixer({ groups: [[0, 1, 2, 3, 4]], pattern: "ring" }),
      initialState: dickeState(5, 2),
    });
    const values = { gamma: [0.4, 0.9], beta: [-0.7, -0.2] };
    const wanted = probabilities(stateOf(plain.bind(values)));
    for (const [i, chance] of probabilities(stateOf(circuit.bind(values))).entries())
      expect(chance).toBeCloseTo(wanted[i]!, 12);
    const oneHot = qaoaProgram(randomProblem(4, 8, [{ oneHot: ["x0", "x1", "x2", "x3"] }]));
    expect(oneHot.circuit.count()).not.toHaveProperty("rzz");
  });

  test("angles mean the same in any unit", () => {
    const edges = [
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 0],
      [0, 2],
    ] as const;
    const cut = (unit: number): BinaryProblem =>
      BinaryProblem.from({
        variables: 4,
        quadratic: edges.flatMap(([a, b]) => [
          [`x${a}`, `x${a}`, -unit] as const,
          [`x${b}`, `x${b}`, -unit] as const,
          [`x${a}`, `x${b}`, 2 * unit] as const,
        ]),
      });
    const [small, large] = [qaoaProgram(cut(2 ** -10)), qaoaProgram(cut(2 ** 10))];
    expect(large.scale / small.scale).toBe(2 ** 20);
    expect(large.circuit.hash).toBe(small.circuit.hash);
  });

  test("what it cannot do is named", () => {
    const problem = randomProblem(3, 1);
    for (const [code, options] of [
      ["PROBLEM_OPTION", { depth: 3 }],
      ["PROBLEM_OPTION", { mixer: "xy" }],
      ["LIBRARY_COUNT", { layers: 0 }],
    ] as const)
      expect(() => qaoaProgram(problem, options as never)).toThrow(expect.objectContaining({ code }));
    expect(() => qaoaProgram({ variables: 3 } as never)).toThrow(expect.objectContaining({ code: "PROBLEM_OPTION" }));
  });
});

describe("qaoa", () => {
  const problem = randomProblem(6, 12, [{ exactly: 3 }]);
  const exact = enumerateProblem(problem);

  test("on a ring of six, p layers reach (2p+1)/(2p+2) of the largest cut", async () => {
    // Known in closed form for rings of more than 2p vertices (Farhi et al., section IV); p = 3 is exact on six.
    const {
      n,
      ground_energy: lowest,
      edges,
    } = golden("hamiltonians", "maxcut_ring6") as never as {
      readonly n: number;
      readonly ground_energy: number;
      readonly edges: readonly (readonly [number, number, number])[];
    };
    const cut = BinaryProblem.from({
      variables: n,
      quadratic: edges.flatMap(([a, b, w]) => [
        [`x${a}`, `x${a}`, -w] as const,
        [`x${b}`, `x${b}`, -w] as const,
        [`x${a}`, `x${b}`, 2 * w] as const,
      ]),
    });
    for (const layers of [1, 2]) {
      const { value } = await qaoa(cut, {
        layers,
        start: "interp",
        provider,
        steps: 200,
        optimizer: adam({ learningRate: 0.05 }),
      });
      expect(value / lowest).toBeCloseTo((2 * layers + 1) / (2 * layers + 2), 4);
    }
  });

  test("keeps its constraint in every sample, betters the uniform start, and repeats itself", async () => {
    const options = { layers: 3, provider, steps: 60, shots: 400, seed: 5 } as const;
    const steps: number[] = [];
    const found = await qaoa(problem, { ...options, onStep: ({ step }) => steps.push(step) });
    expect(found.samples.feasibleShare).toBe(1);
    expect(found.samples.shots).toBe(400);
    expect(steps).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    // Six ramps, 60 steps, the value at the end, and the shots.
    expect(found.executions).toBe(6 + 60 + 1 + 400);
    const rng = Rng.seed(1);
    const uniform = Array.from({ length: 2000 }, () => problem.value(randomAssignment(problem, rng)));
    expect(found.value).toBeLessThan(uniform.reduce((sum, value) => sum + value, 0) / 2000);
    const quality = sampleQuality(found.samples, exact);
    expect(quality.bestRatio).toBe(1);
    expect(quality.optimumShare).toBeGreaterThan(5 / exact.numFeasible);
    const again = await qaoa(problem, options);
    expect(again.samples).toEqual(found.samples);
    expect([...again.weights]).toEqual([...found.weights]);
  });

  test("grown layer by layer it does not get worse", async () => {
    const { history, value, weights } = await qaoa(problem, { layers: 3, start: "interp", provider, steps: 40 });
    expect(weights.length).toBe(6);
    const ends = [1, 2, 3].map((layers) => history.filter((step) => step.layers === layers).at(-1)!.value);
    expect(ends[1]!).toBeLessThan(ends[0]! + 1e-6);
    expect(ends[2]!).toBeLessThan(ends[1]! + 1e-6);
    expect(value).toBeLessThan(ends[2]! + 1e-6);
  });

  test("goes by the conditional value at risk of samples, too", async () => {
    const options = { layers: 2, provider, objective: { cvar: 0.2 }, steps: 15, shots: 200, seed: 2 } as const;
    const found = await qaoa(problem, { ...options, optimizer: spsa({ seed: 2, calibrationDirections: 5 }) });
    const sorted = found.samples.samples
      .flatMap(({ value, count }) => new Array<number>(count).fill(value))
      .sort((a, b) => a - b);
    expect(found.value).toBeLessThan(sorted.reduce((sum, value) => sum + value, 0) / 200);
    expect(found.history.length).toBe(15);
    // Ramps, calibration, 14 steps of two points, the value at the end and the samples, 200 shots each.
    expect(found.executions).toBe(200 * (6 + 10 + 28 + 1 + 1));
    await expect(qaoa(problem, { ...options, optimizer: adam() })).rejects.toMatchObject({ code: "PROBLEM_OPTION" });
  });

  test("with penalties instead of a mixer that keeps the constraint", async () => {
    const { program, samples } = await qaoa(problem, { layers: 3, mixer: "x", provider, steps: 80, shots: 500 });
    expect(program.kept).toEqual([]);
    expect(program.circuit.count()).not.toHaveProperty("xx_plus_yy");
    expect(samples.feasibleShare).toBeGreaterThan(20 / 64);
    expect(samples.feasibleShare).toBeLessThan(1);
  });

  test("what it cannot do is named at once", async () => {
    for (const [code, options] of [
      ["PROBLEM_OPTION", { provider: undefined }],
      ["PROBLEM_OPTION", { provider, start: "random" }],
      ["PROBLEM_OPTION", { provider, objective: { cvar: 2 } }],
      ["PROBLEM_OPTION", { provider, objective: "cvar" }],
      ["PROBLEM_OPTION", { provider, restarts: 2 }],
      ["PROBLEM_NUMBER", { provider, shots: 0 }],
      ["PROBLEM_NUMBER", { provider, steps: -1 }],
      ["PROBLEM_NUMBER", { provider, layers: 2, start: [1, 2] }],
    ] as const)
      await expect(qaoa(problem, options as never)).rejects.toMatchObject({ name: "ProblemError", code });
  });

  test("angles of one's own are where it starts", async () => {
    const start = rampAngles(2, 0.5);
    const { weights, history } = await qaoa(problem, { layers: 2, start, provider, steps: 0 });
    expect([...weights]).toEqual([...start]);
    expect(history).toEqual([]);
  });
});
