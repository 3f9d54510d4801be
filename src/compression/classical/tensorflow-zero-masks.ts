import * as tf from "@tensorflow/tfjs-core";
import type { KernelLayer } from "./tensorflow-classical-layers.ts";

/** Kernels of which some weights are to be zero, and stay so while they are trained. */
export class ZeroMasks {
  readonly #kernels: readonly KernelLayer[];
  #masks: tf.Tensor[] = [];

  constructor(kernels: readonly KernelLayer[]) {
    this.#kernels = kernels;
  }

  get isEmpty(): boolean {
    return this.#masks.length === 0;
  }

  /** @param masksOf for the kernels' weights a byte each, 0 where one is to be zero from now on */
  set(masksOf: (weights: readonly Float32Array[]) => readonly Uint8Array[]): void {
    const masks = masksOf(this.#kernels.map(({ variable }) => variable.dataSync() as Float32Array));
    this.dispose();
    this.#masks = masks.map((mask, i) => tf.tensor(mask, this.#kernels[i]!.variable.shape, "bool"));
    this.hold();
  }

  /** Sets to zero what has moved away from it. */
  hold(): void {
    tf.tidy(() => {
      for (const [i, mask] of this.#masks.entries()) {
        const { variable } = this.#kernels[i]!;
        variable.assign(tf.where(mask, variable, tf.zerosLike(variable)));
      }
    });
  }

  dispose(): void {
    tf.dispose(this.#masks);
    this.#masks = [];
  }
}
