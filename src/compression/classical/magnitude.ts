/** Whether weights are ranked among those of their layer or among all. */
export type PruningScope = "global" | "layer";

/**
 * Which weights stay when a share of them is set to zero by magnitude, the smallest first; of equal ones the earlier go.
 * @param groups one array for each layer
 * @returns for each array a byte a weight, 1 where it stays
 */
export function magnitudeMasks(
  groups: readonly Float32Array[],
  sparsity: number,
  scope: PruningScope,
): readonly Uint8Array[] {
  if (scope === "layer") return groups.map((group) => masksOf([group], sparsity)[0]!);
  return masksOf(groups, sparsity);
}

function masksOf(groups: readonly Float32Array[], sparsity: number): readonly Uint8Array[] {
  const total = groups.reduce((sum, { length }) => sum + length, 0);
  const gone = Math.round(sparsity * total);
  const masks = groups.map(({ length }) => new Uint8Array(length).fill(1));
  if (gone === 0) return masks;
  const magnitudes = new Float32Array(total);
  let at = 0;
  for (const group of groups) for (const value of group) magnitudes[at++] = Math.abs(value);
  const bound = magnitudes.toSorted()[gone - 1]!;
  // All below the bound go, and of those on it as many as are still to go.
  let ties = gone - magnitudes.reduce((count, value) => count + (value < bound ? 1 : 0), 0);
  for (const [i, group] of groups.entries())
    for (const [k, value] of group.entries()) {
      const magnitude = Math.abs(value);
      if (magnitude < bound || (magnitude === bound && ties-- > 0)) masks[i]![k] = 0;
    }
  return masks;
}

/**
 * The sparsity after `step` of `steps` steps of pruning: from `initial` to `final`, fast while there is much to spare, then
 * slower: final + (initial - final)(1 - step/steps)³ (Zhu and Gupta, arXiv 1710.01878, equation 1).
 */
export function cubicSparsity(step: number, steps: number, initial: number, final: number): number {
  if (step >= steps) return final;
  return final + (initial - final) * (1 - step / steps) ** 3;
}
