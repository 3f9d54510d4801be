/** Callbacks with a state of their own that decides what they do next. */
export interface KeptCallbacks {
  /** Plain data and typed arrays, written down with each step of a run that is kept. */
  state?(): unknown;
  /** Given, before the first step of a run that goes on, what `state` returned. */
  restore?(state: unknown): void;
}

export function statesOf(callbacks: readonly KeptCallbacks[]): readonly unknown[] {
  return callbacks.map((callback) => callback.state?.() ?? null);
}

export function restoreStates(callbacks: readonly KeptCallbacks[], states: readonly unknown[] | undefined): void {
  for (const [index, callback] of callbacks.entries()) {
    const state = states?.[index];
    if (state !== undefined && state !== null) callback.restore?.(state);
  }
}
