import { Circuit, complexMatrix } from "../../circuits/index.ts";
import { NoiseChannel, NoiseModel } from "../../providers/index.ts";
import type { GoldenChannel, GoldenNoisyCircuit } from "./golden.ts";

const identities = [
  complexMatrix([
    [1, 0],
    [0, 1],
  ]),
  complexMatrix([
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [0, 0, 1, 0],
    [0, 0, 0, 1],
  ]),
];

export function channelOf({ channel, args }: GoldenChannel): NoiseChannel {
  const [a, b, c] = args as readonly [number, number, number];
  switch (channel) {
    case "depolarizing":
      return NoiseChannel.depolarizing(a);
    case "depolarizing2":
      return NoiseChannel.depolarizing(a, 2);
    case "amplitude_damping":
      return NoiseChannel.amplitudeDamping(a);
    case "phase_damping":
      return NoiseChannel.phaseDamping(a);
    case "bit_flip":
      return NoiseChannel.bitFlip(a);
    case "phase_flip":
      return NoiseChannel.phaseFlip(a);
    case "pauli":
      return NoiseChannel.pauli(a, b, c);
    case "generalized_amplitude_damping":
      return NoiseChannel.generalizedAmplitudeDamping(a, b);
    case "thermal_relaxation":
      return NoiseChannel.thermalRelaxation(a, b, c);
    default:
      throw new Error(`no channel ${channel}`);
  }
}

/** A golden noisy circuit: each channel is the noise of a labelled identity at its place. */
export function noisyGolden(item: GoldenNoisyCircuit): { readonly circuit: Circuit; readonly noise: NoiseModel } {
  const channels: [string, NoiseChannel][] = [];
  const circuit = Circuit.build(item.n, (c) => {
    for (const [index, operation] of item.ops.entries())
      if ("channel" in operation) {
        channels.push([`noise${index}`, channelOf(operation)]);
        c.unitary(identities[operation.qubits.length - 1]!, operation.qubits, `noise${index}`);
      } else c.gate(operation.gate, operation.params ?? [], operation.qubits);
  });
  const noise = NoiseModel.build((n) => {
    for (const [label, channel] of channels) n.gate(label, channel);
    for (const [qubit, matrix] of (item.readout ?? []).entries()) n.readout(matrix, qubit);
  });
  return { circuit, noise };
}
