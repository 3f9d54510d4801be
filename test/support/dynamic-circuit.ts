import { Circuit, type CircuitBuilder, circuitMatrix, type Operation, type Rng, weight } from "../../circuits/index.ts";

/** One history of measurement outcomes: its state, with norm² the probability, and its classical bits. */
export interface ReferenceBranch {
  readonly state: Float64Array;
  readonly clbits: readonly number[];
}

/** Every history of a bound circuit, without any shortcut: whole matrices, both outcomes of every measurement and reset. */
export function referenceBranches(circuit: Circuit): readonly ReferenceBranch[] {
  const state = new Float64Array(2 * 2 ** circuit.numQubits);
  state[0] = 1;
  const start = { state, clbits: new Array<number>(circuit.numClbits).fill(0) };
  return follow(circuit, circuit.operations, [start]);
}

function follow(
  circuit: Circuit,
  operations: readonly Operation[],
  branches: readonly ReferenceBranch[],
): readonly ReferenceBranch[] {
  for (const operation of operations)
    branches = branches.flatMap((branch): readonly ReferenceBranch[] => {
      const { state, clbits } = branch;
      switch (operation.kind) {
        case "gate":
        case "unitary": {
          const single = Circuit.build(circuit.numQubits, (c) => c.append(operation));
          return [{ state: multiply(circuitMatrix(single), state), clbits }];
        }
        case "measure":
          return [0, 1].map((outcome) => ({
            state: project(state, operation.qubit, outcome),
            clbits: clbits.with(operation.clbit, outcome),
          }));
        case "reset": {
          const flip = circuitMatrix(Circuit.build(circuit.numQubits, (c) => c.x(operation.qubit)));
          return [
            { state: project(state, operation.qubit, 0), clbits },
            { state: multiply(flip, project(state, operation.qubit, 1)), clbits },
          ];
        }
        case "if": {
          const { clbits: bits, value } = operation.condition;
          const read = bits.reduce((sum, bit, index) => sum + clbits[bit]! * 2 ** index, 0);
          return follow(circuit, read === value ? operation.whenTrue : operation.whenFalse, [branch]);
        }
        default:
          return [branch];
      }
    });
  return branches;
}

function multiply(matrix: Float64Array, state: Float64Array): Float64Array {
  const size = state.length / 2;
  const out = new Float64Array(state.length);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) {
      const re = matrix[2 * (i * size + j)]!;
      const im = matrix[2 * (i * size + j) + 1]!;
      out[2 * i]! += re * state[2 * j]! - im * state[2 * j + 1]!;
      out[2 * i + 1]! += re * state[2 * j + 1]! + im * state[2 * j]!;
    }
  return out;
}

function project(state: Float64Array, qubit: number, outcome: number): Float64Array {
  return state.map((amplitude, at) => (((at >> 1) >> qubit) % 2 === outcome ? amplitude : 0));
}

/** A random circuit of gates, measurements into random bits, resets and nested branches, with free angles in `w`. */
export function randomDynamicCircuit(rng: Rng, numQubits: number, numOperations: number): Circuit {
  const w = weight("w", 3);
  const add = (c: CircuitBuilder, numClbits: number, count: number, depth: number): void => {
    for (let k = 0; k < count; k++) {
      const [a, b] = rng.permutation(numQubits);
      const angle = rng.integer(2) === 0 ? w.at(rng.integer(3)).times(rng.normal()) : rng.normal();
      switch (rng.integer(depth > 0 ? 9 : 8)) {
        case 0:
          c.ry(angle, a!);
          break;
        case 1:
          c.u(angle, rng.normal(), rng.normal(), a!);
          break;
        case 2:
          c.h(a!);
          break;
        case 3:
          c.cx(a!, b!);
          break;
        case 4:
          c.crx(angle, a!, b!);
          break;
        case 5:
          c.iswap(a!, b!);
          break;
        case 6:
          c.measure(a!, rng.integer(numClbits));
          break;
        case 7:
          if (rng.integer(2) === 0) c.reset(a!);
          else c.gate("x", [], [a!, b!], { numControls: 1, controlState: 0 });
          break;
        default: {
          const bits = [...rng.permutation(numClbits)].slice(0, 1 + rng.integer(2));
          c.if(
            bits,
            rng.integer(2 ** bits.length),
            (then) => add(then, numClbits, 2, depth - 1),
            rng.integer(2) === 0 ? undefined : (otherwise) => add(otherwise, numClbits, 2, depth - 1),
          );
        }
      }
    }
  };
  return Circuit.build(numQubits, (c) => {
    c.declare(w);
    c.register("a", 2);
    c.register("b", 2);
    add(c, 4, numOperations, 2);
    c.measure(rng.integer(numQubits), rng.integer(4));
  });
}
