import fc from "fast-check";
import { expect, test } from "vitest";
import { realAmplitudes } from "../../../circuits/index.ts";
import { adagrad, adam, lbfgs, momentum, type Optimizer, rotosolve, sgd, spsa } from "../../../src/optimizers/index.ts";
import { packState, unpackState } from "../../../src/runs/index.ts";

const circuit = realAmplitudes({ numQubits: 2, reps: 1 });
const W = circuit.numWeights;
const decaying = (step: number): number => 0.1 / (step + 1);

const OPTIMIZERS: Readonly<Record<string, () => Optimizer>> = {
  sgd: () => sgd({ learningRate: decaying }),
  momentum: () => momentum({ learningRate: 0.1 }),
  nesterov: () => momentum({ learningRate: 0.1, nesterov: true }),
  adam: () => adam({ learningRate: decaying }),
  adagrad: () => adagrad({ learningRate: 0.1, initialSum: 0.1 }),
  lbfgs: () => lbfgs({ memory: 2, maxTries: 2 }),
  spsa: () => spsa({ seed: 7, resamplings: 2, calibrationDirections: 3 }),
  rotosolve: () => rotosolve(circuit),
};

interface Place {
  readonly weights: Float64Array;
  readonly state: unknown;
}

function step(optimizer: Optimizer, { weights, state }: Place, numbers: readonly number[]): Place {
  const draw = (count: number) => Float64Array.from({ length: count }, (_, i) => numbers[i % numbers.length]!);
  if (optimizer.kind === "gradient") return optimizer.update(draw(W), state, weights, numbers[0]!);
  const next = optimizer.accept(state, draw(optimizer.propose(state).length)).state;
  return { weights: optimizer.weights(next), state: next };
}

const bits = (value: unknown): Buffer => Buffer.from(packState(value));

test.each(Object.keys(OPTIMIZERS))("%s goes on from its packed state bit for bit", (name) => {
  const number = fc.oneof(fc.double({ min: -1e3, max: 1e3, noNaN: true }), fc.constantFrom(0, -0, 5e-324, -1e-310));
  fc.assert(
    fc.property(
      fc.array(number, { minLength: W, maxLength: W }),
      fc.array(fc.array(number, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 6 }),
      fc.nat(6),
      (start, gradients, cut) => {
        const optimizer = OPTIMIZERS[name]!();
        const weights = Float64Array.from(start);
        let straight: Place = { weights, state: optimizer.init(weights) };
        let resumed = straight;
        let resumer = optimizer;
        for (const [i, numbers] of gradients.entries()) {
          if (i === cut) {
            resumed = unpackState(packState(resumed)) as Place;
            resumer = OPTIMIZERS[name]!();
            expect(bits(resumed).equals(bits(straight))).toBe(true);
          }
          straight = step(optimizer, straight, numbers);
          resumed = step(resumer, resumed, numbers);
        }
        expect(bits(resumed).equals(bits(straight))).toBe(true);
        // What is said of a state: it is JSON, too.
        expect(bits(JSON.parse(JSON.stringify(straight.state))).equals(bits(straight.state))).toBe(true);
      },
    ),
    { seed: 1 },
  );
});
