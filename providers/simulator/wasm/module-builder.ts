import { section, text, unsigned, vector } from "./encoding.ts";
import { FunctionBuilder, typeByte, type Variable } from "./function-builder.ts";
import { type KernelTarget, Operations, type ValueType } from "./operations.ts";
import { type LinearMemory, webAssembly } from "./webassembly.ts";

type Parameters = Readonly<Record<string, ValueType>>;
type Variables<Types extends Parameters> = { readonly [Name in keyof Types]: Variable<Types[Name]> };

const F64 = 0x7c;
const PAGE_BYTES = 65536;
/** Pages of the largest memory of each width: 4 GiB, and the 16 GiB that V8 allows. */
export const MAX_PAGES = { 32: 65536, 64: 262144 } as const;

/**
 * A WebAssembly module made of functions over one imported memory (`env.memory`). Functions are exported by name and take
 * plain numbers, in 64-bit memories too.
 */
export class ModuleBuilder {
  readonly operations: Operations;
  readonly #types: number[][] = [];
  readonly #names: string[] = [];
  readonly #bodies: number[][] = [];

  constructor(target: KernelTarget) {
    this.operations = new Operations(target);
  }

  /** Adds a function; `body` writes its statements. */
  add<Types extends Parameters>(
    name: string,
    parameters: Types,
    body: (f: FunctionBuilder, parameters: Variables<Types>, o: Operations) => void,
  ): void {
    const o = this.operations;
    const entries = Object.entries(parameters);
    const f = new FunctionBuilder(o, entries.length);
    const wide = o.target.addressBits === 64;
    // JavaScript would have to make a BigInt for every i64, so wide indices come as f64, exact up to 2^53.
    const variables = entries.map(([parameter, type], place) => {
      const given: Variable = { type, place, code: [0x20, ...unsigned(place)] };
      if (type !== "index" || !wide) return [parameter, given] as const;
      const TRUNCATE = [0xfc, 0x07];
      return [parameter, f.index({ type, code: [given.code, TRUNCATE] })] as const;
    });
    body(f, Object.fromEntries(variables) as unknown as Variables<Types>, o);
    const types = entries.map(([, type]) => [type === "index" && wide ? F64 : typeByte(type, o)]);
    this.#types.push([0x60, ...vector(types), 0]);
    this.#names.push(name);
    this.#bodies.push(f.finish());
  }

  /** The module in the binary format (WebAssembly 2.0 specification, chapter 5). */
  finish(): Uint8Array<ArrayBuffer> {
    const { addressBits, shared } = this.operations.target;
    const limits = (addressBits === 64 ? 4 : 0) | (shared ? 2 : 0) | 1;
    const memory = [2, limits, 0, ...unsigned(MAX_PAGES[addressBits])];
    return Uint8Array.from([
      ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      ...section(1, vector(this.#types)),
      ...section(2, vector([[...text("env"), ...text("memory"), ...memory]])),
      ...section(3, vector(this.#types.map((_, index) => unsigned(index)))),
      ...section(7, vector(this.#names.map((name, index) => [...text(name), 0, ...unsigned(index)]))),
      ...section(10, vector(this.#bodies)),
    ]);
  }
}

/** A memory that a module of this target takes. @throws RangeError where the machine has no room for it */
export function kernelMemory({ addressBits, shared }: KernelTarget, bytes: number): LinearMemory {
  const initial = Math.max(1, Math.ceil(bytes / PAGE_BYTES));
  const maximum = MAX_PAGES[addressBits];
  return new webAssembly.Memory(
    addressBits === 64
      ? { address: "i64", initial: BigInt(initial), maximum: BigInt(maximum), shared }
      : { initial, maximum, shared },
  );
}
