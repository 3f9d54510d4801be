/** Bytes of an unsigned LEB128 integer, the form in which WebAssembly writes counts, indices and opcodes. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low | 0x80 : low);
  } while (rest > 0);
  return bytes;
}

/** Bytes of a signed LEB128 integer, the form of integer constants. */
export function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (;;) {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    if ((rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0)) {
      bytes.push(low);
      return bytes;
    }
    bytes.push(low | 0x80);
  }
}

/** A vector of the binary format: its length in items, then the items. */
export function vector(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

/** A name of the binary format. */
export function text(name: string): number[] {
  const bytes = new TextEncoder().encode(name);
  return [...unsigned(bytes.length), ...bytes];
}

/** A section of a module: its id, its length in bytes, its content. */
export function section(id: number, content: readonly number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

/** Little-endian bytes of a number of the given width. */
export function float(value: number, bits: 32 | 64): number[] {
  const view = new DataView(new ArrayBuffer(bits / 8));
  if (bits === 64) view.setFloat64(0, value, true);
  else view.setFloat32(0, value, true);
  return [...new Uint8Array(view.buffer)];
}
