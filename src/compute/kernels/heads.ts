import type { FunctionBuilder, Index, Operations, V128, Variable } from "../../../providers/simulator/wasm/index.ts";
import { forVectors, type KernelEmitter, REAL, storeVector } from "./columns.ts";
import { exp, log, softplus } from "./exponential.ts";

/** Probabilities are held this far from 0 and 1 inside logarithms, as Keras does; beyond, their slope is 0. */
const CLIP = 1e-7;
/** The same as logits; 1 - CLIP is rounded to single precision first. */
const LOGITS = [CLIP, Math.fround(1 - CLIP)].map((y) => Math.log(y / (1 - y))) as [number, number];

/*
 * Softmax and losses over rows of `bytes` columns that follow each other; `losses` is one f32 a row.
 *
 * softmax(from, to, rows, bytes): may be in place.
 * softmaxGradient(cotangents, outputs, to, rows, bytes): outputs·(cotangents - Σ cotangents·outputs); may be in place.
 * softmaxCrossEntropy(logits, targets, outputs, to, rows, bytes, scale, losses): outputs = softmax, a row's loss is
 * -Σ targets·ln outputs, and `to` is scale times its gradient by the logits. Outputs may be the logits' own place.
 * squaredError(outputs, inputs, targets, to, rows, bytes, scale, share, losses): loss share·Σ (outputs - targets)² of a row,
 * `to` is 2·scale·(outputs - targets); inputs are not read.
 * binaryCrossEntropy(outputs, inputs, targets, to, rows, bytes, scale, share, losses): outputs y = sigmoid(inputs), the loss is
 * share·Σ of -t ln y - (1 - t) ln (1 - y), and `to` is scale times the gradient of the sum by the inputs.
 */
export const emitHeads: KernelEmitter = (module) => {
  module.add("softmax", { from: "index", to: "index", rows: "index", bytes: "index" }, (f, p, o) => {
    const to = f.index(p.to);
    const from = f.index(p.from);
    f.loop(o.at(0), p.rows, o.at(1), () => {
      softmaxRow(f, o, from, to, p.bytes);
      f.set(to, o.add(to, p.bytes));
      f.set(from, o.add(from, p.bytes));
    });
  });

  module.add(
    "softmaxGradient",
    { cotangents: "index", outputs: "index", to: "index", rows: "index", bytes: "index" },
    (f, p, o) => {
      const row = f.index(o.at(0));
      f.loop(o.at(0), p.rows, o.at(1), () => {
        const dy = f.index(o.add(p.cotangents, row));
        const y = f.index(o.add(p.outputs, row));
        const dot = f.vector(o.constant(0));
        forVectors(f, o, p.bytes, (offset, mask) => {
          const product = o.vmul(o.load(o.add(dy, offset)), o.load(o.add(y, offset)));
          f.set(dot, o.vadd(dot, mask === undefined ? product : o.vand(product, mask)));
        });
        const mean = f.vector(o.splat(o.sumLanes(dot)));
        forVectors(f, o, p.bytes, (offset, mask) =>
          storeVector(
            f,
            o,
            o.add(o.add(p.to, row), offset),
            o.vmul(o.load(o.add(y, offset)), o.vsub(o.load(o.add(dy, offset)), mean)),
            mask,
          ),
        );
        f.set(row, o.add(row, p.bytes));
      });
    },
  );

  module.add(
    "softmaxCrossEntropy",
    {
      logits: "index",
      targets: "index",
      outputs: "index",
      to: "index",
      rows: "index",
      bytes: "index",
      scale: "real",
      losses: "index",
    },
    (f, p, o) => {
      const row = f.index(o.at(0));
      const loss = f.index(p.losses);
      const scale = f.vector(o.splat(p.scale));
      f.loop(o.at(0), p.rows, o.at(1), () => {
        const outputs = f.index(o.add(p.outputs, row));
        const targets = f.index(o.add(p.targets, row));
        softmaxRow(f, o, o.add(p.logits, row), outputs, p.bytes);
        const total = f.vector(o.constant(0));
        const live = f.vector(o.constant(0));
        forVectors(f, o, p.bytes, (offset, mask) => {
          const y = f.vector(o.load(o.add(outputs, offset)));
          const loaded = o.load(o.add(targets, offset));
          const t = f.vector(mask === undefined ? loaded : o.vand(loaded, mask));
          f.set(total, o.vsub(total, masked(o, o.vmul(t, log(f, o, clipped(o, y))), mask)));
          f.set(live, o.vadd(live, o.vand(t, within(o, y))));
        });
        const weight = f.vector(o.splat(o.sumLanes(live)));
        forVectors(f, o, p.bytes, (offset, mask) => {
          const y = f.vector(o.load(o.add(outputs, offset)));
          const t = o.vand(o.load(o.add(targets, offset)), within(o, y));
          const gradient = o.vmul(scale, o.vsub(o.vmul(y, weight), t));
          storeVector(f, o, o.add(o.add(p.to, row), offset), f.vector(gradient), mask);
        });
        f.storeReal(loss, o.sumLanes(total));
        f.set(loss, o.add(loss, o.at(REAL)));
        f.set(row, o.add(row, p.bytes));
      });
    },
  );

  const pointwise = (
    name: string,
    term: (
      f: FunctionBuilder,
      o: Operations,
      y: Variable<"v128">,
      t: Variable<"v128">,
      input: V128,
    ) => { loss: V128; slope: V128 },
  ): void =>
    module.add(
      name,
      {
        outputs: "index",
        inputs: "index",
        targets: "index",
        to: "index",
        rows: "index",
        bytes: "index",
        scale: "real",
        share: "real",
        losses: "index",
      },
      (f, p, o) => {
        const row = f.index(o.at(0));
        const at = f.index(p.losses);
        const scale = f.vector(o.splat(p.scale));
        f.loop(o.at(0), p.rows, o.at(1), () => {
          const total = f.vector(o.constant(0));
          forVectors(f, o, p.bytes, (offset, mask) => {
            const place = f.index(o.add(row, offset));
            const y = f.vector(o.load(o.add(p.outputs, place)));
            const t = f.vector(o.load(o.add(p.targets, place)));
            const { loss, slope } = term(f, o, y, t, o.load(o.add(p.inputs, place)));
            f.set(total, o.vadd(total, masked(o, loss, mask)));
            storeVector(f, o, o.add(p.to, place), f.vector(o.vmul(slope, scale)), mask);
          });
          f.storeReal(at, o.realMul(o.sumLanes(total), p.share));
          f.set(at, o.add(at, o.at(REAL)));
          f.set(row, o.add(row, p.bytes));
        });
      },
    );

  pointwise("squaredError", (f, o, y, t) => {
    const difference = f.vector(o.vsub(y, t));
    return { loss: o.vmul(difference, difference), slope: o.vadd(difference, difference) };
  });
  pointwise("binaryCrossEntropy", (f, o, y, t, input) => {
    // By the inputs: near 1 a probability has few digits left of what it lacks.
    const x = f.vector(o.vsmaller(o.vlarger(input, o.constant(LOGITS[0])), o.constant(LOGITS[1])));
    return { loss: o.vsub(softplus(f, o, x), o.vmul(t, x)), slope: o.vand(o.vsub(y, t), within(o, y)) };
  });
};

const masked = (o: Operations, value: V128, mask: V128 | undefined): V128 =>
  mask === undefined ? value : o.vand(value, mask);

const clipped = (o: Operations, y: V128): V128 => o.vsmaller(o.vlarger(y, o.constant(CLIP)), o.constant(1 - CLIP));

/** All bits of the lanes where clipping changes nothing. */
const within = (o: Operations, y: V128): V128 => o.vequal(y, clipped(o, y));

function softmaxRow(f: FunctionBuilder, o: Operations, from: Index, to: Index, bytes: Index): void {
  const largest = f.vector(o.constant(-Infinity));
  forVectors(f, o, bytes, (offset, mask) => {
    const x = o.load(o.add(from, offset));
    f.set(largest, o.vlarger(largest, mask === undefined ? x : o.select(x, o.constant(-Infinity), mask)));
  });
  f.set(largest, o.vlarger(largest, o.shuffle(largest, largest, 2, 3, 0, 1)));
  f.set(largest, o.vlarger(largest, o.shuffle(largest, largest, 1, 0, 3, 2)));
  const sum = f.vector(o.constant(0));
  forVectors(f, o, bytes, (offset, mask) => {
    const e = f.vector(exp(f, o, o.vsub(o.load(o.add(from, offset)), largest)));
    f.set(sum, o.vadd(sum, masked(o, e, mask)));
    storeVector(f, o, o.add(to, offset), e, mask);
  });
  const share = f.vector(o.vdiv(o.constant(1), o.splat(o.sumLanes(sum))));
  forVectors(f, o, bytes, (offset, mask) => {
    const at = f.index(o.add(to, offset));
    storeVector(f, o, at, o.vmul(o.load(at), share), mask);
  });
}
