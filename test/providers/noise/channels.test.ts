import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Circuit, complexMatrix, type Matrix } from "../../../circuits/index.ts";
import { densityMatrix, NoiseChannel, NoiseModel } from "../../../providers/index.ts";

const unit = fc.double({ min: 0, max: 1, noNaN: true });
const time = fc.double({ min: 1e-7, max: 1e3, noNaN: true });
const channels: Readonly<Record<string, fc.Arbitrary<NoiseChannel>>> = {
  depolarizing: fc.double({ min: 0, max: 4 / 3, noNaN: true }).map((p) => NoiseChannel.depolarizing(p)),
  "depolarizing of two": fc.double({ min: 0, max: 16 / 15, noNaN: true }).map((p) => NoiseChannel.depolarizing(p, 2)),
  "thermal relaxation": fc
    .tuple(time, unit, time)
    .map(([t1, share, duration]) => NoiseChannel.thermalRelaxation(t1, 2 * t1 * Math.max(share, 1e-3), duration)),
  "amplitude damping": unit.map((gamma) => NoiseChannel.amplitudeDamping(gamma)),
  "phase damping": unit.map((lambda) => NoiseChannel.phaseDamping(lambda)),
  "generalised amplitude damping": fc
    .tuple(unit, unit)
    .map(([gamma, excited]) => NoiseChannel.generalizedAmplitudeDamping(gamma, excited)),
  "bit flip": unit.map((p) => NoiseChannel.bitFlip(p)),
  "phase flip": unit.map((p) => NoiseChannel.phaseFlip(p)),
  pauli: fc.tuple(unit, unit, unit).map(([x, y, z]) => NoiseChannel.pauli(x / 3, y / 3, z / 3)),
};

/** Any pure state of two qubits that may be entangled, and a state of both after a channel on qubit 0 (or both). */
function after(channel: NoiseChannel, angles: readonly number[]): Matrix {
  const [a, b, c, d] = angles as readonly [number, number, number, number];
  const circuit = Circuit.build(2, (build) => {
    build.ry(a, 0).u(b, c, d, 1).cx(0, 1).rx(c, 0).rz(d, 1);
    if (channel.numQubits === 1) build.id(0);
    else
      build.unitary(
        complexMatrix([
          [1, 0, 0, 0],
          [0, 1, 0, 0],
          [0, 0, 1, 0],
          [0, 0, 0, 1],
        ]),
        [0, 1],
        "id",
      );
  });
  return densityMatrix(
    circuit,
    NoiseModel.build((n) => n.gate("id", channel)),
  );
}

const trace = (rho: Matrix): number => [0, 1, 2, 3].reduce((sum, i) => sum + rho[2 * (4 * i + i)]!, 0);
const purity = (rho: Matrix): number => rho.reduce((sum, value) => sum + value * value, 0);

/** <v|rho|v> for complex v, which is 0 or more for every v where rho is a state. */
function mean(rho: Matrix, v: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < 4; i++)
    for (let j = 0; j < 4; j++) {
      const re = rho[2 * (4 * i + j)]!;
      const im = rho[2 * (4 * i + j) + 1]!;
      const cross = v[2 * i]! * v[2 * j]! + v[2 * i + 1]! * v[2 * j + 1]!;
      const turn = v[2 * i]! * v[2 * j + 1]! - v[2 * i + 1]! * v[2 * j]!;
      sum += re * cross - im * turn;
    }
  return sum;
}

const angles = fc.array(fc.double({ min: -4, max: 4, noNaN: true }), { minLength: 4, maxLength: 4 });
const vectors = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 8, maxLength: 8 });

describe.each(Object.entries(channels))("%s", (_, arbitrary) => {
  test("keeps the trace 1, states positive and purity at most 1, entangled or not", () => {
    fc.assert(
      fc.property(arbitrary, angles, vectors, (channel, state, vector) => {
        const rho = after(channel, state);
        expect(trace(rho)).toBeCloseTo(1, 10);
        expect(mean(rho, vector)).toBeGreaterThan(-1e-10);
        expect(purity(rho)).toBeLessThan(1 + 1e-10);
      }),
      { numRuns: 30, seed: 1 },
    );
  });

  test("its operators are complete, and drawing them shot by shot is the same channel", () => {
    fc.assert(
      fc.property(arbitrary, (channel) => {
        const { identity, operators } = channel.unravelling;
        const size = 2 ** channel.numQubits;
        const nothing = new Float64Array(2 * size * size);
        for (let i = 0; i < size; i++) nothing[2 * (i * size + i)] = Math.sqrt(identity);
        const drawn = NoiseChannel.kraus([nothing, ...operators]);
        for (const [at, value] of channel.transfer.entries()) expect(drawn.transfer[at]).toBeCloseTo(value, 9);
        expect(NoiseChannel.kraus(channel.operators).transfer).toEqual(channel.transfer);
      }),
      { numRuns: 30, seed: 2 },
    );
  });

  test("survives JSON", () => {
    fc.assert(
      fc.property(arbitrary, (channel) => {
        const copy = NoiseChannel.fromJSON(JSON.parse(JSON.stringify(channel)));
        expect(copy.toJSON()).toEqual(channel.toJSON());
        expect(copy.transfer).toEqual(channel.transfer);
      }),
      { numRuns: 10, seed: 3 },
    );
  });
});

describe("what a channel does to one qubit", () => {
  const one = (channel: NoiseChannel, build: Parameters<typeof Circuit.build>[1]): Matrix =>
    densityMatrix(
      Circuit.build(1, (c) => {
        build(c);
        c.id(0);
      }),
      NoiseModel.build((n) => n.gate("id", channel)),
    );

  test("thermal relaxation ends in |0>, takes the phase in t2 and the excitation in t1", () => {
    const long = one(NoiseChannel.thermalRelaxation(1, 1.5, 1e4), (c) => c.x(0));
    expect(long[0]).toBeCloseTo(1, 12);
    const some = one(NoiseChannel.thermalRelaxation(2, 3, 1), (c) => c.h(0));
    expect(some[6]).toBeCloseTo(Math.exp(-1 / 2) / 2, 12);
    expect(some[2]).toBeCloseTo(Math.exp(-1 / 3) / 2, 12);
    const never = one(NoiseChannel.thermalRelaxation(Infinity, Infinity, 1), (c) => c.h(0));
    expect([...never]).toEqual([...one(NoiseChannel.bitFlip(0), (c) => c.h(0))]);
  });

  test("depolarising by 4/3 leaves the three other Paulis, by 1 nothing at all", () => {
    expect(one(NoiseChannel.depolarizing(1), (c) => c.x(0))[0]).toBeCloseTo(0.5, 12);
    expect(one(NoiseChannel.depolarizing(4 / 3), (c) => c.x(0))[0]).toBeCloseTo(2 / 3, 12);
  });

  test("no error is drawn without looking at the state wherever the channel allows it", () => {
    expect(NoiseChannel.depolarizing(0.04).unravelling.identity).toBeCloseTo(0.97, 12);
    expect(NoiseChannel.thermalRelaxation(100, 70, 0.1).unravelling.identity).toBeGreaterThan(0.99);
    // At t2 = 2 t1 there is no phase damping, and both operators of amplitude damping change the state.
    expect(NoiseChannel.thermalRelaxation(100, 200, 0.1).unravelling.identity).toBeLessThan(1e-3);
    expect(NoiseChannel.amplitudeDamping(0.1).unravelling.identity).toBe(0);
    expect(NoiseChannel.bitFlip(0).unravelling).toEqual({ identity: 1, operators: [] });
  });
});

describe("numbers that no channel can have", () => {
  test.each([
    ["a negative probability", () => NoiseChannel.bitFlip(-0.1), "NOISE_PROBABILITY", /probability is -0.1/],
    ["more than 1", () => NoiseChannel.phaseFlip(1.2), "NOISE_PROBABILITY", /0 to 1/],
    ["not a number", () => NoiseChannel.amplitudeDamping(Number.NaN), "NOISE_PROBABILITY", /gamma is NaN/],
    ["a text", () => NoiseChannel.phaseDamping("0.1" as unknown as number), "NOISE_PROBABILITY", /lambda/],
    ["Paulis beyond 1", () => NoiseChannel.pauli(0.5, 0.4, 0.3), "NOISE_PROBABILITY", /x \+ y \+ z is 1.2/],
    ["depolarising too far", () => NoiseChannel.depolarizing(1.4), "NOISE_PROBABILITY", /4\^n\/\(4\^n - 1\)/],
    ["three qubits", () => NoiseChannel.depolarizing(0.1, 3 as 2), "NOISE_PROBABILITY", /1 or 2/],
    ["t2 above 2 t1", () => NoiseChannel.thermalRelaxation(1, 2.1, 1), "NOISE_TIME", /2 t1 = 2/],
    ["no t1", () => NoiseChannel.thermalRelaxation(0, 1, 1), "NOISE_TIME", /t1 is 0/],
    ["time backwards", () => NoiseChannel.thermalRelaxation(1, 1, -1), "NOISE_TIME", /duration is -1/],
    [
      "an incomplete set",
      () =>
        NoiseChannel.kraus([
          complexMatrix([
            [1, 0],
            [0, 0.5],
          ]),
        ]),
      "NOISE_KRAUS",
      /differs .* 0.75/,
    ],
    ["no operators", () => NoiseChannel.kraus([]), "NOISE_KRAUS", /no operators/],
    ["operators of three qubits", () => NoiseChannel.kraus([new Float64Array(128)]), "NOISE_KRAUS", /8 numbers/],
    ["no list", () => NoiseChannel.kraus(3 as unknown as Matrix[]), "NOISE_KRAUS", /list of matrices/],
    ["JSON of no channel", () => NoiseChannel.fromJSON({ kind: "loss" } as never), "NOISE_JSON", /one of depolarizing/],
  ])("%s", (_, make, code, text) => {
    expect(make).toThrow(expect.objectContaining({ code, message: expect.stringMatching(text) }));
  });
});
