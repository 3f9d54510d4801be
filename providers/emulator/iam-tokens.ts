import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { EmulatorClock } from "./clock.ts";

/** Seconds that a bearer token lives, as IBM's do. */
export const TOKEN_SECONDS = 3600;

/**
 * Bearer tokens: JWTs of three parts, signed with the API key, so that they hold beyond a restart under the same key. The
 * key itself is kept as a hash.
 */
export class IamTokens {
  readonly #clock: EmulatorClock;
  readonly #keyHash: Buffer;
  /** Tokens of an earlier generation have been expired on purpose. */
  #generation = 0;
  #issued = 0;

  constructor(apiKey: string, clock: EmulatorClock) {
    this.#clock = clock;
    this.#keyHash = digest(apiKey);
  }

  /** How many tokens were given out. */
  get issued(): number {
    return this.#issued;
  }

  isKey(candidate: string): boolean {
    return timingSafeEqual(digest(candidate), this.#keyHash);
  }

  issue(): { readonly token: string; readonly expiration: number } {
    const iat = Math.floor(this.#clock.now() / 1000);
    const exp = iat + TOKEN_SECONDS;
    const payload = { iam_id: "IBMid-emulator", sub: "emulator", iat, exp, gen: this.#generation, jti: this.#issued++ };
    const head = `${encode({ kid: "emulator", alg: "HS256", typ: "JWT" })}.${encode(payload)}`;
    return { token: `${head}.${this.#sign(head)}`, expiration: exp };
  }

  isValid(token: string): boolean {
    const [header, payload, signature, ...rest] = token.split(".");
    if (header === undefined || payload === undefined || signature === undefined || rest.length > 0) return false;
    if (!timingSafeEqual(digest(this.#sign(`${header}.${payload}`)), digest(signature))) return false;
    const { exp, gen } = JSON.parse(Buffer.from(payload, "base64url").toString()) as { exp: number; gen: number };
    return gen === this.#generation && exp * 1000 > this.#clock.now();
  }

  /** All tokens given out so far stop to hold. */
  expireAll(): void {
    this.#generation++;
  }

  #sign(text: string): string {
    return createHmac("sha256", this.#keyHash).update(text).digest("base64url");
  }
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
