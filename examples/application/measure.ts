import type { DemoFigure, DemoRole, DemoRow } from "../../src/cli/demo.ts";
import { meanAndSpread } from "../../src/metrics/index.ts";
import { ASSUMED_WATTS } from "../../src/models/model-card.ts";

/** Tables of applications and cards of models rest on the same assumption. */
export const WATTS = ASSUMED_WATTS;

/** What some work gave, and what it took. */
export interface Measured<Value> {
  readonly value: Value;
  /** Wall time. */
  readonly seconds: number;
  /** Processor time of this process, all its threads together. */
  readonly cpuSeconds: number;
}

export async function measured<Value>(work: () => Value | Promise<Value>): Promise<Measured<Value>> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const value = await work();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { value, seconds, cpuSeconds: (user + system) / 1e6 };
}

/** A model trained and judged from one seed. */
export interface SeedOutcome {
  /** The part's metric. */
  readonly value: number;
  /** Further metrics by name, the same in all rows of a part. */
  readonly also?: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** 0 by default. */
  readonly circuitExecutions?: number;
}

/** A row of a demo's table from the outcomes of its seeds. `quantumSeconds`, where given, are those of one training. */
export function demoRow(
  about: {
    readonly model: string;
    readonly params: number;
    readonly metric: string;
    readonly role?: DemoRole;
    readonly part?: string;
    readonly quantumSeconds?: number;
    readonly jobs?: number;
    readonly costsOf?: "test";
  },
  outcomes: readonly SeedOutcome[],
): DemoRow {
  const mean = (read: (outcome: SeedOutcome) => number): number => meanAndSpread(outcomes.map(read)).mean;
  const values = outcomes.map(({ value }) => value);
  const { mean: value, spread } = meanAndSpread(values);
  const also = Object.keys(outcomes[0]!.also ?? {}).map((metric): DemoFigure => {
    const figure = meanAndSpread(outcomes.map((outcome) => outcome.also![metric]!));
    return { metric, value: figure.mean, spread: figure.spread };
  });
  const cpuSeconds = mean((outcome) => outcome.cpuSeconds);
  return {
    ...about,
    value,
    spread,
    values,
    ...(also.length === 0 ? {} : { also }),
    circuitExecutions: mean(({ circuitExecutions = 0 }) => circuitExecutions),
    seconds: mean(({ seconds }) => seconds),
    cpuSeconds,
    joules: cpuSeconds * WATTS,
  };
}

/** The seeds of a run, counted up from the first. */
export function seedsOf({ seed, seeds }: { readonly seed: number; readonly seeds: number }): readonly number[] {
  return Array.from({ length: seeds }, (_, i) => seed + i);
}
