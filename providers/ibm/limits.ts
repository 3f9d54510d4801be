import type { Circuit, Operation } from "../../circuits/index.ts";
import { qubitsOf } from "../../circuits/index.ts";

/**
 * Limits of IBM's service, as data: they change without notice, so a caller may set others. What the service checks by
 * itself and states in several ways (gates of one circuit) is not here; its failure says so.
 */
export interface IbmLimits {
  /** Executions of one Sampler job: rows times shots over its PUBs. The service splits an Estimator's itself. */
  readonly maxExecutionsPerJob: number;
  /** Shots of one PUB; more are accepted when submitted, and then fail. */
  readonly maxShots: number;
  /** What the control electronics of one qubit can hold, in instructions weighted by `INSTRUCTION_WEIGHTS`. */
  readonly maxControlInstructionsPerQubit: number;
  /** Bytes of a job's body. IBM publishes no figure; beyond its own limit the service answers code 5302. */
  readonly maxPayloadBytes: number;
  readonly maxTags: number;
  readonly maxTagLength: number;
}

export const IBM_LIMITS: IbmLimits = Object.freeze({
  maxExecutionsPerJob: 10_000_000,
  maxShots: 10_000_000,
  maxControlInstructionsPerQubit: 26_800_000,
  maxPayloadBytes: 50_000_000,
  maxTags: 8,
  maxTagLength: 86,
});

/** Instructions that one operation takes on each of its qubits. */
export const INSTRUCTION_WEIGHTS: Readonly<Record<string, number>> = Object.freeze({
  rz: 1,
  delay: 1,
  sx: 2,
  x: 2,
  rx: 2,
  cx: 5,
  cz: 5,
  ecr: 5,
  rzz: 5,
  measure: 10,
  reset: 17,
});
/** Each qubit is initialised once. */
const INITIALISATION = 50;
/** Counted for an operation that the table does not name: the most that a gate has. */
const OTHER_GATE = 5;

/** The qubit whose control electronics a circuit fills most, and with how many instructions. */
export function controlInstructions(circuit: Circuit): { readonly qubit: number; readonly instructions: number } {
  const perQubit = new Float64Array(circuit.numQubits);
  const visit = (operation: Operation): void => {
    if (operation.kind === "if") {
      operation.whenTrue.forEach(visit);
      operation.whenFalse.forEach(visit);
      return;
    }
    if (operation.kind === "barrier") return;
    const name = operation.kind === "gate" ? operation.gate : operation.kind;
    for (const qubit of qubitsOf(operation)) perQubit[qubit]! += INSTRUCTION_WEIGHTS[name] ?? OTHER_GATE;
  };
  circuit.operations.forEach(visit);
  let qubit = 0;
  for (let i = 1; i < perQubit.length; i++) if (perQubit[i]! > perQubit[qubit]!) qubit = i;
  return { qubit, instructions: INITIALISATION + (perQubit[qubit] ?? 0) };
}

/** How much of a job one PUB takes. */
export interface PubSize {
  readonly rows: number;
  /** Executions of one row that count against the job's limit; 0 where the service does not count them. */
  readonly executionsPerRow: number;
  /** Bytes of the PUB without its rows. */
  readonly bytes: number;
  /** The most bytes that a row can take. */
  readonly bytesPerRow: number;
  /** The most rows that go into one PUB of a job, 1 or more; any number by default. */
  readonly maxRows?: number | undefined;
}

/** Rows `from` up to, without, `to` of one PUB. */
export interface PubSlice {
  readonly pub: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Fills jobs with PUBs in order, and begins another job only where a limit forces it; a PUB may go over several jobs, cut
 * between its rows. One job if possible.
 * @returns for each job its slices; undefined where not even one row of a PUB fits into a job
 */
export function splitIntoJobs(
  sizes: readonly PubSize[],
  limits: Pick<IbmLimits, "maxExecutionsPerJob" | "maxPayloadBytes">,
): readonly (readonly PubSlice[])[] | undefined {
  const jobs: PubSlice[][] = [];
  let job: PubSlice[] = [];
  let executions = 0;
  let bytes = 0;
  const close = (): void => {
    jobs.push(job);
    job = [];
    executions = 0;
    bytes = 0;
  };
  for (const [pub, size] of sizes.entries()) {
    for (let from = 0; from < size.rows || (size.rows === 0 && from === 0); ) {
      const fit = Math.min(
        size.rows - from,
        size.maxRows ?? Infinity,
        share(limits.maxExecutionsPerJob - executions, size.executionsPerRow),
        share(limits.maxPayloadBytes - bytes - size.bytes, size.bytesPerRow),
      );
      if (fit < Math.min(1, size.rows)) {
        if (job.length === 0) return undefined;
        close();
        continue;
      }
      job.push({ pub, from, to: from + fit });
      executions += fit * size.executionsPerRow;
      bytes += size.bytes + fit * size.bytesPerRow;
      from += Math.max(1, fit);
    }
  }
  if (job.length > 0) close();
  return jobs;
}

function share(left: number, each: number): number {
  if (left < 0) return 0;
  return each === 0 ? Infinity : Math.floor(left / each);
}
