/** Of snapshots larger than this the last few are kept, and those of epochs; of others, as many as take so many bytes. */
const LARGE_BYTES = 256 * 1024;
const KEPT_LARGE = 3;
const KEPT_BYTES = 64 * 1024 * 1024;
/** So many are dropped at once: each time costs a write to the disk. */
const DROPPED_AT_ONCE = 16;

/** The snapshots of a run's steps that a fork can still begin at. */
export class KeptSnapshots {
  readonly #hashes: string[];

  /** @param hashes of all steps so far, oldest first; some may be dropped already */
  constructor(hashes: readonly string[]) {
    this.#hashes = [...hashes];
  }

  /** Takes up the newest, and says which are to be dropped for it. */
  add(hash: string, bytes: number): readonly string[] {
    this.#hashes.push(hash);
    const isLarge = bytes > LARGE_BYTES;
    const surplus = this.#hashes.length - (isLarge ? KEPT_LARGE : Math.floor(KEPT_BYTES / bytes));
    if (surplus < (isLarge ? 1 : DROPPED_AT_ONCE)) return [];
    // A step that changes nothing leaves the same bytes as the one before.
    return this.#hashes.splice(0, surplus).filter((old) => !this.#hashes.includes(old));
  }
}
