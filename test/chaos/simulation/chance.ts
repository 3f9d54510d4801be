import type { Rng } from "../../../circuits/index.ts";

/** Draws from a generator of its own. */
export class Chance {
  readonly #rng: Rng;

  constructor(rng: Rng) {
    this.#rng = rng;
  }

  fork(name: string): Chance {
    return new Chance(this.#rng.fork(name));
  }

  /** True with this probability. */
  of(probability: number): boolean {
    return this.#rng.uniform() < probability;
  }

  /** A whole number from `least` to `most`, both included. */
  whole(least: number, most: number): number {
    return least + this.#rng.integer(most - least + 1);
  }

  between(least: number, most: number): number {
    return least + this.#rng.uniform() * (most - least);
  }

  /** From `least` to `most`, each order of magnitude as likely as another. */
  spread(least: number, most: number): number {
    return least * (most / least) ** this.#rng.uniform();
  }

  among<Value>(...values: readonly Value[]): Value {
    return values[this.#rng.integer(values.length)]!;
  }

  /** By their weights. */
  weighted<Value>(values: readonly (readonly [weight: number, value: Value])[]): Value {
    let left = this.#rng.uniform() * values.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, value] of values) {
      left -= weight;
      if (left < 0) return value;
    }
    return values.at(-1)![1];
  }
}
