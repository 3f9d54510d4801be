import { describeValue } from "./describe-value.ts";
import { ParameterError } from "./errors.ts";

/**
 * A seeded random generator (sfc32) that is forked by name. A fork depends only on the seed and the path of names, never
 * on how much was drawn before, so the order of work does not change what is drawn. Same seed, same numbers everywhere.
 */
export class Rng {
  readonly #key: string;
  readonly #state: Uint32Array;

  private constructor(key: string, state: Uint32Array) {
    this.#key = key;
    this.#state = state;
  }

  /** @throws ParameterError SEED unless `seed` is a safe integer or a string */
  static seed(seed: number | string): Rng {
    checkName("A seed", seed);
    return Rng.#fromKey(`${typeof seed}:${JSON.stringify(seed)}`);
  }

  /**
   * An independent generator for the given path of names, such as `fork("step", 12)`.
   * @throws ParameterError SEED unless each name is a safe integer or a string
   */
  fork(...path: readonly (string | number)[]): Rng {
    for (const part of path) checkName("A name in the path of a fork", part);
    return Rng.#fromKey(`${this.#key}/${path.map((part) => JSON.stringify(part)).join("/")}`);
  }

  static #fromKey(key: string): Rng {
    const state = hash128(key);
    const rng = new Rng(key, state);
    for (let i = 0; i < 15; i++) rng.uint32();
    return rng;
  }

  /** Everything that decides the next draw; `Rng.restore` goes on from there. */
  save(): { readonly key: string; readonly state: readonly number[] } {
    return { key: this.#key, state: [...this.#state] };
  }
  /** @throws ParameterError RNG_STATE when `saved` is not what `save` returns */
  static restore(saved: { readonly key: string; readonly state: readonly number[] }): Rng {
    const { key, state } = saved;
    const isWord = (word: number) => Number.isSafeInteger(word) && word >= 0 && word <= 0xffff_ffff;
    if (typeof key !== "string" || !Array.isArray(state) || state.length !== 4 || !state.every(isWord))
      throw new ParameterError("RNG_STATE", "A saved generator has a key and four 32-bit words of state.");
    return new Rng(saved.key, Uint32Array.from(saved.state));
  }

  /** 32 random bits. */
  uint32(): number {
    const s = this.#state;
    const sum = (s[0]! + s[1]! + s[3]!) | 0;
    s[3] = s[3]! + 1;
    s[0] = s[1]! ^ (s[1]! >>> 9);
    s[1] = (s[2]! + (s[2]! << 3)) | 0;
    s[2] = ((s[2]! << 21) | (s[2]! >>> 11)) + sum;
    return sum >>> 0;
  }

  /** Uniform in [0, 1) with 53 random bits. */
  uniform(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 67_108_864 + low) / 9_007_199_254_740_992;
  }

  /** Uniform integer in [0, bound), without bias. @throws ParameterError RNG_BOUND unless bound is 1 to 2^32 */
  integer(bound: number): number {
    if (!Number.isSafeInteger(bound) || bound < 1 || bound > 4_294_967_296)
      throw new ParameterError("RNG_BOUND", `A random integer needs a bound from 1 to 2^32, not ${bound}.`);
    const limit = 4_294_967_296 - (4_294_967_296 % bound);
    for (;;) {
      const draw = this.uint32();
      if (draw < limit) return draw % bound;
    }
  }

  /** Standard normal (Box-Muller; two uniforms a draw, so that no spare value is hidden state). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** A random order of 0 .. length-1 (Fisher-Yates). */
  permutation(length: number): Int32Array {
    const order = Int32Array.from({ length }, (_, i) => i);
    for (let i = length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const kept = order[i]!;
      order[i] = order[j]!;
      order[j] = kept;
    }
    return order;
  }
}

/** Anything else would be written alike for different values (NaN and Infinity are both null), or be a slip. */
function checkName(what: string, value: unknown): void {
  if (typeof value !== "string" && !Number.isSafeInteger(value))
    throw new ParameterError("SEED", `${what} must be a safe integer or a string, not ${describeValue(value)}.`);
}

/** Four 32-bit words from a text: FNV-1a streams with different offsets and a murmur finaliser each. */
function hash128(text: string): Uint32Array {
  const words = new Uint32Array(4);
  for (let word = 0; word < 4; word++) {
    let h = (0x811c9dc5 ^ Math.imul(word + 1, 0x9e3779b1)) >>> 0;
    for (let i = 0; i < text.length; i++) {
      h = Math.imul(h ^ (text.charCodeAt(i) & 0xff), 0x01000193);
      h = Math.imul(h ^ (text.charCodeAt(i) >>> 8), 0x01000193);
    }
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    words[word] = h ^ (h >>> 16);
  }
  return words;
}
