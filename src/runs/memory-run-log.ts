import type { RunLog, RunLogEvent } from "./run-log.ts";

/** Keeps events for as long as the process lives. */
export class MemoryRunStore implements RunLog {
  readonly #events = new Map<string, RunLogEvent[]>();

  async append(runId: string, event: RunLogEvent): Promise<void> {
    const events = this.#events.get(runId);
    if (events === undefined) this.#events.set(runId, [event]);
    else events.push(event);
  }

  /** The events of one run so far, oldest first. */
  events(runId: string): readonly RunLogEvent[] {
    return [...(this.#events.get(runId) ?? [])];
  }
  /** The runs in order of their first event. */
  runIds(): readonly string[] {
    return [...this.#events.keys()];
  }
}
