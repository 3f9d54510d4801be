import { type Index, integers } from "../../../providers/simulator/wasm/index.ts";
import { forVectors, type KernelEmitter, REAL, storeVector, UNIT } from "./columns.ts";

/*
 * Pooling of one image with channels of `pixelBytes`. `windows` lists for each pixel of the output four words: the byte offset
 * of its window's first pixel in the image, rows and columns of the window inside the image, and 1 / (rows·columns) as f32.
 *
 * maxPool(image, windows, pixels, rowBytes, pixelBytes, output, places): also notes (u32) at which byte offset of the image the
 * first largest number's pixel is.
 * maxPoolGradient(cotangents, places, pixels, pixelBytes, to): to += cotangents at those places.
 * averagePool(image, windows, pixels, rowBytes, pixelBytes, output) and averagePoolGradient(cotangents, windows, pixels, rowBytes,
 * pixelBytes, to), which adds.
 */
export const emitPooling: KernelEmitter = (module) => {
  const WINDOW = 16;

  module.add(
    "maxPool",
    {
      image: "index",
      windows: "index",
      pixels: "index",
      rowBytes: "index",
      pixelBytes: "index",
      output: "index",
      places: "index",
    },
    (f, p, o) => {
      const to = f.index(p.output);
      const places = f.index(p.places);
      const end = f.index(o.add(p.windows, o.mul(p.pixels, o.at(WINDOW))));
      f.loop(p.windows, end, o.at(WINDOW), (window) => {
        const first = f.index(o.loadIndex(window));
        forVectors(f, o, p.pixelBytes, (offset, mask) => {
          const largest = f.vector(o.load(o.add(p.image, o.add(first, offset))));
          const where = f.vector(integers.i32Splat(first));
          const row = f.index(first);
          f.loop(o.at(0), o.loadIndex(window, 4), o.at(1), () => {
            const pixel = f.index(row);
            f.loop(o.at(0), o.loadIndex(window, 8), o.at(1), () => {
              const x = f.vector(o.load(o.add(p.image, o.add(pixel, offset))));
              const isLarger = f.vector(o.vlt(largest, x));
              f.set(largest, o.select(x, largest, isLarger));
              f.set(where, o.select(integers.i32Splat(pixel), where, isLarger));
              f.set(pixel, o.add(pixel, p.pixelBytes));
            });
            f.set(row, o.add(row, p.rowBytes));
          });
          storeVector(f, o, o.add(to, offset), largest, mask);
          storeVector(f, o, o.add(places, offset), where, mask);
        });
        f.set(to, o.add(to, p.pixelBytes));
        f.set(places, o.add(places, p.pixelBytes));
      });
    },
  );

  module.add(
    "maxPoolGradient",
    { cotangents: "index", places: "index", pixels: "index", pixelBytes: "index", to: "index" },
    (f, p, o) => {
      const dy = f.index(p.cotangents);
      const place = f.index(p.places);
      f.loop(o.at(0), p.pixels, o.at(1), () =>
        f.loop(o.at(0), p.pixelBytes, o.at(REAL), (channel) => {
          const to = f.index(o.add(o.add(p.to, channel), o.loadIndex(place)));
          f.storeReal(to, o.realAdd(o.loadReal(to), o.loadReal(dy)));
          f.set(dy, o.add(dy, o.at(REAL)));
          f.set(place, o.add(place, o.at(REAL)));
        }),
      );
    },
  );

  /** Runs `body` with the address of each pixel of a window, of the channels at `offset`. */
  const overWindow = (
    f: Parameters<typeof forVectors>[0],
    o: Parameters<typeof forVectors>[1],
    window: Index,
    image: Index,
    offset: Index,
    p: { readonly rowBytes: Index; readonly pixelBytes: Index },
    body: (address: Index) => void,
  ): void => {
    const row = f.index(o.add(image, o.add(o.loadIndex(window), offset)));
    f.loop(o.at(0), o.loadIndex(window, 4), o.at(1), () => {
      const pixel = f.index(row);
      f.loop(o.at(0), o.loadIndex(window, 8), o.at(1), () => {
        body(pixel);
        f.set(pixel, o.add(pixel, p.pixelBytes));
      });
      f.set(row, o.add(row, p.rowBytes));
    });
  };

  module.add(
    "averagePool",
    { image: "index", windows: "index", pixels: "index", rowBytes: "index", pixelBytes: "index", output: "index" },
    (f, p, o) => {
      const to = f.index(p.output);
      const end = f.index(o.add(p.windows, o.mul(p.pixels, o.at(WINDOW))));
      f.loop(p.windows, end, o.at(WINDOW), (window) => {
        forVectors(f, o, p.pixelBytes, (offset, mask) => {
          const sum = f.vector(o.constant(0));
          overWindow(f, o, window, p.image, offset, p, (address) => f.set(sum, o.vadd(sum, o.load(address))));
          storeVector(f, o, o.add(to, offset), f.vector(o.vmul(sum, o.loadSplat(window, 12))), mask);
        });
        f.set(to, o.add(to, p.pixelBytes));
      });
    },
  );

  module.add(
    "averagePoolGradient",
    { cotangents: "index", windows: "index", pixels: "index", rowBytes: "index", pixelBytes: "index", to: "index" },
    (f, p, o) => {
      const dy = f.index(p.cotangents);
      const end = f.index(o.add(p.windows, o.mul(p.pixels, o.at(WINDOW))));
      f.loop(p.windows, end, o.at(WINDOW), (window) => {
        forVectors(f, o, p.pixelBytes, (offset, mask) => {
          const share = f.vector(o.vmul(o.load(o.add(dy, offset)), o.loadSplat(window, 12)));
          overWindow(f, o, window, p.to, offset, p, (address) =>
            storeVector(f, o, address, o.vadd(o.load(address), share), mask),
          );
        });
        f.set(dy, o.add(dy, p.pixelBytes));
      });
    },
  );

  // Gradients add, so their place is cleared first. clear(to, bytes): whole vectors.
  module.add("clear", { to: "index", bytes: "index" }, (f, p, o) => {
    f.loop(o.at(0), p.bytes, o.at(UNIT), (offset) => f.store(o.add(p.to, offset), o.constant(0)));
  });
};
