import type { Io } from "./io.ts";

/** Shows how far a long task is: a bar that redraws itself on a terminal, a line at each tenth elsewhere. */
export interface Progress {
  /** `done` of `total`; `note` is a few words such as a loss. */
  update(label: string, done: number, total: number, note?: string): void;
  /** A line of its own, above the bar. */
  note(text: string): void;
  /** Takes the bar away. */
  end(): void;
}

const REDRAW_MS = 80;
const BAR = 24;
/** Where the words would not fit beside the other. */
const SHORT_BAR = 8;

export function createProgress(io: Io, now: () => number = () => performance.now()): Progress {
  return io.interactive ? barProgress(io, now) : lineProgress(io);
}

function barProgress(io: Io, now: () => number): Progress {
  let drawnAt = Number.NEGATIVE_INFINITY;
  const clear = "\r\u001b[2K";
  return {
    update(label, done, total, note = "") {
      if (done < total && now() - drawnAt < REDRAW_MS) return;
      drawnAt = now();
      const width = Math.max(20, io.width - 1);
      const line = (name: string, cells: number): string => {
        const filled = Math.round((done / total) * cells);
        const bar = "━".repeat(filled) + "─".repeat(cells - filled);
        return `${name} ${bar} ${String(Math.floor((100 * done) / total)).padStart(3)} %  ${note}`;
      };
      const long = line(label.padEnd(24), BAR);
      io.err(clear + (long.length <= width ? long : line(label, SHORT_BAR)).slice(0, width));
    },
    note: (text) => io.err(`${clear}${text}\n`),
    end: () => io.err(clear),
  };
}

function lineProgress(io: Io): Progress {
  let label = "";
  let tenth = 0;
  return {
    update(next, done, total, note = "") {
      if (next !== label) {
        label = next;
        tenth = 0;
      }
      const reached = Math.floor((10 * done) / total);
      if (reached <= tenth) return;
      tenth = reached;
      io.err(`${label}: ${reached * 10} %${note === "" ? "" : `, ${note}`}\n`);
    },
    note: (text) => io.err(`${text}\n`),
    end: () => {},
  };
}
