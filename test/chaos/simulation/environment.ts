import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers/promises";
import { Rng } from "../../../circuits/index.ts";
import type { World } from "./world.ts";

let rng = Rng.seed("nothing");
let world: World | undefined;

/**
 * Makes this thread one in which nothing is left to the machine: time that is measured, and whatever is drawn, is that of the
 * simulated world. Not to be undone.
 */
export function takeOverEnvironment(): void {
  Object.defineProperty(performance, "now", { value: () => (world === undefined ? 0 : world.now() - world.start) });
  Math.random = () => rng.uniform();
  crypto.randomUUID = () => {
    const hex = Array.from({ length: 4 }, () => rng.uint32().toString(16).padStart(8, "0")).join("");
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
  };
  // Who lets other work go first would let time go on.
  timers.setImmediate = async <Value>(value?: Value) => value as Value;
  syncBuiltinESMExports();
  process.on("unhandledRejection", (reason) => {
    world?.wrong(
      "no failure is left alone",
      reason instanceof Error ? `${reason.name}: ${reason.message}` : String(reason),
    );
  });
}

/** From here on it is this world's. */
export function enter(next: World | undefined, seed: number | string): void {
  world = next;
  rng = Rng.seed(seed).fork("environment");
}
