import type { IbmProvider } from "../../providers/ibm/index.ts";
import type { Io } from "./io.ts";

/** IBM Quantum by the environment's credentials, telling what is waited for. */
export async function ibmFor(io: Io): Promise<IbmProvider> {
  const { ibmProvider } = await import("../../providers/ibm/index.ts");
  return ibmProvider({ notify: (line) => io.err(`${line}\n`) });
}
