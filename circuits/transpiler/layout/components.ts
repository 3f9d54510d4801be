/** Qubits that interact, directly or over others, as lists; qubits alone are lists of one. Largest first. */
export function components(
  numQubits: number,
  pairs: Iterable<readonly [number, number]>,
): readonly (readonly number[])[] {
  const parent = Int32Array.from({ length: numQubits }, (_, q) => q);
  const root = (q: number): number => {
    let at = q;
    while (parent[at] !== at) at = parent[at]!;
    return at;
  };
  for (const [a, b] of pairs) parent[Math.max(root(a), root(b))] = Math.min(root(a), root(b));
  const lists = new Map<number, number[]>();
  for (let q = 0; q < numQubits; q++) {
    const list = lists.get(root(q));
    if (list === undefined) lists.set(root(q), [q]);
    else list.push(q);
  }
  return [...lists.values()].sort((x, y) => y.length - x.length);
}
