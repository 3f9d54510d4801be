import type { FunctionBuilder, Index, Operations, Variable } from "../wasm/index.ts";
import { forFree, type KernelEmitter, UNIT } from "./kernel.ts";

const AMPLITUDE = 2 * UNIT;

/*
 * Reading Pauli strings from states [group][amplitude][re, im]. Values are [group][basis state], sums and weights
 * [string][group], a unit of lanes each; permutations are u32. Twins, group by group: the functions of these names in
 * kernels/pauli.ts, and scaleTwin below.
 */

/** Calls `body` for every group with the addresses of its part of each array. */
function forGroups(
  f: FunctionBuilder,
  o: Operations,
  groups: Index,
  starts: readonly (readonly [base: Index, bytes: Index])[],
  body: (addresses: readonly Variable<"index">[], group: Variable<"index">) => void,
): void {
  const addresses = starts.map(([base]) => f.index(base));
  f.loop(o.at(0), o.mul(groups, o.at(UNIT)), o.at(UNIT), (group) => {
    body(addresses, group);
    for (const [k, address] of addresses.entries()) f.set(address, o.add(address, starts[k]![1]));
  });
}

/** probabilities(psi, size, groups, permutation, values): values[π(i)] = |ψ_i|². */
const probabilities: KernelEmitter = (module) =>
  module.add(
    "probabilities",
    { psi: "index", size: "index", groups: "index", permutation: "index", values: "index" },
    (f, { psi, size, groups, permutation, values }, o) => {
      const valueBytes = f.index(o.mul(size, o.at(UNIT)));
      const stateBytes = f.index(o.mul(size, o.at(AMPLITUDE)));
      forGroups(
        f,
        o,
        groups,
        [
          [psi, stateBytes],
          [values, valueBytes],
        ],
        ([state, own]) => {
          const index = f.index(permutation);
          f.loop(o.at(0), stateBytes, o.at(AMPLITUDE), (offset) => {
            const address = f.index(o.add(state!, offset));
            const re = f.vector(o.load(address));
            const im = f.vector(o.load(address, UNIT));
            const to = o.add(own!, o.mul(o.loadIndex(index), o.at(UNIT)));
            f.store(to, o.vadd(o.vmul(re, re), o.vmul(im, im)));
            f.set(index, o.add(index, o.at(4)));
          });
        },
      );
    },
  );

/**
 * overlaps(psi, size, groups, x, imaginary, values): values[i] = Re (or Im where `imaginary` is 1) of conj(ψ_{i⊕x})·ψ_i.
 */
const overlaps: KernelEmitter = (module) =>
  module.add(
    "overlaps",
    { psi: "index", size: "index", groups: "index", x: "index", imaginary: "i32", values: "index" },
    (f, { psi, size, groups, x, imaginary, values }, o) => {
      const stateBytes = f.index(o.mul(size, o.at(AMPLITUDE)));
      const flip = f.index(o.mul(x, o.at(AMPLITUDE)));
      const target = f.index(values);
      forGroups(f, o, groups, [[psi, stateBytes]], ([state]) =>
        f.loop(o.at(0), stateBytes, o.at(AMPLITUDE), (offset) => {
          const a = f.index(o.add(state!, offset));
          const b = f.index(o.add(state!, o.xor(offset, flip)));
          f.when(
            imaginary,
            () => f.store(target, o.vsub(o.vmul(o.load(b), o.load(a, UNIT)), o.vmul(o.load(b, UNIT), o.load(a)))),
            () => f.store(target, o.vadd(o.vmul(o.load(b), o.load(a)), o.vmul(o.load(b, UNIT), o.load(a, UNIT)))),
          );
          f.set(target, o.add(target, o.at(UNIT)));
        }),
      );
    },
  );

/** walshHadamard(values, size, groups): values[m] becomes Σ_i (-1)^{|i&m|}·values[i], in place; n·2^n additions a group. */
const walshHadamard: KernelEmitter = (module) =>
  module.add("walshHadamard", { values: "index", size: "index", groups: "index" }, (f, { values, size, groups }, o) => {
    const bytes = f.index(o.mul(size, o.at(UNIT)));
    const all = f.index(o.mul(bytes, groups));
    const stride = f.index(o.at(UNIT));
    f.when(o.lt(stride, bytes), () =>
      f.doWhile(() => {
        forFree(f, o, stride, all, (offset) => {
          const low = f.index(o.add(values, offset));
          const high = f.index(o.add(low, stride));
          const a = f.vector(o.load(low));
          const b = f.vector(o.load(high));
          f.store(low, o.vadd(a, b));
          f.store(high, o.vsub(a, b));
        });
        f.set(stride, o.add(stride, stride));
        return o.lt(stride, bytes);
      }),
    );
  });

/** signedSum(values, size, groups, z, sums): the unit sums[g] = Σ_i (-1)^{|i&z|}·values[i]. */
const signedSum: KernelEmitter = (module) =>
  module.add(
    "signedSum",
    { values: "index", size: "index", groups: "index", z: "index", sums: "index" },
    (f, { values, size, groups, z, sums }, o) => {
      const address = f.index(values);
      f.loop(o.at(0), o.mul(groups, o.at(UNIT)), o.at(UNIT), (group) => {
        const sum = f.vector(o.constant(0));
        f.loop(o.at(0), size, o.at(1), (basis) => {
          f.when(
            o.parity(o.and(basis, z)),
            () => f.set(sum, o.vsub(sum, o.load(address))),
            () => f.set(sum, o.vadd(sum, o.load(address))),
          );
          f.set(address, o.add(address, o.at(UNIT)));
        });
        f.store(o.add(sums, group), sum);
      });
    },
  );

/** addSigned(values, size, groups, z, weights): values[i] += (-1)^{|i&z|}·weights[g], the reverse of signedSum. */
const addSigned: KernelEmitter = (module) =>
  module.add(
    "addSigned",
    { values: "index", size: "index", groups: "index", z: "index", weights: "index" },
    (f, { values, size, groups, z, weights }, o) => {
      const address = f.index(values);
      f.loop(o.at(0), o.mul(groups, o.at(UNIT)), o.at(UNIT), (group) => {
        const weight = f.vector(o.load(o.add(weights, group)));
        f.loop(o.at(0), size, o.at(1), (basis) => {
          f.when(
            o.parity(o.and(basis, z)),
            () => f.store(address, o.vsub(o.load(address), weight)),
            () => f.store(address, o.vadd(o.load(address), weight)),
          );
          f.set(address, o.add(address, o.at(UNIT)));
        });
      });
    },
  );

/** foldZ(values, size, groups, sums): sums[q][g] = ⟨Z_q⟩ of every qubit by folding halves; destroys values. 2·2^n additions. */
const foldZ: KernelEmitter = (module) =>
  module.add(
    "foldZ",
    { values: "index", size: "index", groups: "index", sums: "index" },
    (f, { values, size, groups, sums }, o) => {
      const bytes = f.index(o.mul(size, o.at(UNIT)));
      const perQubit = f.index(o.mul(groups, o.at(UNIT)));
      forGroups(f, o, groups, [[values, bytes]], ([own], group) => {
        const half = f.index(o.shr(bytes, o.at(1)));
        // Sums lie qubit by qubit; the highest comes first here.
        const target = f.index(o.add(sums, group));
        const bit = f.index(o.at(UNIT));
        f.when(o.lt(bit, bytes), () =>
          f.doWhile(() => {
            f.set(target, o.add(target, perQubit));
            f.set(bit, o.add(bit, bit));
            return o.lt(bit, bytes);
          }),
        );
        f.when(o.lt(o.at(UNIT), bytes), () =>
          f.doWhile(() => {
            f.set(target, o.sub(target, perQubit));
            const sum = f.vector(o.constant(0));
            f.loop(o.at(0), half, o.at(UNIT), (offset) => {
              const address = f.index(o.add(own!, offset));
              const low = f.vector(o.load(address));
              const high = f.vector(o.load(o.add(address, half)));
              f.set(sum, o.vadd(sum, o.vsub(low, high)));
              f.store(address, o.vadd(low, high));
            });
            f.store(target, sum);
            f.set(half, o.shr(half, o.at(1)));
            return o.lt(o.at(UNIT - 1), half);
          }),
        );
      });
    },
  );

/** unfoldZ(weights, size, groups, values): values[i] = Σ_q ±weights[q][g], minus where bit q of i is set; by doubling. */
const unfoldZ: KernelEmitter = (module) =>
  module.add(
    "unfoldZ",
    { weights: "index", size: "index", groups: "index", values: "index" },
    (f, { weights, size, groups, values }, o) => {
      const bytes = f.index(o.mul(size, o.at(UNIT)));
      const perQubit = f.index(o.mul(groups, o.at(UNIT)));
      forGroups(f, o, groups, [[values, bytes]], ([own], group) => {
        const half = f.index(o.at(UNIT));
        const source = f.index(o.add(weights, group));
        const sum = f.vector(o.constant(0));
        f.when(o.lt(half, bytes), () =>
          f.doWhile(() => {
            f.set(sum, o.vadd(sum, o.load(source)));
            f.set(source, o.add(source, perQubit));
            f.set(half, o.add(half, half));
            return o.lt(half, bytes);
          }),
        );
        f.store(own!, sum);
        f.set(half, o.at(UNIT));
        f.set(source, o.add(weights, group));
        f.when(o.lt(half, bytes), () =>
          f.doWhile(() => {
            const weight = f.vector(o.load(source));
            const twice = f.vector(o.vadd(weight, weight));
            f.loop(o.at(0), half, o.at(UNIT), (offset) => {
              const address = f.index(o.add(own!, offset));
              f.store(o.add(address, half), o.vsub(o.load(address), twice));
            });
            f.set(source, o.add(source, perQubit));
            f.set(half, o.add(half, half));
            return o.lt(half, bytes);
          }),
        );
      });
    },
  );

/** scale(psi, lambda, size, groups, permutation, values): λ_i = values[π(i)]·ψ_i, a diagonal observable applied. */
const scale: KernelEmitter = (module) =>
  module.add(
    "scale",
    { psi: "index", lambda: "index", size: "index", groups: "index", permutation: "index", values: "index" },
    (f, { psi, lambda, size, groups, permutation, values }, o) => {
      const valueBytes = f.index(o.mul(size, o.at(UNIT)));
      const stateBytes = f.index(o.mul(size, o.at(AMPLITUDE)));
      const away = f.index(o.sub(lambda, psi));
      forGroups(
        f,
        o,
        groups,
        [
          [psi, stateBytes],
          [values, valueBytes],
        ],
        ([state, own]) => {
          const index = f.index(permutation);
          f.loop(o.at(0), stateBytes, o.at(AMPLITUDE), (offset) => {
            const address = f.index(o.add(state!, offset));
            const value = f.vector(o.load(o.add(own!, o.mul(o.loadIndex(index), o.at(UNIT)))));
            const to = f.index(o.add(address, away));
            f.store(to, o.vmul(value, o.load(address)));
            f.store(to, o.vmul(value, o.load(address, UNIT)), UNIT);
            f.set(index, o.add(index, o.at(4)));
          });
        },
      );
    },
  );

/** addScaled(psi, lambda, size, groups, x, re, im, values): λ_{i⊕x} += (re + i·im)·values[i]·ψ_i. */
const addScaled: KernelEmitter = (module) =>
  module.add(
    "addScaled",
    {
      psi: "index",
      lambda: "index",
      size: "index",
      groups: "index",
      x: "index",
      re: "real",
      im: "real",
      values: "index",
    },
    (f, { psi, lambda, size, groups, x, re, im, values }, o) => {
      const stateBytes = f.index(o.mul(size, o.at(AMPLITUDE)));
      const flip = f.index(o.mul(x, o.at(AMPLITUDE)));
      const [c, s] = [f.vector(o.splat(re)), f.vector(o.splat(im))];
      const own = f.index(values);
      forGroups(
        f,
        o,
        groups,
        [
          [psi, stateBytes],
          [lambda, stateBytes],
        ],
        ([state, target]) =>
          f.loop(o.at(0), stateBytes, o.at(AMPLITUDE), (offset) => {
            const from = f.index(o.add(state!, offset));
            const to = f.index(o.add(target!, o.xor(offset, flip)));
            const value = f.vector(o.load(own));
            const p = f.vector(o.vmul(value, o.load(from)));
            const q = f.vector(o.vmul(value, o.load(from, UNIT)));
            f.store(to, o.vadd(o.load(to), o.vsub(o.vmul(c, p), o.vmul(s, q))));
            f.store(to, o.vadd(o.load(to, UNIT), o.vadd(o.vmul(c, q), o.vmul(s, p))), UNIT);
            f.set(own, o.add(own, o.at(UNIT)));
          }),
      );
    },
  );

export const emitLaneObservable: KernelEmitter = (module) => {
  for (const emit of [probabilities, overlaps, walshHadamard, signedSum, addSigned, foldZ, unfoldZ, scale, addScaled])
    emit(module);
};

/** λ of one group as scale writes it. */
export function scaleTwin(
  psi: Float64Array,
  lanes: number,
  permutation: Int32Array,
  values: Float64Array,
): Float64Array {
  return psi.map(
    (amplitude, i) => amplitude * values[permutation[Math.floor(i / (2 * lanes))]! * lanes + (i % lanes)]!,
  );
}
