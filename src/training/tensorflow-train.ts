import type { LayersModel } from "@tensorflow/tfjs-layers";
import { localSimulator } from "../../providers/index.ts";
import { assertBudgetFits } from "./kept-budget.ts";
import { finestPrecision, samplingNow } from "./sampling.ts";
import { planFor } from "./tensorflow-compute.ts";
import { rowsFor, type TrainingData } from "./tensorflow-data.ts";
import { lockForTraining } from "./tensorflow-lock.ts";
import { TrainingLoop, type TrainingRun } from "./tensorflow-loop.ts";
import { compileObjective } from "./tensorflow-objective.ts";
import { checkProvider } from "./tensorflow-predict.ts";
import { checkSettings, checkTrainable } from "./tensorflow-settings.ts";
import { trainingDescription } from "./tensorflow-training-description.ts";
import { planTraining } from "./tensorflow-training-plan.ts";
import type { TrainOptions, TrainResult } from "./train.ts";

export type { TrainingRun } from "./tensorflow-loop.ts";

/** The body of a `train` run. */
export async function executeTraining(
  model: LayersModel,
  data: TrainingData,
  options: TrainOptions,
  run: TrainingRun,
): Promise<TrainResult> {
  const { journal, signal } = run;
  const settings = checkSettings(options);
  checkProvider(options.provider);
  const release = lockForTraining(model);
  const loop = new TrainingLoop(settings, run);
  try {
    loop.plan = planFor(model, options.compute);
    loop.objective = compileObjective(model, options);
    settings.earlyStopping?.checkMonitor(loop.objective.metricNames, options.validation !== undefined);
    checkTrainable(model);
    loop.setRate();
    loop.rows = await rowsFor(model, data);
    if (options.validation !== undefined) loop.validation = await rowsFor(model, options.validation, "validation data");
    const provider = options.provider ?? localSimulator();
    if (journal !== undefined) {
      const { rows, validation, objective } = loop;
      const description = trainingDescription({ model, rows, validation, objective, options, provider });
      await journal.describe(description, () => loop.state());
      await loop.resume(journal);
      if (journal.finished) return (await journal.result()) as TrainResult;
      await assertBudgetFits(journal, provider, {
        replan: (overrides) => planTraining(model, data, { ...options, ...overrides }),
        precision: finestPrecision(options),
        stepsDone: loop.stepsDone,
        mayEndEarly: settings.earlyStopping !== undefined || settings.sampling.adaptive !== undefined,
      });
    }
    loop.quantum = {
      provider: journal?.provider(provider) ?? provider,
      ...samplingNow(options),
      gradient: options.gradient ?? "auto",
      spsa: options.spsa,
      signal,
      tags: [],
    };
    return await loop.run();
  } finally {
    release();
    loop.dispose();
  }
}
