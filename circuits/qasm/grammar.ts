/** What the expressions of a version of OpenQASM are made of. */
export interface Grammar {
  /** Binding strength of the binary operators; `right` marks those that group from the right. */
  readonly binary: ReadonlyMap<string, number>;
  readonly power: string;
  readonly unary: ReadonlySet<string>;
  readonly types: ReadonlySet<string>;
  readonly keywords: ReadonlySet<string>;
  readonly pragmas: boolean;
}

const levels = (rows: readonly string[]): ReadonlyMap<string, number> =>
  new Map(rows.flatMap((row, index) => row.split(" ").map((operator) => [operator, index + 1] as const)));

export const GRAMMAR_2 = {
  binary: levels(["+ -", "* /"]),
  power: "^",
  unary: new Set(["-", "+"]),
  types: new Set<string>(),
  pragmas: false,
} as const;

export const GRAMMAR_3 = {
  binary: levels(["||", "&&", "|", "^", "&", "== !=", "< > <= >=", "<< >>", "+ - ++", "* / %"]),
  power: "**",
  unary: new Set(["-", "!", "~"]),
  types: new Set("int uint float angle bit bool complex duration array".split(" ")),
  pragmas: true,
} as const;
