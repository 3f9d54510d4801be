import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Circuit, type Operation, qubitsOf, Rng, Target, TranspilerError } from "../../../../circuits/index.ts";
import { insertDynamicalDecoupling } from "../../../../circuits/transpiler/passes/dynamical-decoupling.ts";
import { durationInDt, scheduleAlap } from "../../../../circuits/transpiler/passes/schedule.ts";
import { infidelity, sourceState } from "../../../support/compact-state.ts";

/** A line of 4 qubits with the times of a device of 16-dt granularity: x 160 dt, cz 480 dt, measure 4000 dt. */
const target = Target.fromIbm(
  {
    backend_name: "line",
    n_qubits: 4,
    basis_gates: ["cz", "rz", "sx", "x"],
    coupling_map: [0, 1, 2].flatMap((q) => [
      [q, q + 1],
      [q + 1, q],
    ]) as [number, number][],
    supported_instructions: ["cz", "rz", "sx", "x", "measure", "delay", "reset", "if_else"],
    dt: 0.25,
    timing_constraints: { granularity: 16 },
  },
  {
    qubits: Array.from({ length: 4 }, () => [{ name: "readout_length", value: 1000, unit: "ns" }]),
    gates: [
      ...[0, 1, 2, 3].flatMap((q) =>
        (
          [
            ["x", 40],
            ["sx", 40],
            ["rz", 0],
            ["reset", 1200],
          ] as const
        ).map(([gate, value]) => ({ gate, qubits: [q], parameters: [{ name: "gate_length", value, unit: "ns" }] })),
      ),
      ...[0, 1, 2].flatMap((q) =>
        [
          [q, q + 1],
          [q + 1, q],
        ].map((qubits) => ({ gate: "cz", qubits, parameters: [{ name: "gate_length", value: 120, unit: "ns" }] })),
      ),
    ],
  },
);

function randomCompiled(seed: number, numOperations: number): Circuit {
  const rng = Rng.seed(seed);
  return Circuit.build(4, (c) => {
    for (let i = 0; i < numOperations; i++) {
      const q = rng.integer(3);
      switch (rng.integer(6)) {
        case 0:
          c.cz(q, q + 1);
          break;
        case 1:
          c.cz(q + 1, q);
          break;
        case 2:
          c.rz(rng.normal(), q);
          break;
        case 3:
          c.x(q + 1);
          break;
        case 4:
          c.barrier(q, q + 1);
          break;
        default:
          c.sx(q);
      }
    }
  });
}

/** When each operation starts and ends if none waits for anything but its qubits. */
function timesOf(operations: readonly Operation[]): { operation: Operation; start: number; end: number }[] {
  const free = new Map<number, number>();
  return operations.map((operation) => {
    const qubits = qubitsOf(operation);
    const starts = qubits.map((q) => free.get(q) ?? 0);
    const start = Math.max(0, ...starts);
    const end = start + durationInDt(operation, target);
    for (const q of qubits) free.set(q, end);
    return { operation, start, end };
  });
}

const lengthInDt = (operations: readonly Operation[]): number =>
  timesOf(operations).reduce((length, { end }) => Math.max(length, end), 0);

const asCircuit = (operations: readonly Operation[]): Circuit =>
  Circuit.build(4, (c) => {
    for (const operation of operations) c.append(operation);
  });

describe("scheduleAlap", () => {
  test("keeps the order of measurements into one bit", () => {
    const circuit = Circuit.build(4, (c) => {
      c.register("c", 1);
      c.x(0).measure(0, 0).measure(1, 0).x(1).x(1);
    });
    const measured = scheduleAlap(circuit.operations, target).flatMap((operation) =>
      operation.kind === "measure" ? [operation.qubit] : [],
    );
    expect(measured).toEqual([0, 1]);
  });

  test("keeps the circuit and its length, leaves no idle time and starts nothing that could wait", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 30 }), (seed, count) => {
        const circuit = randomCompiled(seed, count);
        const scheduled = scheduleAlap(circuit.operations, target);
        const length = lengthInDt(circuit.operations);
        expect(lengthInDt(scheduled)).toBe(length);
        expect(infidelity(sourceState(asCircuit(scheduled)), sourceState(circuit))).toBeLessThan(1e-12);
        // All qubits of an operation are free at the same moment: what idles, idles by a delay.
        const free = new Map<number, number>();
        for (const operation of scheduled) {
          const starts = new Set(qubitsOf(operation).map((q) => free.get(q) ?? 0));
          expect(starts.size).toBe(1);
          for (const q of qubitsOf(operation)) free.set(q, [...starts][0]! + durationInDt(operation, target));
        }
        // As late as possible: whatever does not end the circuit is followed at once by something else than a delay.
        const timed = timesOf(scheduled).filter(({ operation }) => operation.kind !== "delay");
        for (const { operation, end } of timed)
          if (end < length && end > 0)
            expect(
              timed.some(
                (next) =>
                  next.start === end &&
                  next.operation !== operation &&
                  qubitsOf(next.operation).some((q) => qubitsOf(operation).includes(q)),
              ),
            ).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  test("waits before the gates of a qubit that is needed late", () => {
    const circuit = Circuit.build(3, (c) => c.sx(0).cz(0, 1).cz(1, 2));
    expect(
      scheduleAlap(circuit.operations, target).map((o) => (o.kind === "delay" ? [o.qubit, o.duration] : o.kind)),
    ).toEqual(["gate", [1, 160], "gate", [2, 640], "gate"]);
  });

  test("measurements end together, and delays of the circuit keep their time", () => {
    const circuit = Circuit.build(2, (c) => {
      const bits = c.register("c", 2);
      c.x(0)
        .delay(100, "ns", 0)
        .measure(0, bits.offset)
        .measure(1, bits.offset + 1);
    });
    const scheduled = scheduleAlap(circuit.operations, target);
    expect(scheduled.filter((o) => o.kind === "delay").map((o) => [o.qubit, o.duration, o.unit])).toEqual([
      [0, 100, "ns"],
      [1, 160 + 400, "dt"],
    ]);
    expect(lengthInDt(scheduled)).toBe(160 + 400 + 4000);
  });

  test("what stands before a conditional is scheduled by itself", () => {
    const circuit = Circuit.build(2, (c) => {
      const bits = c.register("c", 1);
      c.sx(0)
        .x(1)
        .x(1)
        .measure(0, bits.offset)
        .if(bits, 1, (inner) => inner.x(1))
        .x(0)
        .cz(0, 1);
    });
    const kinds = scheduleAlap(circuit.operations, target).map(({ kind }) => kind);
    expect(kinds.indexOf("if")).toBeGreaterThan(kinds.indexOf("measure"));
    expect(kinds.filter((kind) => kind === "delay").length).toBe(2);
  });

  test("a device that tells no times is refused by name", () => {
    const untimed = Target.fromEdges(2, [[0, 1]]);
    const circuit = Circuit.build(2, (c) => c.cz(0, 1));
    expect(() => scheduleAlap(circuit.operations, untimed)).toThrow(
      expect.toSatisfy((error) => error instanceof TranspilerError && error.code === "SCHEDULE_DURATION"),
    );
  });
});

describe("insertDynamicalDecoupling", () => {
  test.each(["XX", "XY4"] as const)("%s keeps unitary and length, and spaces its pulses evenly", (sequence) => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 30 }), (seed, count) => {
        const circuit = randomCompiled(seed, count);
        const scheduled = scheduleAlap(circuit.operations, target);
        const filled = insertDynamicalDecoupling(scheduled, target, sequence);
        expect(lengthInDt(filled)).toBe(lengthInDt(scheduled));
        expect(infidelity(sourceState(asCircuit(filled)), sourceState(circuit))).toBeLessThan(1e-12);
        for (const operation of filled)
          if (operation.kind === "delay") expect(operation.duration % target.granularityDt).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  const window = (duration: number, sequence: "XX" | "XY4") =>
    insertDynamicalDecoupling(Circuit.build(1, (c) => c.sx(0).delay(duration, "dt", 0)).operations, target, sequence)
      .slice(1)
      .map((o) => (o.kind === "delay" ? o.duration : o.kind === "gate" ? o.gate : o.kind));

  test("an even window", () => {
    expect(window(320 + 1600, "XX")).toEqual([400, "x", 800, "x", 400]);
    expect(window(640 + 1280, "XY4")).toEqual([160, "x", 320, "rz", "x", 320, "x", 320, "rz", "x", 160]);
  });

  test("a window that does not divide is off by no more than a step", () => {
    for (let steps = 20; steps < 60; steps++) {
      const delays = window(320 + 16 * steps, "XX").filter((entry) => typeof entry === "number");
      expect(delays.reduce((sum, value) => sum + value, 0)).toBe(16 * steps);
      expect(Math.abs(delays[0]! - delays[2]!)).toBeLessThanOrEqual(16);
      expect(Math.abs(delays[1]! - 8 * steps)).toBeLessThanOrEqual(16);
    }
  });

  test("short windows, qubits in |0⟩ and qubits just measured or reset are left alone", () => {
    expect(window(624, "XX")).toEqual([624]);
    const circuit = Circuit.build(2, (c) => {
      const bits = c.register("c", 1);
      c.delay(4000, "dt", 0).x(1).measure(1, bits.offset).delay(4000, "dt", 1).reset(1).delay(4000, "dt", 1);
    });
    expect(insertDynamicalDecoupling(circuit.operations, target, "XX")).toEqual(circuit.operations);
  });

  test("a device without x is refused", () => {
    const other = Target.fromEdges(2, [[0, 1]], ["cz", "rz", "sx"]);
    expect(() => insertDynamicalDecoupling([], other, "XX")).toThrow(
      expect.toSatisfy((error) => error instanceof TranspilerError && error.code === "DECOUPLING_GATE"),
    );
  });
});
