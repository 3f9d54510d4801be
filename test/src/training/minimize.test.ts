import { describe, expect, test } from "vitest";
import {
  Circuit,
  constantWeights,
  doubleExcitation,
  input,
  qaoaAnsatz,
  SparsePauliOp,
  uccsd,
  weight,
} from "../../../circuits/index.ts";
import { localSimulator } from "../../../providers/index.ts";
import { adam, momentum, type Optimizer, rotosolve, sgd, spsa } from "../../../src/optimizers/index.ts";
import { memoryStore } from "../../../src/runs/index.ts";
import { type MinimizeOptions, type MinimizeStep, minimize } from "../../../src/training/index.ts";
import { goldenHamiltonians, goldenObservable } from "../../support/golden.ts";
import { recordingBackend, rowsOf } from "../../support/recording-backend.ts";

const provider = localSimulator();
/** Hartree; the usual measure of a useful energy. */
const CHEMICAL_ACCURACY = 1.6e-3;

function golden(id: string) {
  const item = goldenHamiltonians().find((one) => one.id === id)!;
  return { ...item, observable: goldenObservable(item.n, item.terms) };
}

const w = weight("w", 2);
const circuit = Circuit.build(2, (c) => c.ry(w.at(0), 0).crx(w.at(1), 0, 1));
const small: MinimizeOptions = {
  circuit,
  observable: SparsePauliOp.parse("ZZ + 0.3*XI"),
  optimizer: adam({ learningRate: 0.1 }),
  provider,
  steps: 8,
  seed: 7,
};

describe("the ground state of H2 at 0.735 Å to chemical accuracy", () => {
  const h2 = golden("h2_0.735");
  const { observable, ground_energy: ground, hf_energy: hartreeFock } = h2;
  // Hartree-Fock has orbitals 0 and 1 occupied; the one double excitation mixes in the state with 2 and 3.
  const reference = Circuit.build(4, (c) => c.x(0).x(1));
  const ansatz = reference.compose(doubleExcitation(weight("w"), [0, 1, 2, 3]));

  test("starts from the Hartree-Fock energy", async () => {
    const { value } = await minimize({ ...small, circuit: ansatz, observable, steps: 0, initial: [0] });
    expect(value).toBeCloseTo(hartreeFock!, 8);
    expect(hartreeFock! - ground).toBeGreaterThan(10 * CHEMICAL_ACCURACY);
  });

  test("with Adam", async () => {
    const { value, ended } = await minimize({
      circuit: ansatz,
      observable,
      optimizer: adam({ learningRate: 0.05 }),
      provider,
      steps: 120,
      initial: [0],
    });
    expect(Math.abs(value - ground)).toBeLessThan(1e-6);
    expect(ended).toBe("steps");
  });

  test("with Rotosolve in one step of five evaluations, one job", async () => {
    const recorder = recordingBackend(provider);
    const { value, history } = await minimize({
      circuit: ansatz,
      observable,
      optimizer: rotosolve(ansatz),
      provider: recorder,
      steps: 1,
      initial: [0],
    });
    expect(value).toBeCloseTo(ground, 9);
    expect(history[0]!.value).toBeCloseTo(ground, 9);
    // The excitation has frequencies 1/2 and 1. The second job is the value at the end.
    expect(recorder.jobs.map((pubs) => pubs.map(rowsOf))).toEqual([[5], [1]]);
  });

  test("with UCCSD, by Adam and by Rotosolve", async () => {
    const full = uccsd({ numQubits: 4, numElectrons: 2 });
    for (const [optimizer, steps] of [
      [adam({ learningRate: 0.05 }), 150],
      [rotosolve(full), 9],
    ] as const) {
      const initial = constantWeights(0);
      const { value } = await minimize({ circuit: full, observable, optimizer, provider, steps, initial });
      expect(value).toBeGreaterThan(ground - 1e-9);
      expect(value - ground).toBeLessThan(CHEMICAL_ACCURACY);
    }
  });

  test("with SPSA from sampled values", async () => {
    const optimizer = spsa({ seed: 1, firstStep: 0.3 });
    const { value } = await minimize({ ...small, circuit: ansatz, observable, optimizer, steps: 60, initial: [0] });
    expect(Math.abs(value - ground)).toBeLessThan(CHEMICAL_ACCURACY);
    const sampled = await minimize({
      ...small,
      circuit: ansatz,
      observable,
      optimizer,
      steps: 30,
      initial: [0.6],
      precision: 0.02,
    });
    expect(sampled.stderr).toBeGreaterThan(0);
    expect(Math.abs(sampled.value - ground)).toBeLessThan(0.1);
  });
});

test("QAOA on the six-ring reaches the known ratio (2p+1)/(2p+2) of the best cut", async () => {
  // Farhi et al., arXiv:1411.4028, section V: rings of even length above 2p+1.
  const { observable, ground_energy: best } = golden("maxcut_ring6");
  for (const [reps, ratio] of [
    [1, 3 / 4],
    [2, 5 / 6],
  ] as const) {
    const { value, history } = await minimize({
      circuit: qaoaAnsatz(observable, { reps }),
      observable,
      optimizer: adam({ learningRate: 0.05 }),
      provider,
      steps: 200,
      initial: constantWeights(0.4),
    });
    expect(value).toBeLessThan(history[0]!.value);
    expect(value / best).toBeCloseTo(ratio, 4);
  }
});

test("a circuit with inputs is minimised at one row of them", async () => {
  const x = input("x", 1);
  const turned = Circuit.build(1, (c) => c.ry(x.at(0), 0).ry(weight("v"), 0));
  for (const optimizer of [adam({ learningRate: 0.1 }), rotosolve(turned)] as Optimizer[]) {
    const request = { circuit: turned, observable: SparsePauliOp.parse("Z"), optimizer, provider, steps: 200 };
    const { weights, value } = await minimize({ ...request, inputs: [0.5], initial: [1] });
    expect(value).toBeCloseTo(-1, 5);
    expect(Math.cos(weights[0]! + 0.5)).toBeCloseTo(-1, 5);
  }
});

describe("one job, one PUB per step", () => {
  const optimizers: readonly [string, Optimizer, number][] = [
    // Forward, 2 shifts of ry, 4 of crx.
    ["a gradient optimizer", adam(), 7],
    ["rotosolve", rotosolve(circuit), 3],
    ["spsa", spsa({ learningRate: 0.1, resamplings: 3 }), 6],
  ];
  test.each(optimizers)("with %s", async (_name, optimizer, rows) => {
    const recorder = recordingBackend(provider);
    const submitted: string[] = [];
    const { history, executions } = await minimize({
      ...small,
      optimizer,
      provider: recorder,
      steps: 3,
      tags: ["vqe"],
      onSubmitted: (id) => void submitted.push(id),
    });
    // The last job is the value at the final weights.
    expect(recorder.jobs.map((pubs) => pubs.length)).toEqual([1, 1, 1, 1]);
    expect(rowsOf(recorder.jobs[0]![0]!)).toBe(rows);
    expect(rowsOf(recorder.jobs[3]![0]!)).toBe(1);
    expect(recorder.tags).toEqual([["vqe"], ["vqe"], ["vqe"], ["vqe"]]);
    expect(submitted.length).toBe(4);
    expect(history.flatMap(({ jobIds }) => jobIds)).toEqual(submitted.slice(0, 3));
    expect(history[0]!.executions).toBe(rows);
    expect(executions).toBe(history.reduce((sum, step) => sum + step.executions, 1));
  });

  test("by adjoint there is no job, and no noise even where the simulator samples by default", async () => {
    const sampling = localSimulator({ precision: 0.3 });
    const direct = { ...recordingBackend(sampling), capabilities: sampling.capabilities };
    const { history, method, stderr, executions } = await minimize({
      ...small,
      provider: Object.assign(direct, { differentiate: sampling.differentiate.bind(sampling) }),
    });
    expect(method).toBe("adjoint");
    expect(direct.jobs).toEqual([]);
    expect(stderr).toBe(0);
    expect(executions).toBe(9);
    expect(history.every(({ jobIds, executions }) => jobIds.length === 0 && executions === 1)).toBe(true);
  });

  test("adjoint and parameter shift take the same steps", async () => {
    const adjoint = await minimize(small);
    const shift = await minimize({ ...small, method: "parameter-shift" });
    expect(shift.method).toBe("parameter-shift");
    for (const [i, step] of adjoint.history.entries()) {
      expect(shift.history[i]!.value).toBeCloseTo(step.value, 10);
      for (const [p, weight] of step.checkpoint.weights.entries())
        expect(shift.history[i]!.checkpoint.weights[p]).toBeCloseTo(weight, 8);
    }
  });
});

const plainSteps = (history: readonly MinimizeStep[]) =>
  history.map(({ step, value, stderr, executions, checkpoint }) => ({ step, value, stderr, executions, checkpoint }));

describe("the same seed", () => {
  const optimizers: readonly [string, Optimizer][] = [
    ["adam", adam({ learningRate: 0.1 })],
    ["nesterov", momentum({ learningRate: 0.1, nesterov: true })],
    ["rotosolve", rotosolve(circuit)],
    ["spsa", spsa()],
  ];
  test.each(optimizers)(
    "gives the same steps with %s, sampled or exact, and another seed gives others",
    async (_name, optimizer) => {
      for (const precision of [0, 0.1]) {
        const run = (seed: number | string) =>
          minimize({
            ...small,
            provider: localSimulator(),
            optimizer,
            precision,
            method: "parameter-shift",
            seed,
            steps: 4,
          }).result();
        const [first, again, other] = [await run(3), await run(3), await run("other")];
        expect(plainSteps(again.history)).toEqual(plainSteps(first.history));
        expect([...again.weights, again.value]).toEqual([...first.weights, first.value]);
        expect(other.history[0]!.value).not.toBe(first.history[0]!.value);
      }
    },
  );

  test.each(optimizers)("goes on from a checkpoint as if it had never stopped, with %s", async (_name, optimizer) => {
    const options = { ...small, optimizer, precision: 0.1, method: "parameter-shift" as const };
    const straight = await minimize({ ...options, steps: 6 });
    const first = await minimize({ ...options, steps: 2 });
    const from = JSON.parse(JSON.stringify(first.history.at(-1)!.checkpoint)) as never;
    const second = await minimize({ ...options, steps: 6, from });
    expect(second.history.map(({ step }) => step)).toEqual([3, 4, 5, 6]);
    expect([...plainSteps(first.history), ...plainSteps(second.history)]).toEqual(plainSteps(straight.history));
    expect(second.weights).toEqual(straight.weights);
    expect(second.value).toBe(straight.value);
  });

  test.each(optimizers.slice(0, 3))(
    "stops by tolerance at the same step after a resume, with %s",
    async (_, optimizer) => {
      const options = { ...small, optimizer, steps: 500, tolerance: 1e-4, patience: 6 };
      const straight = await minimize(options);
      expect(straight.ended).toBe("tolerance");
      const none = await minimize({ ...options, from: straight.history.at(-1)!.checkpoint });
      expect([none.history.length, none.ended, none.value]).toEqual([0, "tolerance", straight.value]);
      // In the middle of the steps that count as still.
      const from = straight.history.at(-4)!.checkpoint;
      const resumed = await minimize({ ...options, from });
      expect(resumed.history.map(({ step }) => step)).toEqual(straight.history.slice(-3).map(({ step }) => step));
      expect(resumed.weights).toEqual(straight.weights);
    },
  );

  test("a step of a gradient-free optimizer keeps to the budget, before it is submitted", async () => {
    const recorder = recordingBackend(provider);
    const run = minimize({ ...small, optimizer: spsa(), provider: recorder, maxRows: 5 });
    await expect(run).rejects.toMatchObject({ code: "GRADIENT_BUDGET" });
    expect(recorder.jobs.length).toBe(0);
    const rate = spsa({ learningRate: 0.1 });
    expect(
      (await minimize({ ...small, optimizer: rate, provider: recorder, maxRows: 5, steps: 2 })).history.length,
    ).toBe(2);
  });

  test("samples anew in every step", async () => {
    const still = sgd({ learningRate: 1e-300 });
    const { history } = await minimize({ ...small, optimizer: still, precision: 0.1, method: "parameter-shift" });
    expect(new Set(history.map(({ value }) => value)).size).toBeGreaterThan(4);
  });
});

describe("the run", () => {
  test("yields steps as they are done, calls callbacks, and records its events", async () => {
    const store = memoryStore();
    const called: number[] = [];
    const callbacks = [{ onStep: ({ step }: MinimizeStep) => void called.push(step) }, {}];
    const run = minimize({ ...small, steps: 3, callbacks, store, id: "h2" });
    const steps: MinimizeStep[] = [];
    for await (const step of run) steps.push(step);
    const { history, value, weights } = await run;
    expect(steps).toEqual(history);
    expect(steps.map(({ step }) => step)).toEqual([1, 2, 3]);
    expect(called).toEqual([1, 2, 3]);
    const events = (await store.read("h2")).map(({ event }) => event.type);
    expect(events).toEqual(["created", "claimed", "described", "step", "step", "step", "finished"]);
    expect(steps.every(({ seconds }) => seconds >= 0)).toBe(true);
    expect(weights).toEqual(Float64Array.from(steps[2]!.checkpoint.weights));
    expect(value).toBeLessThan(steps[0]!.value);
  });

  test("ends when the value no longer moves", async () => {
    const optimizer = rotosolve(circuit);
    const { ended, history } = await minimize({ ...small, optimizer, steps: 1000, tolerance: 1e-9 });
    expect(ended).toBe("tolerance");
    expect(history.length).toBeLessThan(300);
    const [last, before] = [history.at(-1)!, history.at(-6)!];
    expect(Math.abs(last.value - before.value)).toBeLessThan(5e-9);
    const impatient = await minimize({ ...small, optimizer, steps: 1000, tolerance: 10, patience: 1 });
    expect(impatient.history.length).toBe(2);
  });

  test("stops on request with the result so far", async () => {
    const run = minimize({ ...small, steps: 10_000 });
    for await (const { step } of run) if (step === 3) run.stop();
    const { ended, history } = await run;
    expect(ended).toBe("stopped");
    expect(history.length).toBeLessThan(10_000);
  });

  test("fails with the signal's reason, with the steps done still to be read", async () => {
    const controller = new AbortController();
    const callbacks = [
      { onStep: ({ step }: MinimizeStep) => void (step === 2 && controller.abort(new Error("budget"))) },
    ];
    const run = minimize({ ...small, callbacks, signal: controller.signal });
    await expect(run).rejects.toThrow("budget");
    expect(run.steps.length).toBeLessThan(8);
  });

  test("fails with what the backend throws", async () => {
    const broken = {
      ...recordingBackend(provider),
      estimator: () => ({ run: () => Promise.reject(new Error("no such device")) }),
    };
    await expect(minimize({ ...small, provider: broken })).rejects.toThrow("no such device");
  });

  test("of a diverging optimizer fails rather than go on with NaN", async () => {
    const optimizer = sgd({ learningRate: 1e308 });
    await expect(minimize({ ...small, optimizer, steps: 50 })).rejects.toMatchObject({
      code: expect.stringMatching(/NOT_FINITE/),
    });
  });
});

describe("bad options are refused at once", () => {
  const state = { step: 1 };
  const checkpoint = { step: 1, weights: [1, 2], optimizer: small.optimizer.name, state, value: 0, still: 0 };
  test.each<[string, Partial<MinimizeOptions>, string]>([
    ["a circuit without weights", { circuit: Circuit.build(2, (c) => c.h(0)) }, "TRAINING_OPTION"],
    ["missing inputs", { circuit: Circuit.build(2, (c) => c.rx(input("x"), 0).ry(weight("v"), 0)) }, "TRAINING_SHAPE"],
    ["inputs too many", { inputs: [1] }, "TRAINING_SHAPE"],
    ["an observable of other qubits", { observable: SparsePauliOp.parse("Z") }, "TRAINING_SHAPE"],
    ["too few starting weights", { initial: [1] }, "TRAINING_SHAPE"],
    ["a starting weight that is no number", { initial: [1, Number.NaN] }, "TRAINING_SHAPE"],
    ["a checkpoint of other weights", { from: { ...checkpoint, weights: [1] } }, "TRAINING_SHAPE"],
    ["a checkpoint of another optimizer", { from: { ...checkpoint, optimizer: "spsa" } }, "TRAINING_CHECKPOINT"],
    ["a checkpoint with nothing but its step", { from: { step: 2 } as never }, "TRAINING_CHECKPOINT"],
    ["a checkpoint without a step", { from: { ...checkpoint, step: -1 } }, "TRAINING_CHECKPOINT"],
    ["an option that there is not", { backend: provider } as never, "TRAINING_OPTION"],
    ["no provider", { provider: undefined as never }, "TRAINING_PROVIDER"],
    ["no optimizer", { optimizer: undefined as never }, "TRAINING_OPTION"],
    ["an observable as text", { observable: "ZZ" as never }, "TRAINING_OPTION"],
    ["half a step", { steps: 0.5 }, "TRAINING_OPTION"],
    ["a negative tolerance", { tolerance: -1 }, "TRAINING_OPTION"],
    ["no patience", { patience: 0 }, "TRAINING_OPTION"],
    ["an unknown method", { method: "guess" as never }, "GRADIENT_METHOD_UNKNOWN"],
    ["a budget that no method fits", { provider: recordingBackend(provider), maxRows: 1 }, "GRADIENT_BUDGET"],
  ])("%s", (_name, bad, code) => {
    expect(() => minimize({ ...small, ...bad })).toThrow(expect.objectContaining({ code }));
  });
});
