import { describe, expect, test } from "vitest";
import {
  Circuit,
  type CircuitBuilder,
  type IbmConfiguration,
  type IsaOptions,
  isaAngleFaults,
  isaFaults,
  Target,
  weight,
} from "../../../circuits/index.ts";

const configuration = (basis: readonly string[], pairs: readonly (readonly [number, number])[]): IbmConfiguration => ({
  backend_name: "ibm_test",
  n_qubits: 5,
  basis_gates: basis,
  coupling_map: pairs,
  supported_instructions: [...basis, "measure", "reset", "delay", "if_else"],
});
const both = (pairs: readonly (readonly [number, number])[]) =>
  pairs.flatMap(([a, b]) => [[a, b] as const, [b, a] as const]);
const heron = Target.fromIbm(
  configuration(
    ["cz", "id", "rz", "sx", "x", "rx", "rzz"],
    both([
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 4],
    ]),
  ),
  {
    qubits: [[], [], [], [], [{ name: "operational", value: 0 }]],
    gates: [{ gate: "rzz", qubits: [2, 3], parameters: [{ name: "gate_error", value: 1 }] }],
  },
  { fractionalGates: true },
);
const eagle = Target.fromIbm(configuration(["ecr", "id", "rz", "sx", "x"], [[1, 0]]));
const faults = (define: (c: CircuitBuilder) => unknown, target = heron, options: IsaOptions = {}) =>
  isaFaults(Circuit.build(5, define), target, options);
const codes = (...args: Parameters<typeof faults>) => faults(...args).map(({ code }) => code);

describe("isaFaults", () => {
  test("a circuit of the instruction set on live places has none", () => {
    expect(
      faults((c) => {
        const r = c.register("c", 2);
        c.rz(-7, 0)
          .sx(0)
          .x(1)
          .rx(3, 2)
          .cz(1, 0)
          .rzz(0, 0, 1)
          .rzz(Math.PI / 2, 1, 2)
          .gphase(1)
          .barrier(0, 1);
        c.delay(16, "dt", 0).reset(2).measure(0, 0).measure(1, 1);
        c.if(r, 2, (inner) => inner.x(2));
      }),
    ).toEqual([]);
  });

  test.each<[string, (c: CircuitBuilder) => unknown, Target, RegExp]>([
    ["a gate that the device lacks", (c) => c.h(0), heron, /h is no gate of ibm_test \(cz, id, rz/],
    ["an identity gate", (c) => c.id(0), heron, /u\(0, 0, 0\)/],
    ["further controls", (c) => c.gate("x", [], [0, 1], { numControls: 1 } as never), heron, /./],
    ["a pair that is not coupled", (c) => c.cz(0, 2), heron, /couple.*coupled with 1\./],
    ["the other direction", (c) => c.ecr(0, 1), eagle, /other direction only \(1, 0\)/],
    ["a qubit out of order", (c) => c.sx(4), heron, /qubit 4 of ibm_test is out of order/],
    ["a gate of error 1", (c) => c.rzz(0.1, 2, 3), heron, /out of order/],
    ["a negative angle", (c) => c.rzz(-0.1, 0, 1), heron, /-0\.1.*0 to π\/2/],
    ["an angle above π/2", (c) => c.rzz(1.6, 0, 1), heron, /1\.6/],
    ["a fractional gate nobody asked for", (c) => c.rx(0.2, 0), eagle, /fractionalGates: true/],
  ])("finds %s", (name, define, target, message) => {
    const circuit =
      name === "further controls"
        ? Circuit.build(1, (c) => c.x(0)).control(3)
        : Circuit.build(5, (c) => define(c.rz(0, 0)));
    const found = isaFaults(circuit, target);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ code: "1517", operationIndex: name === "further controls" ? 0 : 1 });
    expect(found[0]!.message).toMatch(message);
  });

  test("a circuit wider than the device is a fault of the whole", () => {
    const [first] = isaFaults(
      Circuit.build(9, (c) => c.x(0)),
      heron,
    );
    expect(first).toMatchObject({ code: "1517", operationIndex: -1 });
    expect(first!.message).toMatch(/9 qubits but ibm_test has 5/);
  });

  test("conditions: one level, a bit or a whole register, and a device that branches", () => {
    const nested = (c: CircuitBuilder) => {
      const r = c.register("c", 1);
      c.measure(0, 0).if(r, 1, (inner) => inner.if(r, 1, (deep) => deep.x(0)));
    };
    expect(faults(nested)[0]!.message).toMatch(/inside an if/);
    const mixed = (c: CircuitBuilder) => {
      c.register("a", 2);
      c.measure(0, 0)
        .measure(1, 1)
        .if([1, 0], 1, (inner) => inner.x(0));
    };
    expect(faults(mixed)[0]!.message).toMatch(/mixes bits/);
    const hidden = (c: CircuitBuilder) => {
      const a = c.register("a", 1);
      c.measure(0, 0).if(a, 1, (inner) => inner.h(0));
    };
    expect(faults(hidden)).toMatchObject([{ code: "1517", operationIndex: 1 }]);
    const plain = (c: CircuitBuilder) => {
      const a = c.register("a", 1);
      c.measure(0, 0).if(a, 1, (inner) => inner.x(0));
    };
    expect(codes(plain)).toEqual([]);
    expect(codes(plain, heron, { dynamicalDecoupling: true })).toEqual(["1521"]);
    expect(codes(plain, heron, { primitive: "estimator" })).toEqual(["1522", "1522"]);
    expect(codes(plain, Target.fromEdges(5, [[0, 1]]))).toEqual([]);
  });

  test("fractional gates cannot be twirled", () => {
    expect(codes((c) => c.rzz(0.1, 0, 1).rx(1, 0).cz(0, 1), heron, { gateTwirling: true })).toEqual(["1519", "1519"]);
  });

  test("stops after as many faults as asked for", () => {
    const many = Circuit.build(5, (c) => {
      for (let i = 0; i < 100; i++) c.h(0);
    });
    expect(isaFaults(many, heron)).toHaveLength(20);
    expect(isaFaults(many, heron, { maxFaults: 3 })).toHaveLength(3);
  });
});

describe("isaAngleFaults", () => {
  const w = weight("w", [2]);
  const circuit = Circuit.build(3, (c) => c.rz(w.at(1), 0).rzz(w.at(0), 0, 1).rzz(w.at(1).times(2), 1, 2).rzz(5, 0, 1));

  test("names the row, the operation and the angle; fixed angles are not its matter", () => {
    const values = Float64Array.of(0.1, 0.1, 1.7, 0.2, 0, -0.3, Math.PI / 2 + 1e-12, 0);
    const found = isaAngleFaults(circuit, values, 4);
    expect(found).toMatchObject([
      { code: "1517", row: 1, operationIndex: 1 },
      { code: "1517", row: 2, operationIndex: 2 },
    ]);
    expect(found[0]!.message).toMatch(/Row 1, operation 1: .*1\.7/);
    expect(found[1]!.message).toMatch(/-0\.6/);
    expect(isaAngleFaults(circuit, values, 4, { maxFaults: 1 })).toHaveLength(1);
  });

  test("NaN is no angle", () => {
    expect(isaAngleFaults(circuit, Float64Array.of(Number.NaN, 0), 1)).toHaveLength(1);
  });
});
