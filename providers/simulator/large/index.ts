export { LargeExpectation } from "./large-expectation.ts";
export { LargeStatevector } from "./large-statevector.ts";
export type { TileShape } from "./pass-plan.ts";
