import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Circuit, input, LeptonError, parseQasm, SparsePauliOp, Target, weight } from "../../../circuits/index.ts";
import type { DecodedPub } from "../../../providers/ibm/decode.ts";
import { decodeResult } from "../../../providers/ibm/decode.ts";
import { isaText } from "../../../providers/ibm/isa-text.ts";
import { estimatorProgram, samplerProgram } from "../../../providers/ibm/programs.ts";
import type { IsaEstimatorPub, IsaSamplerPub } from "../../../providers/isa-pubs.ts";
import { identityCompile } from "../../support/identity-compile.ts";
import { openApiFault } from "./openapi-fault.ts";

const target = Target.fromEdges(
  20,
  Array.from({ length: 19 }, (_, i) => [i, i + 1] as const),
  ["cz", "rz", "sx", "x", "rx", "rzz"],
);
const w = weight("w", [12]);

function estimatorPub(
  circuit: Circuit,
  observables: readonly SparsePauliOp[],
  values: number[][],
  precision = 0.1,
): IsaEstimatorPub {
  const compiled = identityCompile(circuit, target);
  return {
    compiled,
    observables: observables.map((observable) => compiled.applyLayout(observable)),
    rows: values.length,
    values: compiled.bindRows(Float64Array.from(values.flat()), values.length),
    precision,
  };
}
function samplerPub(circuit: Circuit, values: number[][], shots = 10): IsaSamplerPub {
  const compiled = identityCompile(circuit, target);
  return {
    compiled,
    shape: [values.length],
    rows: values.length,
    values: compiled.bindRows(Float64Array.from(values.flat()), values.length),
    shots,
  };
}
const whole = <Pub extends { rows: number }>(pub: Pub) => ({ pub, from: 0, to: pub.rows });
const decoded = (data: unknown, metadata = {}): DecodedPub => decodeResult({ results: [{ data, metadata }] }).pubs[0]!;

describe("isaText", () => {
  test("names the top qubit, orders names by number, has gate blocks and no comments", () => {
    const circuit = Circuit.build(20, (c) => {
      for (let i = 0; i < 12; i++) c.rz(w.at(11 - i), 0);
      c.rzz(w.at(0), 2, 3).gphase(w.at(1));
    });
    const { qasm, width, columns } = isaText(circuit, 8);
    expect(width).toBe(8);
    expect([...columns]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(qasm).not.toMatch(/\/\/|gphase/);
    expect(qasm).toMatch(/gate rzz\(\w+\) \w+, \w+ \{\n {2}cx .*\n {2}rz.*\n {2}cx .*\n\}/);
    expect(qasm.trim().split("\n").at(-1)).toBe("rz(0.0) $7;");
    const names = [...qasm.matchAll(/input float\[64\] (\w+);/g)].map(([, name]) => name!);
    expect(names).toEqual([...names].sort());
    expect(parseQasm(qasm).numQubits).toBe(8);
  });

  test("leaves out parameters that nothing depends on, and their columns", () => {
    const circuit = Circuit.build(3, (c) => c.gphase(w.at(0)).rz(w.at(2), 0).rz(w.at(5).times(2), 1));
    const { qasm, columns } = isaText(circuit, 0);
    expect([...columns]).toEqual([2, 5]);
    expect(qasm.match(/input/g)).toHaveLength(2);
    expect(qasm).toMatch(/rz\(p0002\) \$0;\nrz\((2\.0 \* p0005|p0005 \* 2\.0)\) \$1;/);
  });

  test("an empty circuit still has a qubit, and no widening where the top qubit is used", () => {
    expect(
      isaText(
        Circuit.build(5, (c) => c),
        0,
      ),
    ).toMatchObject({ width: 1 });
    expect(
      isaText(
        Circuit.build(5, (c) => c.x(4)),
        3,
      ).qasm,
    ).not.toMatch(/rz/);
  });

  test("registers keep their places under the names that the language allows", () => {
    const circuit = Circuit.build(2, (c) => {
      c.register("measure", 1);
      c.register("ok", 2);
      c.measure(0, 0).measure(1, 2);
    });
    const { registerNames, qasm } = isaText(circuit, 0);
    expect(registerNames[1]).toBe("ok");
    expect(registerNames[0]).not.toBe("measure");
    expect(qasm).toContain(`${registerNames[0]}[0] = measure $0;`);
  });
});

describe("estimator", () => {
  const circuit = Circuit.build(3, (c) => c.rx(input("x"), 0).rz(weight("v"), 1).cz(0, 1));
  const observables = [SparsePauliOp.parse("IIZ"), SparsePauliOp.parse("0.5*ZIX - 2*III")];

  test("one PUB with a table whose rows broadcast with all observables", () => {
    const pub = estimatorPub(circuit, observables, [
      [0.1, 0.2],
      [0.3, 0.4],
      [0.5, 0.6],
    ]);
    const params = estimatorProgram.encode([{ pub, from: 1, to: 3 }], {});
    expect(params).toMatchObject({ support_qiskit: false, version: 2, resilience_level: 0, options: {} });
    const [[qasm, wireObservables, values, precision]] = params.pubs as never as [[string, unknown, unknown, number]];
    expect(parseQasm(qasm).numQubits).toBe(3);
    expect(wireObservables).toEqual([{ IIZ: 1 }, { ZIX: 0.5, III: -2 }]);
    expect(values).toEqual([[[0.3, 0.4]], [[0.5, 0.6]]]);
    expect(precision).toBe(0.1);
    expect(openApiFault("EstimatorParams", params)).toBeUndefined();
  });

  test("observables have as many letters as the text has qubits, and a zero observable one term", () => {
    const pub = estimatorPub(
      Circuit.build(6, (c) => c.x(1)),
      [SparsePauliOp.zero(6), SparsePauliOp.z(6, 4)],
      [[]],
    );
    const params = estimatorProgram.encode([whole(pub)], {});
    const [[qasm, wireObservables, values]] = params.pubs as never as [[string, unknown, unknown]];
    expect(parseQasm(qasm).numQubits).toBe(5);
    expect(wireObservables).toEqual([{ IIIII: 0 }, { ZIIII: 1 }]);
    expect(values).toBeNull();
  });

  test("options in IBM's names", () => {
    const pub = estimatorPub(circuit, observables, [[0, 0]]);
    const params = estimatorProgram.encode([whole(pub)], {
      resilienceLevel: 2,
      seed: 7,
      twirling: { enableGates: true, numRandomizations: "auto", strategy: "active-accum" },
      dynamicalDecoupling: { enable: true, sequenceType: "XY4", skipResetQubits: false },
      execution: { initQubits: true, repDelay: 0.0003 },
      resilience: {
        zneMitigation: true,
        zne: { noiseFactors: [1, 3], extrapolator: "linear" },
        measureNoiseLearning: { shotsPerRandomization: "auto" },
      },
      experimental: { any_thing: 1 },
    });
    expect(params.resilience_level).toBe(2);
    expect(params.options).toEqual({
      seed_estimator: 7,
      twirling: { enable_gates: true, num_randomizations: "auto", strategy: "active-accum" },
      dynamical_decoupling: { enable: true, sequence_type: "XY4", skip_reset_qubits: false },
      execution: { init_qubits: true, rep_delay: 0.0003 },
      resilience: {
        zne_mitigation: true,
        zne: { noise_factors: [1, 3], extrapolator: "linear" },
        measure_noise_learning: { shots_per_randomization: "auto" },
      },
      experimental: { any_thing: 1 },
    });
    expect(openApiFault("EstimatorParams", params)).toBeUndefined();
  });

  test.each([
    [{ twirling: { enableGate: true } }, /no option "enableGate"/],
    [{ twirling: { numRandomizations: 0 } }, /numRandomizations is (number )?0/],
    [{ dynamicalDecoupling: { sequenceType: "XYXY" } }, /sequenceType.*XX, XpXm, XY4/],
    [{ execution: { repDelay: 250 } }, /repDelay is (number )?250.*seconds/],
    [{ resilience: { zne: { amplifer: "pea" } } }, /no option "amplifer"/],
    [{ resilience: { zneMitigation: true, pecMitigation: true } }, /exclude each other/],
  ])("refuses %j by name", (options, message) => {
    const pub = estimatorPub(circuit, observables, [[0, 0]]);
    expect(() => estimatorProgram.encode([whole(pub)], options as never)).toThrow(
      expect.objectContaining({ code: "IBM_OPTION", message: expect.stringMatching(message) }),
    );
  });

  const pub = estimatorPub(circuit, observables, [
    [0, 0],
    [1, 1],
    [2, 2],
  ]);
  const grid = [
    [1, 2],
    [3, 4],
    [5, 6],
  ];

  test.each<[string, unknown]>([
    ["nested by rows and observables", grid],
    ["flat", grid.flat()],
    ["with an axis of length 1", grid.map((row) => [row])],
  ])("reads values %s", (_, evs) => {
    const answer = estimatorProgram.decode(
      decoded({ evs, stds: evs, ensemble_standard_error: evs }, { shots: 100 }),
      whole(pub),
      "r",
      {},
    );
    expect([...answer.evs]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...answer.ensemble!]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(answer.metadata).toEqual({ shots: 100 });
  });

  test("a lone number is one row of one observable, and without parameters all rows have it", () => {
    const one = estimatorPub(circuit, [observables[0]!], [[0, 0]]);
    expect([...estimatorProgram.decode(decoded({ evs: 0.5, stds: 0.1 }), whole(one), "r", {}).evs]).toEqual([0.5]);
    const fixed = {
      ...estimatorPub(
        Circuit.build(2, (c) => c.x(0)),
        [SparsePauliOp.z(2, 0)],
        [[], []],
      ),
    };
    expect([...estimatorProgram.decode(decoded({ evs: [0.5], stds: [0.1] }), whole(fixed), "r", {}).evs]).toEqual([
      0.5, 0.5,
    ]);
  });

  test("keeps what zero-noise extrapolation adds", () => {
    const { metadata } = estimatorProgram.decode(
      decoded({ evs: grid, stds: grid, evs_noise_factors: [[[1, 2, 3]]] }),
      whole(pub),
      "r",
      {},
    );
    expect(metadata.evs_noise_factors).toMatchObject({ shape: [1, 1, 3], data: Float64Array.of(1, 2, 3) });
  });

  test.each<[string, unknown, RegExp]>([
    [
      "transposed values",
      {
        evs: [
          [1, 2, 3],
          [4, 5, 6],
        ],
        stds: grid,
      },
      /shape \[2, 3\] but 3 row\(s\) of 2/,
    ],
    ["too few values", { evs: [1, 2], stds: [1, 2] }, /r\.data\.evs has shape \[2\]/],
    ["no values", { stds: grid }, /has no evs/],
    ["no errors", { evs: grid }, /neither stds nor/],
    ["text", { evs: ["a"], stds: grid }, /holds no numbers/],
  ])("refuses %s", (_, data, message) => {
    expect(() => estimatorProgram.decode(decoded(data), whole(pub), "r", {})).toThrow(
      expect.objectContaining({ code: "RESULT_FORMAT", message: expect.stringMatching(message) }),
    );
  });
});

describe("sampler", () => {
  const circuit = Circuit.build(2, (c) => {
    c.register("a", 1);
    c.register("b", 2);
    c.rx(input("x"), 0).measure(0, 0).measure(1, 2);
  });
  const pub = samplerPub(circuit, [[0.1], [0.2]], 3);

  test("a table of rows, or more shots of a circuit without parameters", () => {
    const params = samplerProgram.encode([whole(pub)], { twirling: { enableMeasure: true } });
    expect((params.pubs[0] as unknown[]).slice(1)).toEqual([[[0.1], [0.2]], 3]);
    expect(openApiFault("SamplerParams", params)).toBeUndefined();
    const fixed = samplerPub(
      Circuit.build(1, (c) => c.x(0).measureAll()),
      [[], []],
      5,
    );
    expect((samplerProgram.encode([whole(fixed)], {}).pubs[0] as unknown[]).slice(1)).toEqual([null, 10]);
  });

  test("reads registers by their names, nested by rows or flat", () => {
    const nested = {
      a: {
        samples: [
          ["0x1", "0x0", "0x1"],
          ["0x0", "0x0", "0x1"],
        ],
        num_bits: 1,
      },
    };
    const flat = { b: { samples: ["0x0", "0x1", "0x2", "0x3", "0x0", "0x1"], num_bits: 2 } };
    const answer = samplerProgram.decode(decoded({ ...flat, ...nested }), whole(pub), "r", {});
    expect(answer.registers.map((bytes) => [...bytes])).toEqual([
      [1, 0, 1, 0, 0, 1],
      [0, 1, 2, 3, 0, 1],
    ]);
  });

  test("joins what several jobs answered", () => {
    const part = (samples: string[]) =>
      samplerProgram.decode(
        decoded({ a: { samples, num_bits: 1 }, b: { samples, num_bits: 2 } }),
        { pub, from: 0, to: 1 },
        "r",
        {},
      );
    const joined = samplerProgram.join(pub, [part(["0x0", "0x1", "0x0"]), part(["0x1", "0x1", "0x1"])]);
    expect([...joined.registers[0]!]).toEqual([0, 1, 0, 1, 1, 1]);
  });

  test("with twirling keeps the shots by which randomisations were rounded up", () => {
    const twirled = { twirling: { enableMeasure: true } };
    const row = (...bits: number[]) => bits.map((bit) => `0x${bit}`);
    const data = (samples: unknown) => decoded({ a: { samples, num_bits: 1 }, b: { samples, num_bits: 2 } });
    const nested = [row(0, 1, 0, 1), row(1, 1, 0, 0)];
    for (const samples of [nested, nested.flat()]) {
      const answer = samplerProgram.decode(data(samples), whole(pub), "r", twirled);
      expect(answer.shots).toBe(4);
      expect([...answer.registers[0]!]).toEqual([0, 1, 0, 1, 1, 1, 0, 0]);
    }
    // Of several jobs as many of each row as all have.
    const part = (samples: unknown, from: number) =>
      samplerProgram.decode(data(samples), { pub, from, to: from + 1 }, "r", twirled);
    const joined = samplerProgram.join(pub, [part(row(0, 1, 0, 1), 0), part(row(1, 1, 0, 0, 1), 1)]);
    expect(joined.shots).toBe(4);
    expect([...joined.registers[1]!]).toEqual([0, 1, 0, 1, 1, 1, 0, 0]);
    // Rows without parameters are shots of one.
    const fixed = samplerPub(
      Circuit.build(1, (c) => c.x(0).measureAll()),
      [[], []],
      2,
    );
    const { shots, registers } = samplerProgram.decode(
      decoded({ meas: { samples: row(0, 1, 1, 0, 1), num_bits: 1 } }),
      whole(fixed),
      "r",
      twirled,
    );
    expect([shots, ...registers[0]!]).toEqual([2, 0, 1, 1, 0]);
    for (const [samples, options] of [
      [nested, {}],
      [nested.flat().slice(1), twirled],
      [[row(0, 1), row(1, 0)], twirled],
    ] as const)
      expect(() => samplerProgram.decode(data(samples), whole(pub), "r", options)).toThrow(
        expect.objectContaining({ code: "RESULT_FORMAT" }),
      );
  });

  test.each<[string, unknown, RegExp]>([
    ["a missing register", { a: { samples: [], num_bits: 1 } }, /1 shot|6 shot/],
    ["another number of shots", { a: { samples: ["0x0"], num_bits: 1 } }, /shape \[1\] but 6 shot/],
    [
      "another number of bits",
      { a: { samples: new Array(6).fill("0x0"), num_bits: 2 } },
      /2 bit\(s\) but the register has 1/,
    ],
  ])("refuses %s", (_, data, message) => {
    expect(() => samplerProgram.decode(decoded(data), whole(pub), "r", {})).toThrow(
      expect.objectContaining({ code: "RESULT_FORMAT", message: expect.stringMatching(message) }),
    );
  });
});

test("the recorded tagged result of a sampler is read through the same program", () => {
  const bodies = JSON.parse(readFileSync(new URL("../../fixtures/ibm/tagged-results.json", import.meta.url), "utf8"));
  const circuit = Circuit.build(2, (c) => {
    c.register("meas", 3);
    c.register("wide", 60);
    c.rx(input("x"), 0).measure(0, 0);
  });
  const pub = samplerPub(circuit, [[0.1], [0.2]], 4);
  const answer = samplerProgram.decode(decodeResult(bodies.sampler).pubs[0]!, whole(pub), "r", {});
  expect([...answer.registers[0]!]).toEqual([5, 4, 7, 0, 0, 3, 7, 1]);
});

test("whatever a body holds, answers have the size that was asked for, or there is an error of ours", () => {
  const circuit = Circuit.build(2, (c) => {
    c.register("a", 3);
    c.rx(input("x"), 0).measure(0, 0);
  });
  const sampled = samplerPub(circuit, [[0.1], [0.2]], 2);
  const unmeasured = Circuit.build(2, (c) => c.rx(input("x"), 0));
  const estimated = estimatorPub(unmeasured, [SparsePauliOp.z(2, 0), SparsePauliOp.z(2, 1)], [[0.1], [0.2]]);
  const leaf = fc.oneof(fc.double(), fc.constantFrom("0x0", "0x7", "0x8", "x", null));
  const nested = fc.oneof(
    leaf,
    fc.array(leaf, { maxLength: 5 }),
    fc.array(fc.array(leaf, { maxLength: 3 }), { maxLength: 3 }),
  );
  const samples = fc.record({ samples: nested, num_bits: fc.oneof(fc.nat(9), fc.constant(3)) });
  fc.assert(
    fc.property(nested, nested, fc.oneof(samples, nested), (evs, stds, a) => {
      try {
        const pub = decoded({ evs, stds, a });
        try {
          const answer = estimatorProgram.decode(pub, whole(estimated), "r", {});
          expect([answer.evs.length, answer.stds.length]).toEqual([4, 4]);
        } catch (error) {
          expect(error).toBeInstanceOf(LeptonError);
        }
        expect(samplerProgram.decode(pub, whole(sampled), "r", {}).registers[0]).toHaveLength(4);
      } catch (error) {
        expect(error).toBeInstanceOf(LeptonError);
      }
    }),
    { numRuns: 2000 },
  );
});
