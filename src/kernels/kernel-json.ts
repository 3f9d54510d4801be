import { Circuit, type CircuitJSON } from "../../circuits/index.ts";
import type { Backend } from "../../providers/index.ts";
import { KernelError } from "../errors.ts";
import { linearKernel, rbfKernel } from "./classical-kernels.ts";
import type { Kernel, KernelJSON } from "./kernel.ts";
import { projectedQuantumKernel } from "./projected-kernel.ts";
import { quantumKernel } from "./quantum-kernel.ts";

/**
 * A kernel from what its `toJSON` gave, to run where `options` say.
 * @throws KernelError KERNEL_JSON, and what the kernel's own function throws
 */
export function kernelFromJSON(
  json: KernelJSON,
  options: { readonly provider?: Backend; readonly shots?: number; readonly precision?: number } = {},
): Kernel {
  const { provider, shots, precision } = options;
  const where = provider === undefined ? {} : { provider };
  switch (json?.kind) {
    case "linear":
      return linearKernel();
    case "rbf":
      return rbfKernel({ gamma: numberOf(json, "gamma") });
    case "fidelity":
      return quantumKernel({ ...mapOf(json), ...where, ...(shots === undefined ? {} : { shots }) });
    case "projected":
      return projectedQuantumKernel({
        ...mapOf(json),
        gamma: numberOf(json, "gamma"),
        ...where,
        ...(precision === undefined ? {} : { precision }),
      });
    default:
      throw new KernelError("KERNEL_JSON", `${JSON.stringify(json?.kind)} is no kind of saved kernel.`);
  }
}

function mapOf(json: KernelJSON): { readonly circuit: Circuit; readonly bandwidth: number } {
  if (typeof json.circuit !== "object" || json.circuit === null)
    throw new KernelError("KERNEL_JSON", `A saved ${json.kind} kernel needs its circuit.`);
  return { circuit: Circuit.fromJSON(json.circuit as CircuitJSON), bandwidth: numberOf(json, "bandwidth") };
}

function numberOf(json: KernelJSON, field: string): number {
  const value = json[field];
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new KernelError("KERNEL_JSON", `"${field}" of a saved ${json.kind} kernel must be a number.`);
}
