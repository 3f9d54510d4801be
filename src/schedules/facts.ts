import type { Target } from "../../circuits/index.ts";
import type { Backend, BackendStatus } from "../../providers/index.ts";
import { localDate } from "./zone.ts";

/** Where facts come from. */
interface Source {
  readonly status: BackendStatus;
  readonly target: Target | undefined;
  /** Milliseconds since 1970, and the same as the clocks of the schedule's zone show it in UTC fields. */
  readonly now: number;
  readonly clock: Date;
}

interface FactSpec {
  readonly kind: "number" | "boolean";
  readonly says: string;
  /** Undefined where it is not told. */
  readonly of: (source: Source) => number | boolean | undefined;
}

/** What a condition can ask for. The one list of names: conditions, errors and a test of the documentation read it. */
export const FACTS = {
  queue: { kind: "number", says: "jobs that wait at the backend", of: ({ status }) => status.pendingJobs },
  operational: { kind: "boolean", says: "the backend takes and runs jobs", of: ({ status }) => status.operational },
  qubits: {
    kind: "number",
    says: "qubits in working order",
    of: ({ target }) => target?.qubits.filter((_, qubit) => target.isUsable(qubit)).length,
  },
  twoQubitError: {
    kind: "number",
    says: "error of the gate on two qubits, median of the pairs",
    of: ({ target }) => median(twoQubitErrors(target)),
  },
  twoQubitErrorBest: {
    kind: "number",
    says: "error of the gate on two qubits, best pair",
    of: ({ target }) => least(twoQubitErrors(target)),
  },
  oneQubitError: {
    kind: "number",
    says: "error of the gate sx, median of the qubits",
    of: ({ target }) => median(ofQubits(target, (qubit) => target?.instruction("sx", [qubit])?.error)),
  },
  readoutError: {
    kind: "number",
    says: "probability of reading the wrong bit, median of the qubits",
    of: ({ target }) => median(ofQubits(target, (qubit) => target?.qubits[qubit]?.readoutError)),
  },
  readoutErrorBest: {
    kind: "number",
    says: "probability of reading the wrong bit, best qubit",
    of: ({ target }) => least(ofQubits(target, (qubit) => target?.qubits[qubit]?.readoutError)),
  },
  t1Microseconds: {
    kind: "number",
    says: "relaxation time T1, median of the qubits",
    of: ({ target }) => microseconds(median(ofQubits(target, (qubit) => target?.qubits[qubit]?.t1))),
  },
  t2Microseconds: {
    kind: "number",
    says: "coherence time T2, median of the qubits",
    of: ({ target }) => microseconds(median(ofQubits(target, (qubit) => target?.qubits[qubit]?.t2))),
  },
  calibrationAgeHours: {
    kind: "number",
    says: "hours since the device was calibrated",
    of: ({ target, now }) => {
      const calibrated = Date.parse(target?.calibratedAt ?? "");
      return Number.isNaN(calibrated) ? undefined : (now - calibrated) / 3_600_000;
    },
  },
  hourOfDay: {
    kind: "number",
    says: "hour in the schedule's time zone, 0 to 23",
    of: ({ clock }) => clock.getUTCHours(),
  },
  dayOfWeek: {
    kind: "number",
    says: "day in the schedule's time zone, 0 (Sunday) to 6",
    of: ({ clock }) => clock.getUTCDay(),
  },
} as const satisfies Record<string, FactSpec>;

export type FactName = keyof typeof FACTS;
/** A value, or in plain words why there is none. */
export type Fact = number | boolean | { readonly unknown: string };
/** What is known at one time; a name that is missing is not known. */
export type ConditionFacts = Readonly<Partial<Record<FactName, Fact>>>;

export const FACT_NAMES = Object.keys(FACTS) as readonly FactName[];

/**
 * What a backend tells about itself now. Errors are probabilities by its last calibration; broken gates and qubits are left
 * out.
 * @param now milliseconds since 1970
 * @param timeZone of the schedule
 * @throws what `backend.status` does
 */
export async function conditionFacts(backend: Backend, now: number, timeZone = "UTC"): Promise<ConditionFacts> {
  const { target, name } = backend;
  const source: Source = { status: await backend.status(), target, now, clock: localDate(timeZone, now) };
  const unknown =
    target === undefined
      ? `backend ${name} is no device and has no such value`
      : `backend ${name} does not tell it in its calibration`;
  return Object.fromEntries(
    FACT_NAMES.map((fact) => {
      const { kind, of }: FactSpec = FACTS[fact];
      const value = of(source);
      const isKnown = kind === "boolean" ? typeof value === "boolean" : Number.isFinite(value);
      return [fact, isKnown ? value : { unknown }];
    }),
  );
}

/** Of each pair that can be used, the better direction. */
function twoQubitErrors(target: Target | undefined): readonly number[] {
  const { entangler } = target ?? {};
  if (target === undefined || entangler === undefined) return [];
  const errors = new Map<string, number>();
  for (const [a, b] of target.edges) {
    const pair = `${Math.min(a, b)},${Math.max(a, b)}`;
    const error = target.instruction(entangler, [a, b])?.error;
    if (error !== undefined) errors.set(pair, Math.min(error, errors.get(pair) ?? 1));
  }
  return [...errors.values()];
}

function ofQubits(target: Target | undefined, value: (qubit: number) => number | undefined): readonly number[] {
  const qubits = Array.from({ length: target?.numQubits ?? 0 }, (_, qubit) => qubit);
  return qubits.filter((qubit) => target?.isUsable(qubit)).flatMap((qubit) => value(qubit) ?? []);
}

function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : average(sorted[middle - 1], sorted[middle]);
}

function average(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : (a + b) / 2;
}

function least(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : Math.min(...values);
}

function microseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1e6;
}
