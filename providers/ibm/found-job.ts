import { bitArray, bytesPerShot } from "../bit-array.ts";
import { sizeOf } from "../ndarray.ts";
import type { BitArray, EstimatorPubResult, SamplerPubResult } from "../primitives.ts";
import type { DecodedPub, DecodedResult } from "./decode.ts";
import { resultError } from "./result-error.ts";

/** What a PUB gave whose circuit is not known here: values of the shape that the service tells. */
export type IbmPubResult = EstimatorPubResult | SamplerPubResult;

/** Results by what they hold: expectation values, or bits of registers. @throws ProviderError RESULT_FORMAT */
export function foundResults(decoded: readonly DecodedResult[]): readonly IbmPubResult[] {
  return decoded.flatMap(({ pubs }) => pubs.map((pub, index) => foundResult(pub, `result.results[${index}]`)));
}

function foundResult(pub: DecodedPub, at: string): IbmPubResult {
  const evs = pub.fields.get("evs");
  if (evs?.kind === "numbers") {
    const stds = pub.fields.get("stds") ?? pub.fields.get("ensemble_standard_error");
    if (stds?.kind !== "numbers" || stds.data.length !== evs.data.length)
      throw resultError(`${at}.data`, "has no stds for its evs");
    const ensemble = pub.fields.get("ensemble_standard_error");
    const metadata =
      ensemble?.kind === "numbers" ? { ...pub.metadata, ensembleStandardErrors: ensemble.data } : pub.metadata;
    return { shape: evs.shape, evs: evs.data, stds: stds.data, metadata };
  }
  const registers = new Map<string, BitArray>();
  for (const [name, bits] of pub.fields) {
    if (bits.kind !== "bits") continue;
    const shape = bits.shape.slice(0, -1);
    const shots = bits.shape.at(-1) ?? 0;
    if (bits.bytes.length !== sizeOf(shape) * shots * bytesPerShot(bits.numBits))
      throw resultError(`${at}.data.${name}`, "has another number of bytes than its shape needs");
    registers.set(name, bitArray(bits.numBits, shots, shape, bits.bytes));
  }
  const [first] = registers.values();
  return { shape: first?.shape ?? [], registers: Object.fromEntries(registers), metadata: pub.metadata };
}
