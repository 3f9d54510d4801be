import { gateSpec, isGateName, type QubitProperties, type Target } from "../../../circuits/index.ts";
import { NoiseChannel } from "./channel.ts";
import type { NoiseModelBuilder, PlacedChannel, Relaxation } from "./noise-model.ts";

/** Gates that are a change of frame in the control software: no pulse, no error. */
const VIRTUAL: readonly string[] = ["rz"];
/** Besides gates, what a circuit may do to one qubit and what a device may tell a duration or an error of. */
const OTHERS = ["reset"] as const;

/** The rules of a device by its calibration; see `NoiseModel.fromTarget`. */
export function describeDevice(target: Target, builder: NoiseModelBuilder): void {
  const relaxations = target.qubits.map(relaxationOf);
  for (const gate of [...target.basisGates, ...OTHERS]) {
    if (VIRTUAL.includes(gate)) continue;
    for (const qubits of placesOf(target, gate)) {
      const found = target.instruction(gate, qubits);
      if (found === undefined) continue;
      const channels = gateChannels(
        qubits.map((qubit) => relaxations[qubit]),
        found.durationSeconds ?? 0,
        found.error ?? 0,
      );
      if (channels.length > 0) builder.gate(gate, channels, qubits);
    }
  }
  for (const [qubit, properties] of target.qubits.entries()) {
    const relaxation = relaxations[qubit];
    if (relaxation !== undefined) builder.relaxation(relaxation, qubit);
    const errors = readoutErrorsOf(properties);
    if (errors !== undefined) {
      const [wrongOne, wrongZero] = errors;
      builder.readout(
        [
          [1 - wrongOne, wrongOne],
          [wrongZero, 1 - wrongZero],
        ],
        qubit,
      );
    }
  }
  if (target.dtSeconds !== undefined) builder.timeStep(target.dtSeconds);
}

function placesOf(target: Target, gate: string): readonly (readonly number[])[] {
  const size = isGateName(gate) ? gateSpec(gate).numQubits : 1;
  if (size === 1) return target.qubits.map((_, qubit) => [qubit]);
  if (size !== 2) return [];
  // A gate besides the entangler may be told of in the other direction only.
  return target.edges.flatMap(([a, b]) => [
    [a, b],
    [b, a],
  ]);
}

/** T2 above 2 T1 is an error of measurement, since decay alone takes the phase in 2 T1; it is cut there. */
function relaxationOf({ t1, t2 }: QubitProperties): Relaxation | undefined {
  if (t1 === undefined && t2 === undefined) return undefined;
  const decay = t1 === undefined || t1 === 0 ? Infinity : t1;
  return { t1: decay, t2: Math.min(t2 === undefined || t2 === 0 ? Infinity : t2, 2 * decay) };
}

function readoutErrorsOf(properties: QubitProperties): readonly [number, number] | undefined {
  const { probMeas1Prep0, probMeas0Prep1, readoutError } = properties;
  const wrongOne = probMeas1Prep0 ?? readoutError;
  const wrongZero = probMeas0Prep1 ?? readoutError;
  return wrongOne === undefined || wrongZero === undefined ? undefined : [wrongOne, wrongZero];
}

/**
 * Depolarisation, and relaxation of each operand, such that the average gate infidelity is `error`. With d = 2^n, the
 * process fidelity of relaxation F_T = product of (1 + 2 e^(-t/T2) + e^(-t/T1))/4 and the wanted F = ((d+1)(1-error)-1)/d,
 * the parameter is 1 - (d² F - 1)/(d² F_T - 1), cut to what a channel can have.
 */
function gateChannels(
  relaxations: readonly (Relaxation | undefined)[],
  seconds: number,
  error: number,
): readonly PlacedChannel[] {
  const relaxation: PlacedChannel[] = [];
  let relaxed = 1;
  for (const [place, times] of relaxations.entries()) {
    if (times === undefined || seconds === 0) continue;
    const { t1, t2 } = times;
    relaxation.push({ channel: NoiseChannel.thermalRelaxation(t1, t2, seconds), on: [place] });
    relaxed *= (1 + 2 * Math.exp(-seconds / t2) + Math.exp(-seconds / t1)) / 4;
  }
  const count = relaxations.length;
  if (count !== 1 && count !== 2) return relaxation;
  const dimension = 2 ** count;
  const wanted = ((dimension + 1) * (1 - error) - 1) / dimension;
  const parameter = 1 - (dimension ** 2 * wanted - 1) / (dimension ** 2 * relaxed - 1);
  if (!(parameter > 1e-15)) return relaxation;
  const most = 4 ** count / (4 ** count - 1);
  const depolarizing = NoiseChannel.depolarizing(Math.min(parameter, most), count);
  return [{ channel: depolarizing, on: count === 1 ? [0] : [0, 1] }, ...relaxation];
}
