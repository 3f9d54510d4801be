import assert from "node:assert/strict";
import { Circuit, type CircuitBuilder, circuitMatrix, GATES, gateSpec, weight } from "../../circuits/index.ts";
import type { EstimatorPub, EstimatorPubResult, SamplerPub, SamplerPubResult } from "../../providers/index.ts";
import { type ContractCase, closeTo } from "./contract-case.ts";
import { expectedValue, probabilitiesOf, stateOf } from "./truth.ts";

/** A circuit whose free parameters, if any, are the vector `angles`. */
interface Sample {
  readonly name: string;
  readonly circuit: Circuit;
  readonly angles: readonly number[];
}

/** Angles of gates with parameters: none is special. */
const ANGLES = [0.7, -1.1, 2.3, 0.5];

/** A state without symmetry; angles such that leaving out any gate of the table changes some probability by much. */
function prepare(c: CircuitBuilder): void {
  for (let qubit = 0; qubit < c.numQubits; qubit++) c.ry(0.9 + 0.4 * qubit, qubit).rz(1.5 + 0.2 * qubit, qubit);
}

/** Turns that make relative phases visible in Z. */
function turn(c: CircuitBuilder): void {
  for (let qubit = 0; qubit < c.numQubits; qubit++) c.rx(0.9 + 0.3 * qubit, qubit);
}

function sampleOf(name: string, numQubits: number, numParams: number, act: (c: CircuitBuilder) => unknown): Sample {
  return {
    name,
    circuit: Circuit.build(numQubits, (c) => {
      prepare(c);
      act(c);
      turn(c);
    }),
    angles: ANGLES.slice(0, numParams),
  };
}

/** Gate `gate` with free angles, behind `numControls` further controls; on the highest qubits first. */
function gateSample(gate: string, numControls = 0, controlState = 2 ** numControls - 1): Sample {
  const { numQubits, numParams } = gateSpec(gate);
  const size = Math.max(1, numQubits + numControls);
  const angles = numParams === 0 ? [] : [...weight("angles", numParams)];
  const qubits = Array.from({ length: numQubits + numControls }, (_, i) => size - 1 - i);
  const name = numControls === 0 ? gate : `${gate} with ${numControls} control(s) of state ${controlState}`;
  return sampleOf(name, size, numParams, (c) => c.gate(gate, angles, qubits, { numControls, controlState }));
}

function gateSamples(): readonly Sample[] {
  return Object.keys(GATES).map((gate) => gateSample(gate));
}

function controlledSamples(): readonly Sample[] {
  return [
    ...[0, 1, 2, 3].map((state) => gateSample("x", 2, state)),
    gateSample("ry", 1, 0),
    gateSample("p", 2, 1),
    gateSample("u", 1, 1),
    gateSample("gphase", 1, 0),
    gateSample("gphase", 2, 3),
    gateSample("swap", 1, 0),
    gateSample("iswap", 1, 1),
    gateSample("rzz", 1, 0),
    gateSample("cx", 2, 1),
  ];
}

function unitarySamples(): readonly Sample[] {
  const one = circuitMatrix(Circuit.build(1, (c) => c.u(0.3, 1.2, -0.7, 0)));
  const two = circuitMatrix(Circuit.build(2, (c) => c.u(1.3, 0.2, 0.4, 0).iswap(0, 1).ry(0.6, 1).s(0)));
  const controlled = Circuit.build(2, (c) => c.unitary(two, [0, 1])).control(1, 0);
  return [
    sampleOf("a unitary of one qubit", 2, 0, (c) => c.unitary(one, [1])),
    sampleOf("a unitary of two qubits, in descending order", 3, 0, (c) => c.unitary(two, [2, 0])),
    sampleOf("a unitary with a control of state 0", 3, 0, (c) => {
      for (const operation of controlled.operations) c.append(operation);
    }),
  ];
}

/** Labels that together tell any two states of a few qubits apart which these circuits could confuse. */
function labelsFor(numQubits: number): readonly string[] {
  const cycle = (letters: string): string =>
    Array.from({ length: numQubits }, (_, q) => letters[q % letters.length]).join("");
  const single = Array.from({ length: numQubits }, (_, q) =>
    ["X", "Y", "Z"].map((letter) => "I".repeat(q) + letter + "I".repeat(numQubits - 1 - q)),
  );
  return [...new Set([...single.flat(), ...["X", "Y", "Z", "XY", "YZ", "ZXY"].map(cycle)])];
}

function bound({ circuit, angles }: Sample): Circuit {
  return angles.length === 0 ? circuit : circuit.bind({ angles: [...angles] });
}

export function estimatorGateCases(
  run: (pubs: readonly EstimatorPub[]) => Promise<readonly EstimatorPubResult[]>,
  atol: number,
): readonly ContractCase[] {
  const check = (name: string, samples: () => readonly Sample[]): ContractCase => ({
    name,
    async run() {
      const list = samples();
      const results = await run(
        list.map(({ circuit, angles }): EstimatorPub => [circuit, labelsFor(circuit.numQubits), angles]),
      );
      for (const [index, sample] of list.entries()) {
        const state = stateOf(bound(sample));
        for (const [k, label] of labelsFor(sample.circuit.numQubits).entries())
          closeTo(results[index]!.evs[k]!, expectedValue(state, label), atol, `${label} after ${sample.name}`);
      }
    },
  });
  return [
    check("every gate of the table acts as its matrix", gateSamples),
    check("further controls act on the states they ask for", controlledSamples),
    check("unitaries act as their matrices", unitarySamples),
  ];
}

export function samplerGateCases(
  run: (pubs: readonly SamplerPub[]) => Promise<readonly SamplerPubResult[]>,
  errorRate: number,
): readonly ContractCase[] {
  const shots = 2000;
  const check = (name: string, samples: () => readonly Sample[]): ContractCase => ({
    name,
    async run() {
      const list = samples();
      const results = await run(
        list.map(({ circuit, angles }): SamplerPub => [circuit.extend((c) => c.measureAll()), angles, shots]),
      );
      for (const [index, sample] of list.entries()) {
        const { numQubits } = sample.circuit;
        const counts = results[index]!.registers.meas!.counts();
        for (const [state, probability] of probabilitiesOf(bound(sample)).entries()) {
          const text = state.toString(2).padStart(numQubits, "0");
          const sigma = Math.sqrt((probability * (1 - probability)) / shots);
          const share = (counts[text] ?? 0) / shots;
          closeTo(share, probability, 5 * sigma + 1 / shots + errorRate, `share of ${text} after ${sample.name}`);
        }
        assert.equal(
          Object.values(counts).reduce((a, b) => a + b, 0),
          shots,
        );
      }
    },
  });
  return [
    check("every gate of the table acts as its matrix", gateSamples),
    check("further controls act on the states they ask for", controlledSamples),
    check("unitaries act as their matrices", unitarySamples),
  ];
}
