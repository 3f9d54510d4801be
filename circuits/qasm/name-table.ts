/** Hands out names that differ from each other and from the words of the language. */
export class NameTable {
  readonly #taken: Set<string>;
  constructor(reserved: Iterable<string>) {
    this.#taken = new Set(reserved);
  }

  /** The name itself if it is free and fits `pattern`, else the nearest name that does. */
  take(wanted: string, pattern: RegExp): string {
    let name = pattern.test(wanted) ? wanted : `r_${wanted.replace(/[^A-Za-z0-9_]/g, "_")}`;
    while (this.#taken.has(name)) name += "_";
    this.#taken.add(name);
    return name;
  }
}
