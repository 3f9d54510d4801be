import { Circuit, mapOperation, type SparsePauliOp } from "../../circuits/index.ts";
import { BATCHED_QUBITS, BatchedExpectation } from "./batched/batched-expectation.ts";
import type { Dtype } from "./dtype.ts";
import { LargeExpectation } from "./large/index.ts";
import { type LightCone, restrict } from "./light-cone.ts";
import type { StateMemory } from "./state-memory.ts";

/** Expectation values and gradients of one light cone with the parts of the observables that it decides. */
export interface ConeExpectation {
  /** Bytes kept between calls, without any state. */
  readonly bytes: number;
  /** Of the amplitudes; float64 when left out. */
  readonly dtype?: Dtype;
  /** Writes [rows, K] for values [rows, P], pausing now and then. */
  evaluateInSteps(values: Float64Array, rows: number, outputs: Float64Array): Generator<void>;
  /** Writes outputs; with cotangents also adds to the gradients that are not null. */
  run(
    inputs: Float64Array,
    weights: Float64Array,
    rows: number,
    cotangents: Float64Array | null,
    outputs: Float64Array,
    weightGradients: Float64Array | null,
    inputGradients: Float64Array | null,
  ): void;
}

export interface ConeOptions {
  /** Up to this many qubits rows are run many at once; above, one by one. */
  readonly batchedQubits?: number | undefined;
  /** Threads that work on one large state, or on shares of a large batch. */
  readonly threads?: number | undefined;
  /** Of the amplitudes of rows that are run many at once; large states are float64. */
  readonly dtype?: Dtype | undefined;
}

/** From this size on a row alone is faster as one state in tiles than in a lane of a batch: by 1.1 to 2.5 times. */
const SINGLE_ROW_QUBITS = 10;

/** @throws SimulatorError STATE_TOO_LARGE */
export function coneExpectation(
  circuit: Circuit,
  cone: LightCone,
  observables: readonly SparsePauliOp[],
  memory: StateMemory,
  { batchedQubits, threads, dtype }: ConeOptions,
): ConeExpectation {
  memory.assertFits(cone.numQubits, 1);
  const place = new Map(cone.qubits.map((qubit, index) => [qubit, index]));
  const reduced = Circuit.build(cone.numQubits, (builder) => {
    for (const vector of circuit.vectors) builder.declare(vector);
    for (const operation of cone.operations)
      builder.append(mapOperation(operation, { qubit: (qubit) => place.get(qubit)! }));
  });
  const local = observables.map((observable) => restrict(observable, cone));
  const large = (): ConeExpectation => new LargeExpectation(reduced, local, memory, { threads });
  if (cone.numQubits > Math.min(BATCHED_QUBITS, batchedQubits ?? BATCHED_QUBITS)) return large();
  const batched = new BatchedExpectation(reduced, local, memory, dtype === "float32" ? 32 : 64, { threads });
  if (!batched.fits && cone.numQubits > 0) return large();
  return cone.numQubits < SINGLE_ROW_QUBITS || dtype === "float32" ? batched : new BatchOrRow(batched, large);
}

/** Many rows at once, or one by another program, which is made when there is first one. */
class BatchOrRow implements ConeExpectation {
  readonly #batched: ConeExpectation;
  readonly #makeSingle: () => ConeExpectation;
  #single: ConeExpectation | undefined;

  constructor(batched: ConeExpectation, makeSingle: () => ConeExpectation) {
    this.#batched = batched;
    this.#makeSingle = makeSingle;
  }

  get bytes(): number {
    return this.#batched.bytes + (this.#single?.bytes ?? 0);
  }

  evaluateInSteps(values: Float64Array, rows: number, outputs: Float64Array): Generator<void> {
    return this.#for(rows).evaluateInSteps(values, rows, outputs);
  }

  run(...call: Parameters<ConeExpectation["run"]>): void {
    const [, , rows] = call;
    this.#for(rows).run(...call);
  }

  #for(rows: number): ConeExpectation {
    if (rows !== 1) return this.#batched;
    this.#single ??= this.#makeSingle();
    return this.#single;
  }
}
