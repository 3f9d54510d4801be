import { describe, expect, test } from "vitest";
import {
  Circuit,
  type CircuitBuilder,
  CircuitError,
  circuitMatrix,
  complexMatrix,
  GATES,
  type GateName,
  gateSpec,
  isGateName,
  mapOperation,
  type Operation,
  parseQasm,
  printQasm3,
  qubitsOf,
  weight,
} from "../../circuits/index.ts";
import { gateOperation, unitaryOperation } from "../../circuits/operation.ts";
import { distance, identity } from "../support/linear-algebra.ts";

const NAMES = Object.keys(GATES) as GateName[];

describe("gate methods", () => {
  test.each(NAMES)("%s takes parameters first, then qubits", (name) => {
    const { numParams, numQubits } = GATES[name];
    const params = Array.from({ length: numParams }, (_, i) => i + 0.5);
    const qubits = Array.from({ length: numQubits }, (_, i) => 3 - i);
    const circuit = Circuit.build(4, (c) => {
      const method = c[name] as (...args: number[]) => CircuitBuilder;
      expect(method.call(c, ...params, ...qubits)).toBe(c);
    });
    expect(circuit.operations).toEqual([{ kind: "gate", gate: name, params, qubits, numControls: 0, controlState: 0 }]);
  });

  test("a gate by name is the same as its method", () => {
    const byName = Circuit.build(2, (c) => c.gate("crz", [0.3], [1, 0]));
    expect(byName.equals(Circuit.build(2, (c) => c.crz(0.3, 1, 0)))).toBe(true);
  });

  test("mcx and mcp act on the states their controls ask for", () => {
    const mcx = circuitMatrix(Circuit.build(4, (c) => c.mcx([0, 2, 1], 3, 0b011)));
    // Controls 0 and 2 at 1, control 1 at 0: only basis states 5 and 13 change places.
    for (let from = 0; from < 16; from++) {
      const to = from === 5 ? 13 : from === 13 ? 5 : from;
      expect(mcx[2 * (to * 16 + from)]).toBe(1);
    }
    const mcp = circuitMatrix(Circuit.build(4, (c) => c.mcp(0.3, [3, 1], 0)));
    for (let i = 0; i < 16; i++)
      expect(mcp[2 * (i * 16 + i) + 1]).toBeCloseTo((i & 0b1011) === 0b1011 ? Math.sin(0.3) : 0, 15);
  });

  test("an operation of another circuit can be appended, its controls folded", () => {
    const circuit = Circuit.build(3, (c) => c.append(gateOperation("x", [], [0, 1, 2], 2)));
    expect(circuit.count()).toEqual({ ccx: 1 });
  });

  test("a unitary's first qubit is the matrix's least significant bit", () => {
    const cx = circuitMatrix(Circuit.build(2, (c) => c.cx(0, 1)));
    const placed = circuitMatrix(Circuit.build(2, (c) => c.unitary(cx, [1, 0])));
    expect(distance(placed, circuitMatrix(Circuit.build(2, (c) => c.cx(1, 0))))).toBe(0);
  });

  test("classical bits: registers follow each other, measureAll adds one", () => {
    const circuit = Circuit.build(2, (c) => {
      expect(c.register("a", 2)).toEqual({ name: "a", offset: 0, size: 2 });
      expect(c.register("b", 3)).toEqual({ name: "b", offset: 2, size: 3 });
      c.measureAll();
    });
    expect(circuit.numClbits).toBe(7);
    expect(circuit.registers.map(({ name }) => name)).toEqual(["a", "b", "meas"]);
    expect(circuit.operations).toEqual([
      { kind: "measure", qubit: 0, clbit: 5 },
      { kind: "measure", qubit: 1, clbit: 6 },
    ]);
  });

  test("an if over a register compares with its bits, least significant first", () => {
    const circuit = Circuit.build(1, (c) => {
      c.register("a", 1);
      const b = c.register("b", 2);
      c.if(b, 2, (inner) => inner.x(0));
    });
    expect(circuit.operations[0]).toMatchObject({ condition: { clbits: [1, 2], value: 2 }, whenFalse: [] });
  });
});

describe("the scope of a branch", () => {
  const inBranch = (use: (outer: CircuitBuilder, inner: CircuitBuilder) => unknown) => () =>
    Circuit.build(2, (c) => {
      const m = c.register("m", 1);
      c.if(m, 1, (inner) => use(c, inner));
    });

  test.each([
    ["a gate", inBranch((c) => c.x(0))],
    ["a measurement", inBranch((c) => c.measure(0, 0))],
    ["another if", inBranch((c) => c.if([0], 1, (inner) => inner.x(0)))],
    [
      "another circuit",
      inBranch((c) =>
        c.place(
          Circuit.build(1, (one) => one.h(0)),
          [0],
        ),
      ),
    ],
    ["a gate two levels up", inBranch((c, inner) => inner.if([0], 0, () => c.x(0)))],
    ["a gate one level up", inBranch((_, inner) => inner.if([0], 0, () => inner.x(0)))],
    [
      "a gate of the else branch",
      () =>
        Circuit.build(1, (c) =>
          c.if(
            c.register("m", 1),
            1,
            (inner) => inner.x(0),
            () => c.x(0),
          ),
        ),
    ],
  ])("%s put to an outer builder is refused", (_, act) => {
    expect(act).toThrow(expect.objectContaining({ code: "BUILDER_SCOPE", message: expect.stringContaining("handed") }));
  });

  test("the builder of a branch is of no use after it, and the outer one is free again, also after an error", () => {
    const circuit = Circuit.build(1, (c) => {
      let escaped: CircuitBuilder | undefined;
      const m = c.register("m", 1);
      c.if(m, 1, (inner) => {
        escaped = inner.x(0);
      });
      expect(() => escaped!.y(0)).toThrow(expect.objectContaining({ code: "BUILDER_SCOPE" }));
      expect(() =>
        c.if(m, 0, () => {
          throw new Error("of the caller");
        }),
      ).toThrow("of the caller");
      c.z(0);
    });
    expect(circuit.count()).toEqual({ if: 1, x: 1, z: 1 });
  });

  test("the builder is of no use once its circuit is made", () => {
    let escaped: CircuitBuilder | undefined;
    const circuit = Circuit.build(1, (c) => {
      escaped = c.h(0);
    });
    expect(() => escaped!.x(0)).toThrow(
      expect.objectContaining({ code: "BUILDER_SCOPE", message: expect.stringContaining("circuit.extend") }),
    );
    expect(circuit.count()).toEqual({ h: 1 });
  });

  const late = async (c: CircuitBuilder) => {
    await Promise.resolve();
    c.x(0);
  };
  test.each([
    ["build", () => Circuit.build(1, late)],
    ["extend", () => Circuit.build(1, (c) => c.h(0)).extend(late)],
    ["a branch", () => Circuit.build(1, (c) => c.if(c.register("m", 1), 1, late))],
  ])("an asynchronous function given to %s is refused", (_, act) => {
    expect(act).toThrow(
      expect.objectContaining({ code: "CIRCUIT_PART", message: expect.stringContaining("asynchronous") }),
    );
  });

  test("registers and parameters of a branch are the circuit's", () => {
    const circuit = Circuit.build(1, (c) => {
      c.if(c.register("m", 1), 1, (inner) => {
        inner.register("n", 2);
        inner.rx(weight("w"), 0).measure(0, 2);
      });
      expect(c.numClbits).toBe(3);
    });
    expect(circuit.registers.map(({ name, offset }) => [name, offset])).toEqual([
      ["m", 0],
      ["n", 1],
    ]);
    expect(circuit.numWeights).toBe(1);
  });

  test("conditions that no caller can mean, but texts and files can hold, survive", () => {
    const text = "OPENQASM 3.0; qubit q; bit[2] c; let a = c[{1, 1}]; if (a == 3) { U(1.0, 2.0, 3.0) q; }";
    const circuit = parseQasm(text);
    expect(circuit.operations[0]).toMatchObject({ condition: { clbits: [1, 1], value: 3 } });
    expect(Circuit.fromJSON(JSON.parse(JSON.stringify(circuit))).equals(circuit)).toBe(true);
    expect(parseQasm(printQasm3(circuit)).equals(circuit)).toBe(true);
    const never = parseQasm("OPENQASM 2.0; qreg q[1]; creg c[2]; if (c == 4) U(1, 2, 3) q[0];");
    expect(Circuit.fromJSON(JSON.parse(JSON.stringify(never))).equals(never)).toBe(true);
  });
});

describe("operations", () => {
  test("mapping qubits, clbits and angles reaches every kind", () => {
    const w = weight("w");
    const circuit = Circuit.build(2, (c) => {
      const m = c.register("m", 2);
      c.rx(w, 0).unitary(identity(2), [0]).barrier(0).delay(1, "ns", 0).reset(0).measure(0, 0);
      c.if(
        m,
        1,
        (inner) => inner.ry(w, 0),
        (inner) => inner.measure(0, 1),
      );
    });
    const mapped = circuit.operations.map((operation) =>
      mapOperation(operation, { qubit: (q) => q + 1, clbit: (b) => 1 - b, angle: () => 0.5 }),
    );
    for (const operation of mapped) expect(qubitsOf(operation)).toEqual([1]);
    expect(mapped[0]).toMatchObject({ params: [0.5] });
    expect(mapped[5]).toMatchObject({ clbit: 1 });
    expect(mapped[6]).toMatchObject({
      condition: { clbits: [1, 0] },
      whenTrue: [{ params: [0.5] }],
      whenFalse: [{ clbit: 0 }],
    });
    const same = circuit.operations.map((operation) => mapOperation(operation, {}));
    expect(same).toEqual(circuit.operations);
  });

  test("names of gates are known, and nothing an object has by birth is one", () => {
    expect(isGateName("cx")).toBe(true);
    for (const name of ["toString", "__proto__", "constructor", "CX", ""]) expect(isGateName(name)).toBe(false);
    expect(() => gateSpec("cnot")).toThrow(expect.objectContaining({ code: "GATE_UNKNOWN" }));
  });
});

const build = (define: (c: CircuitBuilder) => unknown) => () => Circuit.build(2, define);
/** Calls as JavaScript could make them, past the compiler. */
const loose = (define: (c: Record<string, (...args: unknown[]) => unknown>) => unknown) =>
  build((c) => define(c as never));
const half = complexMatrix([
  [1, 0],
  [0, 0.5],
]);

describe("bad input", () => {
  test.each([
    ["QUBIT_COUNT", () => Circuit.build(-1, () => {}), "-1"],
    ["QUBIT_COUNT", () => Circuit.build(1.5, () => {}), "1.5"],
    ["QUBIT_COUNT", () => Circuit.build(70_000, () => {}), "65536"],
    ["GATE_UNKNOWN", build((c) => c.gate("cnot", [], [0, 1])), "Known gates: gphase, id, x"],
    ["GATE_UNKNOWN", build((c) => c.gate("constructor", [], [0])), "constructor"],
    ["GATE_PARAMETER_COUNT", build((c) => c.gate("rx", [], [0])), "takes 1 parameter(s) but was given 0"],
    ["GATE_QUBIT_COUNT", build((c) => c.gate("cx", [], [0])), "acts on 2 qubit(s) but was given 1 (0)"],
    ["GATE_QUBIT_COUNT", loose((c) => c.h!(0, 1)), "acts on 1 qubit(s) but was given 2 (0, 1)"],
    ["GATE_QUBIT_COUNT", loose((c) => c.rx!(0.5)), "given 0"],
    ["GATE_QUBIT_COUNT", loose((c) => c.gate!("x", [])), "a list of qubits, not undefined"],
    ["GATE_PARAMETER_COUNT", loose((c) => c.gate!("x", 0.5, [0])), "a list of parameters, not number 0.5"],
    ["QUBIT_DUPLICATE", build((c) => c.cx(1, 1)), "Gate cx was given the same qubit twice (1, 1)"],
    ["QUBIT_DUPLICATE", build((c) => c.unitary(identity(4), [1, 1])), "twice"],
    ["QUBIT_DUPLICATE", build((c) => c.barrier(0, 0)), "barrier"],
    ["QUBIT_DUPLICATE", build((c) => c.mcx([0, 1], 0)), "twice"],
    ["QUBIT_RANGE", build((c) => c.h(2)), "Qubit 2 does not exist in a circuit of 2"],
    ["QUBIT_RANGE", build((c) => c.h(-1)), "-1"],
    ["QUBIT_RANGE", build((c) => c.h(0.5)), "0.5"],
    ["QUBIT_RANGE", build((c) => c.h(Number.NaN)), "NaN"],
    ["QUBIT_RANGE", loose((c) => c.h!("0")), "Qubit string 0 does"],
    ["QUBIT_RANGE", build((c) => c.reset(9)), "9"],
    ["QUBIT_RANGE", build((c) => c.barrier(9)), "9"],
    ["QUBIT_RANGE", build((c) => c.delay(1, "ns", 9)), "9"],
    ["GATE_ANGLE", build((c) => c.rx(Number.NaN, 0)), "Parameter 0 of gate rx is NaN"],
    ["GATE_ANGLE", build((c) => c.u(0, Number.POSITIVE_INFINITY, 0, 0)), "Parameter 1 of gate u is Infinity"],
    ["GATE_ANGLE", loose((c) => c.rx!("0.5", 0)), "string 0.5"],
    ["GATE_ANGLE", loose((c) => c.rx!(undefined, 0)), "undefined"],
    ["GATE_ANGLE", loose((c) => c.rx!([0.5], 0)), "[object Array]"],
    ["GATE_ANGLE", loose((c) => c.rx!(weight("w", 3), 0)), "the vector w of 3 parameter(s); take one of its elements"],
    ["CONTROL_COUNT", build((c) => c.gate("x", [], [0], { numControls: -1 })), "-1"],
    ["CONTROL_COUNT", build((c) => c.gate("x", [], [0], { numControls: 31 })), "0 to 30"],
    ["CONTROL_STATE", build((c) => c.gate("x", [], [0, 1], { numControls: 1, controlState: 2 })), "2"],
    ["CONTROL_STATE", build((c) => c.mcx([0], 1, -1)), "-1"],
    ["UNITARY_SHAPE", build((c) => c.unitary(identity(2), [0, 1])), "needs 32 numbers"],
    ["UNITARY_SHAPE", build((c) => c.unitary(new Float64Array(7), [0])), "has 7"],
    ["UNITARY_SHAPE", loose((c) => c.unitary!(undefined, [0])), "not undefined; complexMatrix(rows)"],
    ["UNITARY_SHAPE", loose((c) => c.unitary!(identity(2), 0)), "a list of qubits, not number 0"],
    ["UNITARY_NOT_UNITARY", build((c) => c.unitary(half, [0])), "0.75"],
    ["UNITARY_NOT_UNITARY", build((c) => c.unitary(new Float64Array(8).fill(Number.NaN), [0])), "NaN"],
    ["CONTROL_COUNT", () => unitaryOperation(identity(2), [0], "u", -1), "-1"],
    ["REGISTER_NAME", build((c) => c.register("1m", 1)), "1m"],
    ["REGISTER_NAME", build((c) => c.register("m²", 1)), "m²"],
    ["REGISTER_NAME", build((c) => [c.register("m", 1), c.register("m", 2)]), "taken"],
    ["REGISTER_NAME", build((c) => c.measureAll().measureAll()), "meas"],
    ["REGISTER_SIZE", build((c) => c.register("m", 0)), "0"],
    ["REGISTER_SIZE", build((c) => c.register("m", 2.5)), "2.5"],
    ["CLBIT_RANGE", build((c) => c.measure(0, 0)), "Declare it with register()"],
    ["CLBIT_RANGE", build((c) => c.if([3], 1, (inner) => inner.x(0))), "3"],
    ["QUBIT_RANGE", build((c) => c.if(c.register("m", 1), 1, (inner) => inner.x(5))), "5"],
    ["CONDITION_VALUE", build((c) => c.if(c.register("m", 1), -1, (inner) => inner.x(0))), "-1"],
    ["CONDITION_VALUE", build((c) => c.if(c.register("m", 1), 0.5, (inner) => inner.x(0))), "0.5"],
    [
      "CONDITION_VALUE",
      build((c) => c.if(c.register("m", 2), 4, (inner) => inner.x(0))),
      "never read 4; they hold 0 to 3",
    ],
    ["CONDITION_BITS", build((c) => c.if([], 0, (inner) => inner.x(0))), "at least one"],
    ["CONDITION_BITS", build((c) => [c.register("m", 2), c.if([1, 1], 0, (inner) => inner.x(0))]), "twice (1, 1)"],
    ["CONDITION_BITS", loose((c) => c.if!(0, 1, () => {})), "not number 0"],
    ["CONDITION_BITS", loose((c) => c.if!(undefined, 1, () => {})), "not undefined"],
    ["GATE_QUBIT_COUNT", loose((c) => c.mcx!(0, 1)), "controls as a list, such as [0, 1], not"],
    ["GATE_QUBIT_COUNT", loose((c) => c.mcp!(0.1, 0, 1)), "controls as a list"],
    ["CIRCUIT_PART", () => Circuit.build(2, undefined as never), "a function of its builder"],
    ["CIRCUIT_PART", () => Circuit.build(1, (c) => c.x(0)).compose(undefined as never), "with a circuit, not with"],
    ["CONDITION_BRANCH", loose((c) => c.if!(c.register!("m", 1), 1)), "not undefined"],
    ["DELAY_DURATION", build((c) => c.delay(-1, "ns", 0)), "-1 ns"],
    ["DELAY_DURATION", build((c) => c.delay(Number.NaN, "s", 0)), "NaN"],
    ["DELAY_DURATION", build((c) => c.delay(1.5, "dt", 0)), "whole for dt"],
    ["DELAY_UNIT", loose((c) => c.delay!(1, "h", 0)), "dt, ns, us, ms, s"],
  ] as readonly (readonly [string, () => unknown, string])[])("%s (%#)", (code, act, text) => {
    expect(act).toThrow(CircuitError);
    expect(act).toThrow(
      expect.objectContaining({ code, name: "CircuitError", message: expect.stringContaining(text) }),
    );
  });

  test("an operation made elsewhere is checked against the circuit it joins", () => {
    const far: Operation = gateOperation("cx", [], [0, 7]);
    expect(build((c) => c.append(far))).toThrow(expect.objectContaining({ code: "QUBIT_RANGE" }));
  });

  test("an if made elsewhere brings the parameters of its branches", () => {
    const define = (c: CircuitBuilder) =>
      c.if(
        c.register("m", 1),
        1,
        (inner) => inner.rx(weight("yes"), 0),
        (inner) => inner.rx(weight("no"), 0),
      );
    const [operation] = Circuit.build(1, define).operations;
    const circuit = Circuit.build(1, (c) => {
      c.register("m", 1);
      c.append(operation!);
    });
    expect(circuit.parameters.map(({ name }) => name)).toEqual(["yes", "no"]);
  });

  test("a failed call leaves the builder as it was", () => {
    const circuit = Circuit.build(1, (c) => {
      c.x(0);
      expect(() => c.rx(weight("w"), 3)).toThrow(CircuitError);
    });
    expect(circuit.count()).toEqual({ x: 1 });
    expect(circuit.parameters).toEqual([]);
  });
});
