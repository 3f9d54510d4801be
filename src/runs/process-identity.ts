import { randomUUID } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import type { Owner } from "./events.ts";

/** A new driver in this process. */
export function thisOwner(): Owner {
  const self = ownIdentity();
  return {
    id: randomUUID(),
    host: hostname(),
    pid: process.pid,
    processStart: Math.round(performance.timeOrigin),
    ...(self === undefined ? {} : { process: self }),
  };
}

/**
 * Whether the owner was a process of this machine that is no more. False where that cannot be known: on another machine, in
 * another container, after a restart of the machine, or where the system does not tell when a process started.
 */
export function isGone({ pid, process: recorded }: Owner): boolean {
  const here = surroundings();
  if (recorded === undefined || here === undefined || !recorded.startsWith(`${here}/`)) return false;
  if (pid === process.pid && recorded === ownIdentity()) return false;
  const present = identityOf(pid);
  return present === "none" || (present !== undefined && present !== recorded);
}

let own: string | undefined;
function ownIdentity(): string | undefined {
  own ??= identityOf(process.pid);
  return own;
}

/**
 * What tells a process from all others: the start of the machine, the space in which its number counts, and when it started
 * in ticks after the machine. Times by the clock would change whenever that is set.
 */
function identityOf(pid: number): string | "none" | undefined {
  const around = surroundings();
  if (around === undefined) return undefined;
  const stat = readStat(pid);
  if (stat === undefined) return isVisible(pid) ? undefined : "none";
  // The name of the program stands in brackets, and may hold anything.
  const [state, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // Killed, and only not yet waited for by its parent.
  if (state === "Z" || state === "X") return "none";
  return `${around}/${rest[18]}`;
}

let known: string | undefined;
function surroundings(): string | undefined {
  try {
    known ??= `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}/${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    // Not Linux.
  }
  return known;
}

function readStat(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
}

/** Processes of other users may be hidden in /proc. */
function isVisible(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
