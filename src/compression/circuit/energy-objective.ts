import type { SparsePauliOp } from "../../../circuits/index.ts";
import { type Backend, localSimulator } from "../../../providers/index.ts";
import { gradientProgram } from "../../gradients/index.ts";
import { adam, type Optimizer } from "../../optimizers/index.ts";
import { minimize } from "../../training/index.ts";
import type { CircuitObjective } from "./objective.ts";
import { checkOptions, checkSetting, type TrainedCircuit } from "./trained-circuit.ts";

export interface EnergyObjectiveOptions {
  /** The local simulator by default. */
  readonly provider?: Backend;
  /** `adam({ learningRate: 0.05 })` by default. */
  readonly optimizer?: Optimizer;
  /** Steps of every fine-tuning; 50 by default. */
  readonly steps?: number;
  /** Target standard error of every value; 0 is exact, and undefined leaves it to the provider. */
  readonly precision?: number;
  /** One row [D], where the circuit has inputs. */
  readonly inputs?: ArrayLike<number>;
  readonly seed?: number;
}

/**
 * The energy of a circuit as what it is compressed for: the sum of its observables' values, fine-tuned by `minimize`. There are no
 * rows, so gates are ranked by what is measured without them or, with criterion "quantum-fisher", by how far the state moves.
 * @throws CompressionError COMPRESSION_OPTION
 */
export function energyObjective(options: EnergyObjectiveOptions = {}): CircuitObjective {
  checkOptions("energyObjective", options, ["provider", "optimizer", "steps", "precision", "inputs", "seed"]);
  const { provider = localSimulator(), steps = 50, precision, inputs = [], seed = 0 } = options;
  const { optimizer = adam({ learningRate: 0.05 }) } = options;
  checkSetting("energyObjective", "steps", steps, Number.isSafeInteger(steps) && steps >= 1, "an integer of 1 or more");
  const exact = precision === undefined ? {} : { precision };
  return {
    async score({ circuit, weights, observables }, signal) {
      const program = gradientProgram(circuit, [total(observables)], { provider, wants: { weights: false }, ...exact });
      const point = { weights, inputs, rows: 1 };
      const { values } = await program.evaluate(point, { seed, ...(signal === undefined ? {} : { signal }) });
      return { loss: values[0]! };
    },
    async fineTune(trained, signal): Promise<TrainedCircuit> {
      const { circuit, weights, observables } = trained;
      if (circuit.numWeights === 0) return trained;
      const run = minimize({
        circuit,
        observable: total(observables),
        optimizer,
        provider,
        steps,
        initial: weights,
        inputs,
        seed,
        ...exact,
        ...(signal === undefined ? {} : { signal }),
      });
      return { ...trained, weights: (await run).weights };
    },
  };
}

function total([first, ...others]: readonly SparsePauliOp[]): SparsePauliOp {
  return others.reduce((sum, observable) => sum.plus(observable), first!);
}
