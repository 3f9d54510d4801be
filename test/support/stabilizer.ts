import { type Operation, operationMatrix, type UnitaryKind } from "../../circuits/index.ts";

/** A Pauli word i^phase · X^x Z^z on some qubits. */
interface Word {
  x: Uint8Array;
  z: Uint8Array;
  phase: number;
}

/** What a Clifford gate on k qubits makes of X and Z of each: bits of its own qubits, and the phase. */
interface Images {
  readonly x: readonly Word[];
  readonly z: readonly Word[];
}

/** The stabilisers of |0…0⟩ after a circuit of Clifford gates (Aaronson and Gottesman, quant-ph/0406196). */
export class StabilizerState {
  readonly numQubits: number;
  readonly #words: Word[];

  constructor(numQubits: number) {
    this.numQubits = numQubits;
    this.#words = Array.from({ length: numQubits }, (_, q) => {
      const word: Word = { x: new Uint8Array(numQubits), z: new Uint8Array(numQubits), phase: 0 };
      word.z[q] = 1;
      return word;
    });
  }

  /** @throws Error where the gate is no Clifford gate */
  apply(operation: UnitaryKind, qubitOf: (qubit: number) => number): void {
    const images = imagesOf(operation);
    if (images === undefined) throw new Error(`${JSON.stringify(operation)} is no Clifford gate.`);
    const qubits = operation.qubits.map(qubitOf);
    for (const word of this.#words) {
      let local: Word = { x: new Uint8Array(qubits.length), z: new Uint8Array(qubits.length), phase: word.phase };
      // X first, then Z, as in the word itself.
      qubits.forEach((q, i) => {
        if (word.x[q] === 1) local = product(local, images.x[i]!);
        if (word.z[q] === 1) local = product(local, images.z[i]!);
      });
      qubits.forEach((q, i) => {
        word.x[q] = local.x[i]!;
        word.z[q] = local.z[i]!;
      });
      word.phase = local.phase;
    }
  }

  /** A text that is equal for equal states: the group's generators in reduced form. */
  canonical(): string {
    return textOf(this.#reduced(["x", "z"], range(this.numQubits)));
  }

  /** A text that is equal for states that give the same outcomes when `qubits` are measured: the words of only Z on these. */
  outcomes(qubits: readonly number[]): string {
    const others = range(this.numQubits).filter((q) => !qubits.includes(q));
    const words = this.#reduced(["x", "z"], [...others, ...qubits]);
    return textOf(words.filter(({ x, z }) => !x.includes(1) && others.every((q) => z[q] === 0)));
  }

  #reduced(parts: readonly ("x" | "z")[], columns: readonly number[]): readonly Word[] {
    const words: Word[] = this.#words.map(({ x, z, phase }) => ({ x: x.slice(), z: z.slice(), phase }));
    let rank = 0;
    for (const part of parts)
      for (const q of columns) {
        const pivot = words.findIndex((word, i) => i >= rank && word[part][q] === 1);
        if (pivot === -1) continue;
        [words[rank], words[pivot]] = [words[pivot]!, words[rank]!];
        for (let i = 0; i < words.length; i++)
          if (i !== rank && words[i]![part][q] === 1) words[i] = product(words[i]!, words[rank]!);
        rank++;
      }
    return words;
  }
}

const range = (length: number): number[] => Array.from({ length }, (_, i) => i);
const textOf = (words: readonly Word[]): string =>
  words.map(({ x, z, phase }) => `${phase}:${x.join("")}|${z.join("")}`).join("\n");

/** a · b; moving b's X past a's Z gives a sign each. */
function product(a: Word, b: Word): Word {
  let phase = a.phase + b.phase;
  for (let i = 0; i < a.x.length; i++) if (a.z[i] === 1 && b.x[i] === 1) phase += 2;
  return { x: a.x.map((bit, i) => bit ^ b.x[i]!), z: a.z.map((bit, i) => bit ^ b.z[i]!), phase: phase % 4 };
}

const known = new Map<string, Images | undefined>();

/** Found from the gate's matrix, so that this shares no table with the library. */
function imagesOf(operation: UnitaryKind): Images | undefined {
  const matrix = operationMatrix(operation);
  const key = matrix.map((value) => Math.round(value * 1e6)).join();
  if (known.has(key)) return known.get(key);
  const size = 2 ** operation.qubits.length;
  const image = (i: number, kind: "x" | "z"): Word | undefined => {
    // M = U P U†
    const m = new Float64Array(2 * size * size);
    for (let row = 0; row < size; row++)
      for (let column = 0; column < size; column++)
        for (let k = 0; k < size; k++) {
          const to = kind === "x" ? k ^ (1 << i) : k;
          const sign = kind === "z" && (k >> i) & 1 ? -1 : 1;
          const a = 2 * (row * size + to);
          const b = 2 * (column * size + k);
          m[2 * (row * size + column)]! += sign * (matrix[a]! * matrix[b]! + matrix[a + 1]! * matrix[b + 1]!);
          m[2 * (row * size + column) + 1]! += sign * (matrix[a + 1]! * matrix[b]! - matrix[a]! * matrix[b + 1]!);
        }
    return wordOf(m, size);
  };
  const bits = operation.qubits.map((_, i) => i);
  const x = bits.map((i) => image(i, "x"));
  const z = bits.map((i) => image(i, "z"));
  const images = [...x, ...z].includes(undefined) ? undefined : { x: x as Word[], z: z as Word[] };
  known.set(key, images);
  return images;
}

/** The Pauli word that a matrix is, if it is one. */
function wordOf(m: Float64Array, size: number): Word | undefined {
  const numBits = Math.log2(size);
  const flips = Array.from({ length: size }, (_, row) => row).find(
    (row) => Math.hypot(m[2 * row * size]!, m[2 * row * size + 1]!) > 0.5,
  );
  if (flips === undefined) return undefined;
  const entry = (column: number): readonly [number, number] => {
    const at = 2 * ((column ^ flips) * size + column);
    return [m[at]!, m[at + 1]!];
  };
  const [re, im] = entry(0);
  const phase = [
    [1, 0],
    [0, 1],
    [-1, 0],
    [0, -1],
  ].findIndex(([x, y]) => Math.hypot(re - x!, im - y!) < 1e-6);
  if (phase === -1) return undefined;
  const word: Word = { x: new Uint8Array(numBits), z: new Uint8Array(numBits), phase };
  for (let i = 0; i < numBits; i++) {
    word.x[i] = (flips >> i) & 1;
    const [a, b] = entry(1 << i);
    word.z[i] = Math.hypot(a + re, b + im) < 1e-6 ? 1 : 0;
  }
  for (let column = 0; column < size; column++) {
    let sign = 1;
    for (let i = 0; i < numBits; i++) if (word.z[i] === 1 && (column >> i) & 1) sign = -sign;
    const [a, b] = entry(column);
    if (Math.hypot(a - sign * re, b - sign * im) > 1e-6) return undefined;
  }
  return word;
}

export function isClifford(operations: readonly Operation[]): boolean {
  return operations.every(
    (operation) =>
      (operation.kind !== "gate" && operation.kind !== "unitary") ||
      (operation.qubits.length <= 3 && imagesOf(operation) !== undefined),
  );
}
