import { describeValue } from "../../circuits/index.ts";
import { SimulatorError } from "../errors.ts";

/** Numbers that amplitudes are made of. What goes in and comes out is float64 always. */
export type Dtype = "float64" | "float32";

const DTYPES: readonly unknown[] = ["float64", "float32"] satisfies readonly Dtype[];

/** @throws SimulatorError DTYPE */
export function checkDtype(dtype: Dtype): void {
  if (DTYPES.includes(dtype)) return;
  throw new SimulatorError("DTYPE", `dtype is ${describeValue(dtype)}; give "float64" or "float32".`);
}
