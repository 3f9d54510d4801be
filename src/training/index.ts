export { type Emit, Run, type RunStartOptions, type RunStatus } from "./run.ts";
