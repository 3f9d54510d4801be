/** From this size on one pass over a state takes long enough that other work should get its turn between two. */
export const PAUSE_QUBITS = 16;

/** Whether a state, interleaved re/im, is of that size. */
export function isLarge(state: Float64Array): boolean {
  return state.length >= 2 * 2 ** PAUSE_QUBITS;
}
