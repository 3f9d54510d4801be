/**
 * Compiled programs by key, the least recently used dropped first. The newest is always kept; all together weigh at most
 * `maxWeight`.
 */
export class ProgramCache<Program> {
  readonly #maxEntries: number;
  readonly #maxWeight: number;
  readonly #entries = new Map<string, { readonly program: Program; readonly weight: number }>();
  #weight = 0;

  constructor(maxEntries: number, maxWeight: number) {
    this.#maxEntries = maxEntries;
    this.#maxWeight = maxWeight;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The program of this key, made and weighed when it is not there. */
  get(key: string, make: () => Program, weigh: (program: Program) => number): Program {
    const found = this.#entries.get(key);
    if (found !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, found);
      return found.program;
    }
    const program = make();
    const weight = weigh(program);
    for (const [oldest, entry] of this.#entries) {
      if (this.#entries.size < this.#maxEntries && this.#weight + weight <= this.#maxWeight) break;
      this.#entries.delete(oldest);
      this.#weight -= entry.weight;
    }
    this.#entries.set(key, { program, weight });
    this.#weight += weight;
    return program;
  }
}
