import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  Circuit,
  type CircuitBuilder,
  circuitMatrix,
  clbitsOf,
  input,
  LeptonError,
  type Operation,
  operationMatrix,
  ParameterError,
  Rng,
  type UnitaryKind,
  type UnitaryOperation,
  weight,
} from "../../circuits/index.ts";
import { controlledMatrix, multiplyMatrices } from "../../circuits/matrices.ts";
import { randomDynamicCircuit } from "../support/dynamic-circuit.ts";
import { distance, identity, kronecker } from "../support/linear-algebra.ts";
import { randomUnitaryCircuit } from "../support/unitary-circuit.ts";

const settings = { numRuns: 60, seed: 11 } as const;
const seeds = fc.integer({ min: 0, max: 1_000_000 });

/** A random circuit with all parameters bound. */
function bound(seed: number, numQubits: number, numOperations = 8): Circuit {
  const rng = Rng.seed(seed);
  const circuit = randomUnitaryCircuit(rng, numQubits, numOperations);
  return circuit.bind(
    Object.fromEntries(
      circuit.vectors.map(({ name, size }) => [name, Array.from({ length: size }, () => rng.normal())]),
    ),
  );
}
const matrix = circuitMatrix;

/** The builder with one classical bit declared. */
function withBit(builder: CircuitBuilder): CircuitBuilder {
  builder.register("m", 1);
  return builder;
}

describe("inverse", () => {
  test("undoes any circuit of the whole table, global phase included", () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 4 }), (seed, n) => {
        const circuit = bound(seed, n);
        expect(distance(matrix(circuit.compose(circuit.inverse())), identity(2 ** n))).toBeLessThan(1e-12);
      }),
      settings,
    );
  });

  test("keeps free parameters free: bind and inverse commute", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const circuit = randomUnitaryCircuit(Rng.seed(seed), 3, 8);
        const values = { x: [0.3, -1.1], w: [0.7, 2.9, -0.4] };
        expect(distance(matrix(circuit.inverse().bind(values)), matrix(circuit.bind(values).inverse()))).toBeLessThan(
          1e-12,
        );
      }),
      settings,
    );
  });

  test("of the inverse is the same circuit again for gates that have inverse rows", () => {
    const w = weight("w", 3);
    const circuit = Circuit.build(3, (c) =>
      c
        .h(0)
        .s(1)
        .t(2)
        .sx(0)
        .cs(0, 1)
        .rx(w.at(0), 1)
        .cp(w.at(1), 0, 2)
        .rzz(w.at(2), 1, 2)
        .ccx(0, 1, 2)
        .barrier()
        .delay(8, "dt", 0),
    );
    expect(circuit.inverse().inverse().equals(circuit)).toBe(true);
  });
});

describe("control", () => {
  test("is the controlled matrix, controls becoming the lowest qubits", () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 3 }), (seed, numControls, n) => {
        const circuit = bound(seed, n, 5);
        const state = seed % 2 ** numControls;
        const wanted = controlledMatrix(matrix(circuit), numControls, [1, 0], state);
        expect(distance(matrix(circuit.control(numControls, state)), wanted)).toBeLessThan(1e-12);
      }),
      settings,
    );
  });

  test("folds into the table's own gates", () => {
    const w = weight("w");
    const circuit = Circuit.build(2, (c) => c.gphase(w).x(0).swap(0, 1).cz(0, 1).u(w, 0, 0, 1));
    expect(circuit.control().count()).toEqual({ p: 1, cx: 1, cswap: 1, ccz: 1, "c1-u": 1 });
    expect(
      Circuit.build(1, (c) => c.x(0))
        .control(2)
        .count(),
    ).toEqual({ ccx: 1 });
    expect(
      Circuit.build(1, (c) => c.x(0))
        .control(3)
        .count(),
    ).toEqual({ "c1-ccx": 1 });
    expect(
      Circuit.build(1, (c) => c.x(0))
        .control(2, 0b01)
        .count(),
    ).toEqual({ "c2-x": 1 });
    expect(
      Circuit.build(1, (c) => c.x(0))
        .control(2, 0b10)
        .count(),
    ).toEqual({ "c1-cx": 1 });
  });

  test("a phase no one could see becomes one that others can", () => {
    const phase = Circuit.build(0, (c) => c.gphase(0.7)).control(2);
    const wanted = Circuit.build(2, (c) => c.cp(0.7, 0, 1));
    expect(phase.equals(wanted)).toBe(true);
  });

  test("twice is once with the states side by side, and none changes nothing", () => {
    const circuit = bound(5, 2);
    expect(circuit.control(0).equals(circuit)).toBe(true);
    const twice = circuit.control(1, 0).control(1, 1);
    expect(distance(matrix(twice), matrix(circuit.control(2, 0b01)))).toBeLessThan(1e-13);
  });
});

describe("power", () => {
  test("of an integer repeats, of a negative one repeats the inverse", () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 3 }), (seed, n) => {
        const circuit = bound(seed, n, 4);
        const once = matrix(circuit);
        const cube = multiplyMatrices(once, multiplyMatrices(once, once));
        expect(distance(matrix(circuit.power(0)), identity(2 ** n))).toBe(0);
        expect(distance(matrix(circuit.power(3)), cube)).toBeLessThan(1e-11);
        expect(distance(multiplyMatrices(matrix(circuit.power(-3)), cube), identity(2 ** n))).toBeLessThan(1e-11);
      }),
      settings,
    );
  });

  test("of a fraction is the root, for circuits of several qubits", () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 4 }), fc.integer({ min: 2, max: 5 }), (seed, n, k) => {
        const circuit = bound(seed, n, 6);
        const root = matrix(circuit.power(1 / k));
        let product = root;
        for (let i = 1; i < k; i++) product = multiplyMatrices(product, root);
        expect(distance(product, matrix(circuit))).toBeLessThan(1e-8);
      }),
      settings,
    );
  });

  test("of a fraction is the principal root where eigenvalues repeat or are -1", () => {
    const cases = [
      Circuit.build(2, (c) => c.swap(0, 1).z(0).z(0)),
      Circuit.build(3, (c) => c.x(0).x(1).x(2)),
      Circuit.build(2, (c) => c.z(0).z(1)),
      Circuit.build(2, (c) => c.h(0).cx(0, 1).cx(0, 1).h(0)),
    ];
    for (const circuit of cases) {
      const root = matrix(circuit.power(0.5));
      expect(distance(multiplyMatrices(root, root), matrix(circuit))).toBeLessThan(1e-8);
    }
    const swapRoot = matrix(Circuit.build(2, (c) => c.swap(0, 1)).power(0.5));
    // Eigenvalue -1 (the singlet) goes to i, so the middle block is [[1+i, 1-i], [1-i, 1+i]] / 2.
    const wanted = [0.5, 0.5, 0.5, -0.5];
    expect(
      distance(
        [5, 6].flatMap((i) => [...swapRoot.slice(2 * i, 2 * i + 2)]),
        wanted,
      ),
    ).toBeLessThan(1e-12);
  });

  test("of one rotation scales its angle, free or not, controls kept", () => {
    const w = weight("w");
    expect(
      Circuit.build(1, (c) => c.rx(w, 0))
        .power(0.5)
        .equals(Circuit.build(1, (c) => c.rx(w.times(0.5), 0))),
    ).toBe(true);
    const controlled = Circuit.build(3, (c) => c.gate("ry", [w], [0, 1, 2], { numControls: 2, controlState: 1 }));
    expect(controlled.power(-0.25).operations[0]).toMatchObject({ gate: "ry", numControls: 2, controlState: 1 });
    const negative = Circuit.build(2, (c) => c.gate("s", [], [0, 1], { numControls: 1, controlState: 0 }));
    const root = matrix(negative.power(0.5));
    expect(distance(multiplyMatrices(root, root), matrix(negative))).toBeLessThan(1e-14);
  });
});

describe("power of one operation", () => {
  const [u, w] = [weight("u", 3), weight("w")];
  const one = (numQubits: number, define: (c: CircuitBuilder) => unknown) => Circuit.build(numQubits, define);

  test.each([
    ["h", one(1, (c) => c.h(0))],
    ["x", one(1, (c) => c.x(0))],
    ["y", one(1, (c) => c.y(0))],
    ["swap", one(2, (c) => c.swap(1, 0))],
    ["ecr", one(2, (c) => c.ecr(0, 1))],
    ["ccx", one(3, (c) => c.ccx(2, 0, 1))],
    ["h under a control on 0", one(2, (c) => c.gate("h", [], [0, 1], { numControls: 1, controlState: 0 }))],
  ])("%s is its own inverse, so it stays or goes", (_, circuit) => {
    for (const odd of [1, 3, -1, -5, 1001]) expect(circuit.power(odd).equals(circuit)).toBe(true);
    for (const even of [0, 2, -4, 1000]) expect(circuit.power(even).operations).toEqual([]);
  });

  test("gates without a rule repeat, free parameters too", () => {
    const free = one(1, (c) => c.u(u.at(0), u.at(1), u.at(2), 0));
    expect(free.power(3).operations).toEqual([free, free, free].flatMap(({ operations }) => operations));
    expect(free.power(-2).operations).toEqual([free, free].flatMap((circuit) => circuit.inverse().operations));
    expect(
      one(2, (c) => c.iswap(0, 1))
        .power(2)
        .count(),
    ).toEqual({ iswap: 2 });
    expect(
      one(1, (c) => c.sx(0))
        .power(2)
        .count(),
    ).toEqual({ sx: 2 });
    expect(
      one(1, (c) => c.t(0))
        .power(2)
        .count(),
    ).toEqual({ p: 1 });
  });

  test("roots of X and Y are gates, controlled or not, and principal", () => {
    expect(
      one(1, (c) => c.x(0))
        .power(0.5)
        .count(),
    ).toEqual({ sx: 1 });
    expect(
      one(2, (c) => c.cx(0, 1))
        .power(0.5)
        .count(),
    ).toEqual({ csx: 1 });
    expect(
      one(2, (c) => c.cx(0, 1))
        .power(1 / 3)
        .count(),
    ).toEqual({ crx: 1, p: 1 });
    for (const circuit of [one(1, (c) => c.y(0)), one(2, (c) => c.cx(0, 1)), one(3, (c) => c.ccx(0, 1, 2))])
      for (const k of [2, 3, 4]) {
        const root = circuit.power(1 / k);
        expect(root.operations.every(({ kind }) => kind === "gate")).toBe(true);
        expect(distance(matrix(root.power(k)), matrix(circuit))).toBeLessThan(1e-14);
        // The principal root is the one nearest to the identity: eigenvalue -1 goes to exp(iπ/k).
        const size = 2 ** circuit.numQubits;
        const trace = [0, 1].map((part) =>
          Array.from({ length: size }, (_, i) => matrix(root)[2 * (i * size + i) + part]!).reduce((a, b) => a + b),
        );
        expect(distance(trace, [size - 1 + Math.cos(Math.PI / k), Math.sin(Math.PI / k)])).toBeLessThan(1e-14);
      }
  });

  test("a unitary is multiplied, so its whole powers stay exact", () => {
    const circuit = one(2, (c) => c.unitary(matrix(bound(7, 2)), [1, 0], "V"));
    const repeated = Array.from({ length: 7 }, () => circuit).reduce((all, next) => all.compose(next));
    expect(circuit.power(7).count()).toEqual({ unitary: 1 });
    expect(distance(matrix(circuit.power(7)), matrix(repeated))).toBeLessThan(1e-14);
    expect(distance(matrix(circuit.power(-7)), matrix(repeated.inverse()))).toBeLessThan(1e-14);
    expect(circuit.power(0).operations).toEqual([]);
  });

  test("a fraction of a gate with free parameters and no rule is refused", () => {
    const free = one(1, (c) => c.u(w, 0, 0, 0));
    expect(() => free.power(0.5)).toThrow(
      expect.objectContaining({ code: "CIRCUIT_POWER", message: expect.stringContaining("of u needs numbers") }),
    );
  });
});

describe("compose and extend", () => {
  test("on chosen qubits is the product with the placed matrix", () => {
    const first = bound(1, 3);
    const second = bound(2, 2);
    // Qubits [0, 1] of the second go to [0, 1] of three: the identity stands on the high qubit.
    const low = multiplyMatrices(kronecker(identity(2), matrix(second)), matrix(first));
    expect(distance(matrix(first.compose(second)), low)).toBeLessThan(1e-13);
    const high = multiplyMatrices(kronecker(matrix(second), identity(2)), matrix(first));
    expect(distance(matrix(first.compose(second, { qubits: [1, 2] })), high)).toBeLessThan(1e-13);
    const swapped = Circuit.build(2, (c) => c.swap(0, 1))
      .compose(second)
      .compose(Circuit.build(2, (c) => c.swap(0, 1)));
    expect(distance(matrix(second.compose(second, { qubits: [1, 0] })), matrix(second.compose(swapped)))).toBeLessThan(
      1e-13,
    );
  });

  test("finds registers by name and size, adds the others", () => {
    const a = Circuit.build(2, (c) => {
      c.register("shared", 2);
      c.measure(0, 0);
    });
    const b = Circuit.build(2, (c) => {
      c.register("own", 1);
      c.register("shared", 2);
      c.measure(0, 0).measure(1, 2);
    });
    const both = a.compose(b, { qubits: [1, 0] });
    expect(both.registers.map(({ name, offset, size }) => [name, offset, size])).toEqual([
      ["shared", 0, 2],
      ["own", 2, 1],
    ]);
    expect(
      both.operations.map((operation) => (operation.kind === "measure" ? [operation.qubit, operation.clbit] : [])),
    ).toEqual([
      [0, 0],
      [1, 2],
      [0, 1],
    ]);
  });

  test("keeps the order of parameters, inputs before weights, and declared ones that no gate uses", () => {
    const a = Circuit.build(1, (c) => c.declare(weight("unused", 2)).rx(weight("w"), 0));
    const b = Circuit.build(1, (c) => c.rx(input("x"), 0));
    const both = a.compose(b);
    expect(both.parameters.map(({ name }) => name)).toEqual(["x", "unused[0]", "unused[1]", "w"]);
    expect([both.numInputs, both.numWeights]).toEqual([1, 3]);
  });

  test("the same name for two things is refused", () => {
    const a = Circuit.build(1, (c) => c.rx(weight("t"), 0));
    const clash = (other: Circuit) => () => a.compose(other);
    const message = expect.objectContaining({ code: "PARAMETER_CLASH" });
    expect(clash(Circuit.build(1, (c) => c.rx(input("t"), 0)))).toThrow(message);
    expect(clash(Circuit.build(1, (c) => c.rx(weight("t", 1).at(0), 0)))).toThrow(message);
    const registers = Circuit.build(1, (c) => c.register("m", 1));
    expect(() => registers.compose(Circuit.build(1, (c) => c.register("m", 2)))).toThrow(
      expect.objectContaining({ code: "REGISTER_NAME" }),
    );
  });

  test("leaves both circuits as they were", () => {
    const a = bound(3, 2);
    const before = a.hash;
    a.compose(a.inverse());
    expect(a.extend((c) => c.h(0)).operations).toHaveLength(a.operations.length + 1);
    expect(Circuit.fromJSON(a.toJSON()).hash).toBe(before);
  });
});

describe("bind", () => {
  const x = input("x", 2);
  const w = weight("w", [2, 1]);
  const t = weight("t");
  const circuit = Circuit.build(1, (c) =>
    c
      .rx(x.at(0).times(w.at(1)), 0)
      .ry(t.plus(x.at(1)), 0)
      .rz(w.at(0), 0),
  );

  test("in part, in any order, is binding at once", () => {
    const all = circuit.bind({ x: [0.1, 0.2], w: [0.3, 0.4], t: 0.5 });
    expect(
      circuit
        .bind({ t: 0.5 })
        .bind({ w: [0.3, 0.4] })
        .bind({ x: [0.1, 0.2] })
        .equals(all),
    ).toBe(true);
    expect(all.parameters).toEqual([]);
    expect(all.operations.map((operation) => (operation.kind === "gate" ? operation.params[0] : undefined))).toEqual([
      0.1 * 0.4,
      0.5 + 0.2,
      0.3,
    ]);
  });

  test("keeps the rest free and in order", () => {
    const half = circuit.bind({ w: Float64Array.of(1, 1) });
    expect(half.parameters.map(({ name }) => name)).toEqual(["x[0]", "x[1]", "t"]);
  });

  test("reaches into branches", () => {
    const branched = Circuit.build(1, (c) => {
      const bit = c.register("m", 1);
      c.if(bit, 1, (inner) => inner.rx(t, 0));
    }).bind({ t: 2 });
    expect(branched.operations[0]).toMatchObject({ whenTrue: [{ params: [2] }] });
  });

  test("leaves alone a parameter that is named like a property every object has", () => {
    const odd = Circuit.build(1, (c) => c.rx(weight("constructor"), 0).ry(t, 0)).bind({ t: 1 });
    expect(odd.parameters.map(({ name }) => name)).toEqual(["constructor"]);
  });

  test.each([
    [{ y: 1 }, "PARAMETER_UNKNOWN", "It has: x, w, t"],
    [{ x: [1] }, "PARAMETER_SHAPE", "needs a list of 2 number(s) but was given 1"],
    [{ x: 1 }, "PARAMETER_SHAPE", "was given a number"],
    [{ t: [1, 2] }, "PARAMETER_SHAPE", "needs one number"],
    [{ x: [1, Number.NaN] }, "PARAMETER_NOT_FINITE", "Value 1 of x is NaN"],
    [{ t: Number.POSITIVE_INFINITY }, "PARAMETER_NOT_FINITE", "Infinity"],
    [undefined, "PARAMETER_SHAPE", "values by name, such as { w: [0.1, 0.2], t: 0.3 }, not undefined"],
    [null, "PARAMETER_SHAPE", "not null"],
    [0.5, "PARAMETER_SHAPE", "not number 0.5"],
    [{ t: undefined }, "PARAMETER_SHAPE", "one number but was given undefined"],
    [{ t: null }, "PARAMETER_SHAPE", "one number but was given null"],
    [{ t: "1" }, "PARAMETER_SHAPE", "one number but was given string 1"],
    [{ x: "12" }, "PARAMETER_SHAPE", "2 number(s) but was given string 12"],
    [{ x: {} }, "PARAMETER_SHAPE", "was given [object Object]"],
    [{ x: ["1", 2] }, "PARAMETER_NOT_FINITE", "Value 0 of x is string 1"],
  ])("%j is refused", (values, code, text) => {
    expect(() => circuit.bind(values as never)).toThrow(ParameterError);
    expect(() => circuit.bind(values as never)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(text) }),
    );
  });

  test("values for which an expression has no finite value are refused where they are used", () => {
    const root = Circuit.build(1, (c) => c.rx(t.pow(0.5), 0));
    expect(() => root.bind({ t: -1 })).toThrow(expect.objectContaining({ code: "GATE_ANGLE" }));
  });
});

describe("depth and count", () => {
  test.each([
    ["nothing", 2, (c) => c, 0],
    ["gates side by side", 2, (c) => c.h(0).h(1), 1],
    ["a chain of cx", 4, (c) => c.cx(0, 1).cx(1, 2).cx(2, 3), 3],
    ["a barrier orders without counting", 2, (c) => c.h(0).barrier().h(1), 2],
    ["a barrier on one qubit orders nothing", 2, (c) => c.h(0).barrier(0).h(1), 1],
    ["a global phase is on no qubit", 1, (c) => c.gphase(1).h(0), 1],
    ["measurements into one bit wait for each other", 2, (c) => withBit(c).measure(0, 0).measure(1, 0), 2],
    ["delays and resets count", 1, (c) => c.reset(0).delay(10, "ns", 0).h(0), 3],
    [
      "an if waits for its bits",
      2,
      (c) => {
        const m = c.register("m", 1);
        c.measure(0, 0).if(m, 1, (inner) => inner.x(1).x(1));
      },
      2,
    ],
  ] as readonly (readonly [string, number, Parameters<typeof Circuit.build>[1], number])[])(
    "%s",
    (_, numQubits, define, depth) => {
      expect(Circuit.build(numQubits, define).depth()).toBe(depth);
    },
  );

  test("the largest circuit has a depth too", () => {
    expect(Circuit.build(65_536, (c) => c.measureAll()).depth()).toBe(1);
  });

  test("count names every kind of operation", () => {
    const circuit = Circuit.build(4, (c) => {
      const m = c.register("m", 1);
      c.h(0)
        .h(1)
        .cx(0, 1)
        .mcx([0, 1, 2], 3)
        .mcp(0.3, [0, 1], 2)
        .barrier()
        .reset(0)
        .measure(0, 0)
        .unitary(identity(2), [1]);
      c.if(
        m,
        1,
        (inner) => inner.h(0),
        (inner) => inner.x(0),
      );
    });
    expect(circuit.count()).toEqual({
      h: 3,
      cx: 1,
      "c1-ccx": 1,
      "c1-cp": 1,
      barrier: 1,
      reset: 1,
      measure: 1,
      unitary: 1,
      if: 1,
      x: 1,
    });
  });
});

describe("equality, hash and JSON", () => {
  test("JSON text brings back an equal circuit: gates, controls, unitaries, expressions", () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 5 }), (seed, n) => {
        const circuit = randomUnitaryCircuit(Rng.seed(seed), n, 15);
        for (const one of [circuit, circuit.inverse(), circuit.control(2, 1), circuit.power(2)]) {
          const again = Circuit.fromJSON(JSON.parse(JSON.stringify(one)));
          expect(again.hash).toBe(one.hash);
          expect(again.toJSON()).toEqual(one.toJSON());
          expect(again.parameters.map(({ name, role }) => [name, role])).toEqual(
            one.parameters.map(({ name, role }) => [name, role]),
          );
        }
      }),
      settings,
    );
  });

  test("JSON text brings back powers of controlled gates as they were", () => {
    const w = weight("w");
    for (const [gate, params] of [
      ["t", []],
      ["z", []],
      ["rz", [w]],
      ["x", []],
    ] as const)
      for (const controlState of [0, 1, 2, 3]) {
        const circuit = Circuit.build(3, (c) => c.gate(gate, params, [2, 0, 1], { numControls: 2, controlState }));
        const power = gate === "x" ? circuit.inverse() : circuit.power(0.5);
        expect(Circuit.fromJSON(JSON.parse(JSON.stringify(power))).equals(power)).toBe(true);
      }
  });

  test("JSON text brings back dynamic circuits: measure, reset, if and else, delay, barrier", () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 2, max: 4 }), (seed, n) => {
        const circuit = randomDynamicCircuit(Rng.seed(seed), n, 12);
        const again = Circuit.fromJSON(JSON.parse(JSON.stringify(circuit)));
        expect(again.equals(circuit)).toBe(true);
        expect(again.operations).toEqual(circuit.operations);
      }),
      settings,
    );
    const circuit = Circuit.build(2, (c) => {
      const m = c.register("m", 2);
      c.delay(1.5, "us", 0).barrier(1).measure(0, 0).reset(0);
      c.if([1, 0], 2, (inner) =>
        inner.if(
          m,
          3,
          (deep) => deep.reset(1),
          (deep) => deep.barrier().delay(16, "dt", 1),
        ),
      );
    });
    expect(Circuit.fromJSON(JSON.parse(JSON.stringify(circuit))).operations).toEqual(circuit.operations);
  });

  test("two circuits are equal exactly if all their parts are", () => {
    const w = weight("w", 2);
    const base = Circuit.build(2, (c) => c.h(0).rx(w.at(0), 1));
    expect(base.equals(Circuit.build(2, (c) => c.h(0).rx(weight("w", 2).at(0), 1)))).toBe(true);
    const others = [
      Circuit.build(3, (c) => c.h(0).rx(w.at(0), 1)),
      Circuit.build(2, (c) => c.rx(w.at(0), 1).h(0)),
      Circuit.build(2, (c) => c.h(0).rx(w.at(1), 1)),
      Circuit.build(2, (c) => c.h(0).rx(weight("v", 2).at(0), 1)),
      Circuit.build(2, (c) => c.h(0).rx(input("w", 2).at(0), 1)),
      Circuit.build(2, (c) => c.h(0).rx(weight("w", [2, 1]).at(0), 1)),
      Circuit.build(2, (c) => c.h(0).rx(w.at(0).times(2), 1)),
      Circuit.build(2, (c) => withBit(c).h(0).rx(w.at(0), 1)),
      Circuit.build(2, (c) => c.declare(weight("v")).h(0).rx(w.at(0), 1)),
    ];
    for (const other of others) {
      expect(base.equals(other)).toBe(false);
      expect(base.hash).not.toBe(other.hash);
    }
    expect(base.hash).toMatch(/^[0-9a-f]{64}$/);
  });

  test("an old file keeps loading, and its hash stays", () => {
    const json = {
      format: "lepton-circuit@1",
      numQubits: 3,
      registers: [["m", 2]],
      parameters: [
        ["x", "input", [2]],
        ["w", "weight", []],
      ],
      operations: [
        ["h", [], [0]],
        ["ry", [{ op: "*", args: [["x", 1], { op: "tanh", args: [["w", 0]] }] }], [2]],
        ["x", [], [0, 1, 2], [2, 1]],
        { unitary: [0, 0, 1, 0, 1, 0, 0, 0], label: "flip", qubits: [1] },
        { barrier: [0, 2] },
        { delay: [1, 100, "ns"] },
        { measure: [0, 1] },
        { reset: 0 },
        { if: { clbits: [0, 1], value: 2 }, whenTrue: [["x", [], [0]]], whenFalse: [] },
      ],
    } as const;
    const circuit = Circuit.fromJSON(JSON.parse(JSON.stringify(json)));
    expect(circuit.toJSON()).toEqual(json);
    expect(circuit.hash).toBe("9f7cbf2fa8f1bb9c01e9828c55d41bf2af1a38c83154d125f0c68c69c5e3ed98");
  });

  test.each([
    ["another format", { format: "lepton-circuit@9" }, "CIRCUIT_JSON"],
    ["nothing", null, "CIRCUIT_JSON"],
    ["no operations", { operations: undefined }, "CIRCUIT_JSON"],
    ["an unknown operation", { operations: [{ jump: 1 }] }, "CIRCUIT_JSON"],
    ["an undeclared parameter", { operations: [["rx", [["w", 0]], [0]]] }, "CIRCUIT_JSON"],
    ["an unknown gate", { operations: [["rq", [], [0]]] }, "GATE_UNKNOWN"],
    ["a qubit too many", { operations: [["h", [], [1]]] }, "QUBIT_RANGE"],
    ["a bad expression", { operations: [["rx", [{ op: "x" }], [0]]] }, "PARAMETER_JSON"],
    ["a bad unit", { operations: [{ delay: [0, 1, "h"] }] }, "DELAY_UNIT"],
    ["a text where a number should be", { numQubits: "two" }, "QUBIT_COUNT"],
    ["a bad shape", { parameters: [["w", "weight", [0]]] }, "PARAMETER_SHAPE"],
    ["a bad role", { parameters: [["w", "wait", [1]]] }, "PARAMETER_ROLE"],
  ])("JSON with %s is refused", (_, change, code) => {
    const good = { format: "lepton-circuit@1", numQubits: 1, registers: [], parameters: [], operations: [] };
    const json = change === null ? null : { ...good, ...change };
    expect(() => Circuit.fromJSON(json as never)).toThrow(LeptonError);
    expect(() => Circuit.fromJSON(json as never)).toThrow(expect.objectContaining({ code }));
  });
});

describe("immutability", () => {
  test("a circuit and all its parts are frozen", () => {
    const circuit = Circuit.build(3, (c) => {
      const m = c.register("m", 3);
      c.u(1, 2, weight("w").times(2), 0)
        .mcx([0, 1], 2, 0)
        .unitary(identity(4), [0, 2])
        .barrier()
        .delay(1, "s", 0)
        .reset(1);
      c.measure(0, 0).if(m, 5, (inner) => inner.x(0).measure(0, 1));
    });
    for (const one of [circuit, Circuit.fromJSON(JSON.parse(JSON.stringify(circuit))), circuit.bind({ w: 1 })]) {
      const visit = (value: unknown): void => {
        if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return;
        expect(Object.isFrozen(value), JSON.stringify(value)).toBe(true);
        if (Array.isArray(value)) value.forEach(visit);
      };
      const visitOperation = (operation: Operation): void => {
        for (const value of [operation, ...Object.values(operation)]) visit(value);
        if (operation.kind === "gate") expect(Object.isFrozen(operation.params)).toBe(true);
        if (operation.kind === "if") {
          expect(Object.isFrozen(operation.condition.clbits)).toBe(true);
          [...operation.whenTrue, ...operation.whenFalse].forEach(visitOperation);
        }
      };
      for (const value of [one, one.registers, one.operations, one.vectors, one.parameters])
        expect(Object.isFrozen(value)).toBe(true);
      one.operations.forEach(visitOperation);
      one.registers.forEach(visit);
    }
  });

  test("what a caller does to the lists it gave changes nothing", () => {
    const unitary = identity(2);
    const qubits = [0];
    const circuit = Circuit.build(2, (c) => c.unitary(unitary, qubits));
    const before = circuit.hash;
    unitary.fill(9);
    qubits[0] = 1;
    operationMatrix(circuit.operations[0] as UnitaryKind).fill(9);
    expect(Circuit.fromJSON(circuit.toJSON()).hash).toBe(before);
    expect(circuit.operations[0]).toMatchObject({ qubits: [0] });
  });

  test("the matrix of an operation is declared as one to read only", () => {
    const write = (operation: UnitaryOperation): void => {
      // @ts-expect-error Whoever shares the circuit would see the change.
      operation.matrix[0] = 1;
    };
    expect(write).toBeTypeOf("function");
  });
});

describe("errors of whole circuits", () => {
  const measured = Circuit.build(1, (c) => withBit(c).measure(0, 0));
  const branched = Circuit.build(1, (c) => {
    c.if(c.register("m", 1), 1, (inner) => inner.x(0));
  });
  const free = Circuit.build(7, (c) => c.rx(weight("w"), 0).ry(weight("w"), 0));
  test.each([
    ["inverse of a measurement", () => measured.inverse(), "CIRCUIT_NOT_UNITARY", "measure has no inverse"],
    ["inverse of a reset", () => Circuit.build(1, (c) => c.reset(0)).inverse(), "CIRCUIT_NOT_UNITARY", "reset"],
    ["control of a branch", () => branched.control(), "CIRCUIT_NOT_UNITARY", "if has no controlled form"],
    ["power of a measurement", () => measured.power(2), "CIRCUIT_NOT_UNITARY", "measure has no power"],
    ["matrix of a measurement", () => circuitMatrix(measured), "CIRCUIT_NOT_UNITARY", "measure has no matrix"],
    [
      "matrix of 16 qubits",
      () =>
        circuitMatrix(
          bound(1, 3)
            .compose(Circuit.build(3, () => {}))
            .control(13),
        ),
      "CIRCUIT_TOO_LARGE",
      "at most 12 qubits",
    ],
    ["matrix with a free parameter", () => circuitMatrix(free), "CIRCUIT_UNBOUND", "free parameter w"],
    ["root of many qubits", () => free.power(0.5), "CIRCUIT_POWER", "at most 6 qubits"],
    ["power NaN", () => free.power(Number.NaN), "CIRCUIT_POWER", "NaN"],
    ["a power beyond all memory", () => free.power(1e9), "CIRCUIT_POWER", "1000000000"],
    [
      "root of a free circuit",
      () => Circuit.build(1, (c) => c.h(0).rx(weight("w"), 0)).power(0.5),
      "CIRCUIT_UNBOUND",
      "w",
    ],
    ["compose of too many qubits", () => measured.compose(free), "COMPOSE_QUBITS", "7 qubit(s)"],
    ["compose on one qubit twice", () => free.compose(bound(1, 2), { qubits: [3, 3] }), "COMPOSE_QUBITS", "[3, 3]"],
    ["compose on half a qubit", () => free.compose(bound(1, 1), { qubits: [0.5] }), "COMPOSE_QUBITS", "[0.5]"],
    ["compose on too few", () => free.compose(bound(1, 2), { qubits: [0] }), "COMPOSE_QUBITS", "[0]"],
    ["a negative number of controls", () => free.control(-1), "CONTROL_COUNT", "-1"],
    ["a state that needs more controls", () => free.control(1, 2), "CONTROL_STATE", "2"],
  ])("%s", (_, act, code, text) => {
    expect(act).toThrow(
      expect.objectContaining({ code, name: "CircuitError", message: expect.stringContaining(text) }),
    );
  });

  test("a circuit tells whether it is unitary and which bits it uses", () => {
    expect([measured, branched, free].map(({ isUnitary }) => isUnitary)).toEqual([false, false, true]);
    expect(branched.operations.flatMap(clbitsOf)).toEqual([0]);
  });
});
