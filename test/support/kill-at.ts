/**
 * Loaded before a program (`node --import`), it kills the program's process at the crash point that KILL_AT names, as JSON; the
 * program itself is none the wiser.
 */
import { type CrashPoint, onCrashPoint } from "../../src/runs/crash-points.ts";

export interface KillAt {
  readonly point: CrashPoint;
  /** Not before the process has come to so many jobs; 0 by default. */
  readonly job?: number;
  /** Only where this was the point before it. */
  readonly after?: CrashPoint;
  /** The how-manieth time; 1 by default. */
  readonly nth?: number;
}

const asked = process.env.KILL_AT;
if (asked !== undefined) {
  const { point, job = 0, after, nth = 1 } = JSON.parse(asked) as KillAt;
  let jobs = 0;
  let seen = 0;
  let before: CrashPoint | undefined;
  onCrashPoint((reached) => {
    if (reached === "k0") jobs++;
    const fits = reached === point && jobs >= job && (after === undefined || after === before);
    before = reached;
    if (fits && ++seen === nth) process.kill(process.pid, "SIGKILL");
  });
}
