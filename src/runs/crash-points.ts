/**
 * Where a run can be cut off, named in the order of one step; `docs/reliability.md` has the list. The chaos tests kill the
 * process there; otherwise nothing happens.
 */
export type CrashPoint =
  | "k0"
  | "k1"
  | "k2"
  | "k3"
  | "k4"
  | "k5"
  | "k6"
  | "k7"
  | "k8"
  | "k9"
  | "k10"
  | "k11"
  | "k12"
  | "k13"
  | "k14"
  | "k15"
  | "k16"
  | "k17"
  | "k18";

let listener: ((point: CrashPoint) => void) | undefined;

export function reached(point: CrashPoint): void {
  listener?.(point);
}

/** @internal For tests: called at every point from here on. */
export function onCrashPoint(called: ((point: CrashPoint) => void) | undefined): void {
  listener = called;
}
