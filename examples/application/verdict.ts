import type { DemoRole, DemoRow } from "../../src/cli/demo.ts";

/**
 * What a table says about its hybrid row, in a sentence that holds whoever wins: compared with the same without the quantum part and with
 * the best row of the classical ones, whichever that turned out to be, and called a tie where the difference lies within the spread over seeds.
 * @param least what the test rows can tell: a smaller difference is a tie as well; 0 by default
 */
export function verdictOf(
  rows: readonly DemoRow[],
  part?: string,
  better: "higher" | "lower" = "higher",
  least = 0,
): string {
  const own = rows.filter((row) => part === undefined || row.part === part);
  const row = (role: DemoRole): DemoRow | undefined => own.find((candidate) => candidate.role === role);
  const hybrid = row("hybrid");
  if (hybrid === undefined) return "";
  const sign = better === "higher" ? 1 : -1;
  const against = (other: DemoRow | undefined, name: string): readonly string[] => {
    if (other === undefined) return [];
    const gain = (hybrid.value - other.value) * sign;
    const noise = Math.max(hybrid.spread ?? 0, other.spread ?? 0, least);
    const word = Math.abs(gain) <= noise ? "no different from" : gain > 0 ? "better than" : "worse than";
    return [`${word} ${name} (${other.value.toFixed(3)})`];
  };
  const best = own
    .filter(({ role }) => role === "best classical" || role === "without quantum" || role === "equal parameters")
    .sort((a, b) => sign * (b.value - a.value))[0];
  const comparisons = [
    ...against(row("without quantum"), "the same without its quantum part"),
    ...against(row("equal parameters"), "a classical one of as many parameters"),
    ...against(best, "the best classical one"),
  ];
  const [last, ...before] = comparisons.toReversed();
  const list = before.length === 0 ? last : `${before.toReversed().join(", ")} and ${last}`;
  const seeds = hybrid.values.length;
  const spread = seeds === 1 ? ", from one seed, which tells little" : "";
  const name = part === undefined ? "The hybrid" : `${part[0]!.toUpperCase()}${part.slice(1)}: the hybrid`;
  return `${name} (${hybrid.metric} ${hybrid.value.toFixed(3)}) is ${list}${spread}.`;
}
