import { SimulatorError } from "../../errors.ts";
import type { KernelMemory } from "../kernels/kernel-memory.ts";
import { gibibytes } from "../memory.ts";
import type { StateMemory } from "../state-memory.ts";
import { MAX_PAGES, ModuleBuilder, webAssembly } from "../wasm/index.ts";
import type { TileCircuit } from "./tile-circuit.ts";

const UNIT = 16;
const PAGE_BYTES = 65536;

/**
 * Lends linear memory for the tables of a circuit and for states of it: with addresses of 32 bits up to 4 GiB, else of 64
 * bits, which Node 22 does not have.
 * @throws SimulatorError STATE_TOO_LARGE
 */
export function borrowStates(memory: StateMemory, circuit: TileCircuit, states: number): KernelMemory {
  const { numQubits } = circuit;
  memory.assertFits(numQubits, states);
  const bytes = circuit.memoryBytes(states);
  const target = {
    addressBits: addressBits(bytes, numQubits, states),
    realBits: 64,
    shared: circuit.threads > 1,
  } as const;
  const lent = memory.borrow(target, states * UNIT * 2 ** numQubits, circuit);
  try {
    lent.reserve(bytes);
    return lent;
  } catch (error) {
    memory.release(lent);
    throw error;
  }
}

function addressBits(bytes: number, numQubits: number, states: number): 32 | 64 {
  if (bytes <= MAX_PAGES[32] * PAGE_BYTES) return 32;
  const largest = hasWideMemory() ? 64 : 32;
  const most = MAX_PAGES[largest] * PAGE_BYTES;
  if (bytes <= most) return 64;
  const fits = Math.floor(Math.log2(most / (states * UNIT) - 1));
  throw new SimulatorError(
    "STATE_TOO_LARGE",
    `${numQubits} qubits need ${gibibytes(states * UNIT * 2 ** numQubits)} for ${states} state vector(s) but this version of Node holds ${gibibytes(most)} in one memory; at most ${fits} qubits fit${largest === 32 ? ", and more from Node 24 on" : ""}.`,
  );
}

/** Whether this version of Node takes modules with addresses of 64 bits. */
function hasWideMemory(): boolean {
  const empty = new ModuleBuilder({ addressBits: 64, realBits: 64, shared: false });
  return webAssembly.validate(empty.finish());
}
