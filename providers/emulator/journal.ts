/** One request as the journal keeps it: no body, no header, no secret. */
export interface JournalEntry {
  readonly index: number;
  /** By the emulator's clock, ISO 8601. */
  readonly time: string;
  readonly method: string;
  /** The path with the ids in it; `?` and the names of its query parameters after it. Unknown paths are not written down. */
  readonly path: string;
  /** 0 where the connection was dropped instead. */
  readonly status: number;
  /** The fault rule that struck, if any. */
  readonly fault?: string;
  readonly durationMs: number;
}

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

/** Query values that can be written down: they are numbers, dates and words of the API. */
const OPEN_VALUES: ReadonlySet<string> = new Set([
  "limit",
  "offset",
  "pending",
  "sort",
  "exclude_params",
  "mode",
  "fields",
]);

/** A path for the journal. */
export function journalPath(
  pattern: string | undefined,
  params: Readonly<Record<string, string>>,
  query: URLSearchParams,
): string {
  if (pattern === undefined) return "(unknown path)";
  const path = pattern
    .split("/")
    .map((part) => {
      const value = part.startsWith("{") ? params[part.slice(1, -1)]! : part;
      // An id of the emulator's own or a name; anything else, such as an account's, stays out.
      return part.startsWith("{") && !(pattern.includes("accounts") || !/^[\w.-]{1,64}$/.test(value)) ? value : part;
    })
    .join("/");
  const names = [...query].map(([name, value]) =>
    OPEN_VALUES.has(name) && /^[\w.:+-]{1,40}$/.test(value)
      ? `${name}=${value}`
      : /^[\w[\]]{1,40}$/.test(name)
        ? `${name}=*`
        : "*",
  );
  return names.length === 0 ? path : `${path}?${names.join("&")}`;
}
