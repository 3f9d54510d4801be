import {
  type Angle,
  Circuit,
  type CompiledCircuit,
  circuitMatrix,
  GATES,
  type GateName,
  gateSpec,
  input,
  type Rng,
  Target,
  weight,
} from "../../circuits/index.ts";

/** Edges of a small device: a line, or a heavy hexagon of 12 with a spur. */
export const line = (size: number): readonly (readonly [number, number])[] =>
  Array.from({ length: size - 1 }, (_, i) => [i, i + 1] as const);

export const BASES = {
  cz: ["cz", "rz", "sx", "x"],
  cx: ["cx", "rz", "sx", "x"],
  ecr: ["ecr", "rz", "sx", "x"],
  fractional: ["cz", "rz", "sx", "x", "rx", "rzz"],
} as const;

export function lineTarget(size: number, basis: keyof typeof BASES = "cz"): Target {
  return Target.fromEdges(size, line(size), BASES[basis]);
}

/** A device whose entangler works in one direction only. */
export function directedTarget(size: number, gate: "cx" | "ecr"): Target {
  return Target.fromIbm({
    backend_name: "directed",
    n_qubits: size,
    basis_gates: [gate, "rz", "sx", "x"],
    coupling_map: line(size).map(([a, b]) => (a % 2 === 0 ? [a, b] : [b, a]) as [number, number]),
    supported_instructions: ["measure", "delay", "reset", "if_else"],
  });
}

/**
 * How far a compiled circuit is from its source, both bound: the largest entry of |compiled - source| after the layout and the
 * best global phase, all other qubits of the device starting and ending in |0⟩. For devices of at most 10 qubits.
 */
export function distanceFromSource(source: Circuit, compiled: CompiledCircuit, isa: Circuit): number {
  const small = circuitMatrix(source);
  const large = circuitMatrix(isa);
  const size = 2 ** source.numQubits;
  const full = 2 ** isa.numQubits;
  const placed = (index: number, layout: readonly number[]): number =>
    layout.reduce((sum, qubit, bit) => sum + (((index >> bit) & 1) << qubit), 0);
  const pairs: [number, number, number, number][] = [];
  let outside = 0;
  for (let column = 0; column < size; column++) {
    const from = placed(column, compiled.initialLayout);
    const inside = new Set<number>();
    for (let row = 0; row < size; row++) {
      const to = placed(row, compiled.finalLayout);
      inside.add(to);
      const a = 2 * (row * size + column);
      const b = 2 * (to * full + from);
      pairs.push([small[a]!, small[a + 1]!, large[b]!, large[b + 1]!]);
    }
    for (let row = 0; row < full; row++)
      if (!inside.has(row))
        outside = Math.max(outside, Math.hypot(large[2 * (row * full + from)]!, large[2 * (row * full + from) + 1]!));
  }
  let re = 0;
  let im = 0;
  for (const [ar, ai, br, bi] of pairs) {
    re += ar * br + ai * bi;
    im += ai * br - ar * bi;
  }
  const norm = Math.hypot(re, im) || 1;
  const [c, s] = [re / norm, im / norm];
  return pairs.reduce(
    (worst, [ar, ai, br, bi]) => Math.max(worst, Math.hypot(ar - (c * br - s * bi), ai - (s * br + c * bi))),
    outside,
  );
}

/** The source and the compiled circuit bound to one row of values. */
export function boundPair(compiled: CompiledCircuit, row: Float64Array): { source: Circuit; isa: Circuit } {
  const { source, circuit } = compiled;
  let at = 0;
  const values: Record<string, number | readonly number[]> = {};
  for (const vector of source.vectors) {
    const own = [...row.subarray(at, at + vector.size)];
    at += vector.size;
    values[vector.name] = vector.shape.length === 0 ? own[0]! : own;
  }
  const angles = compiled.bindRows(row, 1);
  return {
    source: source.bind(values),
    isa: circuit.parameters.length === 0 ? circuit : circuit.bind({ isa: [...angles] }),
  };
}

/** A random circuit over the gate table whose angles are numbers or sums of parameters. */
export function randomParametrized(rng: Rng, numQubits: number, numGates: number): Circuit {
  const x = input("x", 3);
  const w = weight("w", [2, 2]);
  const leaves = [...x, ...w];
  const names = (Object.keys(GATES) as GateName[]).filter((name) => GATES[name].numQubits <= Math.min(numQubits, 2));
  const angle = (): Angle => {
    const leaf = leaves[rng.integer(leaves.length)]!;
    switch (rng.integer(5)) {
      case 0:
        return [Math.PI, Math.PI / 2, rng.normal(), 0][rng.integer(4)]!;
      case 1:
        return leaf.times(-0.5).plus(rng.normal());
      case 2:
        return leaf.times(leaves[rng.integer(leaves.length)]!);
      case 3:
        return leaf.plus(leaves[rng.integer(leaves.length)]!);
      default:
        return leaf;
    }
  };
  return Circuit.build(numQubits, (c) => {
    c.declare(x, w);
    for (let i = 0; i < numGates; i++) {
      const name = names[rng.integer(names.length)]!;
      const { numParams, numQubits: own } = gateSpec(name);
      c.gate(name, Array.from({ length: numParams }, angle), [...rng.permutation(numQubits)].slice(0, own));
    }
  });
}
