import { describe, expect, test } from "vitest";
import { Circuit, type CircuitBuilder, compile, type Effort } from "../../../circuits/index.ts";
import { amplitude } from "../../support/amplitudes.ts";
import { sourceState } from "../../support/compact-state.ts";
import { boundTo, deviceFaults, differences } from "../../support/compiled-faults.ts";
import { isClifford, StabilizerState } from "../../support/stabilizer.ts";
import { transpileBaseline, transpileCircuits, transpileTarget } from "../../support/transpile-corpus.ts";

const corpus = transpileCircuits();
const torino = transpileTarget("torino");

function faultsOf(circuit: Circuit, device: string, effort: Effort): readonly string[] {
  const target = transpileTarget(device);
  const compiled = compile(circuit, target, { effort });
  const row = circuit.parameters.map((_, i) => 0.3 + 0.37 * i);
  const angles = compiled.bindRows(Float64Array.from(row), 1);
  const bound = { ...compiled, circuit: boundTo(compiled.circuit, angles) };
  return [...deviceFaults(compiled.circuit, target), ...differences(boundTo(circuit, row), bound, 12).faults];
}

describe("compiled circuits equal their sources and run on the device", () => {
  // Larger ones, and all efforts and devices, are for scripts/check-compiled.ts.
  const small = corpus.filter(({ circuit }) => circuit.numQubits <= 12 || isClifford(circuit.operations));

  test.each(small)("$name for torino at effort 1", ({ circuit }) => {
    expect(faultsOf(circuit, "torino", 1)).toEqual([]);
  });

  test.each([
    ["qft_n5.est", "manila", 3],
    ["uccsd_n4_e2.est", "manila", 2],
    ["grover_n3_i2.sam", "manila", 0],
    ["sel_n8_l2.est", "sherbrooke", 3],
    ["bv_n12.sam", "sherbrooke", 0],
    ["randcliff_n7.sam", "fez", 2],
    ["zzfm_n8_full_r2.est", "fez", 3],
    ["sym_qaoa_3reg_n12_p2", "torino", 2],
    ["sym_su2_n6_full_r2", "sherbrooke", 3],
    ["sel_n27_l2.est", "torino", 2],
  ] as const)("%s for %s at effort %i", (name, device, effort) => {
    expect(faultsOf(corpus.find((entry) => entry.name === name)!.circuit, device, effort)).toEqual([]);
  });
});

describe("two-qubit gates on torino", () => {
  /** Geometric mean of the counts over Qiskit's at level 3, over circuits that take little time. */
  const meanRatio = (effort: Effort): number => {
    const baseline = transpileBaseline("torino");
    const logs = corpus.flatMap(({ name, circuit }) => {
      const reference = baseline[name]?.O3;
      if (reference === undefined || circuit.operations.length > 250) return [];
      return [Math.log(compile(circuit, torino, { effort }).metrics.twoQubitGates / reference)];
    });
    expect(logs.length).toBeGreaterThan(40);
    return Math.exp(logs.reduce((sum, value) => sum + value, 0) / logs.length);
  };

  test("effort 1 takes no more than Qiskit at level 3", () => {
    expect(meanRatio(1)).toBeLessThan(1);
  });
});

describe("the comparison itself", () => {
  const layout = [0, 1, 2];
  const compare = (source: Circuit, circuit: Circuit, maxQubits: number, finalLayout = layout) =>
    differences(source, { circuit, initialLayout: layout, finalLayout }, maxQubits);
  const clifford = Circuit.build(3, (c) => c.h(0).s(0).cx(0, 1).sx(1).cx(1, 2).h(2).s(2).cz(0, 2).sx(0));
  const other = Circuit.build(3, (c) => c.h(0).ry(0.3, 1).cx(0, 1).rz(0.7, 1).cx(1, 2).rx(0.2, 2).cz(0, 2));

  test.each([
    ["state", clifford, 3],
    ["stabilizers", clifford, 0],
    ["amplitudes", other, 0],
  ] as const)("by %s sees a gate too many, a sign and a wrong layout", (comparison, source, maxQubits) => {
    const extended = (define: (c: CircuitBuilder) => unknown): Circuit =>
      Circuit.build(3, (c) => {
        for (const operation of source.operations) c.append(operation);
        define(c);
      });
    expect(
      compare(
        source,
        extended((c) => c.rz(2 * Math.PI, 1)),
        maxQubits,
      ),
    ).toEqual({ comparison, faults: [] });
    for (const change of ["z", "x", "s"] as const)
      expect(
        compare(
          source,
          extended((c) => c[change](2)),
          maxQubits,
        ).faults,
      ).not.toEqual([]);
    expect(compare(source, source, maxQubits, [1, 0, 2]).faults).not.toEqual([]);
  });

  test("amplitudes are those of the state", () => {
    const state = sourceState(other);
    for (let index = 0; index < 8; index++) {
      const found = amplitude(other.operations, new Map(layout.map((qubit) => [qubit, (index >> qubit) & 1])));
      expect(found[0]).toBeCloseTo(state[2 * index]!, 12);
      expect(found[1]).toBeCloseTo(state[2 * index + 1]!, 12);
    }
  });

  test("outcomes of stabilisers pass over phases of what is measured, and only these", () => {
    const outcomes = (define: (c: CircuitBuilder) => unknown, qubits: number[]) => {
      const state = new StabilizerState(3);
      for (const operation of Circuit.build(3, define).operations)
        if (operation.kind === "gate") state.apply(operation, (qubit) => qubit);
      return state.outcomes(qubits);
    };
    expect(outcomes((c) => c.h(0).cx(0, 1).s(1), [0, 1])).toBe(outcomes((c) => c.h(0).cx(0, 1), [0, 1]));
    expect(outcomes((c) => c.h(0).cx(0, 1), [0, 1])).not.toBe(outcomes((c) => c.h(0).h(1), [0, 1]));
    expect(outcomes((c) => c.h(0).cx(0, 1), [1])).toBe(outcomes((c) => c.h(1), [1]));
    expect(outcomes((c) => c.x(2), [2])).not.toBe(outcomes((c) => c.z(2), [2]));
  });
});
