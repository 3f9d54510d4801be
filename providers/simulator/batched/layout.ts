/** Where a program keeps its arrays in linear memory: addresses handed out one after another, all aligned to a unit. */
export class Layout {
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** The address of a new array of so many bytes. */
  take(bytes: number): number {
    const address = this.#bytes;
    this.#bytes += Math.ceil(bytes / 16) * 16;
    return address;
  }
}
