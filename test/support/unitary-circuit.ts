import {
  type Angle,
  add,
  Circuit,
  circuitMatrix,
  cos,
  GATES,
  type GateName,
  gateSpec,
  input,
  multiply,
  type Rng,
  sin,
  weight,
} from "../../circuits/index.ts";

/**
 * A random circuit of gates of the whole table, further controls of either sign and dense unitaries, with inputs and
 * weights shared between gates and composed in expressions.
 */
export function randomUnitaryCircuit(rng: Rng, numQubits: number, numOperations: number): Circuit {
  const x = input("x", 2);
  const w = weight("w", 3);
  const names = (Object.keys(GATES) as GateName[]).filter((name) => GATES[name].numQubits <= numQubits);
  const angle = (): Angle => {
    const parameter = [...x, ...w][rng.integer(5)]!;
    const other = [...x, ...w][rng.integer(5)]!;
    return [
      rng.normal() * 2,
      parameter,
      add(multiply(rng.normal(), parameter), 0.3),
      multiply(parameter, other),
      sin(parameter),
      cos(other),
    ][rng.integer(6)]!;
  };
  return Circuit.build(numQubits, (builder) => {
    builder.declare(x, w);
    for (let k = 0; k < numOperations; k++) {
      const name = names[rng.integer(names.length)]!;
      const { numParams, numQubits: own } = gateSpec(name);
      const numControls = Math.min(numQubits - own, [0, 0, 0, 1, 2][rng.integer(5)]!);
      const qubits = [...rng.permutation(numQubits)];
      if (rng.integer(10) === 0) {
        const targets = qubits.slice(0, 1 + rng.integer(Math.min(2, numQubits)));
        const inner = Circuit.build(targets.length, (c) => {
          for (let q = 0; q < targets.length; q++) c.u(rng.normal(), rng.normal(), rng.normal(), q);
          if (targets.length === 2) c.rxx(rng.normal(), 0, 1).iswap(1, 0);
        });
        builder.unitary(circuitMatrix(inner), targets);
      } else
        builder.gate(name, Array.from({ length: numParams }, angle), qubits.slice(0, own + numControls), {
          numControls,
          controlState: rng.integer(2 ** numControls),
        });
    }
  });
}
