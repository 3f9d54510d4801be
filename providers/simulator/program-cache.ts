/**
 * Compiled programs by key, the least recently used dropped first. The newest is always kept; all together weigh at most
 * `maxBytes`. Programs hold tables, whose size is bounded for each of them, and no states.
 */
export class ProgramCache {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #entries = new Map<string, { readonly program: object; readonly bytes: number }>();
  #bytes = 0;

  constructor(maxEntries: number, maxBytes: number) {
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** What all programs weigh. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The program of this key, which must name its type too; made where it is not there. */
  get<Program extends { readonly bytes: number }>(key: string, make: () => Program): Program {
    const found = this.#entries.get(key);
    if (found !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, found);
      return found.program as Program;
    }
    const program = make();
    // Keys list observables, so that long ones weigh something too.
    const bytes = program.bytes + 2 * key.length;
    for (const [oldest, entry] of this.#entries) {
      if (this.#entries.size < this.#maxEntries && this.#bytes + bytes <= this.#maxBytes) break;
      this.#entries.delete(oldest);
      this.#bytes -= entry.bytes;
    }
    this.#entries.set(key, { program, bytes });
    this.#bytes += bytes;
    return program;
  }
}
