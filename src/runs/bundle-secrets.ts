const MARK = "[hidden]";
/** Shorter ones would be found in ordinary words. */
const SHORTEST = 8;
const SECRET_VARIABLE = /TOKEN|KEY|SECRET|PASSW|CREDENTIAL|CRN|INSTANCE/i;
/** What has the form of a secret wherever it stands: names of instances, passwords in addresses, web tokens, headers. */
const BY_FORM: readonly (readonly [pattern: RegExp, shown: string])[] = [
  [/\bcrn:[^\s"'`<>]+/gi, MARK],
  [/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@"'`]*@/gi, `$1${MARK}@`],
  [/\beyJ[\w-]*\.[\w-]+\.[\w-]*/g, MARK],
  [/\b(bearer|apikey)([ =:]+)[^\s"'`,;&]+/gi, `$1$2${MARK}`],
];
/** In a program: a text that is given to what is named like a secret, and any text that looks drawn at random. */
const IN_PROGRAMS: readonly RegExp[] = [
  /\w*(?:token|api_?key|passw|secret|crn|instance)\w*["'`]?\s*[:=]\s*["'`][^"'`\s]{8,}["'`]/i,
  /["'`](?=[^"'`]*\d)(?=[^"'`]*[a-z])[\w+/=-]{40,}["'`]/i,
];

type Environment = Readonly<Record<string, string | undefined>>;

/** The text without what has the form of a secret, and without the values of variables that are named like one. */
export function withoutSecrets(text: string, environment: Environment = process.env): string {
  let shown = text;
  for (const secret of secretsOf(environment)) shown = shown.replaceAll(secret, MARK);
  for (const [pattern, mark] of BY_FORM) shown = shown.replaceAll(pattern, mark);
  return shown;
}

/** The first line of a program, from 1, that may hold a secret; undefined where none does. */
export function secretLine(program: string, environment: Environment = process.env): number | undefined {
  const lines = program.split("\n");
  const at = lines.findIndex(
    (line) => withoutSecrets(line, environment) !== line || IN_PROGRAMS.some((pattern) => pattern.test(line)),
  );
  return at < 0 ? undefined : at + 1;
}

/** The longest first: one may be part of another. */
function secretsOf(environment: Environment): readonly string[] {
  return Object.entries(environment)
    .flatMap(([name, value = ""]) => (SECRET_VARIABLE.test(name) && value.length >= SHORTEST ? [value] : []))
    .sort((a, b) => b.length - a.length);
}
