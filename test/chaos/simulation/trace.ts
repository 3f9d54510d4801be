/** What happened in a simulated run, in order: hashed, so that two runs can be compared, and kept where somebody wants to read it. */
export class Trace {
  readonly lines: string[] | undefined;
  events = 0;
  #first = 0x811c9dc5;
  #second = 0x9747b28c;

  constructor({ keep = false }: { readonly keep?: boolean } = {}) {
    this.lines = keep ? [] : undefined;
  }

  note(at: number, words: string): void {
    this.events++;
    const line = `${at} ${words}`;
    for (let i = 0; i < line.length; i++) {
      const code = line.charCodeAt(i);
      this.#first = Math.imul(this.#first ^ code, 0x01000193);
      this.#second = Math.imul((this.#second << 5) ^ (this.#second >>> 27) ^ code, 0x5bd1e995);
    }
    this.lines?.push(line);
  }

  get hash(): string {
    const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, "0");
    return hex(this.#first) + hex(this.#second);
  }
}
