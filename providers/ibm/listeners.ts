import type { Notify } from "./retry.ts";

/** Those who are told, in lines of plain words without secrets, what goes otherwise than it should. */
export class Listeners {
  readonly #all = new Set<Notify>();

  /** @returns ends it */
  add(listener: Notify): () => void {
    // The same function may be given twice.
    const own: Notify = (line) => listener(line);
    this.#all.add(own);
    return () => void this.#all.delete(own);
  }

  readonly tell: Notify = (line) => {
    for (const listener of [...this.#all]) listener(line);
  };
}
