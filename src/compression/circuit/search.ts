import { CompressionError } from "../../errors.ts";
import type { CircuitObjective, RowScore, Score } from "./objective.ts";
import { checkOptions, checkSetting, type TrainedCircuit } from "./trained-circuit.ts";

/**
 * How much worse than the given circuit a compressed one may be, on validation rows and on those it is trained on:
 * `{ accuracy: -0.01 }` is one point of accuracy, `{ loss: 0.02 }` a loss that is higher by so much.
 */
export type CompressionBudget = { readonly accuracy: number } | { readonly loss: number };

export type CompressionStage = "given" | "reduce" | "shrink" | "remove" | "snap";

/** One circuit that was looked at. */
export interface SearchPoint {
  readonly stage: CompressionStage;
  readonly trained: TrainedCircuit;
  readonly score: Score;
}

/** Told after every circuit that was fine-tuned. */
export interface CompressionProgress {
  readonly stage: CompressionStage;
  /** Circuits fine-tuned so far. */
  readonly fineTunes: number;
  /** Whether this one is within the budget. */
  readonly accepted: boolean;
  readonly score: Score;
  readonly gates: number;
  readonly weights: number;
}

/** What all that search within a budget have in common. */
export interface SearchOptions {
  readonly objective: CircuitObjective;
  readonly budget: CompressionBudget;
  /** Circuits that are fine-tuned at most; 100 by default. */
  readonly maxFineTunes?: number;
  /** Candidates in a row that may fail before a stage ends; 3 by default. */
  readonly patience?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: CompressionProgress) => void;
}

const SEARCH_OPTIONS = "objective budget maxFineTunes patience signal onProgress".split(" ");

/** @throws CompressionError COMPRESSION_OPTION, COMPRESSION_BUDGET */
export function checkSearch(what: string, options: SearchOptions, own: readonly string[] = []): void {
  checkOptions(what, options, [...SEARCH_OPTIONS, ...own]);
  const { objective, budget, maxFineTunes = 1, patience = 1 } = options;
  if (typeof objective?.score !== "function" || typeof objective.fineTune !== "function")
    throw new CompressionError(
      "COMPRESSION_OPTION",
      `${what} needs an objective with score and fineTune, such as energyObjective({ ... }) or rowsObjective({ ... }).`,
    );
  for (const [name, value] of Object.entries({ maxFineTunes, patience }))
    checkSetting(what, name, value, Number.isSafeInteger(value) && value >= 1, "an integer of 1 or more");
  checkBudget(what, budget);
}

/** @throws CompressionError COMPRESSION_BUDGET */
export function checkBudget(what: string, budget: unknown): asserts budget is CompressionBudget {
  const { accuracy, loss, ...others } = (budget ?? {}) as { readonly accuracy?: unknown; readonly loss?: unknown };
  const given = accuracy === undefined ? loss : accuracy;
  const valid =
    typeof given === "number" && Number.isFinite(given) && (accuracy === undefined ? given >= 0 : given <= 0);
  if (!valid || (accuracy !== undefined && loss !== undefined) || Object.keys(others).length > 0)
    throw new CompressionError(
      "COMPRESSION_BUDGET",
      `${what}: the budget is { accuracy: -0.01 }, by how much accuracy may fall, or { loss: 0.02 }, by how much the loss may rise, not ${JSON.stringify(budget)}.`,
    );
}

/** Tries circuits against a budget, and remembers those that keep it. */
export class BudgetedSearch {
  readonly objective: CircuitObjective;
  /** Of the given circuit. */
  readonly base: Score;
  readonly patience: number;
  readonly points: SearchPoint[] = [];
  readonly #options: SearchOptions;
  #fineTunes = 0;

  private constructor(options: SearchOptions, base: Score) {
    this.objective = options.objective;
    this.patience = options.patience ?? 3;
    this.base = base;
    this.#options = options;
  }

  /** @throws CompressionError COMPRESSION_BUDGET where the objective has no accuracy to keep, COMPRESSION_LOSS */
  static async start(options: SearchOptions, trained: TrainedCircuit): Promise<BudgetedSearch> {
    options.signal?.throwIfAborted();
    const base = checkedScore(await options.objective.score(trained, options.signal));
    if ("accuracy" in options.budget && base.accuracy === undefined)
      throw new CompressionError(
        "COMPRESSION_BUDGET",
        "The budget is one of accuracy, but the objective has only a loss; give { loss: 0.02 } or the like.",
      );
    const search = new BudgetedSearch(options, base);
    search.points.push({ stage: "given", trained, score: base });
    return search;
  }

  get fineTunes(): number {
    return this.#fineTunes;
  }
  /** No further circuit may be fine-tuned. */
  get isSpent(): boolean {
    return this.#fineTunes >= (this.#options.maxFineTunes ?? 100);
  }
  get signal(): AbortSignal | undefined {
    return this.#options.signal;
  }

  isWithin(score: Score): boolean {
    return isWithinBudget(this.#options.budget, score, this.base);
  }

  /** A circuit as it is, without training. */
  async score(trained: TrainedCircuit): Promise<Score> {
    this.signal?.throwIfAborted();
    return checkedScore(await this.objective.score(trained, this.signal));
  }

  /** Fine-tunes a circuit; undefined where it is then outside the budget. */
  async attempt(stage: CompressionStage, candidate: TrainedCircuit): Promise<TrainedCircuit | undefined> {
    this.signal?.throwIfAborted();
    this.#fineTunes++;
    const trained = await this.objective.fineTune(candidate, this.signal);
    const score = await this.score(trained);
    const accepted = this.isWithin(score);
    if (accepted) this.points.push({ stage, trained, score });
    const { numWeights, operations } = trained.circuit;
    const gates = operations.length;
    this.#options.onProgress?.({ stage, fineTunes: this.#fineTunes, accepted, score, gates, weights: numWeights });
    return accepted ? trained : undefined;
  }

  /** Notes a circuit that needs no training to be within the budget. */
  note(stage: CompressionStage, trained: TrainedCircuit, score: Score): void {
    this.points.push({ stage, trained, score });
  }
}

/** Whether a score keeps within a budget of another, on training rows too where both tell them. */
export function isWithinBudget(budget: CompressionBudget, score: Score, base: Score): boolean {
  // Accuracies are counts over rows; a budget of exactly one row's worth must not fail by rounding.
  const keeps = (one: RowScore, before: RowScore): boolean =>
    "accuracy" in budget
      ? one.accuracy! >= before.accuracy! + budget.accuracy - 1e-6
      : one.loss <= before.loss + budget.loss;
  return keeps(score, base) && (score.training === undefined || keeps(score.training, base.training!));
}

/** @throws CompressionError COMPRESSION_LOSS */
export function checkedScore(score: Score): Score {
  const isNumbers = (one: RowScore | undefined): boolean =>
    Number.isFinite(one?.loss) && (one!.accuracy === undefined || Number.isFinite(one!.accuracy));
  if (isNumbers(score) && (score.training === undefined || isNumbers(score.training))) return score;
  throw new CompressionError(
    "COMPRESSION_LOSS",
    `The objective scored a circuit with ${JSON.stringify(score)}; a score is { loss, accuracy? } of finite numbers.`,
  );
}
