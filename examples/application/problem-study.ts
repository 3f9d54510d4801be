import type { DemoRole } from "../../src/cli/demo.ts";
import {
  adam,
  type BinaryProblem,
  deviceSimulator,
  type Enumeration,
  enumerateProblem,
  loadTarget,
  localSimulator,
  planMinimize,
  qaoa,
  qaoaProgram,
  Rng,
  rampAngles,
  randomAssignment,
  readSamples,
  type SampleQuality,
  type SampleSet,
  sampleProblem,
  sampleQuality,
  simulatedAnnealing,
} from "../../src/index.ts";
import { measured } from "./measure.ts";
import { countsOf, trainedSampler } from "./trained-sampler.ts";

/** What one way of solving gave for one problem. */
export interface Answer {
  readonly model: string;
  readonly role: DemoRole;
  readonly params: number;
  readonly samples: SampleSet;
  readonly quality: SampleQuality;
  readonly circuitExecutions: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
}

export interface StudySettings {
  /** Circuits with these numbers of layers, ascending; each is grown from one layer. */
  readonly layers: readonly number[];
  /** Steps for each number of layers. */
  readonly steps: number;
  /** What every sampler may draw. */
  readonly shots: number;
  readonly seed: number;
  /** Weight of the constraints that are in no group, where there are any. */
  readonly penalty?: number;
  readonly onLayers?: (layers: number) => void;
}

/** A way of solving that an application adds: it gives one assignment. */
export interface OwnMethod {
  readonly model: string;
  readonly role: DemoRole;
  readonly params: number;
  solve(): string;
}

export const NOISY = "QAOA, 1 layer on a ring, noisy ibm_torino (emulated)";

/**
 * Solves a problem, all of whose variables are in groups of which exactly so many are 1, in all ways that a table compares: by QAOA on
 * the simulator and on an emulated device, by the same number of uniform draws, by a trained classical sampler, and exactly.
 */
export async function studyProblem(
  problem: BinaryProblem,
  settings: StudySettings,
  own: readonly OwnMethod[],
): Promise<{ readonly exact: Enumeration; readonly answers: readonly Answer[] }> {
  const { layers, steps, shots, seed, onLayers } = settings;
  const penalty = settings.penalty === undefined ? {} : { penalty: settings.penalty };
  const rng = Rng.seed(seed).fork("problem-study");
  const enumeration = await measured(() => enumerateProblem(problem));
  const exact = enumeration.value;
  const answers: Answer[] = [];
  const add = (
    about: Pick<Answer, "model" | "role" | "params">,
    work: { readonly value: SampleSet; readonly seconds: number; readonly cpuSeconds: number },
    circuitExecutions = 0,
  ): void => {
    const { value: samples, seconds, cpuSeconds } = work;
    const quality = sampleQuality(samples, exact);
    answers.push({ ...about, samples, quality, circuitExecutions, seconds, cpuSeconds });
  };
  const provider = localSimulator({ seed });
  for (const depth of layers) {
    onLayers?.(depth);
    const work = await measured(() =>
      qaoa(problem, { ...penalty, layers: depth, start: "interp", provider, steps, shots, seed }),
    );
    const name = `QAOA, ${depth} layer${depth === 1 ? "" : "s"}`;
    const { samples, executions } = work.value;
    add({ model: name, role: "hybrid", params: 2 * depth }, { ...work, value: samples }, executions);
  }
  const ring = await measured(async () => {
    const { program, weights } = await qaoa(problem, {
      ...penalty,
      layers: 1,
      mixer: "ring",
      provider,
      steps,
      shots: 1,
      seed,
    });
    const device = deviceSimulator(loadTarget("torino"), { seed });
    return sampleProblem(problem, program.circuit, weights, { provider: device, shots, seed });
  });
  add({ model: NOISY, role: "reference", params: 2 }, ring, ring.value.executions);
  const uniform = await measured(() => {
    const draws = rng.fork("uniform");
    return readSamples(
      problem,
      countsOf(shots, () => randomAssignment(problem, draws)),
    );
  });
  add({ model: "uniform draws, as many", role: "without quantum", params: 0 }, uniform);
  const trained = await measured(() => {
    const sampler = trainedSampler(problem, rng.fork("train"), settings.penalty);
    return readSamples(problem, sampler.draw(shots, rng.fork("draw")));
  });
  const params = problem.numVariables;
  add({ model: "classical sampler, cross-entropy method", role: "equal parameters", params }, trained);
  for (const { solve, ...about } of own) add(about, await measured(() => only(problem, solve())));
  const annealing = await measured(() =>
    only(problem, simulatedAnnealing(problem, { ...penalty, sweeps: 100, restarts: 4, seed }).bits),
  );
  add({ model: "simulated annealing", role: "reference", params: 0 }, annealing);
  add(
    { model: "every assignment (brute force)", role: "best classical", params: 0 },
    { ...enumeration, value: only(problem, exact.optima[0]!) },
  );
  return { exact, answers };
}

function only(problem: BinaryProblem, bits: string): SampleSet {
  return readSamples(problem, { [bits]: 1 });
}

/** Quantum seconds that the device would charge for the training of `studyProblem`, by parameter shift, for each number of layers. */
export async function plannedSeconds(
  problem: BinaryProblem,
  { layers, steps, penalty }: Pick<StudySettings, "layers" | "steps" | "penalty">,
): Promise<readonly number[]> {
  const provider = deviceSimulator(loadTarget("torino"));
  const seconds: number[] = [];
  for (let depth = 1; depth <= layers.at(-1)!; depth++) {
    const { circuit, observable } = qaoaProgram(problem, {
      layers: depth,
      ...(penalty === undefined ? {} : { penalty }),
    });
    const task = { circuit, observable, optimizer: adam(), initial: rampAngles(depth), steps };
    const { total } = await planMinimize({ ...task, provider, precision: 0.05 });
    seconds.push(total.quantumSeconds + (seconds.at(-1) ?? 0));
  }
  return layers.map((depth) => seconds[depth - 1]!);
}
