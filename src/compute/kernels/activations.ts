import type { FunctionBuilder, Operations, V128, Variable } from "../../../providers/simulator/wasm/index.ts";
import type { ActivationName } from "../network.ts";
import { type KernelEmitter, UNIT } from "./columns.ts";
import { exp, normalCumulative, sigmoid, softplus, tanh } from "./exponential.ts";

/** The constants of self-normalising networks (Klambauer et al., 2017). */
const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

interface Pointwise {
  readonly value: (f: FunctionBuilder, o: Operations, x: V128, slope: V128) => V128;
  /** What the slope is computed from: the function's value, or what it was given. */
  readonly from: "output" | "input";
  /** The cotangent times the function's slope. */
  readonly gradient: (f: FunctionBuilder, o: Operations, dy: V128, saved: Variable<"v128">, slope: V128) => V128;
}

const ONE = (o: Operations): V128 => o.constant(1);
const ZERO = (o: Operations): V128 => o.constant(0);

/** Activations of single numbers; softmax, which is of rows, is among the heads. Slopes at kinks are those of TensorFlow.js. */
export const POINTWISE: Readonly<Record<Exclude<ActivationName, "softmax" | "linear">, Pointwise>> = {
  relu: {
    value: (_, o, x) => o.vlarger(x, ZERO(o)),
    from: "output",
    gradient: (_, o, dy, y) => o.vand(dy, o.vlt(ZERO(o), y)),
  },
  relu6: {
    value: (_, o, x) => o.vsmaller(o.vlarger(x, ZERO(o)), o.constant(6)),
    from: "output",
    gradient: (_, o, dy, y) => o.vand(o.vand(dy, o.vlt(ZERO(o), y)), o.vlt(y, o.constant(6))),
  },
  leakyRelu: {
    value: (_, o, x, slope) => o.select(x, o.vmul(x, slope), o.vlt(ZERO(o), x)),
    from: "output",
    gradient: (_, o, dy, y, slope) => o.select(dy, o.vmul(dy, slope), o.vlt(ZERO(o), y)),
  },
  elu: {
    value: (f, o, x) => o.select(o.vsub(exp(f, o, x), ONE(o)), x, o.vlt(x, ZERO(o))),
    from: "output",
    gradient: (_, o, dy, y) => o.select(o.vmul(dy, o.vadd(y, ONE(o))), dy, o.vlt(y, ZERO(o))),
  },
  selu: {
    value: (f, o, x) =>
      o.select(
        o.vmul(o.constant(SELU_SCALE * SELU_ALPHA), o.vsub(exp(f, o, x), ONE(o))),
        o.vmul(o.constant(SELU_SCALE), x),
        o.vlt(x, ZERO(o)),
      ),
    from: "output",
    gradient: (_, o, dy, y) =>
      o.vmul(dy, o.select(o.vadd(y, o.constant(SELU_SCALE * SELU_ALPHA)), o.constant(SELU_SCALE), o.vlt(y, ZERO(o)))),
  },
  sigmoid: {
    value: (f, o, x) => sigmoid(f, o, x),
    from: "output",
    gradient: (_, o, dy, y) => o.vmul(dy, o.vmul(y, o.vsub(ONE(o), y))),
  },
  tanh: {
    value: (f, o, x) => tanh(f, o, x),
    from: "output",
    gradient: (_, o, dy, y) => o.vmul(dy, o.vsub(ONE(o), o.vmul(y, y))),
  },
  softplus: {
    value: (f, o, x) => softplus(f, o, x),
    from: "input",
    gradient: (f, o, dy, x) => o.vmul(dy, sigmoid(f, o, x)),
  },
  swish: {
    value: (f, o, x) => o.vmul(x, sigmoid(f, o, x)),
    from: "input",
    gradient: (f, o, dy, x) => {
      const s = sigmoid(f, o, x);
      return o.vmul(dy, o.vmul(s, o.vadd(ONE(o), o.vmul(x, o.vsub(ONE(o), s)))));
    },
  },
  gelu: {
    value: (f, o, x) => o.vmul(x, normalCumulative(f, o, x)),
    from: "input",
    gradient: (f, o, dy, x) => {
      const density = o.vmul(o.constant(1 / Math.sqrt(2 * Math.PI)), exp(f, o, o.vmul(o.vmul(x, x), o.constant(-0.5))));
      return o.vmul(dy, o.vadd(normalCumulative(f, o, x), o.vmul(x, density)));
    },
  },
};

/**
 * For each name NAME(from, to, bytes, slope), which may be in place, and NAMEGradient(cotangents, saved, to, bytes, slope):
 * cotangents times the slope, of `saved` outputs or inputs as `POINTWISE` says. Whole vectors up to `bytes`.
 */
export const emitActivations: KernelEmitter = (module) => {
  for (const [name, { value, gradient }] of Object.entries(POINTWISE)) {
    module.add(name, { from: "index", to: "index", bytes: "index", slope: "real" }, (f, p, o) => {
      const slope = f.vector(o.splat(p.slope));
      f.loop(o.at(0), p.bytes, o.at(UNIT), (offset) => {
        const x = f.vector(o.load(o.add(p.from, offset)));
        f.store(o.add(p.to, offset), f.vector(value(f, o, x, slope)));
      });
    });
    module.add(
      `${name}Gradient`,
      { cotangents: "index", saved: "index", to: "index", bytes: "index", slope: "real" },
      (f, p, o) => {
        const slope = f.vector(o.splat(p.slope));
        f.loop(o.at(0), p.bytes, o.at(UNIT), (offset) => {
          const saved = f.vector(o.load(o.add(p.saved, offset)));
          const dy = f.vector(o.load(o.add(p.cotangents, offset)));
          f.store(o.add(p.to, offset), f.vector(gradient(f, o, dy, saved, slope)));
        });
      },
    );
  }
};
