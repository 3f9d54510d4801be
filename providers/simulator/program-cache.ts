/**
 * Compiled programs by key, the least recently used dropped first. The newest is always kept; all together hold at most
 * `maxWeight` (amplitudes of their states).
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

  /** The program of this key, made when it is not there. Room is made before, so that the old states can be freed. */
  get(key: string, weight: number, make: () => Program): Program {
    const found = this.#entries.get(key);
    if (found !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, found);
      return found.program;
    }
    for (const [oldest, entry] of this.#entries) {
      if (this.#entries.size < this.#maxEntries && this.#weight + weight <= this.#maxWeight) break;
      this.#entries.delete(oldest);
      this.#weight -= entry.weight;
    }
    const program = make();
    this.#entries.set(key, { program, weight });
    this.#weight += weight;
    return program;
  }
}
