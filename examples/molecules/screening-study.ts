import type { DemoProgress, DemoRow } from "../../src/cli/demo.ts";
import { crossValidate, kFold, standardise } from "../../src/data/index.ts";
import type { LeptonEngine } from "../../src/index.ts";
import { studyEngines } from "../application/engine-study.ts";
import { loadSolubility, solubilityModel } from "./screening.ts";

export const SCREENING = "Solubility in water of 1,282 molecules";

const FOLDS = 3;

interface Network {
  readonly hidden: number;
  readonly learningRate: number;
}

/** As many weights as the hybrid model, and its learning rate. */
const SMALL: Network = { hidden: 5, learningRate: 0.05 };
const CANDIDATES: readonly Network[] = [16, 64].flatMap((hidden) =>
  [0.01, 0.02, 0.05].map((learningRate) => ({ hidden, learningRate })),
);

/** The hybrid model and classical ones on the same descriptors, steps and seeds. */
export async function screen(
  { seeds, steps }: { readonly seeds: readonly number[]; readonly steps: number },
  progress: DemoProgress,
): Promise<readonly DemoRow[]> {
  const data = loadSolubility();
  const hybrid = (seed: number): LeptonEngine => solubilityModel(data, steps, seed);
  const best = await chooseNetwork(data, steps, seeds[0]!, progress);
  const { rows, studied } = await studyEngines(
    {
      part: SCREENING,
      seeds,
      metric: "rmse",
      also: ["r2"],
      names: { rmse: "test RMSE (log mol/l)", r2: "R²" },
      models: [
        { model: "hybrid, 4 qubits", role: "hybrid", build: hybrid, onDevice: true },
        {
          model: "same without the circuit (linear)",
          role: "without quantum",
          build: (seed) => hybrid(seed).with({ quantum: undefined }),
        },
        { model: "4-5-1 network", role: "equal parameters", build: (seed) => network(hybrid(seed), SMALL, steps) },
        {
          model: `4-${best.hidden}-1 network, chosen by cross-validation`,
          role: "best classical",
          build: (seed) => network(hybrid(seed), best, steps),
        },
      ],
    },
    progress,
  );
  for (const { engine } of studied) engine.dispose();
  return rows;
}

/** Without angles to be kept in a range, networks get the descriptors standardised. */
function network(engine: LeptonEngine, { hidden, learningRate }: Network, steps: number): LeptonEngine {
  return engine.with({
    quantum: undefined,
    features: standardise(),
    classical: { hidden: [hidden], activation: "tanh" },
    optimize: { learningRate, steps, batchSize: 32 },
  });
}

/** The network with the least error over folds of the training rows; test rows are not looked at. */
async function chooseNetwork(
  { train }: ReturnType<typeof loadSolubility>,
  steps: number,
  seed: number,
  progress: DemoProgress,
): Promise<Network> {
  let best = { network: CANDIDATES[0]!, error: Number.POSITIVE_INFINITY };
  for (const [i, candidate] of CANDIDATES.entries()) {
    progress.update(`${SCREENING}: cross-validation`, i, CANDIDATES.length);
    let error = 0;
    for (const fold of crossValidate(train, kFold(train, { folds: FOLDS, seed }))) {
      const rows = { train: fold.train, test: fold.validation };
      const trained = network(solubilityModel(rows, steps, seed), candidate, steps);
      await trained.train();
      error += (await trained.evaluate("test")).metrics.rmse! / FOLDS;
      trained.dispose();
    }
    if (error < best.error) best = { network: candidate, error };
  }
  return best.network;
}
