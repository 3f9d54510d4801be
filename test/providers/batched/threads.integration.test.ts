import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { type Circuit, Rng, type SparsePauliOp } from "../../../circuits/index.ts";
import { BatchedExpectation } from "../../../providers/simulator/batched/batched-expectation.ts";
import { LaneProgram } from "../../../providers/simulator/batched/lane-program.ts";
import { planLevels } from "../../../providers/simulator/batched/levels.ts";
import { type BatchTask, batchTask } from "../../../providers/simulator/batched/share-work.ts";
import { sharesOf } from "../../../providers/simulator/batched/shares.ts";
import { ThreadedBatch } from "../../../providers/simulator/batched/threaded-batch.ts";
import { SharedTask, simulatorTeam } from "../../../providers/simulator/simulator-team.ts";
import { StateMemory } from "../../../providers/simulator/state-memory.ts";
import { type Batch, type BatchResult, differentiate, distance, randomBatch } from "../../support/batch.ts";
import { FLAVOURS, randomObservables, randomTrainingCircuit } from "../../support/training-circuit.ts";

/** Every batch of some chunks is cut, and threads start at once. */
const SMALL = { startMicroseconds: 0, share: { microseconds: 0, rows: 1 } } as const;
const TEAM = simulatorTeam(4);

interface Case {
  readonly circuit: Circuit;
  readonly observables: readonly SparsePauliOp[];
  readonly rng: Rng;
}

function randomCase(seed: number | string, n: number, flavour: (typeof FLAVOURS)[number]): Case {
  const rng = Rng.seed(seed);
  return { circuit: randomTrainingCircuit(rng, n, 18, flavour), observables: randomObservables(rng, n), rng };
}

function laneProgram({ circuit, observables }: Case, memory: StateMemory, realBits: 32 | 64): [LaneProgram, BatchTask] {
  const plan = planLevels(
    circuit,
    observables.every(({ isDiagonal }) => isDiagonal),
  );
  const options = { sharesWeights: true, realBits, maxBytes: memory.maxBytes };
  const program = new LaneProgram(circuit, plan, observables, { ...options, memory });
  return [program, batchTask(program, circuit, observables, options)];
}

/** A batch by a program, in so many shares and by threads of a team of four, or by the program alone. */
function inShares(program: LaneProgram, shares: number, threaded?: ThreadedBatch): (batch: Batch) => BatchResult {
  return (batch) =>
    differentiate(
      {
        run: (inputs, weights, rows, cotangents, outputs, weightGradients, inputGradients) => {
          const targets = { cotangents: cotangents!, weights: weightGradients, inputs: inputGradients };
          if (threaded === undefined) program.run(inputs, weights, rows, outputs, targets, shares);
          else expect(threaded.run(inputs, weights, rows, outputs, targets, shares)).toBe(true);
        },
      },
      batch,
    );
}

/** Has batches shared out until a worker does a share: only workers read a task that has changed, and so fail. */
function untilWorkersWork(own: Case, memory: StateMemory): unknown {
  const batch = randomBatch(own.rng, own.circuit, own.observables.length, 200);
  const [program, task] = laneProgram(own, memory, 64);
  Object.assign(task, { circuit: { ...task.circuit, numQubits: -1 } });
  const threaded = new ThreadedBatch(program, new SharedTask(task, TEAM), memory, 4);
  const end = performance.now() + 20_000;
  while (performance.now() < end)
    try {
      inShares(program, 8, threaded)(batch);
    } catch (error) {
      return error;
    }
  throw new Error("No worker came.");
}

// So that all that follows is done by several threads.
beforeAll(() => {
  untilWorkersWork(randomCase("start", 3, "layers"), new StateMemory());
});

describe.each(FLAVOURS)("circuits of %s", (flavour) => {
  test.each([64, 32] as const)("give the same bits in any number of threads, in %i bits", (realBits) => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 301 }), (seed, n, rows) => {
        const own = randomCase(seed, n, flavour);
        const batch = randomBatch(own.rng, own.circuit, own.observables.length, rows);
        const memory = new StateMemory();
        const [program, task] = laneProgram(own, memory, realBits);
        for (const shares of [2, 3, 8]) {
          const expected = inShares(program, shares)(batch);
          for (const threads of [2, 4]) {
            const threaded = new ThreadedBatch(program, new SharedTask(task, TEAM), memory, threads);
            for (let call = 0; call < 2; call++) expect(inShares(program, shares, threaded)(batch)).toEqual(expected);
          }
          const whole = inShares(program, 1)(batch);
          expect(distance(whole, expected)).toBeLessThan(realBits === 64 ? 1e-12 : 1e-4);
          expect(expected.outputs).toEqual(whole.outputs);
          expect(expected.inputGradients).toEqual(whole.inputGradients);
        }
        expect(memory.lentBytes).toBe(0);
      }),
      { numRuns: 4, seed: 6 },
    );
  });

  test("give the same bits with any gradients wanted, and on top of what is there", () => {
    const own = randomCase(`wanted ${flavour}`, 4, flavour);
    const batch = randomBatch(own.rng, own.circuit, own.observables.length, 203);
    const { inputs, weights, rows, cotangents } = batch;
    const [alone, shared] = [1, 2].map(
      (threads) => new BatchedExpectation(own.circuit, own.observables, new StateMemory(), 64, { threads, ...SMALL }),
    );
    for (const wanted of [0, 1, 2, 3, undefined, 3, undefined, 1]) {
      const results = [alone!, shared!].map((program) => {
        const outputs = new Float64Array(cotangents.length);
        const weightGradients = Float64Array.of(0.1, -3, 7e5);
        const inputGradients = Float64Array.from(inputs, (value) => 1 / value);
        program.run(
          inputs,
          weights,
          rows,
          wanted === undefined ? null : cotangents,
          outputs,
          wanted !== undefined && (wanted & 1) === 1 ? weightGradients : null,
          wanted !== undefined && (wanted & 2) === 2 ? inputGradients : null,
        );
        return { outputs, weightGradients, inputGradients };
      });
      expect(results[1]).toEqual(results[0]);
    }
  });

  test("give the same bits for rows that have nothing in common, in turns with training and each other", () => {
    const own = randomCase(`rows ${flavour}`, 5, flavour);
    const batch = randomBatch(own.rng, own.circuit, own.observables.length, 150);
    const values = Float64Array.from({ length: 5 * 9001 }, () => own.rng.normal());
    const length = 9001 * own.observables.length;
    const [alone, shared] = [1, 2].map(
      (threads) => new BatchedExpectation(own.circuit, own.observables, new StateMemory(), 64, { threads, ...SMALL }),
    );
    const expected = new Float64Array(length);
    for (const _ of alone!.evaluateInSteps(values, 9001, expected));
    const gradients = differentiate(alone!, batch);
    const outputs = [0, 1].map(() => new Float64Array(length));
    const running = outputs.map((target) => shared!.evaluateInSteps(values, 9001, target));
    while (!running.map((steps) => steps.next().done).every(Boolean))
      expect(differentiate(shared!, batch)).toEqual(gradients);
    for (const target of outputs) expect(target).toEqual(expected);
  });
});

test("work that takes long pauses, in threads too", () => {
  const own = randomCase("pauses", 8, "layers");
  const rows = 20_000;
  const program = new BatchedExpectation(own.circuit, own.observables, new StateMemory(), 64, { threads: 2 });
  const values = Float64Array.from({ length: 5 * rows }, () => own.rng.normal());
  let last = performance.now();
  const gaps: number[] = [];
  for (const _ of program.evaluateInSteps(values, rows, new Float64Array(rows * own.observables.length))) {
    gaps.push(performance.now() - last);
    last = performance.now();
  }
  expect(gaps.length).toBeGreaterThan(5);
  expect(gaps.sort((a, b) => a - b)[gaps.length >> 1]).toBeLessThan(50);
});

describe("shares", () => {
  test("are powers of 2, at most 16, of enough work and rows each", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 100_000 }),
        fc.double({ min: 0.01, max: 1e4, noNaN: true }),
        fc.constantFrom(1, 2, 4, 64, 128),
        (rows, microseconds, perChunk) => {
          const shares = sharesOf(rows, microseconds, perChunk);
          expect([1, 2, 4, 8, 16]).toContain(shares);
          if (shares === 1) return;
          expect((rows * microseconds) / shares).toBeGreaterThanOrEqual(150);
          expect(rows / shares).toBeGreaterThanOrEqual(16);
          expect(Math.ceil(rows / perChunk)).toBeGreaterThanOrEqual(shares);
        },
      ),
    );
  });

  test("an error in one is the caller's, and leaves nothing behind", () => {
    const own = randomCase("errors", 3, "layers");
    const batch = randomBatch(own.rng, own.circuit, own.observables.length, 200);
    const memory = new StateMemory();
    const [program, task] = laneProgram(own, memory, 64);
    const before = inShares(program, 4)(batch);
    expect(untilWorkersWork(own, memory)).toMatchObject({ name: "CircuitError", code: expect.any(String) });
    expect(memory.lentBytes).toBe(0);
    const sound = new ThreadedBatch(program, new SharedTask(task, TEAM), memory, 4);
    expect(inShares(program, 4, sound)(batch)).toEqual(before);
  });

  test("take the threads that memory has room for, their states and the exchange counted", () => {
    const own = randomCase("room", 6, "everything");
    const batch = randomBatch(own.rng, own.circuit, own.observables.length, 400);
    const most = 2 ** 25;
    const team = simulatorTeam(4);
    const memory = new StateMemory(most);
    const [program, task] = laneProgram(own, memory, 64);
    const expected = inShares(program, 8)(batch);
    const threaded = new ThreadedBatch(program, new SharedTask(task, team), memory, 4);
    const run = (free: number): { readonly done: boolean; readonly workers: number } => {
      const others = memory.take(Math.floor((most - free) / 8));
      const result = { outputs: new Float64Array(expected.outputs.length), weights: new Float64Array(3) };
      const { inputs, weights, rows, cotangents } = batch;
      const targets = { cotangents, weights: result.weights, inputs: null };
      try {
        const done = threaded.run(inputs, weights, rows, result.outputs, targets, 8);
        if (done) expect(result).toEqual({ outputs: expected.outputs, weights: expected.weightGradients });
        return { done, workers: team.workers };
      } finally {
        memory.giveBack(others);
      }
    };
    const exchange = 8 * (8 + batch.inputs.length + 3 + 2 * batch.cotangents.length + 8 * 3);
    expect(run(exchange + 2 * program.callBytes - 16)).toEqual({ done: false, workers: 0 });
    expect(run(exchange + 2 * program.callBytes + 16)).toEqual({ done: true, workers: 1 });
    expect(run(exchange + 4 * program.callBytes - 16)).toEqual({ done: true, workers: 2 });
    expect(run(exchange + 4 * program.callBytes + 16)).toEqual({ done: true, workers: 3 });
    expect(memory.lentBytes).toBe(0);
    // What sleeping workers hold is freed where others need the room.
    memory.giveBack(memory.take(most / 8));
    expect(team.workers).toBe(0);
  });
});

test("a batch that is larger than the memory which threads can share is left to the caller", () => {
  const own = randomCase("huge", 2, "layers");
  const memory = new StateMemory(2 ** 40);
  const [program, task] = laneProgram(own, memory, 64);
  const threaded = new ThreadedBatch(program, new SharedTask(task, TEAM), memory, 4);
  const none = new Float64Array(0);
  expect(threaded.run(none, none, 2 ** 29, none, null, 16)).toBe(false);
});

test("a simulator whose batches threads have shared is freed with its last user", async () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage: () => void = runInNewContext("gc");
  const own = randomCase("freed", 3, "layers");
  const train = (): WeakRef<StateMemory> => {
    const memory = new StateMemory();
    const program = new BatchedExpectation(own.circuit, own.observables, memory, 64, { threads: 2, ...SMALL });
    differentiate(program, randomBatch(own.rng, own.circuit, own.observables.length, 200));
    return new WeakRef(memory);
  };
  const memory = train();
  await expect
    .poll(
      () => {
        collectGarbage();
        return memory.deref() === undefined;
      },
      { timeout: 20_000 },
    )
    .toBe(true);
});

test("a program that has trained in threads ends by itself", async () => {
  const program = fileURLToPath(new URL("./lone-training.ts", import.meta.url));
  const printed = await new Promise<string>((resolve, reject) => {
    execFile(process.execPath, [program], { timeout: 30_000 }, (error, stdout, stderr) => {
      if (error !== null || stderr !== "") reject(new Error(`It did not end well: ${stderr || error?.message}`));
      else resolve(stdout);
    });
  });
  expect(JSON.parse(printed)).toEqual({ same: true, workers: 1 });
});
