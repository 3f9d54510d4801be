import { inflateSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Emulator } from "../../../providers/emulator/index.ts";
import { type DecodedBits, decodeResult } from "../../../providers/ibm/decode.ts";
import {
  BELL,
  BELL_STATE,
  estimator,
  expectSchema,
  MANILA,
  manila,
  PlainClient,
  ROTATIONS,
  sampler,
} from "./client.ts";

const HEADER = 'OPENQASM 3.0; include "stdgates.inc";';

let emulator: Emulator;
let client: PlainClient;
beforeAll(async () => {
  emulator = await manila({ sampling: "exact" });
  client = new PlainClient(emulator);
});
afterAll(() => emulator.close());

async function failure(body: Record<string, unknown>): Promise<{ code: number; reason: string; seconds: number }> {
  const { job, id } = await client.run(body);
  expect(job.state.status, JSON.stringify(job)).toBe("Failed");
  expect((await client.get(`/jobs/${id}/results`)).status).toBe(204);
  return { code: job.state.reason_code, reason: job.state.reason, seconds: job.usage.qpu_charge_time_seconds };
}

describe("sampler", () => {
  test("each form of a PUB gives one hex text a shot, by register", async () => {
    const { result } = await client.run(
      sampler([BELL, [BELL], [BELL, null], [BELL, [], 7], [BELL, {}, null]], { params: { shots: 3 } }),
    );
    expectSchema(result, "SamplerResults");
    const { results } = result;
    expect(results.map((pub: { data: { c: { samples: string[] } } }) => pub.data.c.samples.length)).toEqual([
      3, 3, 3, 7, 3,
    ]);
    for (const { data } of results) for (const sample of data.c.samples) expect(["0x0", "0x3"]).toContain(sample);
    expect(results[0].data.c.num_bits).toBe(2);
    const [[start, stop, slices]] = result.metadata.execution.execution_spans;
    expect(Object.keys(slices)).toEqual(["0", "1", "2", "3", "4"]);
    expect(slices[3]).toEqual([[7], [0, 1], [0, 7]]);
    expect(Date.parse(start.date)).toBeLessThanOrEqual(Date.parse(stop.date));
  });

  test("registers stand apart, bit 0 is the least significant, and wide ones keep all bits", async () => {
    const wide = Array.from({ length: 70 }, (_, i) => `b[${i}] = measure $${i % 5 === 3 ? 3 : 0};`).join(" ");
    const text = `${HEADER} bit[2] a; bit[70] b; x $3; a[1] = measure $3; ${wide}`;
    const { result } = await client.run(sampler([[text, null, 2]]));
    const { a, b } = result.results[0].data;
    expect(a.samples).toEqual(["0x2", "0x2"]);
    const bits = BigInt(b.samples[0]).toString(2).padStart(70, "0").split("").reverse();
    expect(bits.map((bit, i) => bit === (i % 5 === 3 ? "1" : "0")).every(Boolean)).toBe(true);
    expect(b.num_bits).toBe(70);
  });

  test("a sweep is nested by the shape of the PUB", async () => {
    const text = `${ROTATIONS} bit[2] c; c[0] = measure $0; c[1] = measure $1;`;
    const { result } = await client.run(
      sampler([
        [
          text,
          {
            a: [
              [0, Math.PI],
              [0, Math.PI],
            ],
            b: [
              [0, 0],
              [Math.PI, Math.PI],
            ],
          },
          4,
        ],
      ]),
    );
    expect(result.results[0].data.c.samples).toEqual([
      [Array(4).fill("0x0"), Array(4).fill("0x2")],
      [Array(4).fill("0x1"), Array(4).fill("0x3")],
    ]);
  });

  test("bits that nothing is measured into are 0, and no register at all is refused", async () => {
    const { result } = await client.run(sampler([[`${HEADER} bit[3] c; x $0;`, null, 2]]));
    expect(result.results[0].data.c.samples).toEqual(["0x0", "0x0"]);
    expect((await failure(sampler([[BELL_STATE, null, 2]]))).reason).toMatch(/no classical register/);
  });

  test.each([false, true])("a register may be named __proto__, with support_qiskit %s", async (support_qiskit) => {
    const measured = `${HEADER} bit[2] __proto__; bit c; x $0; __proto__[1] = measure $0; c = measure $1;`;
    const unmeasured = `${HEADER} bit[2] __proto__; x $0;`;
    const { result } = await client.run(sampler([measured, unmeasured], { params: { shots: 2, support_qiskit } }));
    const pubs = decodeResult(result).pubs.map(({ fields }) => fields);
    expect([...pubs[0]!.keys()].sort()).toEqual(["__proto__", "c"]);
    for (const [index, byte] of [2, 0].entries()) {
      const bits = pubs[index]!.get("__proto__") as DecodedBits;
      expect([bits.kind, bits.numBits, ...bits.bytes]).toEqual(["bits", 2, byte, byte]);
    }
  });

  test("branches run", async () => {
    const text = `${HEADER} bit[2] c; x $0; c[0] = measure $0; if (c[0]) { x $1; } else { sx $1; } c[1] = measure $1;`;
    const { result } = await client.run(sampler([[text, null, 3]]));
    expect(result.results[0].data.c.samples).toEqual(["0x3", "0x3", "0x3"]);
  });
});

describe("binding of values", () => {
  const values = (evs: unknown): number[] => [evs].flat(3) as number[];

  test("a positional row is bound in the alphabetical order of the names, not of their declaration", async () => {
    const { result } = await client.run(estimator([[ROTATIONS, ["IZ", "ZI"], [0.3, 1.1]]]));
    const [qubit0, qubit1] = values(result.results[0].data.evs);
    // The first value is a's, which turns qubit 1.
    expect(qubit0).toBeCloseTo(Math.cos(1.1), 12);
    expect(qubit1).toBeCloseTo(Math.cos(0.3), 12);
  });

  test("_v_10_ comes before _v_2_", async () => {
    const turn = (name: string, qubit: number) =>
      `rz(pi/2) $${qubit}; sx $${qubit}; rz(${name} + pi) $${qubit}; sx $${qubit};`;
    const text = `${HEADER} input float[64] _v_2_; input float[64] _v_10_; ${turn("_v_2_", 0)} ${turn("_v_10_", 1)}`;
    const { result } = await client.run(estimator([[text, ["IZ", "ZI"], [0.3, 1.1]]]));
    expect(values(result.results[0].data.evs).map((ev) => Math.acos(ev))).toEqual([
      expect.closeTo(1.1, 10),
      expect.closeTo(0.3, 10),
    ]);
  });

  test("an object is bound by name, and its arrays do not broadcast", async () => {
    const { result } = await client.run(estimator([[ROTATIONS, "IZ", { a: [0, 0, 0], b: [0.1, 0.2, 0.3] }]]));
    expect(result.results[0].data.evs).toEqual([0.1, 0.2, 0.3].map((b) => expect.closeTo(Math.cos(b), 12)));
    const wrong = await failure(estimator([[ROTATIONS, "IZ", { a: [1, 2, 3], b: 0.2 }]]));
    expect(wrong.reason).toMatch(/Could not find any consistent shape/);
  });

  test.each<[unknown, RegExp]>([
    [null, /number of values \(0\) does not match the number of parameters \(2\)/],
    [{ a: 1 }, /number of values \(1\)/],
    [{ a: 1, z: 1 }, /no parameter z/],
    [[1, 2, 3], /inconsistent with last dimension/],
    [[[1, 2], [3]], /cannot be read/],
    [{ __type__: "ndarray", __value__: "bm90IGFuIGFycmF5" }, /cannot be read/],
    [{ __type__: "Parameter", __value__: "" }, /cannot be read/],
  ])("%j fails", async (given, reason) => {
    expect((await failure(estimator([[ROTATIONS, "IZ", given]]))).reason).toMatch(reason);
  });

  test("one value for a lone parameter needs no list around each", async () => {
    const text = `${HEADER} input angle[32] a; rz(pi/2) $0; sx $0; rz(a + pi) $0; sx $0;`;
    const { result } = await client.run(
      estimator([
        [text, "Z", [0.1, 0.2]],
        [text, "Z", [[0.1], [0.2]]],
        [text, "Z", 0.1],
        [text, "Z", { a: [0.1] }],
      ]),
    );
    const expected = [0.1, 0.2].map((value) => expect.closeTo(Math.cos(value), 12));
    expect(result.results.map((pub: { data: { evs: unknown } }) => pub.data.evs)).toEqual([
      expected,
      expected,
      expected[0],
      expected[0],
    ]);
  });

  test("arrays of the Python client are read", async () => {
    const npy = await import("../../../providers/emulator/program/ndarray-text.ts");
    const array = npy.taggedArray(Float64Array.of(0.3, 1.1, 0.5, 0.7), [2, 2]);
    const { result } = await client.run(estimator([[ROTATIONS, "ZI", array]]));
    expect(result.results[0].data.evs).toEqual([0.3, 0.5].map((a) => expect.closeTo(Math.cos(a), 12)));
  });
});

describe("estimator", () => {
  test("observables broadcast with rows, and sums are weighed", async () => {
    const rows = [
      [0.1, 0.2],
      [0.3, 0.4],
      [0.5, 0.6],
    ];
    const { result } = await client.run(
      estimator([[ROTATIONS, [["ZI"], [{ IZ: 2, ZZ: -0.5 }]], rows, 0.1]], { params: { resilience_level: 0 } }),
    );
    expectSchema(result, "EstimatorResults");
    const { evs, stds, ensemble_standard_error: ensemble } = result.results[0].data;
    expect(evs).toEqual([
      rows.map(([a]) => expect.closeTo(Math.cos(a!), 12)),
      rows.map(([a, b]) => expect.closeTo(2 * Math.cos(b!) - 0.5 * Math.cos(a!) * Math.cos(b!), 12)),
    ]);
    expect(stds).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    expect(ensemble).toEqual(stds);
    expect(result.results[0].metadata).toMatchObject({ shots: 100, target_precision: 0.1 });
  });

  test("a single value is a number", async () => {
    const { result } = await client.run(estimator([[BELL_STATE, "XX"]]));
    expect(result.results[0].data.evs).toBeCloseTo(1, 12);
  });

  test.each<[string, unknown[], RegExp]>([
    [
      "shapes that do not broadcast",
      [
        ROTATIONS,
        ["ZZ", "XX"],
        [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
      ],
      /does not broadcast/,
    ],
    ["a label of another width", [BELL_STATE, "IIZZ"], /number of qubits of the circuit \(2\).*observable \(4\)/],
    ["ragged observables", [BELL_STATE, ["ZZ", ["ZZ"]]], /ragged/],
  ])("%s fail", async (_name, pub, reason) => {
    expect((await failure(estimator([pub]))).reason).toMatch(reason);
  });

  test("the width is that of the highest qubit, and a barrier widens", async () => {
    const { result } = await client.run(estimator([[`${BELL_STATE} barrier $4;`, "IIIZZ"]]));
    expect(result.results[0].data.evs).toBeCloseTo(1, 12);
  });

  test("a circuit that measures fails with 1522", async () => {
    expect((await failure(estimator([[BELL, "ZZ"]]))).code).toBe(1522);
  });

  test("precision 0.01 of a sampled value takes 10,000 shots a setting", async () => {
    await using sampled = await manila();
    const own = new PlainClient(sampled);
    const { result, job } = await own.run(estimator([[BELL_STATE, ["ZZ", "XX", "IZ"], null, 0.01]]));
    const { evs, stds } = result.results[0].data;
    expect(evs[2]).not.toBe(0);
    expect(Math.abs(evs[2])).toBeLessThan(5 * 0.01);
    expect(stds[2]).toBeCloseTo(0.01, 3);
    expect(sampled.control.jobs()[0]!.executions).toBe(20_000);
    expect(job.usage.qpu_charge_time_seconds).toBeGreaterThan(2 + 20_000 * 250e-6);
    expect(job.estimated_running_time_seconds).toBe(job.usage.qpu_charge_time_seconds);
  });
});

describe("what the device cannot run is accepted, queued, fails, and is charged", () => {
  test.each<[string, string, number, RegExp]>([
    ["a gate of other devices", `${HEADER} bit c; ecr $0, $1; c = measure $0;`, 1506, /gate/i],
    ["a standard gate that is not native", `${HEADER} bit c; h $0; c = measure $0;`, 1517, /h is no gate/],
    ["id, which reads as u", `${HEADER} bit c; id $0; c = measure $0;`, 1517, /u\(0, 0, 0\)/],
    ["a pair that is not coupled", `${HEADER} bit c; cx $0, $4; c = measure $0;`, 1517, /does not couple/],
    ["a qubit too many", `${HEADER} bit c; x $5; c = measure $5;`, 1517, /has 5/],
    ["a gate of its own", `${HEADER} gate foo a { x a; } bit c; foo $0; c = measure $0;`, 1517, /foo/],
    ["a loop", `${HEADER} bit c; for int i in [0:2] { x $0; } c = measure $0;`, 1517, /for_loop/],
    ["rzz bare", `${HEADER} bit c; rzz(0.1) $0, $1; c = measure $0;`, 1506, /rzz is not defined/],
    ["OpenQASM 2", 'OPENQASM 2.0; include "qelib1.inc"; qreg q[1]; creg c[1]; x q[0]; measure q -> c;', 1506, /2\.0/],
    ["an older include", `OPENQASM 3; include "other.inc"; bit c; x $0; c = measure $0;`, 1506, /non-stdgates/],
    ["a constant", `${HEADER} const int n = 2; bit c; x $0; c = measure $0;`, 1506, /ConstantDeclaration/],
    ["switch", `${HEADER} bit c; switch (c) { case 1 { x $0; } }`, 1506, /SwitchStatement/],
    ["def", `${HEADER} def f() { } bit c; c = measure $0;`, 1506, /SubroutineDefinition/],
    [
      "an array of inputs",
      `${HEADER} input array[float[64], 2] w; bit c; rz(w[0]) $0; c = measure $0;`,
      1506,
      /inputs/,
    ],
    ["a power", `${HEADER} bit c; rz(2 ** 0.5) $0; c = measure $0;`, 1506, /'\*\*'/],
    ["bits with a value", `${HEADER} bit[2] c = "01"; c[0] = measure $0;`, 1506, /initialisation/],
    ["both kinds of qubits", `${HEADER} qubit[2] q; bit c; x $0; c = measure q[0];`, 1603, /physical qubits/],
    ["a missing semicolon", `${HEADER} bit c; x $0`, 1603, /Unable to load/],
    ["base64", "UUlTS0lUEQICAg==", 1603, /Unable to load/],
  ])("%s", async (_name, text, code, reason) => {
    const failed = await failure(sampler([[text, null, 1]]));
    expect(failed.reason).toMatch(reason);
    expect(failed.code).toBe(code);
    expect(failed.seconds).toBe(2);
  });

  test("the comments of Lepton are comments", async () => {
    const text = `${HEADER}\n//@lepton weight w[2];\ninput float[64] p1;\ninput float[64] p0;\n//@lepton qubits 5;\nrz(p0) $0; rz(p1) $1;`;
    const { result } = await client.run(estimator([[text, "ZZ", { p0: 1, p1: 2 }]]));
    expect(result.results[0].data.evs).toBe(1);
  });

  test("header and include are optional, definitions of standard gates are taken by name", async () => {
    const { result } = await client.run(
      sampler([
        ["bit c; x $0; c = measure $0;", null, 1],
        ["OPENQASM 3;\nbit c; x $0; c = measure $0;", null, 1],
      ]),
    );
    expect(result.results.map((pub: { data: { c: { samples: string[] } } }) => pub.data.c.samples)).toEqual([
      ["0x1"],
      ["0x1"],
    ]);
    const ecr = `${HEADER} gate ecr a, b { cx a, b; } bit c; ecr $0, $1; c = measure $0;`;
    expect(await failure(sampler([[ecr, null, 1]]))).toMatchObject({ code: 1517 });
  });

  test("shots out of range, and too many executions", async () => {
    expect(await failure(sampler([[BELL, null, 10_000_001]]))).toMatchObject({ code: 6001 });
    const text = `${ROTATIONS} bit c; c = measure $0;`;
    const rows = Array.from({ length: 11 }, () => [0, 0]);
    expect(await failure(sampler([[text, rows, 1_000_000]]))).toMatchObject({ code: 1520 });
    expect(await failure(estimator([[BELL_STATE, "ZZ", null, 1e-5]]))).toMatchObject({ code: 6001 });
  });

  test("more control instructions than a qubit has room for", async () => {
    await using small = await manila({ limits: { controlInstructionsPerQubit: 50 + 17 + 10 } });
    const own = new PlainClient(small);
    const measured = (before: string) => sampler([[`${HEADER} bit c; ${before} c = measure $1;`, null, 1]]);
    expect((await own.run(measured("reset $1; reset $0;"))).job.state.status).toBe("Completed");
    const { job } = await own.run(measured("reset $1; rz(0.5) $1;"));
    expect(job.state).toMatchObject({ status: "Failed", reason_code: 1520 });
    expect(job.state.reason).toMatch(/PUB 0: .* 78 control instructions on qubit 1; at most 77/);
    expect(job.usage.qpu_charge_time_seconds).toBe(2);
  });

  test("a text with more than is read", async () => {
    const text = `${HEADER} bit[70000] c; x $0;`;
    expect(await failure(sampler([[text, null, 1]]))).toMatchObject({ code: 1520, seconds: 2 });
  });

  test("options that exclude each other", async () => {
    const both = { options: { resilience: { pec_mitigation: true, zne_mitigation: true } } };
    expect(await failure(estimator([[BELL_STATE, "ZZ"]], { params: both }))).toMatchObject({ code: 1521 });
    const kerneled = { options: { execution: { meas_type: "kerneled" } } };
    expect(await failure(sampler([[BELL, null, 1]], { params: kerneled }))).toMatchObject({ code: 1521 });
    const branch = `${HEADER} bit c; c = measure $0; if (c) { x $1; }`;
    const decoupled = { options: { dynamical_decoupling: { enable: true } } };
    expect(await failure(sampler([[branch, null, 1]], { params: decoupled }))).toMatchObject({ code: 1521 });
  });
});

test("rzz is checked row by row on a device that has it, and its definition may say anything", async () => {
  const { loadDevice } = await import("../../../providers/devices/index.ts");
  const { configuration, properties } = loadDevice("manila");
  const rzz = configuration.coupling_map!.map((qubits) => ({
    gate: "rzz",
    qubits,
    parameters: [{ name: "gate_error", value: 0.01, unit: "" }],
  }));
  const fractional = {
    configuration: {
      ...configuration,
      backend_name: "fractional",
      basis_gates: [...configuration.basis_gates, "rx", "rzz"],
      supported_instructions: [...configuration.supported_instructions!, "rx", "rzz"],
    },
    properties: { ...properties, gates: [...properties.gates, ...rzz] },
  };
  await using own = await manila({ devices: [fractional], sampling: "exact" });
  const other = new PlainClient(own);
  const text = `${HEADER} gate rzz(p0) a, b { x a; } input float[64] w; rx(pi/2) $0; rzz(w) $0, $1; rx(-pi/2) $0;`;
  const job = (values: number[], options = {}) => ({
    ...estimator([[text, "IZ", values]], { params: { resilience_level: 0, ...options } }),
    backend: "fractional",
  });
  const { result } = await other.run(job([0.3, 1.5]));
  expect(result.results[0].data.evs).toEqual([expect.closeTo(Math.cos(0.3), 12), expect.closeTo(Math.cos(1.5), 12)]);
  const { job: failed } = await other.run(job([0.3, 1.6]));
  expect(failed.state).toMatchObject({ status: "Failed", reason_code: 1517 });
  expect(failed.state.reason).toMatch(/Row 1/);
  const { job: twirled } = await other.run(job([0.3], { options: { twirling: { enable_gates: true } } }));
  expect(twirled.state.reason_code).toBe(1519);
});

test("ecr goes by its name on a device that has it, in its direction only", async () => {
  await using own = await manila({ devices: ["sherbrooke"], sampling: "exact", noise: false });
  const other = new PlainClient(own);
  const job = (pair: string) => ({
    ...estimator([[`${HEADER} gate ecr a, b { x a; } ecr ${pair};`, ["ZI", "IZ"]]]),
    backend: "ibm_sherbrooke",
  });
  // From |00⟩ the first qubit is flipped and the second an even mixture; the body alone would leave the second as it is.
  const { result } = await other.run(job("$1, $0"));
  expect(result.results[0].data.evs).toEqual([expect.closeTo(-1, 2), expect.closeTo(0, 2)]);
  const { job: failed } = await other.run(job("$0, $1"));
  expect(failed.state).toMatchObject({ status: "Failed", reason_code: 1517 });
  expect(failed.state.reason).toMatch(/other direction/);
});

describe("the tagged encoding", () => {
  interface Tagged {
    readonly __type__: string;
    // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every form
    readonly __value__: any;
  }
  const npy = (array: Tagged): { header: string; body: Buffer } => {
    expect(array.__type__).toBe("ndarray");
    const file = inflateSync(Buffer.from(array.__value__, "base64"));
    const length = file.readUInt16LE(8);
    expect((10 + length) % 64).toBe(0);
    return { header: file.toString("latin1", 10, 10 + length), body: file.subarray(10 + length) };
  };

  test.each([true, undefined])("of a sampler with support_qiskit %s", async (support_qiskit) => {
    const { result } = await client.run(sampler([[BELL, null, 5]], { params: { support_qiskit } }));
    expect(result.__type__).toBe("PrimitiveResult");
    const [pub] = result.__value__.pub_results;
    expect(pub.__type__).toBe("SamplerPubResult");
    const bin = pub.__value__.data.__value__;
    expect(bin).toMatchObject({ field_names: ["c"], shape: [] });
    const bits = bin.fields.c;
    expect(bits.__type__).toBe("BitArray");
    expect(bits.__value__.num_bits).toBe(2);
    const { header, body } = npy(bits.__value__.array);
    expect(header).toContain("'descr': '|u1', 'fortran_order': False, 'shape': (5, 1), ");
    expect(body).toHaveLength(5);
    const span = result.__value__.metadata.execution.execution_spans.__value__.spans[0];
    expect(span.__type__).toBe("DoubleSliceSpan");
    expect(span.__value__.data_slices).toEqual({ 0: [[5], 0, 1, 0, 5] });
    expect(span.__value__.start.__type__).toBe("datetime");
  });

  test("of an estimator, with the numbers of the plain one", async () => {
    const pub = [ROTATIONS, ["IZ", "ZI"], [0.3, 1.1]];
    const { result } = await client.run(estimator([pub], { params: { support_qiskit: true } }));
    const { result: plain } = await client.run(estimator([pub]));
    const { header, body } = npy(result.__value__.pub_results[0].__value__.data.__value__.fields.evs);
    expect(header).toContain("'descr': '<f8', 'fortran_order': False, 'shape': (2,), ");
    expect([body.readDoubleLE(0), body.readDoubleLE(8)]).toEqual(plain.results[0].data.evs);
  });
});

test("same seed and body, same numbers, whatever the order of arrival, tags and session", async () => {
  const jobs = [
    sampler([[BELL, null, 50]]),
    sampler([[BELL, null, 51]]),
    estimator([[ROTATIONS, ["IZ", "ZI"], [0.3, 1.1], 0.05]]),
    estimator([[ROTATIONS, ["IZ", "ZI"], { b: 1.1, a: 0.3 }, 0.05]], { tags: ["t"] }),
  ];
  const measure = async (order: number[], seed: number): Promise<unknown[]> => {
    await using own = await manila({ seed, noise: true });
    const other = new PlainClient(own);
    const ids: string[] = [];
    for (const place of order) ids[place] = await other.submit(jobs[place]!);
    const found: unknown[] = [];
    for (const id of ids) {
      await other.ended(id);
      found.push((await other.get(`/jobs/${id}/results`)).body.results);
    }
    return found;
  };
  const first = await measure([0, 1, 2, 3], 7);
  expect(await measure([3, 1, 0, 2], 7)).toEqual(first);
  expect(await measure([0, 1, 2, 3], 8)).not.toEqual(first);
});

describe("noise", () => {
  test("damps values, and mitigation of read-out errors takes their part away", async () => {
    await using noisy = await manila({ noise: true, sampling: "exact" });
    const other = new PlainClient(noisy);
    const text = `${HEADER} x $0; rz(0.0) $1;`;
    const value = async (resilience_level: number): Promise<number> =>
      (await other.run(estimator([[text, "IZ"]], { params: { resilience_level } }))).result.results[0].data.evs;
    const raw = await value(0);
    const mitigated = await value(1);
    // Manila reads 1 as 0 with probability 0.0548.
    expect(raw).toBeGreaterThan(-0.9);
    expect(mitigated).toBeLessThan(-0.99);
    expect(mitigated).toBeGreaterThan(-1);
  });

  test("options that change nothing are named in the result", async () => {
    await using noisy = await manila({ noise: true });
    const other = new PlainClient(noisy);
    const options = { dynamical_decoupling: { enable: true }, resilience: { zne_mitigation: true } };
    const { result } = await other.run(estimator([[BELL_STATE, "ZZ"]], { params: { options } }));
    expect(result.metadata.lepton.not_emulated).toEqual(["dynamical_decoupling", "resilience.zne_mitigation"]);
    expect(result.results[0].metadata.resilience).toEqual({ measure_mitigation: true });
  });
});

test("a circuit as QPY is refused at once, in words", async () => {
  const { status, body } = await client.post(
    "/jobs",
    sampler([[{ __type__: "QuantumCircuit", __value__: "eJw=" }, { __type__: "ndarray", __value__: [] }, null]]),
  );
  expect(status).toBe(400);
  expect(body.errors[0].message).toMatch(/OpenQASM 3 only, not QPY/);
  expect(emulator.devices).toEqual([MANILA]);
});
