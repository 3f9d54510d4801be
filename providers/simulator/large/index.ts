export { LargeExpectation } from "./large-expectation.ts";
export { LargeStatevector } from "./large-statevector.ts";
export { largestQubits } from "./linear-states.ts";
export type { TileOptions } from "./tile-circuit.ts";
