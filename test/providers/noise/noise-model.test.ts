import { describe, expect, test } from "vitest";
import { Circuit } from "../../../circuits/index.ts";
import { densityMatrix, NoiseChannel, NoiseModel, type NoiseModelBuilder } from "../../../providers/index.ts";

const flip = NoiseChannel.bitFlip(0.1);
const pair = NoiseChannel.depolarizing(0.1, 2);
const model = NoiseModel.build((n) =>
  n
    .gate("cx", [pair, { channel: flip, on: [1] }])
    .gate("cx", [], [0, 1])
    .gate("x", flip)
    .readout([
      [0.9, 0.1],
      [0.2, 0.8],
    ])
    .readout(
      [
        [1, 0],
        [0.3, 0.7],
      ],
      2,
    )
    .relaxation({ t1: 1e-4, t2: 1e-4 }, 1)
    .relaxation({ t1: Infinity, t2: 1e-4 })
    .timeStep(1e-9),
);

describe("rules", () => {
  test("a rule for a place goes before the one for the gate; an order of operands is a place of its own", () => {
    expect(model.channelsOf("cx", [0, 1])).toEqual([]);
    expect(model.channelsOf("cx", [1, 0])).toEqual([
      { channel: pair, on: [0, 1] },
      { channel: flip, on: [1] },
    ]);
    expect(model.channelsOf("cz", [0, 1])).toEqual([]);
  });

  test("a channel of one qubit acts on every operand", () => {
    const both = NoiseModel.build((n) => n.gate("cz", flip));
    expect(both.channelsOf("cz", [4, 7]).map(({ on }) => on)).toEqual([[0], [1]]);
    expect(both.channelsOf("ccz", [4, 7, 1])).toEqual([]);
  });

  test("places are those of the gate's operands, not of the qubits' numbers", () => {
    const rho = densityMatrix(
      Circuit.build(2, (c) => c.cz(1, 0)),
      NoiseModel.build((n) => n.gate("cz", { channel: NoiseChannel.bitFlip(1), on: [0] })),
    );
    // Qubit 1 was flipped: |10> is basis state 2.
    expect(rho[2 * (2 * 4 + 2)]).toBeCloseTo(1, 12);
  });

  test("channels apply in order", () => {
    const noise = NoiseModel.build((n) => n.gate("id", [NoiseChannel.bitFlip(1), NoiseChannel.amplitudeDamping(1)]));
    expect(
      densityMatrix(
        Circuit.build(1, (c) => c.id(0)),
        noise,
      )[0],
    ).toBeCloseTo(1, 12);
  });

  test("a labelled unitary, a gate with more controls and a delay have rules of their own", () => {
    const noise = NoiseModel.build((n) =>
      n
        .gate("mine", NoiseChannel.bitFlip(1))
        .gate("c1-x", NoiseChannel.bitFlip(1))
        .gate("delay", NoiseChannel.bitFlip(1)),
    );
    const unit = Float64Array.of(1, 0, 0, 0, 0, 0, 1, 0);
    const ends = [
      Circuit.build(2, (c) => c.unitary(unit, [0], "mine")),
      Circuit.build(2, (c) => c.unitary(unit, [0], "other")),
      Circuit.build(2, (c) => c.gate("x", [], [0, 1], { numControls: 1, controlState: 0 })),
      Circuit.build(2, (c) => c.delay(0, "s", 1)),
    ].map((circuit) => [0, 1, 2, 3].findIndex((state) => densityMatrix(circuit, noise)[10 * state]! > 0.99));
    expect(ends).toEqual([1, 0, 1, 2]);
  });

  test("read-out and decay: one qubit's rule goes before all qubits'", () => {
    expect(model.readoutErrors(0)).toEqual([0.1, 0.2]);
    expect(model.readoutErrors(2)).toEqual([0, 0.3]);
    expect(model.idle(1, 1)!.toJSON()).toMatchObject({ t1: 1e-4 });
    expect(model.idle(0, 1)!.toJSON()).toMatchObject({ t2: 1e-4 });
    expect(model.idle(0, 0)).toBeUndefined();
  });
});

describe("as a value", () => {
  test("JSON there and back, infinite times included, and equal hashes", () => {
    const copy = NoiseModel.fromJSON(JSON.parse(JSON.stringify(model)));
    expect(copy.toJSON()).toEqual(model.toJSON());
    expect(copy.hash).toBe(model.hash);
    expect(NoiseModel.build((n) => n.gate("x", flip)).hash).not.toBe(model.hash);
  });

  test("the order in which rules are given does not matter", () => {
    const [a, b] = [
      (n: NoiseModelBuilder) => n.gate("x", flip).gate("y", flip),
      (n: NoiseModelBuilder) => n.gate("y", flip).gate("x", flip),
    ].map((define) => NoiseModel.build(define));
    expect(a!.hash).toBe(b!.hash);
  });

  test("a builder that is kept changes no model", () => {
    let kept: NoiseModelBuilder | undefined;
    const made = NoiseModel.build((n) => {
      kept = n;
    });
    const { hash } = made;
    kept!.gate("x", flip);
    expect(made.channelsOf("x", [0])).toEqual([]);
    expect(made.hash).toBe(hash);
  });
});

describe("rules that are none", () => {
  const build =
    (define: (n: NoiseModelBuilder) => unknown): (() => unknown) =>
    () =>
      NoiseModel.build(define);
  const json =
    (parts: object): (() => unknown) =>
    () =>
      NoiseModel.fromJSON({ format: "lepton-noise@1", gates: {}, readout: {}, relaxation: {}, ...parts } as never);
  test.each<[string, () => unknown, string, RegExp]>([
    ["no function", () => NoiseModel.build({} as never), "NOISE_MODEL", /built by a function/],
    ["no name", build((n) => n.gate("", flip)), "NOISE_MODEL", /named by a text/],
    ["no channel", build((n) => n.gate("x", 0.1 as never)), "NOISE_MODEL", /NoiseChannels/],
    ["null for a channel", build((n) => n.gate("x", null as never)), "NOISE_MODEL", /NoiseChannels/],
    ["a qubit twice", build((n) => n.gate("cx", pair, [1, 1])), "NOISE_MODEL", /different qubits/],
    ["no times", build((n) => n.relaxation(undefined as never)), "NOISE_TIME", /\{ t1, t2 \}/],
    ["null for a rule in JSON", json({ gates: { x: [null] } }), "NOISE_JSON", /kind/],
    ["null for times in JSON", json({ relaxation: { "*": null } }), "NOISE_TIME", /t1/],
    [
      "null for an operator in JSON",
      json({ gates: { x: [{ channel: { kind: "kraus", operators: [null] } }] } }),
      "NOISE_KRAUS",
      /8 numbers/,
    ],
    ["no qubits", build((n) => n.gate("x", flip, [])), "NOISE_MODEL", /a list such as \[0, 1\]/],
    [
      "a place too far",
      build((n) => n.gate("cx", { channel: flip, on: [2] }, [0, 1])),
      "NOISE_MODEL",
      /different operand/,
    ],
    ["one place of two", build((n) => n.gate("cx", { channel: pair, on: [0] })), "NOISE_MODEL", /acts on 2 different/],
    ["a place twice", build((n) => n.gate("cx", { channel: pair, on: [0, 0] })), "NOISE_MODEL", /acts on 2 different/],
    [
      "a row of 1.1",
      build((n) =>
        n.readout([
          [0.9, 0.2],
          [0, 1],
        ]),
      ),
      "NOISE_PROBABILITY",
      /adding up to 1/,
    ],
    ["half a matrix", build((n) => n.readout([[1, 0]] as never)), "NOISE_PROBABILITY", /two rows/],
    [
      "qubit -1",
      build((n) =>
        n.readout(
          [
            [1, 0],
            [0, 1],
          ],
          -1,
        ),
      ),
      "NOISE_MODEL",
      /0 or more/,
    ],
    ["t2 of 3 t1", build((n) => n.relaxation({ t1: 1, t2: 3 })), "NOISE_TIME", /2 t1/],
    ["no time step", build((n) => n.timeStep(0)), "NOISE_TIME", /above 0/],
    ["other JSON", () => NoiseModel.fromJSON({ format: "aer" } as never), "NOISE_JSON", /lepton-noise@1/],
    [
      "rules of JSON",
      () => NoiseModel.fromJSON({ ...model.toJSON(), gates: { x: 3 as never } }),
      "NOISE_JSON",
      /a list/,
    ],
    [
      "a channel that does not fit the gate it meets",
      () =>
        densityMatrix(
          Circuit.build(1, (c) => c.x(0)),
          NoiseModel.build((n) => n.gate("x", pair)),
        ),
      "NOISE_MODEL",
      /does not fit the 1 qubit/,
    ],
    [
      "a delay in dt without a time step",
      () =>
        densityMatrix(
          Circuit.build(1, (c) => c.delay(10, "dt", 0)),
          NoiseModel.build((n) => n.relaxation({ t1: 1, t2: 1 })),
        ),
      "NOISE_TIME",
      /timeStep/,
    ],
  ])("%s", (_, make, code, text) => {
    expect(make).toThrow(expect.objectContaining({ code, message: expect.stringMatching(text) }));
  });
});
