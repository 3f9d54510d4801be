import { describeValue, type Matrix } from "../../../circuits/index.ts";
import { SimulatorError } from "../../errors.ts";
import { CHANNELS, type ChannelKind, type ChannelSpec } from "./channel-table.ts";
import { type TransferMatrix, transferMatrix } from "./pauli-transfer.ts";

/** How a channel is drawn shot by shot: with probability `identity` nothing happens, whatever the state. */
export interface Unravelling {
  readonly identity: number;
  /** The other outcomes: operators that with sqrt(identity) times the unit matrix make up the channel. */
  readonly operators: readonly Matrix[];
}

/** A physical map of the density matrix of one or two qubits. Immutable; its constructors check their numbers. */
export class NoiseChannel {
  readonly numQubits: 1 | 2;
  readonly #spec: ChannelSpec;
  #operators: readonly Matrix[] | undefined;
  #transfer: TransferMatrix | undefined;
  #unravelling: Unravelling | undefined;

  private constructor(spec: ChannelSpec) {
    const row = CHANNELS[spec.kind];
    const fault = (row.fault as (spec: ChannelSpec) => ReturnType<typeof row.fault>)(spec);
    if (fault !== undefined)
      throw new SimulatorError(fault.code, `A ${spec.kind} channel cannot be made: ${fault.text}`);
    this.#spec = Object.freeze(spec);
    this.numQubits =
      spec.kind === "depolarizing" ? spec.numQubits : spec.kind === "kraus" && spec.operators[0]!.length === 32 ? 2 : 1;
    Object.freeze(this);
  }

  /**
   * rho -> (1 - p) rho + p 1/2^n on n qubits (Qiskit's convention).
   * @throws SimulatorError NOISE_PROBABILITY unless p is from 0 to 4^n/(4^n - 1)
   */
  static depolarizing(probability: number, numQubits: 1 | 2 = 1): NoiseChannel {
    return new NoiseChannel({ kind: "depolarizing", probability, numQubits });
  }
  /**
   * What a qubit goes through in `duration`: decay to |0> in t1, loss of coherence in t2. Seconds; infinite times are allowed.
   * @throws SimulatorError NOISE_TIME unless 0 < t2 <= 2 t1 and duration is 0 or more
   */
  static thermalRelaxation(t1: number, t2: number, duration: number): NoiseChannel {
    return new NoiseChannel({ kind: "thermal-relaxation", t1, t2, duration });
  }
  /** |1> decays to |0> with probability gamma. @throws SimulatorError NOISE_PROBABILITY */
  static amplitudeDamping(gamma: number): NoiseChannel {
    return new NoiseChannel({ kind: "amplitude-damping", gamma });
  }
  /** Off-diagonal elements shrink by sqrt(1 - lambda). @throws SimulatorError NOISE_PROBABILITY */
  static phaseDamping(lambda: number): NoiseChannel {
    return new NoiseChannel({ kind: "phase-damping", lambda });
  }
  /** Decay to a bath in which |1> has the probability `excited`. @throws SimulatorError NOISE_PROBABILITY */
  static generalizedAmplitudeDamping(gamma: number, excited: number): NoiseChannel {
    return new NoiseChannel({ kind: "generalized-amplitude-damping", gamma, excited });
  }
  /** X with a probability. @throws SimulatorError NOISE_PROBABILITY */
  static bitFlip(probability: number): NoiseChannel {
    return new NoiseChannel({ kind: "bit-flip", probability });
  }
  /** Z with a probability. @throws SimulatorError NOISE_PROBABILITY */
  static phaseFlip(probability: number): NoiseChannel {
    return new NoiseChannel({ kind: "phase-flip", probability });
  }
  /** X, Y or Z with probabilities that add up to at most 1. @throws SimulatorError NOISE_PROBABILITY */
  static pauli(x: number, y: number, z: number): NoiseChannel {
    return new NoiseChannel({ kind: "pauli", x, y, z });
  }
  /**
   * rho -> sum of K rho K† over operators of one or two qubits, the first qubit the least significant bit.
   * @throws SimulatorError NOISE_KRAUS unless the sum of K†K is the unit matrix to 1e-8
   */
  static kraus(operators: readonly Matrix[]): NoiseChannel {
    if (!Array.isArray(operators) || !operators.every((operator: unknown) => operator instanceof Float64Array))
      throw new SimulatorError(
        "NOISE_KRAUS",
        `A kraus channel takes a list of matrices, such as complexMatrix(rows), not ${describeValue(operators)}.`,
      );
    return new NoiseChannel({
      kind: "kraus",
      operators: operators.map((operator: Matrix) => Object.freeze([...operator])),
    });
  }

  get kind(): ChannelKind {
    return this.#spec.kind;
  }
  /** Operators K with rho -> sum of K rho K†; only to be read. */
  get operators(): readonly Matrix[] {
    const { operators } = CHANNELS[this.#spec.kind];
    this.#operators ??= (operators as (spec: ChannelSpec) => readonly Matrix[])(this.#spec);
    return this.#operators;
  }
  /** In the Pauli basis, the first qubit the lowest digit; only to be read. */
  get transfer(): TransferMatrix {
    this.#transfer ??= transferMatrix(this.operators, this.numQubits);
    return this.#transfer;
  }
  get unravelling(): Unravelling {
    this.#unravelling ??= unravel(this.operators);
    return this.#unravelling;
  }

  toJSON(): ChannelSpec {
    return this.#spec;
  }
  /** @throws SimulatorError NOISE_JSON, and as the constructors */
  static fromJSON(json: ChannelSpec): NoiseChannel {
    const kind: unknown = (json as { readonly kind?: unknown } | null | undefined)?.kind;
    if (typeof kind !== "string" || !Object.hasOwn(CHANNELS, kind))
      throw new SimulatorError(
        "NOISE_JSON",
        `The JSON of a channel has a kind, one of ${Object.keys(CHANNELS).join(", ")}; this has ${describeValue(kind)}.`,
      );
    const fields = CHANNELS[kind as ChannelKind].fields as readonly string[];
    const record = json as unknown as Readonly<Record<string, unknown>>;
    return new NoiseChannel(
      Object.fromEntries([
        ["kind", kind],
        // JSON has no infinity and writes null for a time without end.
        ...fields.map((field) => [field, record[field] === null ? Infinity : record[field]]),
      ]) as unknown as ChannelSpec,
    );
  }
}

/**
 * Mixes the operators by a unitary matrix, which does not change the channel (Nielsen and Chuang, theorem 8.2), such that
 * one becomes a multiple of the unit matrix: its probability then depends on no state, and shots without error can share
 * one. With 1 = sum c_i K_i the first row of that matrix is c/|c|, and the multiple is 1/|c|.
 */
function unravel(operators: readonly Matrix[]): Unravelling {
  const kept = operators.filter((operator) => operator.some((value) => value !== 0));
  const c = unitCombination(kept);
  if (c === undefined) return { identity: 0, operators: kept };
  const norm = Math.hypot(...c);
  const rows: Float64Array[] = [c.map((value) => value / norm)];
  for (let i = 0; i < kept.length && rows.length < kept.length; i++) {
    const row = new Float64Array(2 * kept.length);
    row[2 * i] = 1;
    for (const known of rows) subtractProjection(row, known);
    const length = Math.hypot(...row);
    // The rows so far span all but one direction in which some unit vector has at least this much left.
    if (length > 1 / (2 * kept.length)) {
      for (const known of rows) subtractProjection(row, known);
      const scale = 1 / Math.hypot(...row);
      rows.push(row.map((value) => value * scale));
    }
  }
  const mixed = rows.slice(1).map((row) => combination(row, kept));
  return {
    identity: Math.min(1, 1 / (norm * norm)),
    operators: mixed.filter((operator) => operator.some((value) => Math.abs(value) > 1e-12)),
  };
}

/** Complex c with 1 = sum c_i K_i, by elimination in the Gram matrix; undefined where there is none. */
function unitCombination(operators: readonly Matrix[]): Float64Array | undefined {
  const m = operators.length;
  const size = Math.round(Math.sqrt(operators[0]!.length / 2));
  const unit = new Float64Array(2 * size * size);
  for (let i = 0; i < size; i++) unit[2 * (i * size + i)] = 1;
  const rows = operators.map((a) => {
    const row = new Float64Array(2 * (m + 1));
    for (const [j, b] of [...operators, unit].entries()) {
      const [re, im] = inner(a, b);
      row[2 * j] = re;
      row[2 * j + 1] = im;
    }
    return row;
  });
  const pivots: number[] = [];
  for (let step = 0; step < m; step++) {
    const free = rows.map((_, i) => i).filter((i) => !pivots.includes(i));
    const pivot = free.reduce((best, i) => (rows[i]![2 * i]! > (rows[best]?.[2 * best] ?? 0) ? i : best), -1);
    if (pivot < 0 || rows[pivot]![2 * pivot]! < 1e-13) break;
    pivots.push(pivot);
    const own = rows[pivot]!;
    const scale = 1 / own[2 * pivot]!;
    for (let j = 0; j < own.length; j++) own[j]! *= scale;
    for (const [i, row] of rows.entries()) {
      if (i === pivot) continue;
      const re = row[2 * pivot]!;
      const im = row[2 * pivot + 1]!;
      for (let j = 0; j <= m; j++) {
        row[2 * j]! -= re * own[2 * j]! - im * own[2 * j + 1]!;
        row[2 * j + 1]! -= re * own[2 * j + 1]! + im * own[2 * j]!;
      }
    }
  }
  const c = new Float64Array(2 * m);
  for (const pivot of pivots) {
    c[2 * pivot] = rows[pivot]![2 * m]!;
    c[2 * pivot + 1] = rows[pivot]![2 * m + 1]!;
  }
  const rest = combination(c, operators);
  return rest.every((value, at) => Math.abs(value - unit[at]!) < 1e-10) ? c : undefined;
}

/** Tr(a† b). */
function inner(a: Matrix, b: Matrix): readonly [re: number, im: number] {
  let re = 0;
  let im = 0;
  for (let at = 0; at < a.length; at += 2) {
    re += a[at]! * b[at]! + a[at + 1]! * b[at + 1]!;
    im += a[at]! * b[at + 1]! - a[at + 1]! * b[at]!;
  }
  return [re, im];
}

function subtractProjection(row: Float64Array, onto: Float64Array): void {
  const [re, im] = inner(onto, row);
  for (let at = 0; at < row.length; at += 2) {
    row[at]! -= re * onto[at]! - im * onto[at + 1]!;
    row[at + 1]! -= re * onto[at + 1]! + im * onto[at]!;
  }
}

/** Sum of c_i K_i. */
function combination(c: Float64Array, operators: readonly Matrix[]): Matrix {
  const out = new Float64Array(operators[0]!.length);
  for (const [i, operator] of operators.entries())
    for (let at = 0; at < out.length; at += 2) {
      out[at]! += c[2 * i]! * operator[at]! - c[2 * i + 1]! * operator[at + 1]!;
      out[at + 1]! += c[2 * i]! * operator[at + 1]! + c[2 * i + 1]! * operator[at]!;
    }
  return out;
}
