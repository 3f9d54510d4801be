import { createHash } from "node:crypto";
import { describeValue, type Target } from "../../../circuits/index.ts";
import { SimulatorError } from "../../errors.ts";
import { NoiseChannel } from "./channel.ts";
import type { ChannelSpec } from "./channel-table.ts";
import { describeDevice } from "./device-noise.ts";

/** How a qubit is misread: row = true bit, column = bit that is read; [[P(0|0), P(1|0)], [P(0|1), P(1|1)]]. */
export type ReadoutMatrix = readonly [readonly [number, number], readonly [number, number]];

/** Times in which an idle qubit decays and loses its phase; seconds, t2 <= 2 t1. */
export interface Relaxation {
  readonly t1: number;
  readonly t2: number;
}

/** A channel on operands of a gate by their places: [1] is the second qubit of a cx. */
export interface PlacedChannel {
  readonly channel: NoiseChannel;
  readonly on: readonly number[];
}

/** A channel of one qubit without places acts on every operand of the gate, one of two on its two operands. */
export type ChannelRule = NoiseChannel | PlacedChannel;

interface Rule {
  readonly channel: NoiseChannel;
  readonly on: readonly number[] | undefined;
}

/** The JSON of a noise model. Keys: a gate, or a gate and its qubits (`cx 0,1`); `*` for all qubits, or a qubit. */
export interface NoiseModelJSON {
  readonly format: "lepton-noise@1";
  readonly gates: Readonly<
    Record<string, readonly { readonly channel: ChannelSpec; readonly on?: readonly number[] }[]>
  >;
  readonly readout: Readonly<Record<string, ReadoutMatrix>>;
  readonly relaxation: Readonly<Record<string, Relaxation>>;
  readonly dtSeconds?: number;
}

const ALL = "*";
/** How far a row of a readout matrix may be from adding up to 1. */
const ROW_TOLERANCE = 1e-9;

/** Collects the rules of a noise model; alive only inside `NoiseModel.build`. Later rules replace earlier ones. */
export class NoiseModelBuilder {
  /** @internal */
  readonly gates = new Map<string, readonly Rule[]>();
  /** @internal */
  readonly readouts = new Map<string, ReadoutMatrix>();
  /** @internal */
  readonly relaxations = new Map<string, Relaxation>();
  /** @internal */
  dtSeconds: number | undefined;

  /**
   * Channels, in order, that follow a gate: wherever it stands, or on these qubits (in the order of its operands), which
   * then goes before the general rule. Besides gates there are `reset`, `delay` and `measure`, whose channels come before it
   * and only where the circuit measures, not where an Estimator does; a unitary is named by its label, and a gate with
   * further controls as `Circuit.count` names it, such as `c3-x`.
   * @throws SimulatorError NOISE_MODEL
   */
  gate(gate: string, channels: ChannelRule | readonly ChannelRule[], qubits?: readonly number[]): this {
    if (typeof gate !== "string" || !/^\S+$/.test(gate) || gate === ALL)
      fault(`a gate is named by a text such as "cx", not ${describeValue(gate)}.`);
    if (qubits !== undefined && !(Array.isArray(qubits) && qubits.length > 0 && qubits.every(isIndex)))
      fault(`the qubits of gate ${gate} are a list such as [0, 1], not ${describeValue(qubits)}.`);
    if (qubits !== undefined && new Set(qubits).size < qubits.length)
      fault(`gate ${gate} has different qubits, not ${qubits.join(", ")}.`);
    const rules = (Array.isArray(channels) ? channels : [channels]).map((rule) => ruleOf(gate, rule, qubits?.length));
    this.gates.set(qubits === undefined ? gate : `${gate} ${qubits.join(",")}`, Object.freeze(rules));
    return this;
  }

  /** How bits are misread, on all qubits or on one. @throws SimulatorError NOISE_PROBABILITY, NOISE_MODEL */
  readout(matrix: ReadoutMatrix, qubit?: number): this {
    const rows = Array.isArray(matrix) && matrix.length === 2 ? matrix : [];
    const isRow = (row: unknown): boolean =>
      Array.isArray(row) &&
      row.length === 2 &&
      row.every((p) => typeof p === "number" && p >= 0 && p <= 1) &&
      Math.abs(row[0] + row[1] - 1) <= ROW_TOLERANCE;
    if (rows.length !== 2 || !rows.every(isRow))
      throw new SimulatorError(
        "NOISE_PROBABILITY",
        "A readout matrix is [[P(0|0), P(1|0)], [P(0|1), P(1|1)]]: two rows of probabilities, each adding up to 1.",
      );
    const [[a, b], [c, d]] = matrix;
    this.readouts.set(qubitKey(qubit), Object.freeze([Object.freeze([a, b] as const), Object.freeze([c, d] as const)]));
    return this;
  }

  /** What happens to qubits in delays, on all qubits or on one. @throws SimulatorError NOISE_TIME, NOISE_MODEL */
  relaxation(times: Relaxation, qubit?: number): this {
    if (typeof times !== "object" || times === null)
      throw new SimulatorError("NOISE_TIME", `Relaxation takes { t1, t2 } in seconds, not ${describeValue(times)}.`);
    const { t1, t2 } = times;
    NoiseChannel.thermalRelaxation(t1, t2, 0);
    this.relaxations.set(qubitKey(qubit), Object.freeze({ t1, t2 }));
    return this;
  }

  /** The seconds of one dt, for delays in that unit. @throws SimulatorError NOISE_TIME */
  timeStep(dtSeconds: number): this {
    if (!(dtSeconds > 0 && Number.isFinite(dtSeconds)))
      throw new SimulatorError("NOISE_TIME", `A time step is a number of seconds above 0, not ${dtSeconds}.`);
    this.dtSeconds = dtSeconds;
    return this;
  }
}

/**
 * What goes wrong on a noisy machine: channels after gates, decay in delays, misread bits. Immutable. What no rule names is
 * perfect. See docs/noise.md for the formulas.
 * @example NoiseModel.build((n) => n.gate("cx", NoiseChannel.depolarizing(0.01, 2)).readout([[0.99, 0.01], [0.03, 0.97]]))
 */
export class NoiseModel {
  /** Seconds of one dt; undefined where delays are not given in it. */
  readonly dtSeconds: number | undefined;
  readonly #gates: ReadonlyMap<string, readonly Rule[]>;
  readonly #readouts: ReadonlyMap<string, ReadoutMatrix>;
  readonly #relaxations: ReadonlyMap<string, Relaxation>;
  #hash: string | undefined;

  private constructor(builder: NoiseModelBuilder) {
    this.#gates = new Map(builder.gates);
    this.#readouts = new Map(builder.readouts);
    this.#relaxations = new Map(builder.relaxations);
    this.dtSeconds = builder.dtSeconds;
    Object.freeze(this);
  }

  /** @throws what the builder's methods throw */
  static build(define: (builder: NoiseModelBuilder) => unknown): NoiseModel {
    const builder = new NoiseModelBuilder();
    if (typeof define !== "function")
      fault(`it is built by a function of its builder, such as (n) => n.gate(...), not by ${describeValue(define)}.`);
    define(builder);
    return new NoiseModel(builder);
  }

  /**
   * The noise that a device's calibration tells of: after each gate depolarisation and then thermal relaxation for its
   * duration, such that the average gate infidelity is the calibrated error (where relaxation alone is worse, no
   * depolarisation); decay in delays; misread bits, other for 0 than for 1. rz is perfect: it is done in software. T2 counts
   * as 2 T1 at most. Gates agree with Qiskit Aer's device noise model to rounding. Source: docs/noise.md.
   */
  static fromTarget(target: Target): NoiseModel {
    return NoiseModel.build((builder) => describeDevice(target, builder));
  }

  /**
   * The channels that follow an operation on these qubits, in order.
   * @throws SimulatorError NOISE_MODEL when a rule's channel does not fit the gate's operands
   */
  channelsOf(gate: string, qubits: readonly number[]): readonly PlacedChannel[] {
    const rules = this.#gates.get(`${gate} ${qubits.join(",")}`) ?? this.#gates.get(gate) ?? [];
    return rules.flatMap(({ channel, on }): readonly PlacedChannel[] => {
      if (on === undefined && channel.numQubits === 1) return qubits.map((_, place) => ({ channel, on: [place] }));
      const places = on ?? [0, 1];
      if (places.some((place) => place >= qubits.length) || (on === undefined && qubits.length !== 2))
        fault(
          `its ${channel.kind} channel for gate ${gate} does not fit the ${qubits.length} qubit(s) of that gate; say { channel, on: [...] }.`,
        );
      return [{ channel, on: places }];
    });
  }

  /** Probabilities that 0 is read as 1, and 1 as 0. */
  readoutErrors(qubit: number): readonly [oneGivenZero: number, zeroGivenOne: number] {
    const matrix = this.#readouts.get(String(qubit)) ?? this.#readouts.get(ALL);
    return matrix === undefined ? [0, 0] : [matrix[0][1], matrix[1][0]];
  }

  /** What happens to a qubit that waits; undefined for nothing. */
  idle(qubit: number, seconds: number): NoiseChannel | undefined {
    const times = this.#relaxations.get(String(qubit)) ?? this.#relaxations.get(ALL);
    return times === undefined || !(seconds > 0)
      ? undefined
      : NoiseChannel.thermalRelaxation(times.t1, times.t2, seconds);
  }

  /** SHA-256 (hex) of all rules. */
  get hash(): string {
    this.#hash ??= createHash("sha256").update(JSON.stringify(this)).digest("hex");
    return this.#hash;
  }

  toJSON(): NoiseModelJSON {
    const sorted = <Value>(map: ReadonlyMap<string, Value>): readonly (readonly [string, Value])[] =>
      [...map].sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      format: "lepton-noise@1",
      gates: Object.fromEntries(
        sorted(this.#gates).map(([key, rules]) => [
          key,
          rules.map(({ channel, on }) => ({ channel: channel.toJSON(), ...(on === undefined ? {} : { on }) })),
        ]),
      ),
      readout: Object.fromEntries(sorted(this.#readouts)),
      relaxation: Object.fromEntries(sorted(this.#relaxations)),
      ...(this.dtSeconds === undefined ? {} : { dtSeconds: this.dtSeconds }),
    };
  }

  /** @throws SimulatorError NOISE_JSON, and what the builder's methods throw */
  static fromJSON(json: NoiseModelJSON): NoiseModel {
    if (typeof json !== "object" || json === null || json.format !== "lepton-noise@1")
      throw new SimulatorError(
        "NOISE_JSON",
        'The JSON of a noise model has the format "lepton-noise@1"; this has not.',
      );
    return NoiseModel.build((builder) => {
      for (const [key, rules] of Object.entries(json.gates ?? {})) {
        const [gate, places] = key.split(" ");
        if (!Array.isArray(rules))
          throw new SimulatorError(
            "NOISE_JSON",
            `The rules of ${key} are a list of channels, not ${describeValue(rules)}.`,
          );
        builder.gate(
          gate!,
          rules.map((rule: (typeof rules)[number] | null) => {
            const { channel, on } = rule ?? {};
            const read = NoiseChannel.fromJSON(channel);
            return on === undefined ? read : { channel: read, on };
          }),
          places?.split(",").map(Number),
        );
      }
      for (const [key, matrix] of Object.entries(json.readout ?? {})) builder.readout(matrix, qubitOf(key));
      for (const [key, times] of Object.entries(json.relaxation ?? {})) {
        // JSON has no infinity and writes null for a time without end.
        const { t1, t2 } = times ?? ({} as Relaxation);
        builder.relaxation({ t1: t1 === null ? Infinity : t1, t2: t2 === null ? Infinity : t2 }, qubitOf(key));
      }
      if (json.dtSeconds !== undefined) builder.timeStep(json.dtSeconds);
    });
  }
}

function ruleOf(gate: string, rule: ChannelRule, operands: number | undefined): Rule {
  const { channel, on } = rule instanceof NoiseChannel ? { channel: rule, on: undefined } : (rule ?? {});
  if (!(channel instanceof NoiseChannel))
    fault(`the channels of gate ${gate} are NoiseChannels, or { channel, on }, not ${describeValue(rule)}.`);
  if (on === undefined) return Object.freeze({ channel, on });
  const fits =
    Array.isArray(on) &&
    on.length === channel.numQubits &&
    new Set(on).size === on.length &&
    on.every((place) => isIndex(place) && (operands === undefined || place < operands));
  if (!fits)
    fault(
      `a ${channel.kind} channel of gate ${gate} acts on ${channel.numQubits} different operand(s) by their places, such as on: [0], not ${String(on)}.`,
    );
  return Object.freeze({ channel, on: Object.freeze([...on]) });
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function qubitKey(qubit: number | undefined): string {
  if (qubit !== undefined && !isIndex(qubit)) fault(`a qubit is an integer of 0 or more, not ${describeValue(qubit)}.`);
  return qubit === undefined ? ALL : String(qubit);
}

function qubitOf(key: string): number | undefined {
  return key === ALL ? undefined : Number(key);
}

function fault(text: string): never {
  throw new SimulatorError("NOISE_MODEL", `A noise model cannot be made: ${text}`);
}
