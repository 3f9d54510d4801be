import type { RunStore } from "../../src/runs/index.ts";

/** A store as a process sees it that can be killed: from then on no call of its own is ever answered. */
export interface MortalStore {
  readonly store: RunStore;
  kill(): void;
}

export function mortalStore(inner: RunStore): MortalStore {
  let alive = true;
  const store = new Proxy(inner, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...args: readonly unknown[]) =>
        alive ? (Reflect.apply(member, target, args) as unknown) : new Promise(() => {});
    },
  });
  const kill = (): void => {
    alive = false;
  };
  return { store, kill };
}
