import type { CrashPoint } from "../../../src/runs/crash-points.ts";
import type { SimulatedProcess } from "./simulated-process.ts";
import type { World } from "./world.ts";

/** What a request is for. */
export type RequestName =
  | "token"
  | "submit"
  | "list"
  | "job"
  | "results"
  | "metrics"
  | "cancel"
  | "status"
  | "device"
  | "usage"
  | "session"
  | "other";

/** Where a fault can strike: something that a process is about to do, or that has just been done for it. */
export type Moment =
  | { readonly on: "point"; readonly name: CrashPoint }
  /** A request is about to leave, or its answer is there and nobody has seen it. */
  | { readonly on: "sending" | "answered"; readonly name: RequestName; readonly line: RequestLine }
  /** An answer on its way. */
  | { readonly on: "answer"; readonly name: RequestName; readonly line: RequestLine; body: string }
  /** A call of the store is about to be made, or was made and nobody has seen what came of it. */
  | { readonly on: "before" | "after"; readonly name: string };

export interface RequestLine {
  readonly method: string;
  /** Without `/api/v1`. */
  readonly path: string;
}

export interface Scene {
  readonly world: World;
  readonly process: SimulatedProcess;
}

export function requestName({ method, path }: RequestLine): RequestName {
  if (path === "/identity/token") return "token";
  if (path === "/jobs") return method === "POST" ? "submit" : "list";
  if (/^\/jobs\/[^/]+$/.test(path)) return "job";
  const last = path.slice(path.lastIndexOf("/") + 1);
  if (last === "results" || last === "metrics" || last === "cancel" || last === "status") return last;
  if (path.startsWith("/backends")) return "device";
  if (path.startsWith("/sessions")) return "session";
  if (path.includes("usage")) return "usage";
  return "other";
}

/** Ends what a killed process is doing right now; nobody sees it. */
export class Killed extends Error {
  constructor() {
    super("killed");
    this.name = "Killed";
  }
}
