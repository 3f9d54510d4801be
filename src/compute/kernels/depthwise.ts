import type { FunctionBuilder, Index, Operations } from "../../../providers/simulator/wasm/index.ts";
import { forVectors, type KernelEmitter, storeVector, sumRows } from "./columns.ts";

/*
 * Convolutions of each channel alone, of one padded image with channels of `pixelBytes`. A window begins `places[pixel]` bytes
 * (u32) after the image; its rows are `rowBytes` apart. The kernel is [height, width, channels].
 *
 * depthwise(image, places, pixels, height, width, rowBytes, pixelBytes, kernel, bias, output)
 * depthwiseKernelGradient(image, places, pixels, height, width, rowBytes, pixelBytes, cotangents, gradient, keep): as productGradient.
 * depthwiseImageGradient(cotangents, places, pixels, height, width, rowBytes, pixelBytes, kernel, to): to += the image's gradient.
 */
export const emitDepthwise: KernelEmitter = (module) => {
  const geometry = {
    places: "index",
    pixels: "index",
    height: "index",
    width: "index",
    rowBytes: "index",
    pixelBytes: "index",
  } as const;

  /** Runs `body` with the offsets of each pixel of a window in the image and in the kernel. */
  const overTaps = (
    f: FunctionBuilder,
    o: Operations,
    p: { readonly height: Index; readonly width: Index; readonly rowBytes: Index; readonly pixelBytes: Index },
    body: (inImage: Index, inKernel: Index) => void,
  ): void => {
    const row = f.index(o.at(0));
    const inKernel = f.index(o.at(0));
    f.loop(o.at(0), p.height, o.at(1), () => {
      const inImage = f.index(row);
      f.loop(o.at(0), p.width, o.at(1), () => {
        body(inImage, inKernel);
        f.set(inImage, o.add(inImage, p.pixelBytes));
        f.set(inKernel, o.add(inKernel, p.pixelBytes));
      });
      f.set(row, o.add(row, p.rowBytes));
    });
  };

  module.add(
    "depthwise",
    { image: "index", ...geometry, kernel: "index", bias: "index", output: "index" },
    (f, p, o) => {
      const to = f.index(p.output);
      const last = f.index(o.add(p.places, o.mul(p.pixels, o.at(4))));
      f.loop(p.places, last, o.at(4), (place) => {
        const window = f.index(o.add(p.image, o.loadIndex(place)));
        forVectors(f, o, p.pixelBytes, (offset, mask) => {
          const sum = f.vector(o.load(o.add(p.bias, offset)));
          const [image, kernel] = [f.index(o.add(window, offset)), f.index(o.add(p.kernel, offset))];
          overTaps(f, o, p, (inImage, inKernel) => {
            const product = o.vmul(o.load(o.add(image, inImage)), o.load(o.add(kernel, inKernel)));
            f.set(sum, o.vadd(sum, product));
          });
          storeVector(f, o, o.add(to, offset), sum, mask);
        });
        f.set(to, o.add(to, p.pixelBytes));
      });
    },
  );

  module.add(
    "depthwiseKernelGradient",
    { image: "index", ...geometry, cotangents: "index", gradient: "index", keep: "index" },
    (f, p, o) => {
      overTaps(f, o, p, (inImage, inKernel) =>
        forVectors(f, o, p.pixelBytes, (offset, mask) => {
          const image = f.index(o.add(o.add(p.image, inImage), offset));
          const dy = f.index(o.add(p.cotangents, offset));
          const place = f.index(p.places);
          const sum = sumRows(
            f,
            o,
            p.pixels,
            () => o.vmul(o.load(o.add(image, o.loadIndex(place))), o.load(dy)),
            () => {
              f.set(place, o.add(place, o.at(4)));
              f.set(dy, o.add(dy, p.pixelBytes));
            },
          );
          const to = f.index(o.add(o.add(p.gradient, inKernel), offset));
          f.when(o.notEqual(p.keep, o.at(0)), () => f.set(sum, o.vadd(sum, o.load(to))));
          storeVector(f, o, to, sum, mask);
        }),
      );
    },
  );

  module.add(
    "depthwiseImageGradient",
    { cotangents: "index", ...geometry, kernel: "index", to: "index" },
    (f, p, o) => {
      const cotangents = f.index(p.cotangents);
      const last = f.index(o.add(p.places, o.mul(p.pixels, o.at(4))));
      f.loop(p.places, last, o.at(4), (place) => {
        const window = f.index(o.add(p.to, o.loadIndex(place)));
        forVectors(f, o, p.pixelBytes, (offset, mask) => {
          const dy = f.vector(o.load(o.add(cotangents, offset)));
          const [image, kernel] = [f.index(o.add(window, offset)), f.index(o.add(p.kernel, offset))];
          overTaps(f, o, p, (inImage, inKernel) => {
            const to = f.index(o.add(image, inImage));
            storeVector(f, o, to, o.vadd(o.load(to), o.vmul(dy, o.load(o.add(kernel, inKernel)))), mask);
          });
        });
        f.set(cotangents, o.add(cotangents, p.pixelBytes));
      });
    },
  );
};
