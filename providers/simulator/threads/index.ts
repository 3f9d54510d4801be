export type { Work, WorkMemory } from "./shared-run.ts";
export { threadCount } from "./thread-count.ts";
export { WorkerTeam } from "./worker-team.ts";
