/** One request as the journal keeps it: no body, no header, no secret. */
export interface JournalEntry {
  readonly index: number;
  /** By the emulator's clock, ISO 8601. */
  readonly time: string;
  readonly method: string;
  /** The path with ids that the emulator knows, and its query without values that somebody made up. */
  readonly path: string;
  /** 0 where the connection was dropped instead. */
  readonly status: number;
  /** The fault rule that struck, if any. */
  readonly fault?: string;
  readonly durationMs: number;
}

/** What stands in place of a path that is no route. */
export const UNKNOWN_PATH = "(unknown path)";

const CAPACITY = 10_000;

/** The last requests, oldest first. */
export class Journal {
  #entries: JournalEntry[] = [];
  #count = 0;

  get entries(): readonly JournalEntry[] {
    return [...this.#entries];
  }

  /** How many requests there were, also those that are no longer kept. */
  get count(): number {
    return this.#count;
  }

  add(entry: Omit<JournalEntry, "index">): void {
    this.#entries.push(Object.freeze({ index: this.#count++, ...entry }));
    if (this.#entries.length > CAPACITY) this.#entries = this.#entries.slice(CAPACITY / 10);
  }

  clear(): void {
    this.#entries = [];
  }
}

/** Names that a query may have, and of which the values can be written down: numbers and words of the API. */
const QUERY_NAMES =
  "limit offset pending program backend tags session_id created_after created_before sort exclude_params fields include_mocks type search next previous status mode plan_id calibration_id updated_before".split(
    " ",
  );
const OPEN_VALUE = /^(\d{1,9}|true|false|asc|desc|-?createdAt|wait_time_seconds|job|session|batch)$/i;

/**
 * A path for the journal.
 * @param isOwn whether a part of the path is a name or an id of the emulator's own; others are not written down
 */
export function journalPath(
  pattern: string | undefined,
  params: Readonly<Record<string, string>>,
  query: URLSearchParams,
  isOwn: (part: string) => boolean,
): string {
  if (pattern === undefined) return UNKNOWN_PATH;
  const path = pattern
    .split("/")
    .map((part) => {
      const value = part.startsWith("{") ? params[part.slice(1, -1)]! : part;
      return part.startsWith("{") && isOwn(value) ? value : part;
    })
    .join("/");
  const names = [...query].map(
    ([name, value]) => `${QUERY_NAMES.includes(name) ? name : "*"}=${OPEN_VALUE.test(value) ? value : "*"}`,
  );
  return names.length === 0 ? path : `${path}?${names.join("&")}`;
}
