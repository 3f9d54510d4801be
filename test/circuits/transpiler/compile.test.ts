import { describe, expect, test } from "vitest";
import {
  abs,
  Circuit,
  CompileCache,
  type CompileOptions,
  circuitMatrix,
  compile,
  type Effort,
  isaFaults,
  ln,
  type Operation,
  Rng,
  SparsePauliOp,
  sqrt,
  subtract,
  Target,
  TranspilerError,
  weight,
} from "../../../circuits/index.ts";
import { buildDag } from "../../../circuits/transpiler/layout/dag.ts";
import { resynthesizeBlocks } from "../../../circuits/transpiler/passes/resynthesize-blocks.ts";
import {
  boundPair,
  directedTarget,
  distanceFromSource,
  lineTarget,
  randomParametrized,
} from "../../support/compiled-equivalence.ts";
import { referenceBranches } from "../../support/dynamic-circuit.ts";
import { expectationOf, observableMatrix, stateOf } from "../../support/linear-algebra.ts";
import { randomCircuit } from "../../support/random-circuit.ts";

const TARGETS = {
  cz: lineTarget(5, "cz"),
  cx: lineTarget(5, "cx"),
  ecr: lineTarget(5, "ecr"),
  fractional: lineTarget(5, "fractional"),
  "directed cx": directedTarget(5, "cx"),
  "directed ecr": directedTarget(5, "ecr"),
};
const EFFORTS: readonly Effort[] = [0, 1, 2, 3];

describe.each(Object.entries(TARGETS))("compiled for %s", (name, target) => {
  test.each(EFFORTS)("a bound circuit equals its source up to phase and permutation (effort %i)", (effort) => {
    for (let trial = 0; trial < 4; trial++) {
      const rng = Rng.seed(`bound ${name} ${effort} ${trial}`);
      const source = randomCircuit(rng, {
        numQubits: 2 + rng.integer(3),
        numOperations: effort === 0 ? 5 : 7,
        parameters: false,
        unitaries: effort === 0,
      });
      const compiled = compile(source, target, { effort, seed: trial });
      expect(distanceFromSource(source, compiled, compiled.circuit)).toBeLessThan(1e-9);
    }
  });

  test.each(EFFORTS)("a free circuit equals its source for every row of values (effort %i)", (effort) => {
    for (let trial = 0; trial < 4; trial++) {
      const rng = Rng.seed(`free ${name} ${effort} ${trial}`);
      const source = randomParametrized(rng, 2 + rng.integer(3), 14);
      const compiled = compile(source, target, { effort, seed: trial });
      const special = [0, Math.PI, Math.PI / 2, -Math.PI / 2, 2 * Math.PI];
      for (let row = 0; row < 4; row++) {
        const values = Float64Array.from({ length: 7 }, () =>
          row === 0 ? 0 : row === 1 ? special[rng.integer(special.length)]! : 3 * rng.normal(),
        );
        const { source: bound, isa } = boundPair(compiled, values);
        expect(distanceFromSource(bound, compiled, isa)).toBeLessThan(1e-9);
      }
    }
  });
});

const w = weight("w", 6);
const ansatz = Circuit.build(3, (c) => {
  for (let q = 0; q < 3; q++) c.ry(w.at(q), q);
  c.cx(0, 1).cx(1, 2).cx(2, 0);
  for (let q = 0; q < 3; q++) c.rx(w.at(3 + q), q).h(q);
});

describe("binding", () => {
  const compiled = compile(ansatz, TARGETS.cz);
  const rng = Rng.seed("rows");
  const values = Float64Array.from({ length: 5 * 6 }, () => rng.normal());

  test("a batch is its rows, and an array given is filled", () => {
    const size = compiled.circuit.parameters.length;
    const batch = compiled.bindRows(values, 5);
    expect(batch).toHaveLength(5 * size);
    for (let row = 0; row < 5; row++)
      expect(compiled.bindRows(values.subarray(6 * row, 6 * row + 6), 1)).toEqual(
        batch.subarray(row * size, row * size + size),
      );
    const out = new Float64Array(5 * size);
    expect(compiled.bindRows(values, 5, out)).toBe(out);
    expect(out).toEqual(batch);
  });

  test("the angles are one vector of weights, each of which a gate uses", () => {
    expect(compiled.circuit.vectors.map(({ name, role }) => [name, role])).toEqual([["isa", "weight"]]);
    const used = new Set(
      compiled.circuit.operations.flatMap((operation) =>
        operation.kind === "gate" ? operation.params.filter((angle) => typeof angle !== "number") : [],
      ),
    );
    expect(used.size).toBe(compiled.circuit.parameters.length);
  });

  test("lengths that do not fit are refused", () => {
    for (const call of [
      () => compiled.bindRows(values, 4),
      () => compiled.bindRows(values, -1),
      () => compiled.bindRows(values, 5, new Float64Array(3)),
    ])
      expect(call).toThrow(expect.objectContaining({ code: "PARAMETER_SHAPE" }));
  });

  test("folded angles of fractional gates stay in the range that the device takes", () => {
    const t = weight("t", 2);
    const source = Circuit.build(3, (c) => c.h(0).h(1).rzz(t.at(0), 0, 1).rx(t.at(1), 0).rzz(t.at(1), 1, 2).rx(0.4, 2));
    const compiled = compile(source, TARGETS.fractional, { effort: 1 });
    const { circuit } = compiled;
    expect(circuit.count().rzz).toBe(2);
    for (const angle of [-7, -3, -Math.PI, -1, -1e-9, 0, 1e-9, 1, Math.PI / 2, 2, Math.PI, 3.5, 9]) {
      const angles = compiled.bindRows(Float64Array.of(angle, -angle), 1);
      expect(isaFaults(circuit.bind({ isa: angles }), TARGETS.fractional)).toEqual([]);
    }
  });
});

describe("functions of parameters", () => {
  const x = weight("x");
  const differences = (source: Circuit, values: readonly number[], options: CompileOptions): readonly number[] => {
    const compiled = compile(source, lineTarget(4), options);
    return values.map((value) => {
      const { source: bound, isa } = boundPair(compiled, Float64Array.of(value));
      return distanceFromSource(bound, compiled, isa);
    });
  };

  test("what is 0 for half of all values is not taken for 0", () => {
    const kink = subtract(abs(x), x);
    const source = Circuit.build(2, (c) =>
      c.h(0).h(1).rx(kink, 0).cx(0, 1).ry(kink, 1).cx(0, 1).rx(0.7, 0).cx(0, 1).rzz(kink, 0, 1).ry(kink, 0).cx(1, 0),
    );
    for (let seed = 0; seed < 20; seed++)
      for (const distance of differences(source, [1.3, -0.8], { seed })) expect(distance).toBeLessThan(1e-9);
  });

  test("values for which an angle does not exist are refused with their row", () => {
    const source = Circuit.build(2, (c) => c.ry(ln(x), 0).cx(0, 1).rx(sqrt(x), 1).h(1).cx(1, 0).ry(ln(x), 0).cx(0, 1));
    for (const effort of EFFORTS)
      expect(() => compile(source, TARGETS.cz, { effort }).bindRows(Float64Array.of(0.5, -0.5), 2)).toThrow(
        expect.objectContaining({ code: "PARAMETER_NOT_FINITE", message: expect.stringContaining("row 1") }),
      );
  });
});

describe("large circuits", () => {
  test("rotations by thousands of parameters add up", () => {
    const many = weight("w", 3000);
    const source = Circuit.build(1, (c) => {
      for (const angle of many) c.rz(angle, 0);
      c.sx(0);
    });
    const compiled = compile(source, TARGETS.cz);
    const values = Float64Array.from(many, (_, i) => Math.sin(i));
    const { source: bound, isa } = boundPair(compiled, values);
    expect(isa.count()).toEqual({ rz: 1, sx: 1 });
    expect(distanceFromSource(bound, compiled, isa)).toBeLessThan(1e-9);
  });

  test("runs of gates may be longer than a list of arguments", () => {
    const { operations } = Circuit.build(2, (c) => c.cz(0, 1).rx(w.at(0), 0));
    const [pair, single] = operations as [Operation, Operation];
    const run = [pair, ...Array<Operation>(130_000).fill(single)];
    expect(resynthesizeBlocks(run, { fractional: false })).toHaveLength(run.length);
    expect(buildDag([...run, pair], 2).numNodes).toBe(1);
  });
});

describe("layouts", () => {
  test("a variant of the circuit that does not fit gives way to one that does", () => {
    const source = Circuit.build(2, (c) => c.h(0).swap(0, 1).ry(0.3, 1));
    expect(compile(source, Target.fromEdges(2, []), { effort: 3 }).finalLayout).toEqual([1, 0]);
  });

  test("nothing is placed where a gate on one qubit is out of order", () => {
    const broken = Target.fromIbm(
      {
        backend_name: "line",
        n_qubits: 4,
        basis_gates: ["cz", "rz", "sx", "x"],
        coupling_map: [0, 1, 2].map((q) => [q, q + 1] as const),
      },
      { qubits: [], gates: [{ gate: "sx", qubits: [1], parameters: [{ name: "gate_error", value: 1 }] }] },
    );
    expect(broken.edges).toEqual([[2, 3]]);
    const bell = Circuit.build(2, (c) => c.h(0).cx(0, 1));
    for (const effort of EFFORTS) expect(isaFaults(compile(bell, broken, { effort }).circuit, broken)).toEqual([]);
    expect(() => compile(bell, broken, { initialLayout: [1, 2] })).toThrow(
      expect.objectContaining({ code: "LAYOUT_INITIAL" }),
    );
  });

  test("an initial layout is kept", () => {
    const { initialLayout } = compile(ansatz, TARGETS.cz, { initialLayout: [3, 1, 2] });
    expect(initialLayout).toEqual([3, 1, 2]);
  });

  test("observables go to where their qubits end", () => {
    const source = Circuit.build(3, (c) => c.ry(0.3, 0).ry(1.1, 1).ry(-0.7, 2).cx(0, 2).swap(0, 1).cx(1, 2).cx(0, 1));
    const observable = SparsePauliOp.fromLabels({ ZIX: 1, YYI: -0.5, IIZ: 0.25 });
    const compiled = compile(source, TARGETS.ecr);
    const placed = compiled.applyLayout(observable);
    expect(expectationOf(observableMatrix(placed), stateOf(compiled.circuit))).toBeCloseTo(
      expectationOf(observableMatrix(observable), stateOf(source)),
      9,
    );
  });

  test("swaps of the source cost nothing", () => {
    const source = Circuit.build(4, (c) => c.h(0).cx(0, 1).swap(1, 3).swap(0, 2).cx(2, 3).h(3));
    expect(compile(source, TARGETS.cz).metrics.twoQubitGates).toBe(0);
  });
});

describe("dynamic circuits", () => {
  test.each(EFFORTS)("keep their outcomes' probabilities (effort %i)", (effort) => {
    const source = Circuit.build(3, (c) => {
      const bits = c.register("c", 3);
      c.ry(0.8, 0).cx(0, 1).ry(0.4, 1).measure(0, 0).barrier();
      c.if(
        [bits.offset],
        1,
        (inner) => inner.h(1).cx(1, 2).rz(0.3, 2).h(2),
        (inner) => inner.ry(0.2, 2),
      );
      c.reset(0).rx(0.9, 0).cx(0, 2).delay(100, "ns", 1).measure(0, 0).measure(1, 1).measure(2, 2);
    });
    for (const target of [lineTarget(4, "cz"), directedTarget(4, "ecr")]) {
      const { circuit } = compile(source, target, { effort });
      const probabilities = (one: Circuit): readonly number[] => {
        const sums = new Array<number>(8).fill(0);
        for (const { state, clbits } of referenceBranches(one))
          sums[clbits.reduce((sum, bit, i) => sum + bit * 2 ** i, 0)]! += state.reduce((sum, x) => sum + x * x, 0);
        return sums;
      };
      const wanted = probabilities(source);
      for (const [outcome, value] of probabilities(circuit).entries()) expect(value).toBeCloseTo(wanted[outcome]!, 9);
      expect(isaFaults(circuit, target)).toEqual([]);
    }
  });

  test("gates before a reset are left out", () => {
    const source = Circuit.build(1, (c) => c.h(0).reset(0).x(0));
    expect(compile(source, TARGETS.cz).metrics.gates).toEqual({ reset: 1, x: 1 });
  });
});

describe("what decides a compilation", () => {
  const source = randomParametrized(Rng.seed("deterministic"), 5, 20);

  test("the same circuit, target, effort and seed give the same circuit", () => {
    for (const effort of EFFORTS) {
      const [a, b] = [
        compile(source, TARGETS.cz, { effort, seed: 7 }),
        compile(source, TARGETS.cz, { effort, seed: 7 }),
      ];
      expect(a.circuit.hash).toBe(b.circuit.hash);
      expect(a.finalLayout).toEqual(b.finalLayout);
    }
  });

  test("a cache compiles once, and drops what was used longest ago", () => {
    const cache = new CompileCache(2);
    const bell = Circuit.build(2, (c) => c.h(0).cx(0, 1));
    const first = cache.compile(ansatz, TARGETS.cz, { effort: 1, seed: 3 });
    expect(cache.compile(ansatz, TARGETS.cz, { seed: 3, effort: 1 })).toBe(first);
    expect(cache.compile(ansatz, TARGETS.ecr, { effort: 1, seed: 3 })).not.toBe(first);
    expect(cache.compile(ansatz, TARGETS.cz, { effort: 1, seed: 3 })).toBe(first);
    cache.compile(bell, TARGETS.cz);
    expect(cache.size).toBe(2);
    expect(cache.compile(ansatz, TARGETS.cz, { effort: 1, seed: 3 })).toBe(first);
    cache.clear();
    expect(cache.size).toBe(0);
    for (const options of [null, { seed: 1n }, { initialLayout: [1n] }])
      expect(() => cache.compile(bell, TARGETS.cz, options as never)).toThrow(TranspilerError);
    expect(() => new CompileCache(0)).toThrow(expect.objectContaining({ code: "COMPILE_OPTION" }));
  });

  test("metrics count what the circuit holds", () => {
    const { circuit, metrics } = compile(ansatz, TARGETS.cz);
    expect(metrics.gates).toEqual(circuit.count());
    expect(metrics.twoQubitGates).toBe(circuit.count().cz);
    expect(metrics.depth).toBe(circuit.depth());
    expect(metrics.durationSeconds).toBeUndefined();
    expect(metrics.estimatedSuccess).toBeUndefined();
  });

  test("a global phase and gates that cancel leave nothing", () => {
    const t = weight("t");
    const empty = Circuit.build(2, (c) => c.gphase(0.3).cx(0, 1).rz(t, 0).cx(0, 1).rz(t.negated(), 0).h(1).h(1));
    const compiled = compile(empty, TARGETS.cz);
    expect(compiled.circuit.operations).toEqual([]);
    expect(compiled.bindRows(Float64Array.of(0.3), 1)).toHaveLength(0);
    expect(
      circuitMatrix(
        compile(
          Circuit.build(0, () => undefined),
          TARGETS.cz,
        ).circuit,
      )[0],
    ).toBe(1);
  });
});

describe("refusals", () => {
  const bell = Circuit.build(2, (c) => c.h(0).cx(0, 1));
  const code = (action: () => unknown): string | undefined => {
    try {
      action();
    } catch (error) {
      return (error as { code?: string }).code;
    }
    return undefined;
  };

  test.each([
    [{ optimization: 3 }, "COMPILE_OPTION"],
    [{ effort: 4 }, "COMPILE_OPTION"],
    [{ effort: "2" }, "COMPILE_OPTION"],
    [{ seed: 0.5 }, "COMPILE_OPTION"],
    [{ scheduling: "asap" }, "COMPILE_OPTION"],
    [{ dynamicalDecoupling: "XYXY" }, "COMPILE_OPTION"],
    [{ initialLayout: [0, 0] }, "LAYOUT_INITIAL"],
    [{ initialLayout: [0, 9] }, "LAYOUT_INITIAL"],
    [{ initialLayout: [0] }, "LAYOUT_INITIAL"],
    [{ initialLayout: "ab" }, "LAYOUT_INITIAL"],
    [{ initialLayout: null }, "LAYOUT_INITIAL"],
    [null, "COMPILE_OPTION"],
  ])("options %j: %s", (options, expected) => {
    expect(code(() => compile(bell, TARGETS.cz, options as CompileOptions))).toBe(expected);
  });

  test("a device without the gates that are needed", () => {
    for (const basis of [
      ["cz", "rz", "x"],
      ["rz", "sx", "x"],
      ["cz", "u"],
    ])
      expect(code(() => compile(bell, Target.fromEdges(3, [[0, 1]], basis)))).toBe("COMPILE_BASIS");
  });

  test("a circuit wider than the device says both numbers", () => {
    const wide = Circuit.build(7, (c) => c.cx(0, 6));
    expect(() => compile(wide, TARGETS.cz)).toThrow(/7.*5/);
    expect(code(() => compile(wide, TARGETS.cz))).toBe("LAYOUT_WIDTH");
  });

  test("a connected circuit that no region of the device holds", () => {
    const islands = Target.fromEdges(4, [
      [0, 1],
      [2, 3],
    ]);
    expect(
      code(() =>
        compile(
          Circuit.build(3, (c) => c.cx(0, 1).cx(1, 2)),
          islands,
        ),
      ),
    ).toBe("LAYOUT_DISCONNECTED");
    expect(
      code(() =>
        compile(
          Circuit.build(4, (c) => c.cx(0, 3).cx(1, 2)),
          islands,
        ),
      ),
    ).toBeUndefined();
  });
});
