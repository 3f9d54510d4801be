/** Something to be judged by, and which way is better. */
export interface Criterion<Item> {
  readonly of: (item: Item) => number | undefined;
  readonly better: "less" | "more";
}

/**
 * The items that none of the others beats: none is at least as good by all criteria and better by one. Of equal ones the first
 * stays. What has no value by a criterion counts as worst.
 */
export function paretoFront<Item>(items: readonly Item[], criteria: readonly Criterion<Item>[]): readonly Item[] {
  const rows = items.map((item) =>
    criteria.map(({ of, better }) => {
      const value = of(item);
      return value === undefined ? Number.POSITIVE_INFINITY : better === "less" ? value : -value;
    }),
  );
  return items.filter((_, index) => {
    const own = rows[index]!;
    return !rows.some((other, at) => {
      if (at === index || !other.every((value, k) => value <= own[k]!)) return false;
      return other.some((value, k) => value < own[k]!) || at < index;
    });
  });
}
