import type { Real, Variable } from "../../../providers/simulator/wasm/index.ts";
import { type KernelEmitter, UNIT } from "./columns.ts";

/*
 * One step of all weights at once, the arithmetic of TensorFlow.js's optimizers; whole vectors up to `bytes`.
 *
 * sgd(weights, gradients, bytes, rate): w -= rate·g.
 * momentum(weights, gradients, moments, bytes, rate, decay): a = decay·a + g, w -= rate·a.
 * nesterov(...): the same a, w -= rate·(g + decay·a).
 * adam(weights, gradients, first, second, bytes, rate, beta1, beta2, epsilon, scale1, scale2): m and v are moving means of g and g²,
 * w -= rate·(m·scale1) / (sqrt(v·scale2) + epsilon), where scales undo the start at 0.
 * finite(gradients, bytes, to): to (one vector) = NaN in some lane if a gradient is not finite, else 0.
 */
export const emitOptimizers: KernelEmitter = (module) => {
  module.add("sgd", { weights: "index", gradients: "index", bytes: "index", rate: "real" }, (f, p, o) => {
    const rate = f.vector(o.splat(p.rate));
    f.loop(o.at(0), p.bytes, o.at(UNIT), (offset) => {
      const w = f.index(o.add(p.weights, offset));
      f.store(w, o.vsub(o.load(w), o.vmul(rate, o.load(o.add(p.gradients, offset)))));
    });
  });

  for (const name of ["momentum", "nesterov"])
    module.add(
      name,
      { weights: "index", gradients: "index", moments: "index", bytes: "index", rate: "real", decay: "real" },
      (f, p, o) => {
        const rate = f.vector(o.splat(p.rate));
        const decay = f.vector(o.splat(p.decay));
        f.loop(o.at(0), p.bytes, o.at(UNIT), (offset) => {
          const w = f.index(o.add(p.weights, offset));
          const moment = f.index(o.add(p.moments, offset));
          const g = f.vector(o.load(o.add(p.gradients, offset)));
          const a = f.vector(o.vadd(o.vmul(decay, o.load(moment)), g));
          f.store(moment, a);
          const step = name === "momentum" ? a : o.vadd(g, o.vmul(a, decay));
          f.store(w, o.vsub(o.load(w), o.vmul(rate, step)));
        });
      },
    );

  module.add(
    "adam",
    {
      weights: "index",
      gradients: "index",
      first: "index",
      second: "index",
      bytes: "index",
      rate: "real",
      beta1: "real",
      beta2: "real",
      epsilon: "real",
      scale1: "real",
      scale2: "real",
    },
    (f, p, o) => {
      const splat = (value: Real): Variable<"v128"> => f.vector(o.splat(value));
      const rest = (beta: Real): Variable<"v128"> => splat(o.realSub(o.number(1), beta));
      const [beta1, beta2, rest1, rest2] = [splat(p.beta1), splat(p.beta2), rest(p.beta1), rest(p.beta2)];
      const rate = splat(o.realMul(p.rate, p.scale1));
      const [scale2, epsilon] = [splat(p.scale2), splat(p.epsilon)];
      f.loop(o.at(0), p.bytes, o.at(UNIT), (offset) => {
        const w = f.index(o.add(p.weights, offset));
        const first = f.index(o.add(p.first, offset));
        const second = f.index(o.add(p.second, offset));
        const g = f.vector(o.load(o.add(p.gradients, offset)));
        const m = f.vector(o.vadd(o.vmul(o.load(first), beta1), o.vmul(g, rest1)));
        const v = f.vector(o.vadd(o.vmul(o.load(second), beta2), o.vmul(o.vmul(g, g), rest2)));
        f.store(first, m);
        f.store(second, v);
        const size = o.vadd(o.vsqrt(o.vmul(v, scale2)), epsilon);
        f.store(w, o.vsub(o.load(w), o.vdiv(o.vmul(m, rate), size)));
      });
    },
  );

  module.add("finite", { gradients: "index", bytes: "index", to: "index" }, (f, p, o) => {
    const sum = f.vector(o.constant(0));
    f.loop(o.at(0), p.bytes, o.at(UNIT), (offset) => {
      f.set(sum, o.vadd(sum, o.vmul(o.load(o.add(p.gradients, offset)), o.constant(0))));
    });
    f.store(p.to, sum);
  });
};
