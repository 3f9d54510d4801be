import { createHash } from "node:crypto";
import { describeValue } from "../describe-value.ts";
import { TranspilerError } from "../errors.ts";
import { optionsFault } from "../options-fault.ts";

/** The parts of IBM's backend configuration that a compiler reads; the rest is passed over. */
export interface IbmConfiguration {
  readonly backend_name: string;
  readonly n_qubits: number;
  readonly basis_gates: readonly string[];
  readonly coupling_map: readonly (readonly [number, number])[] | null;
  readonly supported_instructions?: readonly string[];
  /** Nanoseconds. */
  readonly dt?: number;
  /** Microseconds. */
  readonly default_rep_delay?: number;
  readonly timing_constraints?: { readonly granularity?: number; readonly pulse_alignment?: number };
  readonly coords?: readonly (readonly [number, number])[] | null;
  readonly [other: string]: unknown;
}

/** A value of a calibration; `value` may be NaN or infinite where the service sends that. */
export interface IbmNduv {
  readonly name: string;
  readonly value: number;
  readonly unit?: string;
  readonly date?: string;
}

/** IBM's backend properties: one list a qubit, one entry a gate and place. */
export interface IbmProperties {
  readonly backend_name?: string;
  readonly last_update_date?: string;
  readonly qubits: readonly (readonly IbmNduv[])[];
  readonly gates: readonly {
    readonly gate: string;
    readonly qubits: readonly number[];
    readonly parameters: readonly IbmNduv[];
  }[];
  readonly [other: string]: unknown;
}

/** Calibrated facts of one qubit; what the device does not tell is undefined. Times in seconds. */
export interface QubitProperties {
  readonly t1: number | undefined;
  readonly t2: number | undefined;
  /** Probability of reading the wrong bit, averaged over both. */
  readonly readoutError: number | undefined;
  /** P(read 0 | prepared 1). */
  readonly probMeas0Prep1: number | undefined;
  /** P(read 1 | prepared 0). */
  readonly probMeas1Prep0: number | undefined;
  readonly readoutSeconds: number | undefined;
  /** False where the device calls the qubit out of order; no circuit is placed there. */
  readonly operational: boolean;
}

/** Calibrated facts of one gate at one place. */
export interface InstructionProperties {
  /** Average error probability, 0 to 1; undefined where unknown. */
  readonly error: number | undefined;
  readonly durationSeconds: number | undefined;
}

export interface TargetOptions {
  /** Keep the fractional gates rx(θ) and rzz(θ), 0 ≤ θ ≤ π/2, that some devices have besides; false by default, as at IBM. */
  readonly fractionalGates?: boolean;
}

/** Gates of two qubits that a device may be built on. */
export const ENTANGLERS = ["cz", "ecr", "cx"] as const;
export type Entangler = (typeof ENTANGLERS)[number];
const FRACTIONAL: readonly string[] = ["rx", "rzz"];
/** Gates on one qubit that compiled circuits are made of. */
const NEEDED: readonly string[] = ["rz", "sx", "x"];
const UNKNOWN: QubitProperties = {
  t1: undefined,
  t2: undefined,
  readoutError: undefined,
  probMeas0Prep1: undefined,
  probMeas1Prep0: undefined,
  readoutSeconds: undefined,
  operational: true,
};

/**
 * What a device can run and how well: its qubits, gates and where they work. Immutable. A gate of error 1 and a qubit that
 * is not operational count as absent: the compiler never uses them, and nothing may be sent that does.
 */
export class Target {
  readonly name: string;
  readonly numQubits: number;
  /** The gates of the device as it names them (`cz`, `rz`, `sx`, ...), fractional ones only where asked for. */
  readonly basisGates: readonly string[];
  /** What else circuits may hold: `measure`, `reset`, `delay`, `if_else`, ... */
  readonly supportedInstructions: readonly string[];
  /** The gate of two qubits that all others are built on; undefined for a device of one qubit. */
  readonly entangler: Entangler | undefined;
  readonly qubits: readonly QubitProperties[];
  /** Where the entangler works between usable qubits, in the direction in which it does (for cz often both). */
  readonly edges: readonly (readonly [number, number])[];
  /** For each qubit the qubits it shares a working entangler with, whatever the direction; ascending. */
  readonly neighbours: readonly (readonly number[])[];
  /** The device's time step; undefined where it does not tell. */
  readonly dtSeconds: number | undefined;
  /** Delays and gates start at multiples of this many dt. */
  readonly granularityDt: number;
  /** Time between two shots in which the qubits relax. */
  readonly repDelaySeconds: number;
  /** When the device was calibrated, as it says it. */
  readonly calibratedAt: string | undefined;
  /** Places of the qubits in a drawing. */
  readonly coordinates: readonly (readonly [number, number])[] | undefined;
  readonly fractionalGates: boolean;
  /** SHA-256 (hex) of all of the above: circuits compiled for equal hashes can be shared. */
  readonly hash: string;
  readonly #instructions: ReadonlyMap<string, InstructionProperties>;
  readonly #couplings: ReadonlySet<string>;
  #distances: Int32Array | undefined;

  private constructor(configuration: IbmConfiguration, properties: IbmProperties | undefined, options: TargetOptions) {
    const fault = optionsFault("a Target", options, ["fractionalGates"]);
    if (fault !== undefined) throw new TranspilerError("TARGET_CONFIGURATION", fault);
    const { fractionalGates = false } = options;
    checkConfiguration(configuration);
    this.name = configuration.backend_name;
    this.numQubits = configuration.n_qubits;
    this.fractionalGates = fractionalGates;
    this.basisGates = Object.freeze(
      configuration.basis_gates.filter((gate) => fractionalGates || !FRACTIONAL.includes(gate)),
    );
    this.supportedInstructions = Object.freeze([...(configuration.supported_instructions ?? ["measure", "delay"])]);
    this.dtSeconds = configuration.dt === undefined ? undefined : configuration.dt * 1e-9;
    this.granularityDt = configuration.timing_constraints?.granularity ?? 1;
    this.repDelaySeconds = (configuration.default_rep_delay ?? 0) * 1e-6;
    this.calibratedAt = properties?.last_update_date;
    this.coordinates = configuration.coords ?? undefined;
    this.qubits = Object.freeze(
      Array.from({ length: this.numQubits }, (_, qubit) => qubitProperties(properties?.qubits[qubit])),
    );
    this.#instructions = instructionTable(properties, [...this.basisGates, ...this.supportedInstructions]);
    this.entangler = ENTANGLERS.find((gate) => this.basisGates.includes(gate));
    const pairs = configuration.coupling_map ?? allPairs(this.numQubits);
    this.#couplings = new Set(pairs.map(([a, b]) => `${a},${b}`));
    this.edges = Object.freeze(
      this.entangler === undefined
        ? []
        : pairs.filter((pair) => this.isLive(this.entangler!, pair) && pair.every((qubit) => this.isUsable(qubit))),
    );
    const neighbours = Array.from({ length: this.numQubits }, () => new Set<number>());
    for (const [a, b] of this.edges) {
      neighbours[a]!.add(b);
      neighbours[b]!.add(a);
    }
    this.neighbours = Object.freeze(neighbours.map((set) => Object.freeze([...set].sort((a, b) => a - b))));
    this.hash = createHash("sha256")
      .update(
        JSON.stringify([
          this.name,
          this.numQubits,
          this.basisGates,
          this.supportedInstructions,
          this.edges,
          this.qubits,
          [...this.#instructions],
          this.dtSeconds,
          this.granularityDt,
          this.repDelaySeconds,
          this.calibratedAt,
          this.coordinates,
          this.fractionalGates,
          [...this.#couplings],
        ]),
      )
      .digest("hex");
    Object.freeze(this);
  }

  /**
   * A target from IBM's backend configuration and properties (either as the service or as a snapshot gives them).
   * @throws TranspilerError TARGET_CONFIGURATION when a part that is needed is missing or of another type, or for an option that
   * there is not
   */
  static fromIbm(configuration: IbmConfiguration, properties?: IbmProperties, options: TargetOptions = {}): Target {
    return new Target(configuration, properties, options);
  }

  /** A device without calibration: `numQubits` qubits joined by `edges` (both directions), such as a line in a test. */
  static fromEdges(
    numQubits: number,
    edges: readonly (readonly [number, number])[],
    basisGates: readonly string[] = ["cz", "rz", "sx", "x"],
  ): Target {
    return new Target(
      {
        backend_name: `${numQubits}-qubit device`,
        n_qubits: numQubits,
        basis_gates: basisGates,
        coupling_map: edges.flatMap(([a, b]) => [
          [a, b],
          [b, a],
        ]),
        supported_instructions: [...basisGates, "measure", "reset", "delay", "if_else"],
      },
      undefined,
      { fractionalGates: true },
    );
  }

  /** What is known of a gate at a place; undefined where nothing is. */
  instruction(gate: string, qubits: readonly number[]): InstructionProperties | undefined {
    return this.#instructions.get(key(gate, qubits));
  }

  /** Whether a gate of the basis works at a place: coupled, in this direction, and neither it nor its qubits broken. */
  isLive(gate: string, qubits: readonly number[]): boolean {
    if (!this.basisGates.includes(gate)) return false;
    if (!qubits.every((qubit) => this.qubits[qubit]?.operational === true)) return false;
    if (qubits.length === 2 && !this.#couplings.has(`${qubits[0]},${qubits[1]}`)) return false;
    const error = this.instruction(gate, qubits)?.error;
    return error === undefined || error < 1;
  }

  /** Whether a circuit may be placed on a qubit: it is in order, and so is each of the gates on one qubit that are needed. */
  isUsable(qubit: number): boolean {
    const isLive = (gate: string): boolean => !this.basisGates.includes(gate) || this.isLive(gate, [qubit]);
    return this.qubits[qubit]?.operational === true && NEEDED.every(isLive);
  }

  /** Hops between two qubits over working edges; -1 where there is no way. */
  distance(a: number, b: number): number {
    this.#distances ??= allDistances(this.neighbours);
    return this.#distances[a * this.numQubits + b]!;
  }

  /** All distances, [numQubits, numQubits] row-major; only to be read. */
  get distances(): Int32Array {
    this.#distances ??= allDistances(this.neighbours);
    return this.#distances;
  }
}

function key(gate: string, qubits: readonly number[]): string {
  return `${gate} ${qubits.join(",")}`;
}

function checkConfiguration(configuration: IbmConfiguration): void {
  const fault = (field: string, needs: string, value: unknown): never => {
    throw new TranspilerError(
      "TARGET_CONFIGURATION",
      `${field} of a device's configuration is ${needs}, not ${describeValue(value)}.`,
    );
  };
  if (typeof configuration !== "object" || configuration === null)
    throw new TranspilerError(
      "TARGET_CONFIGURATION",
      `A device's configuration is an object in IBM's form, not ${describeValue(configuration)}.`,
    );
  const { backend_name, n_qubits, basis_gates, coupling_map } = configuration;
  if (typeof backend_name !== "string") fault("backend_name", "a text", backend_name);
  if (!Number.isSafeInteger(n_qubits) || n_qubits < 1) fault("n_qubits", "a positive integer", n_qubits);
  if (!Array.isArray(basis_gates)) fault("basis_gates", "a list of names", basis_gates);
  const isQubit = (qubit: unknown): boolean =>
    Number.isSafeInteger(qubit) && Number(qubit) >= 0 && Number(qubit) < n_qubits;
  if (coupling_map !== null && coupling_map !== undefined)
    if (!Array.isArray(coupling_map) || !coupling_map.every((pair) => pair.length === 2 && pair.every(isQubit)))
      fault("coupling_map", `a list of pairs of qubits below ${n_qubits}, or null`, coupling_map);
}

const TIME_UNITS: Readonly<Record<string, number>> = { s: 1, ms: 1e-3, us: 1e-6, µs: 1e-6, ns: 1e-9, ps: 1e-12 };

/** A time in seconds. */
function seconds(found: IbmNduv | undefined): number | undefined {
  const scale = TIME_UNITS[found?.unit ?? "s"];
  return found === undefined || scale === undefined || !(found.value >= 0) ? undefined : found.value * scale;
}

function probability(found: IbmNduv | undefined): number | undefined {
  return found === undefined || !(found.value >= 0 && found.value <= 1) ? undefined : found.value;
}

function qubitProperties(list: readonly IbmNduv[] | undefined): QubitProperties {
  if (list === undefined) return UNKNOWN;
  const named = new Map(list.map((entry) => [entry.name, entry]));
  return Object.freeze({
    t1: seconds(named.get("T1")),
    t2: seconds(named.get("T2")),
    readoutError: probability(named.get("readout_error")),
    probMeas0Prep1: probability(named.get("prob_meas0_prep1")),
    probMeas1Prep0: probability(named.get("prob_meas1_prep0")),
    readoutSeconds: seconds(named.get("readout_length")),
    operational: named.get("operational")?.value !== 0,
  });
}

/** What is known of the gates that the device has; snapshots also hold calibrations of others. */
function instructionTable(
  properties: IbmProperties | undefined,
  known: readonly string[],
): ReadonlyMap<string, InstructionProperties> {
  const table = new Map<string, InstructionProperties>();
  for (const { gate, qubits, parameters } of properties?.gates ?? []) {
    if (!known.includes(gate)) continue;
    const error = parameters.find(({ name }) => name === "gate_error");
    const length = parameters.find(({ name }) => name === "gate_length");
    table.set(
      key(gate, qubits),
      Object.freeze({
        // An error that is no probability tells that the calibration failed.
        error: error === undefined ? undefined : (probability(error) ?? 1),
        durationSeconds: seconds(length),
      }),
    );
  }
  return table;
}

function allPairs(numQubits: number): readonly (readonly [number, number])[] {
  const pairs: (readonly [number, number])[] = [];
  for (let a = 0; a < numQubits; a++) for (let b = 0; b < numQubits; b++) if (a !== b) pairs.push([a, b]);
  return pairs;
}

function allDistances(neighbours: readonly (readonly number[])[]): Int32Array {
  const size = neighbours.length;
  const distances = new Int32Array(size * size).fill(-1);
  const queue = new Int32Array(size);
  for (let start = 0; start < size; start++) {
    const row = distances.subarray(start * size, (start + 1) * size);
    row[start] = 0;
    queue[0] = start;
    for (let head = 0, tail = 1; head < tail; head++)
      for (const next of neighbours[queue[head]!]!)
        if (row[next] === -1) {
          row[next] = row[queue[head]!]! + 1;
          queue[tail++] = next;
        }
  }
  return distances;
}
