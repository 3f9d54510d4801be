import fc from "fast-check";
import {
  type Angle,
  abs,
  acos,
  add,
  asin,
  atan,
  Circuit,
  type CircuitBuilder,
  circuitMatrix,
  cos,
  type DurationUnit,
  divide,
  exp,
  GATES,
  type GateName,
  gateSpec,
  input,
  ln,
  multiply,
  negate,
  type Parameter,
  pow,
  Rng,
  sin,
  sqrt,
  subtract,
  tan,
  tanh,
  weight,
} from "../../circuits/index.ts";

export interface RandomCircuitOptions {
  readonly numQubits: number;
  readonly numOperations: number;
  /** Free parameters with awkward names; without, all angles are numbers. */
  readonly parameters?: boolean;
  /** Functions and powers in the expressions of parameters, not only + - * /. */
  readonly functions?: boolean;
  /** Measurements, resets, delays and conditions: none, those of OpenQASM 2, or all. */
  readonly dynamic?: "none" | "openqasm2" | "all";
  /** Dense unitaries beside the gates of the table. */
  readonly unitaries?: boolean;
}

const BINARY = [add, subtract, multiply, divide];
const UNARY = [sin, cos, tan, tanh, asin, acos, atan, exp, ln, sqrt, abs];
const UNITS: readonly DurationUnit[] = ["dt", "ns", "us", "ms", "s"];

/**
 * A random circuit over the whole gate table, with further controls of either sign, shared and composed parameters of
 * both roles and of all shapes, and dynamic operations. Names are chosen to clash with gates and words of OpenQASM.
 */
export function randomCircuit(rng: Rng, options: RandomCircuitOptions): Circuit {
  const { numQubits, numOperations, parameters = true, functions = true, dynamic = "none", unitaries = true } = options;
  const vectors = [input("x", 3), weight("w", [2, 2]), input("t").vector, weight("pi").vector, weight("θ_1").vector];
  const leaves: readonly Parameter[] = vectors.flatMap((vector) => [...vector]);
  const pick = <Item>(items: readonly Item[]): Item => items[rng.integer(items.length)]!;
  const number = (): number => pick([rng.normal() * 3, Math.PI / 2, rng.integer(7) - 3, rng.normal() * 1e-3, 1e3]);
  const finite = (angle: Angle): Angle => (typeof angle === "number" && !Number.isFinite(angle) ? 0.5 : angle);
  const expression = (depth: number): Angle => finite(anyExpression(depth));
  const anyExpression = (depth: number): Angle => {
    if (depth === 0 || rng.integer(4) === 0) return rng.integer(3) === 0 ? number() : pick(leaves);
    switch (rng.integer(functions ? 4 : 2)) {
      case 0: {
        const left = expression(depth - 1);
        const right = nonZero(depth);
        // Qiskit cannot load a gate argument that simplifies to 0.
        return left === right ? add(left, right) : pick(BINARY)(left, right);
      }
      case 1:
        return negate(expression(depth - 1));
      case 2:
        return pick(UNARY)(pick(leaves));
      default:
        return pow(expression(depth - 1), pick([2, -1, 0.5, pick(leaves)]));
    }
  };
  const nonZero = (depth: number): Angle => {
    const found = expression(depth - 1);
    return found === 0 ? 1.25 : found;
  };
  const angle = (): Angle => (parameters ? expression(3) : rng.normal() * 3);
  const gateNames = (Object.keys(GATES) as GateName[]).filter((name) => GATES[name].numQubits <= numQubits);
  const registers = ["c", "x", "if", "Meas_9"];

  const gate = (c: CircuitBuilder): void => {
    const name = pick(gateNames);
    const { numParams, numQubits: own } = gateSpec(name);
    const numControls = Math.min(numQubits - own, pick([0, 0, 0, 1, 2, 3]));
    const qubits = [...rng.permutation(numQubits)].slice(0, own + numControls);
    const controlState = rng.integer(2 ** numControls);
    c.gate(name, Array.from({ length: numParams }, angle), qubits, { numControls, controlState });
  };
  const unitary = (c: CircuitBuilder): void => {
    const targets = [...rng.permutation(numQubits)].slice(0, 1 + rng.integer(Math.min(3, numQubits)));
    const inner = Circuit.build(targets.length, (u) => {
      for (let layer = 0; layer < 3; layer++)
        for (let q = 0; q < targets.length; q++) {
          u.u(rng.normal(), rng.normal(), rng.normal(), q).gphase(rng.normal());
          if (q > 0) u.cx(q - 1, q);
        }
    });
    c.unitary(circuitMatrix(inner), targets, pick(["unitary", "Haar †", "it's 100%"]));
  };
  const branch = (depth: number, whole: boolean) => (c: CircuitBuilder) => {
    const count = rng.integer(3);
    // In OpenQASM 2 each statement of a branch reads the register again, so only the last may write it.
    for (let k = 0; k < count; k++)
      if (whole) (k + 1 === count ? pick([gate, gate, measure]) : pick([gate, gate, barrier]))(c);
      else add_(c, depth);
  };
  const measure = (c: CircuitBuilder): void => {
    c.measure(rng.integer(numQubits), rng.integer(6));
  };
  const barrier = (c: CircuitBuilder): void => {
    c.barrier(...[...rng.permutation(numQubits)].slice(0, rng.integer(numQubits + 1)));
  };
  const condition = (c: CircuitBuilder, depth: number): void => {
    if (dynamic === "openqasm2") {
      const [offset, size] = pick([
        [0, 1],
        [1, 3],
        [4, 2],
      ] as const);
      const clbits = Array.from({ length: size }, (_, i) => offset + i);
      c.branch(clbits, rng.integer(2 ** size + 1), branch(depth, true));
      return;
    }
    const start = rng.integer(6);
    const clbits = pick([
      [start],
      [1, 2, 3],
      [...rng.permutation(6)].slice(0, 1 + rng.integer(5)),
      Array.from({ length: 6 - start }, (_, i) => start + i),
    ]);
    const otherwise = rng.integer(2) === 0 ? undefined : branch(depth - 1, false);
    c.if(clbits, rng.integer(2 ** clbits.length), branch(depth - 1, false), otherwise);
  };
  const add_ = (c: CircuitBuilder, depth: number): void => {
    switch (dynamic === "none" ? rng.integer(7) : rng.integer(12)) {
      case 5:
        barrier(c);
        break;
      case 6:
        if (unitaries) unitary(c);
        else gate(c);
        break;
      case 7:
        measure(c);
        break;
      case 8:
        c.reset(rng.integer(numQubits));
        break;
      case 9:
        if (dynamic === "openqasm2") gate(c);
        else {
          const unit = pick(UNITS);
          c.delay(unit === "dt" ? rng.integer(1000) : rng.uniform() * 100, unit, rng.integer(numQubits));
        }
        break;
      case 10:
        if (depth > 0) condition(c, depth);
        else gate(c);
        break;
      default:
        gate(c);
    }
  };
  return Circuit.build(numQubits, (c) => {
    if (parameters) c.declare(...vectors.slice(0, 1 + rng.integer(vectors.length)));
    if (dynamic !== "none")
      for (const [i, size] of [1, 3, 2].entries())
        c.register(registers[(i + rng.integer(2)) % 4]! + (i === 0 ? "" : `_${i}`), size);
    for (let k = 0; k < numOperations; k++) add_(c, 2);
  });
}

/** Random circuits for property tests: the seed is what shrinks, so that a failure names one circuit. */
export function arbitraryCircuit(
  options: Omit<RandomCircuitOptions, "numQubits" | "numOperations"> & { readonly maxQubits?: number } = {},
): fc.Arbitrary<Circuit> {
  const { maxQubits = 5, ...rest } = options;
  return fc
    .tuple(fc.integer(), fc.integer({ min: 1, max: maxQubits }), fc.integer({ min: 0, max: 14 }))
    .map(([seed, numQubits, numOperations]) => randomCircuit(Rng.seed(seed), { ...rest, numQubits, numOperations }));
}
