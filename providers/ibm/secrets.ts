/** Texts shorter than this are not looked for: they would be found in ordinary words. */
const SHORTEST = 6;
const LONGEST_TEXT = 2000;
const MARK = "[hidden]";
/** Secrets that are known by their form: what follows the name of a scheme, web tokens, resource names. */
const BY_FORM: readonly (readonly [RegExp, string])[] = [
  [/\b(bearer|apikey)[ =]+[^\s"',;&]+/gi, `$1 ${MARK}`],
  [/\beyJ[\w-]*\.[\w-]+\.[\w-]*/g, MARK],
  [/\bcrn:v1:[^\s"',;]*/gi, MARK],
];

/**
 * The one place where texts from outside lose what must not be shown: the API key, tokens and the instance's CRN, as they
 * are, percent-encoded or in base64, and control characters that a terminal would obey.
 */
export class Secrets {
  readonly #forms = new Set<string>();

  constructor(...secrets: readonly string[]) {
    for (const secret of secrets) this.add(secret);
  }

  add(secret: string): void {
    if (secret.length < SHORTEST) return;
    for (const form of [secret, encodeURIComponent(secret), ...base64Forms(secret)]) this.#forms.add(form);
  }

  /** The text without secrets and control characters, cut to 2000 characters. */
  redact(text: string): string {
    let shown = text;
    // The longest first: a secret may be part of another.
    for (const form of [...this.#forms].sort((a, b) => b.length - a.length)) shown = shown.replaceAll(form, MARK);
    shown = withoutForms(shown);
    return shown.length > LONGEST_TEXT ? `${shown.slice(0, LONGEST_TEXT)}…` : shown;
  }
}

/** The text without what has the form of a secret, and without control characters; lines and tabs stay. */
export function withoutForms(text: string): string {
  let shown = text;
  for (const [pattern, mark] of BY_FORM) shown = shown.replaceAll(pattern, mark);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return shown.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "");
}

/** What can be seen of a secret in the base64 of a text that holds it, at each of the three places it can begin. */
function base64Forms(secret: string): string[] {
  return [0, 1, 2].flatMap((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), Buffer.from(secret)]).toString("base64");
    // The first and last characters also depend on what stands around the secret.
    const seen = encoded.slice(shift === 0 ? 0 : shift + 1, Math.floor(((shift + Buffer.byteLength(secret)) * 8) / 6));
    return [seen, seen.replaceAll("+", "-").replaceAll("/", "_")];
  });
}
