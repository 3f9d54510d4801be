/** From this size on one pass over a state takes long enough that other work should get its turn between two. */
export const PAUSE_QUBITS = 16;

/** Amplitudes that a computation goes through in a time after which other work should get its turn: about 10 ms. */
export const PAUSE_WORK = 1 << 20;

/** Whether a state, interleaved re/im, is of that size. */
export function isLarge(state: Float64Array): boolean {
  return state.length >= 2 * 2 ** PAUSE_QUBITS;
}
