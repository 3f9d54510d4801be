export { MemoryRunStore } from "./memory-store.ts";
export type { RunEvent, RunStore } from "./run-store.ts";
