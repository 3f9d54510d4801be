import { ObservableError } from "./errors.ts";

/** A label and its coefficient. */
export type LabelPair = readonly [label: string, coefficient: number];

// No two neighbours of the pattern can match the same blank or digit, so a long hostile text costs linear time.
const TERM = /\s*(?:([+-])\s*)?(?:([+-]?)((?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*(?:\*\s*)?)?([IXYZ]+)\s*/y;

/** The terms of a text such as `"1.0*ZZI + -0.5*XXI - YII"`. @throws ObservableError OBSERVABLE_TEXT naming the column */
export function readTerms(text: string): readonly LabelPair[] {
  if (typeof text !== "string")
    throw new ObservableError("OBSERVABLE_TEXT", `An observable is read from a text, not from ${typeof text}.`);
  const list: LabelPair[] = [];
  TERM.lastIndex = 0;
  while (TERM.lastIndex < text.length || list.length === 0) {
    const start = TERM.lastIndex;
    const match = TERM.exec(text);
    if (match === null || (list.length > 0 && match[1] === undefined))
      throw new ObservableError(
        "OBSERVABLE_TEXT",
        `Cannot read "${text}" as an observable at column ${start + 1}; write for example "1.0*ZZI + 0.5*XXI".`,
      );
    const [, operator, sign, number = 1, label] = match;
    list.push([label!, (operator === "-" ? -1 : 1) * (sign === "-" ? -1 : 1) * Number(number)]);
  }
  return list;
}

/** What `SparsePauliOp.fromLabels` takes, as pairs. @throws ObservableError OBSERVABLE_LABEL, OBSERVABLE_EMPTY */
export function labelPairs(
  labels: string | readonly LabelPair[] | Readonly<Record<string, number>>,
): readonly LabelPair[] {
  if (typeof labels !== "string" && (typeof labels !== "object" || labels === null))
    throw new ObservableError("OBSERVABLE_LABEL", `An observable is made from labels, not from ${String(labels)}.`);
  const list: readonly LabelPair[] =
    typeof labels === "string" ? [[labels, 1]] : Array.isArray(labels) ? labels : Object.entries(labels);
  if (list.length === 0)
    throw new ObservableError(
      "OBSERVABLE_EMPTY",
      "An observable from labels needs at least one; use SparsePauliOp.zero(n).",
    );
  for (const pair of list)
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== "string")
      throw new ObservableError(
        "OBSERVABLE_LABEL",
        `A list of labels holds pairs of label and coefficient, such as [["ZZ", 1], ["XX", 0.5]], but here is ${JSON.stringify(pair)}.`,
      );
  return list;
}
