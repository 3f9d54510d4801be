/** Callbacks with a state of their own that decides what they do next. */
export interface KeptCallbacks {
  /** Plain data and typed arrays, written down with each step of a run that is kept. */
  state?(): unknown;
  /** Given, before the first step of a run that goes on, what `state` returned. */
  restore?(state: unknown): void;
}

/** Of those that have one, in order: so whoever looks on without a state of their own changes nothing. */
export function statesOf(callbacks: readonly KeptCallbacks[]): readonly unknown[] {
  return withState(callbacks).map((callback) => callback.state?.() ?? null);
}

export function restoreStates(callbacks: readonly KeptCallbacks[], states: readonly unknown[] | undefined): void {
  for (const [index, callback] of withState(callbacks).entries()) {
    const state = states?.[index];
    if (state !== undefined && state !== null) callback.restore?.(state);
  }
}

function withState(callbacks: readonly KeptCallbacks[]): readonly KeptCallbacks[] {
  return callbacks.filter((callback) => callback.state !== undefined);
}
