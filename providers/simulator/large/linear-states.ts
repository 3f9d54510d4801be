import { SimulatorError } from "../../errors.ts";
import type { KernelMemory } from "../kernels/kernel-memory.ts";
import { gibibytes } from "../memory.ts";
import type { StateMemory } from "../state-memory.ts";
import { MAX_PAGES, ModuleBuilder, webAssembly } from "../wasm/index.ts";
import type { TileCircuit } from "./tile-circuit.ts";

const UNIT = 16;
const PAGE_BYTES = 65536;
/** Room for tables, more than any circuit needs. */
const TABLE_BYTES = 1 << 27;

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
    // The operating system has the last word on what is free.
    if (error instanceof RangeError)
      throw new SimulatorError(
        "STATE_TOO_LARGE",
        `${numQubits} qubits need ${gibibytes(bytes)} for ${states} state vector(s) and tables, which the machine did not give; use fewer qubits, or wait until other computations have ended.`,
        { cause: error },
      );
    throw error;
  }
}

/** The most qubits of which linear memory can hold `states` states and tables, whatever the machine has. */
export function largestQubits(states: number): number {
  return Math.floor(Math.log2((largestMemory() - TABLE_BYTES) / (states * UNIT)));
}

function addressBits(bytes: number, numQubits: number, states: number): 32 | 64 {
  if (bytes <= MAX_PAGES[32] * PAGE_BYTES) return 32;
  const most = largestMemory();
  if (bytes <= most) return 64;
  const later = most < MAX_PAGES[64] * PAGE_BYTES ? ` (from Node 24 on ${gibibytes(MAX_PAGES[64] * PAGE_BYTES)})` : "";
  throw new SimulatorError(
    "STATE_TOO_LARGE",
    `${numQubits} qubits need ${gibibytes(states * UNIT * 2 ** numQubits)} for ${states} state vector(s) and ${gibibytes(bytes - states * UNIT * 2 ** numQubits)} for tables, but this version of Node holds ${gibibytes(most)} in one memory${later}; at most ${largestQubits(states)} qubits fit.`,
  );
}

/** Bytes of the largest memory: modules with addresses of 64 bits came with Node 24. */
function largestMemory(): number {
  const wide = new ModuleBuilder({ addressBits: 64, realBits: 64, shared: false });
  return MAX_PAGES[webAssembly.validate(wide.finish()) ? 64 : 32] * PAGE_BYTES;
}
