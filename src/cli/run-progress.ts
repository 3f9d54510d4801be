import { oneLine } from "../runs/history.ts";
import type { MinimizeStep } from "../training/minimize-options.ts";
import type { StepReport } from "../training/train.ts";
import type { Io } from "./io.ts";
import { createProgress } from "./progress.ts";
import { formatNumber } from "./text.ts";

/** Shows how a run goes on, and what it waits for. */
export interface RunProgress {
  step(report: StepReport | MinimizeStep, total: number | undefined): void;
  activity(words: string): void;
  note(text: string): void;
  end(): void;
}

/** Where lines stay, words that change with every poll come no more often. */
const WORDS_EVERY_MS = 60_000;

export function runProgress(io: Io, label: string, now: () => number = () => performance.now()): RunProgress {
  const progress = createProgress(io, now);
  let last: { done: number; total: number; note: string } | undefined;
  let toldAt = Number.NEGATIVE_INFINITY;
  return {
    step(report, total) {
      // Steps of earlier processes come before it is known how many there will be.
      if (total === undefined) return;
      const note = "loss" in report ? `loss ${formatValue(report.loss)}` : `value ${formatValue(report.value)}`;
      last = { done: report.step, total, note };
      progress.update(label, report.step, total, note);
    },
    activity(words) {
      const told = oneLine(words);
      if (io.interactive) {
        const { done, total, note } = last ?? { done: 0, total: 1, note: "" };
        // A full bar would say that the run is done.
        progress.update(label, Math.min(done, total - 1e-9), total, note === "" ? told : `${note}, ${told}`);
      } else if (now() - toldAt >= WORDS_EVERY_MS) {
        toldAt = now();
        progress.note(told);
      }
    },
    note: (text) => progress.note(text),
    end: () => progress.end(),
  };
}

function formatValue(value: number): string {
  return formatNumber(Number(value.toPrecision(6)));
}
