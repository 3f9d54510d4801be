import type { FunctionBuilder, Index, Operations, V128, Variable } from "../wasm/index.ts";
import { type KernelEmitter, UNIT } from "./kernel.ts";

/** Bytes of one qubit's state: two amplitudes, re and im, a unit of lanes each. */
const STATE = 4 * UNIT;

/*
 * States of single qubits, [qubit][group][amplitude 0, 1][re, im], and a matrix for each qubit that all lanes share: row by
 * row, re and im of each entry.
 */

/** Σ over k of entries (re, im)[k]·(x, y)[k], or with `adjoint` of their conjugates. */
function rowTimes(
  o: Operations,
  entries: readonly (readonly [V128, V128])[],
  parts: readonly (readonly [V128, V128])[],
  adjoint: boolean,
): readonly [re: V128, im: V128] {
  const [plus, minus] = adjoint ? [o.vadd, o.vsub] : [o.vsub, o.vadd];
  const terms = entries.map(([c, s], k) => {
    const [x, y] = parts[k]!;
    return [plus!.call(o, o.vmul(c, x), o.vmul(s, y)), minus!.call(o, o.vmul(c, y), o.vmul(s, x))] as const;
  });
  return [o.vadd(terms[0]![0], terms[1]![0]), o.vadd(terms[0]![1], terms[1]![1])];
}

function loadMatrix(f: FunctionBuilder, o: Operations, matrix: Index): readonly (readonly [V128, V128])[] {
  return [0, 1, 2, 3].map(
    (entry) =>
      [
        f.vector(o.loadSplat(matrix, 2 * entry * o.realBytes)),
        f.vector(o.loadSplat(matrix, (2 * entry + 1) * o.realBytes)),
      ] as const,
  );
}

function loadState(
  f: FunctionBuilder,
  o: Operations,
  state: Variable<"index">,
): readonly (readonly [Variable<"v128">, Variable<"v128">])[] {
  return [0, 1].map(
    (k) => [f.vector(o.load(state, 2 * k * UNIT)), f.vector(o.load(state, (2 * k + 1) * UNIT))] as const,
  );
}

/**
 * startQubits(states, count, cosines, sines): `count` states RY(θ)|0⟩ = cos|0⟩ + sin|1⟩ of half the angle, a unit each.
 * turnQubits(from, to, groups, numQubits, matrices): to = matrix·from for every qubit and group.
 * returnQubits(psi, lambda, groups, numQubits, matrices, sums): adds Σ over groups of conj(λ_b)·ψ_c, re and im, lane by lane,
 * to the units sums[qubit][b][c], and replaces λ by adjoint(matrix)·λ. The gradients of all gates that make up a matrix follow
 * from its sums. A multiplication by a matrix takes 16 multiplications, the sums as many.
 */
export const emitQubitStates: KernelEmitter = (module) => {
  module.add(
    "startQubits",
    { states: "index", count: "index", cosines: "index", sines: "index" },
    (f, { states, count, cosines, sines }, o) => {
      const state = f.index(states);
      f.loop(o.at(0), o.mul(count, o.at(UNIT)), o.at(UNIT), (offset) => {
        f.store(state, o.load(o.add(cosines, offset)));
        f.store(state, o.constant(0), UNIT);
        f.store(state, o.load(o.add(sines, offset)), 2 * UNIT);
        f.store(state, o.constant(0), 3 * UNIT);
        f.set(state, o.add(state, o.at(STATE)));
      });
    },
  );
  const parameters = { groups: "index", numQubits: "index", matrices: "index" } as const;
  module.add("turnQubits", { from: "index", to: "index", ...parameters }, (f, p, o) => {
    const state = f.index(p.from);
    const away = f.index(o.sub(p.to, p.from));
    const matrix = f.index(p.matrices);
    f.loop(o.at(0), p.numQubits, o.at(1), () => {
      const entries = loadMatrix(f, o, matrix);
      f.loop(o.at(0), p.groups, o.at(1), () => {
        const parts = loadState(f, o, state);
        const target = f.index(o.add(state, away));
        for (const row of [0, 1]) {
          const [re, im] = rowTimes(o, entries.slice(2 * row, 2 * row + 2), parts, false);
          f.store(target, re, 2 * row * UNIT);
          f.store(target, im, (2 * row + 1) * UNIT);
        }
        f.set(state, o.add(state, o.at(STATE)));
      });
      f.set(matrix, o.add(matrix, o.at(8 * o.realBytes)));
    });
  });
  module.add("returnQubits", { psi: "index", lambda: "index", ...parameters, sums: "index" }, (f, p, o) => {
    const state = f.index(p.psi);
    const away = f.index(o.sub(p.lambda, p.psi));
    const matrix = f.index(p.matrices);
    const target = f.index(p.sums);
    f.loop(o.at(0), p.numQubits, o.at(1), () => {
      const entries = loadMatrix(f, o, matrix);
      const sums = Array.from({ length: 8 }, (_, k) => f.vector(o.load(target, k * UNIT)));
      f.loop(o.at(0), p.groups, o.at(1), () => {
        const other = f.index(o.add(state, away));
        const psi = loadState(f, o, state);
        const lambda = loadState(f, o, other);
        for (const [b, [c, s]] of lambda.entries())
          for (const [k, [x, y]] of psi.entries()) {
            const re = sums[2 * (2 * b + k)]!;
            const im = sums[2 * (2 * b + k) + 1]!;
            f.set(re, o.vadd(re, o.vadd(o.vmul(c, x), o.vmul(s, y))));
            f.set(im, o.vadd(im, o.vsub(o.vmul(c, y), o.vmul(s, x))));
          }
        for (const column of [0, 1]) {
          const [re, im] = rowTimes(o, [entries[column]!, entries[2 + column]!], lambda, true);
          f.store(other, re, 2 * column * UNIT);
          f.store(other, im, (2 * column + 1) * UNIT);
        }
        f.set(state, o.add(state, o.at(STATE)));
      });
      for (const [k, sum] of sums.entries()) f.store(target, sum, k * UNIT);
      f.set(target, o.add(target, o.at(8 * UNIT)));
      f.set(matrix, o.add(matrix, o.at(8 * o.realBytes)));
    });
  });
};

/** One state of `turnQubits`, [amplitude][re, im][lane]; with `adjoint` by the matrix's adjoint. */
export function turnQubitTwin(
  state: Float64Array,
  lanes: number,
  matrix: Float64Array,
  adjoint: boolean,
): Float64Array {
  const out = new Float64Array(4 * lanes);
  for (let row = 0; row < 2; row++)
    for (let k = 0; k < 2; k++)
      for (let lane = 0; lane < lanes; lane++) {
        const entry = 2 * (adjoint ? 2 * k + row : 2 * row + k);
        const c = matrix[entry]!;
        const s = adjoint ? -matrix[entry + 1]! : matrix[entry + 1]!;
        const x = state[2 * k * lanes + lane]!;
        const y = state[(2 * k + 1) * lanes + lane]!;
        out[2 * row * lanes + lane]! += c * x - s * y;
        out[(2 * row + 1) * lanes + lane]! += c * y + s * x;
      }
  return out;
}

/** What one state of `returnQubits` adds to the sums, [b][c][re, im][lane]. */
export function correlationTwin(psi: Float64Array, lambda: Float64Array, lanes: number, sums: Float64Array): void {
  for (let b = 0; b < 2; b++)
    for (let k = 0; k < 2; k++)
      for (let lane = 0; lane < lanes; lane++) {
        const [c, s] = [lambda[2 * b * lanes + lane]!, lambda[(2 * b + 1) * lanes + lane]!];
        const [x, y] = [psi[2 * k * lanes + lane]!, psi[(2 * k + 1) * lanes + lane]!];
        const at = 2 * (2 * b + k) * lanes + lane;
        sums[at]! += c * x + s * y;
        sums[at + lanes]! += c * y - s * x;
      }
}
