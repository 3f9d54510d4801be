import type { StateMemory } from "../../providers/simulator/state-memory.ts";

/** A memory that says that it has few bytes, so that programs keep few states, but lends all that is asked for. */
export function fewStates(memory: StateMemory, maxBytes: number): StateMemory {
  return new Proxy(memory, {
    get: (target, name) => {
      if (name === "maxBytes") return maxBytes;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
