import { TrainingError } from "../errors.ts";
import { NoiseFloor, type NoiseFloorOptions, type NoiseFloorState } from "./noise-floor.ts";

export interface EarlyStoppingOptions {
  /** What is watched at the end of each epoch: "loss", a metric, or one of these with "val_" before it. "val_loss" by default. */
  readonly monitor?: string;
  /** Epochs in a row without improvement after which training ends; by default the first ends it, as does 1. */
  readonly patience?: number;
  /** The least change that counts as improvement; 0 by default. */
  readonly minDelta?: number;
  /** "max" for what should grow; by default "max" for accuracies (names with "acc") and "min" for all else. */
  readonly mode?: "min" | "max";
  /** Puts back the weights of the best epoch; false by default. */
  readonly restoreBest?: boolean;
  /**
   * Ends when the training loss of epochs no longer falls by more than the noise of the quantum layers' samples. Without `monitor`
   * and `patience` nothing else ends the run: "loss" is watched for the best epoch alone.
   */
  readonly noiseFloor?: NoiseFloorOptions;
}

/** What early stopping knows of the epochs so far. */
export interface EarlyStoppingState {
  /** The best value, negated where it should grow; infinite before the first. */
  readonly best: number;
  /** From 1; 0 before the first. */
  readonly bestEpoch: number;
  /** Epochs since. */
  readonly waited: number;
  /** With a noise floor: the losses that are compared. */
  readonly floor?: NoiseFloorState;
}

/** Decides when to stop, from one value an epoch. */
export class EarlyStopping {
  readonly monitor: string;
  readonly restoreBest: boolean;
  readonly #patience: number;
  readonly #minDelta: number;
  readonly #sign: 1 | -1;
  readonly #noiseFloor: NoiseFloor | undefined;
  #floor: NoiseFloorState | undefined;
  #best = Number.POSITIVE_INFINITY;
  #bestEpoch = 0;
  #waited = 0;

  /** @throws TrainingError TRAINING_EARLY_STOPPING */
  constructor(options: EarlyStoppingOptions) {
    const { noiseFloor, minDelta = 0, restoreBest = false } = options;
    const monitor = options.monitor ?? (noiseFloor == null ? "val_loss" : "loss");
    const watches = noiseFloor == null || options.monitor !== undefined || options.patience !== undefined;
    const patience = options.patience ?? (watches ? 0 : Number.MAX_SAFE_INTEGER);
    const mode = options.mode ?? (monitor.includes("acc") ? "max" : "min");
    if (!(Number.isSafeInteger(patience) && patience >= 0) || !(Number.isFinite(minDelta) && minDelta >= 0))
      throw new TrainingError(
        "TRAINING_EARLY_STOPPING",
        `Early stopping needs a patience that is an integer of 0 or more and a minDelta of 0 or more, not ${patience} and ${minDelta}.`,
      );
    if (mode !== "min" && mode !== "max")
      throw new TrainingError(
        "TRAINING_EARLY_STOPPING",
        `The mode of early stopping is "min" or "max", not "${mode}".`,
      );
    this.monitor = monitor;
    this.restoreBest = restoreBest;
    this.#patience = patience;
    this.#minDelta = minDelta;
    this.#sign = mode === "max" ? -1 : 1;
    this.#noiseFloor = noiseFloor == null ? undefined : new NoiseFloor(noiseFloor);
    this.#floor = this.#noiseFloor?.init();
  }

  /** The epoch with the best value, counted from 1; 0 before the first. */
  get bestEpoch(): number {
    return this.#bestEpoch;
  }

  /** All that the next `update` depends on besides the options, as plain data. */
  state(): EarlyStoppingState {
    const floor = this.#floor;
    return {
      best: this.#best,
      bestEpoch: this.#bestEpoch,
      waited: this.#waited,
      ...(floor === undefined ? {} : { floor }),
    };
  }

  /** @throws TrainingError TRAINING_STATE when it is not what `state` returns */
  restore(state: EarlyStoppingState): void {
    const { best, bestEpoch, waited } = state;
    const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
    if (typeof best !== "number" || Number.isNaN(best) || !isCount(bestEpoch) || !isCount(waited))
      throw new TrainingError(
        "TRAINING_STATE",
        "The saved state for early stopping has no best value and epoch. It belongs to another run, or is damaged.",
      );
    this.#best = best;
    this.#bestEpoch = bestEpoch;
    this.#waited = waited;
    this.#floor = state.floor ?? this.#noiseFloor?.init();
  }

  /**
   * Checks that epochs will have what is watched, before any of them is paid for.
   * @param metricNames without the loss
   * @throws TrainingError TRAINING_EARLY_STOPPING
   */
  checkMonitor(metricNames: readonly string[], hasValidation: boolean): void {
    const names = ["loss", ...metricNames];
    const known = hasValidation ? [...names, ...names.map((name) => `val_${name}`)] : names;
    if (!known.includes(this.monitor)) throw this.#unknown(known);
  }

  #unknown(known: readonly string[]): TrainingError {
    return new TrainingError(
      "TRAINING_EARLY_STOPPING",
      `Early stopping watches "${this.monitor}", but an epoch has only: ${known.join(", ")}. Values with val_ need validation data.`,
    );
  }

  /** Notes an epoch's training loss with its standard error; true at the noise floor. */
  isAtNoiseFloor(loss: number, stderr: number): boolean {
    if (this.#noiseFloor === undefined || this.#floor === undefined) return false;
    this.#floor = this.#noiseFloor.observe(this.#floor, loss, stderr);
    return this.#noiseFloor.isReached(this.#floor);
  }

  /**
   * Notes an epoch; `improved` says that it is the best so far.
   * @throws TrainingError TRAINING_EARLY_STOPPING when nothing has the monitored name
   */
  update(
    epoch: number,
    logs: Readonly<Record<string, number>>,
  ): { readonly improved: boolean; readonly stop: boolean } {
    const logged = logs[this.monitor];
    if (logged === undefined) throw this.#unknown(Object.keys(logs));
    const value = this.#sign * logged;
    // An epoch whose value is no number is none to go back to.
    if (value < this.#best - this.#minDelta || (this.#bestEpoch === 0 && Number.isFinite(value))) {
      this.#best = value;
      this.#bestEpoch = epoch;
      this.#waited = 0;
      return { improved: true, stop: false };
    }
    this.#waited++;
    return { improved: false, stop: this.#waited >= Math.max(1, this.#patience) };
  }
}
