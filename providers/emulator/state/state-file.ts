import {
  closeSync,
  fchmodSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { ProviderError } from "../../errors.ts";
import type { Charge, JobChange, JobRecord, SessionRecord } from "../jobs/job-record.ts";

/** What is written down, one line each. */
export type StateEvent =
  | { readonly type: "job"; readonly job: JobRecord }
  | { readonly type: "job-change"; readonly id: string; readonly change: JobChange }
  | { readonly type: "job-delete"; readonly id: string }
  | { readonly type: "session"; readonly session: SessionRecord }
  | { readonly type: "charge"; readonly charge: Charge };

/** Jobs, sessions and charges as a file of events leaves them. */
export interface SavedState {
  readonly jobs: readonly JobRecord[];
  readonly sessions: readonly SessionRecord[];
  readonly charges: readonly Charge[];
}

/** Where events go; `append` returns once they are safe. */
export interface StateLog {
  readonly saved: SavedState;
  append(event: StateEvent): void;
  close(): void;
}

/** Keeps nothing. */
export const FORGETFUL: StateLog = {
  saved: { jobs: [], sessions: [], charges: [] },
  append: () => {},
  close: () => {},
};

const HEADER = '{"format":"lepton-emulator-state@1"}';

/**
 * A file of JSON lines, readable by its owner alone. Each event is on disk before the client hears of it; a last line that
 * a crash has torn is left out. When opened it is written anew without what is no longer needed, beside itself and then
 * renamed, so that at any time there is one whole file. It holds circuits and results, no key, token or CRN.
 * @throws ProviderError EMULATOR_STATE when it cannot be read or written, is damaged, or another emulator has it open
 */
export function openStateFile(path: string): StateLog {
  const release = lock(path);
  try {
    const saved = load(path);
    rewrite(path, saved);
    const file = openSync(path, "a", 0o600);
    let open = true;
    return {
      saved,
      append: (event) => {
        // What a request that is still running would add after the end belongs to nobody.
        if (!open) return;
        writeAll(file, `${JSON.stringify(event)}\n`);
        fsyncSync(file);
      },
      close: () => {
        if (!open) return;
        open = false;
        closeSync(file);
        release();
      },
    };
  } catch (cause) {
    release();
    if (cause instanceof ProviderError) throw cause;
    throw stateError(`The state file ${path} cannot be used: ${(cause as Error).message}.`, cause);
  }
}

function load(path: string): SavedState {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return FORGETFUL.saved;
    throw error;
  }
  const jobs = new Map<string, JobRecord>();
  const sessions = new Map<string, SessionRecord>();
  const charges: Charge[] = [];
  const lines = text.split("\n");
  // After the last line feed there is nothing, or a line that was not finished.
  lines.pop();
  if (lines.length > 0 && lines[0] !== HEADER)
    throw stateError(`${path} is no state file of this version of the emulator; name another file.`);
  for (const [index, line] of lines.entries()) {
    if (index === 0) continue;
    const event = parsed(line, path, index + 1);
    if (event.type === "job") jobs.set(event.job.id, event.job);
    else if (event.type === "job-change") Object.assign(jobs.get(event.id) ?? {}, withoutNulls(event.change));
    else if (event.type === "job-delete") jobs.delete(event.id);
    else if (event.type === "session") sessions.set(event.session.id, event.session);
    else charges.push(event.charge);
  }
  return { jobs: [...jobs.values()], sessions: [...sessions.values()], charges };
}

/** JSON has no undefined; in a change null says that a field was taken away. */
function withoutNulls(change: JobChange): JobChange {
  return Object.fromEntries(Object.entries(change).map(([key, value]) => [key, value ?? undefined]));
}

function parsed(line: string, path: string, number: number): StateEvent {
  try {
    return JSON.parse(line) as StateEvent;
  } catch (cause) {
    throw stateError(`Line ${number} of ${path} is damaged; restore the file, or start with another.`, cause);
  }
}

function rewrite(path: string, { jobs, sessions, charges }: SavedState): void {
  const events: StateEvent[] = [
    ...jobs.map((job) => ({ type: "job", job }) as const),
    ...sessions.map((session) => ({ type: "session", session }) as const),
    ...charges.map((charge) => ({ type: "charge", charge }) as const),
  ];
  const temporary = `${path}.new`;
  const file = openSync(temporary, "w", 0o600);
  try {
    fchmodSync(file, 0o600);
    writeAll(file, `${HEADER}\n`);
    for (const event of events) writeAll(file, `${JSON.stringify(event)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  const folder = openSync(dirname(resolve(path)), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function writeAll(file: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
}

/** State files that emulators of this process have open. */
const openHere = new Set<string>();

/** One emulator a file: another that lives holds the lock, one that died has left it behind. */
function lock(path: string): () => void {
  const lockPath = `${resolve(path)}.lock`;
  for (let attempt = 0; attempt < 2; attempt++)
    try {
      const file = openSync(lockPath, "wx", 0o600);
      writeAll(file, `${process.pid}`);
      closeSync(file);
      openHere.add(lockPath);
      return () => {
        openHere.delete(lockPath);
        rmSync(lockPath, { force: true });
      };
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST")
        throw stateError(`The state file ${path} cannot be used: ${(cause as Error).message}.`, cause);
      const holder = Number(readFileSync(lockPath, "utf8"));
      // A process that was started again in a container may have the number of the one that died.
      const alive = holder === process.pid ? openHere.has(lockPath) : isAlive(holder);
      if (alive || statSync(lockPath).size === 0)
        throw stateError(`The state file ${path} is in use by the process ${holder}; stop that emulator first.`);
      rmSync(lockPath, { force: true });
    }
  throw stateError(`The state file ${path} is in use.`);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function stateError(message: string, cause?: unknown): ProviderError {
  return new ProviderError("EMULATOR_STATE", message, { cause });
}
