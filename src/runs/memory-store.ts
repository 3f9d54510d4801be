import type { RunEvent, RunStore } from "./run-store.ts";

/** Keeps events for as long as the process lives. */
export class MemoryRunStore implements RunStore {
  readonly #events = new Map<string, RunEvent[]>();

  async append(runId: string, event: RunEvent): Promise<void> {
    const events = this.#events.get(runId);
    if (events === undefined) this.#events.set(runId, [event]);
    else events.push(event);
  }

  /** The events of one run so far, oldest first. */
  events(runId: string): readonly RunEvent[] {
    return [...(this.#events.get(runId) ?? [])];
  }
  /** The runs in order of their first event. */
  runIds(): readonly string[] {
    return [...this.#events.keys()];
  }
}
