import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { KernelEmitter } from "../../../providers/simulator/kernels/kernel.ts";
import { emitTileCopy, tilePlaceTwin } from "../../../providers/simulator/kernels/tile-copy.ts";
import { emitTileGradients, tileRotationTwin } from "../../../providers/simulator/kernels/tile-gradients.ts";
import {
  addScaledTwin,
  emitTileObservable,
  overlapsTwin,
} from "../../../providers/simulator/kernels/tile-observable.ts";
import { emitTilePermute, permutePhasesTwin } from "../../../providers/simulator/kernels/tile-permute.ts";
import { emitTilePhases, tilePhasesTwin } from "../../../providers/simulator/kernels/tile-phases.ts";
import { emitTileUnitary, tileUnitaryTwin } from "../../../providers/simulator/kernels/tile-unitary.ts";
import { haarUnitary } from "../../support/haar.ts";
import { DOUBLE_TARGETS, KernelBench, TARGETS } from "../../support/kernel-bench.ts";

const options = { numRuns: 100, seed: 4 };
const tiles = fc.record({
  target: fc.constantFrom(...DOUBLE_TARGETS),
  seed: fc.integer(),
  numQubits: fc.integer({ min: 1, max: 7 }),
});
type Tile = typeof tiles extends fc.Arbitrary<infer Value> ? Value : never;

/** Runs a property over random tiles, each with an emitter's kernels alone. */
function forTiles(emit: KernelEmitter, check: (bench: KernelBench, size: number, tile: Tile) => void): void {
  fc.assert(
    fc.property(tiles, (tile) => {
      check(new KernelBench(emit, tile.target, tile.seed), 2 ** tile.numQubits, tile);
    }),
    options,
  );
}

const maskOf = (qubits: readonly number[]): number => qubits.reduce((mask, qubit) => mask | (1 << qubit), 0);

/** Phases as pairPhases leaves them. */
const paired = (table: Float64Array): Float64Array => table.map((_, k) => table[4 * (k >> 2) + [0, 2, 1, 3][k & 3]!]!);

test("tiles are of double precision: modules of single precision do without", () => {
  for (const target of TARGETS.filter(({ realBits }) => realBits === 32))
    expect(() => new KernelBench(emitTilePhases, target, 1).run("tilePhases", [0, 0, 32], [])).toThrow(TypeError);
});

test("gatherTile and scatterTile copy the amplitudes whose outer bits are those of the place", () => {
  forTiles(emitTileCopy, (bench, _, { numQubits }) => {
    const total = numQubits + 2;
    const runQubits = 1 + bench.rng.integer(numQubits);
    const inner = maskOf([...Array(total).keys()].slice(0, runQubits)) | bench.rng.integer(2 ** total);
    const outer = (2 ** total - 1) & ~inner & bench.rng.integer(2 ** total);
    const bits = inner.toString(2).replaceAll("0", "").length;
    const state = bench.random(2 * 2 ** total);
    const tile = bench.random(2 * 2 ** bits);
    const [stateAt, tileAt] = [bench.reals(state), bench.reals(tile)];
    const run = 16 * 2 ** runQubits;
    const args = [stateAt + 16 * outer, tileAt, 16 * 2 ** bits, run, 16 * (2 ** total - 1 - inner) + run - 1];
    const expected = state.slice();
    for (let i = 0; i < 2 ** bits; i++)
      expected.set(tile.subarray(2 * i, 2 * i + 2), 2 * (outer | tilePlaceTwin(i, inner)));
    bench.run("scatterTile", args, [[stateAt, state.length]]);
    bench.expectReals(stateAt, expected, 0);
    bench.run("gatherTile", args, [[tileAt, tile.length]]);
    bench.expectReals(tileAt, tile, 0);
  });
});

test("warmTile changes nothing but the unit that has no meaning", () => {
  forTiles(emitTileCopy, (bench) => {
    const tile = bench.random(2 * 64);
    const [at, out] = [bench.reals(tile), bench.reals(new Float64Array(2))];
    bench.run("warmTile", [at, 16 * 64, out], [[out, 2]]);
    bench.expectReals(at, tile, 0);
  });
});

describe("phases", () => {
  test("pairPhases puts two phases side by side, and tilePhases and its conjugate equal their twin with them", () => {
    forTiles(emitTilePhases, (bench, size) => {
      const [state, table] = [bench.random(2 * size), bench.random(2 * size)];
      const [at, tableAt] = [bench.reals(state), bench.reals(table)];
      bench.run("pairPhases", [tableAt, 16 * size], [[tableAt, 2 * size]]);
      bench.expectReals(tableAt, paired(table), 0);
      bench.run("tilePhases", [at, tableAt, 16 * size], [[at, 2 * size]]);
      tilePhasesTwin(state, table, 1);
      bench.expectReals(at, state, 4);
      bench.run("tilePhasesConjugate", [at, tableAt, 16 * size], [[at, 2 * size]]);
      tilePhasesTwin(state, table, -1);
      bench.expectReals(at, state, 8);
    });
  });

  test("maskPhases, productPhases and scaleUnits equal tables of what they multiply", () => {
    forTiles(emitTilePhases, (bench, size, { numQubits }) => {
      const state = bench.random(2 * size);
      const at = bench.reals(state);
      const written = [[at, 2 * size]] as const;
      const mask = bench.rng.integer(size);
      const [c, s] = bench.random(2) as unknown as [number, number];
      const masked = Float64Array.from({ length: 2 * size }, (_, k) =>
        ((k >> 1) & mask) === mask ? [c, s][k & 1]! : [1, 0][k & 1]!,
      );
      bench.run("maskPhases", [at, 16 * size, 16 * mask, c, s], written);
      tilePhasesTwin(state, masked, 1);
      bench.expectReals(at, state, 4);

      const lowQubits = bench.rng.integer(numQubits + 1);
      const lowSize = 2 ** lowQubits;
      const [low, high] = [bench.random(2 * lowSize), bench.random((2 * size) / lowSize)];
      const product = new Float64Array(2 * size);
      for (let i = 0; i < size; i++) {
        const [a, b] = [2 * (i % lowSize), 2 * Math.floor(i / lowSize)];
        product[2 * i] = low[a]! * high[b]! - low[a + 1]! * high[b + 1]!;
        product[2 * i + 1] = low[a]! * high[b + 1]! + low[a + 1]! * high[b]!;
      }
      bench.run("productPhases", [at, bench.reals(low), 16 * lowSize, bench.reals(high), 16 * size, 0.5], written);
      tilePhasesTwin(
        state,
        product.map((x) => 0.5 * x),
        1,
      );
      bench.expectReals(at, state, 16);

      bench.run("scaleUnits", [at, 16 * size, -0.3], written);
      bench.expectReals(
        at,
        state.map((x) => -0.3 * x),
        16,
      );
    });
  });
});

test("permuteUnits and permutePhases equal their twin, unpermuteUnits and unpermutePhases undo them", () => {
  forTiles(emitTilePermute, (bench, size) => {
    const [state, table] = [bench.random(2 * size), bench.random(2 * size)];
    const ones = Float64Array.from({ length: 2 * size }, (_, k) => 1 - (k & 1));
    const permutation = bench.rng.permutation(size);
    const places = bench.indices([...permutation].map((place) => 16 * place));
    const [from, to, back] = [bench.reals(state), bench.reals(state), bench.reals(state)];
    const tableAt = bench.reals(paired(table));
    const norms = Float64Array.from({ length: 2 * size }, (_, k) => table[k & ~1]! ** 2 + table[k | 1]! ** 2);

    bench.run("permuteUnits", [from, to, places, 16 * size, 0.75], [[to, 2 * size]]);
    bench.expectReals(to, permutePhasesTwin(state, permutation, ones, 0.75), 2);
    bench.run("unpermuteUnits", [to, back, places, 16 * size, 2], [[back, 2 * size]]);
    bench.expectReals(
      back,
      state.map((x) => 1.5 * x),
      4,
    );
    bench.run("permutePhases", [from, to, places, tableAt, 16 * size], [[to, 2 * size]]);
    bench.expectReals(to, permutePhasesTwin(state, permutation, table, 1), 4);
    bench.run("unpermutePhases", [to, back, places, tableAt, 16 * size], [[back, 2 * size]]);
    bench.expectReals(
      back,
      state.map((x, k) => norms[k]! * x),
      16,
    );
  });
});

describe("gradients", () => {
  test("tileRotation1, 2, 3 add what their twin finds for each rotation", () => {
    forTiles(emitTileGradients, (bench, size, { numQubits }) => {
      const [psi, lambda] = [bench.random(2 * size), bench.random(2 * size)];
      const qubits = [...bench.rng.permutation(numQubits)].slice(0, 1 + bench.rng.integer(Math.min(3, numQubits)));
      const before = bench.random(qubits.length);
      const out = bench.reals(before);
      const strides = qubits.map((qubit) => 16 * 2 ** qubit);
      bench.run(
        `tileRotation${qubits.length}`,
        [bench.reals(psi), bench.reals(lambda), 16 * size, ...strides, out],
        [[out, qubits.length]],
      );
      const expected = before.map((x, k) => x + tileRotationTwin(psi, lambda, strides[k]!));
      bench.expectReals(out, expected, 4 * size);
    });
  });

  test("tilePhaseGradient adds half the derivative of each phase", () => {
    forTiles(emitTileGradients, (bench, size) => {
      const [psi, lambda, sums] = [bench.random(2 * size), bench.random(2 * size), bench.random(size)];
      const at = bench.reals(sums);
      bench.run("tilePhaseGradient", [bench.reals(psi), bench.reals(lambda), at, 16 * size], [[at, size]]);
      const expected = sums.map((sum, i) => sum + lambda[2 * i + 1]! * psi[2 * i]! - lambda[2 * i]! * psi[2 * i + 1]!);
      bench.expectReals(at, expected, 4);
    });
  });

  test("foldBits finds the sum of all numbers and those of single bits", () => {
    forTiles(emitTileGradients, (bench, size, { numQubits }) => {
      const numbers = bench.random(size);
      const at = bench.reals(numbers);
      const out = bench.reals(new Float64Array(numQubits + 1));
      bench.run(
        "foldBits",
        [at, 8 * size, out + 8 * numQubits],
        [
          [at, size],
          [out, numQubits + 1],
        ],
      );
      const sumOf = (mask: number): number => numbers.reduce((sum, x, i) => ((i & mask) === mask ? sum + x : sum), 0);
      bench.expectReals(
        out,
        Float64Array.from({ length: numQubits + 1 }, (_, k) => sumOf(k === 0 ? 0 : 1 << (k - 1))),
        2 * size,
      );
    });
  });
});

test("unitary1 and unitary equal their twin, with controls", () => {
  forTiles(emitTileUnitary, (bench, size, { numQubits }) => {
    const state = bench.random(2 * size);
    const order = [...bench.rng.permutation(numQubits)];
    const own = order.slice(0, 1 + bench.rng.integer(Math.min(3, numQubits)));
    const controls = maskOf(order.slice(own.length, own.length + bench.rng.integer(3)));
    const matrix = haarUnitary(bench.rng, 2 ** own.length);
    const spread = [...matrix].flatMap((re, k) => (k % 2 === 0 ? [re, re, -matrix[k + 1]!, matrix[k + 1]!] : []));
    const places = Array.from({ length: 2 ** own.length }, (_, local) =>
      maskOf(own.filter((__, k) => (local >> k) & 1)),
    );
    const occupied = maskOf(own) | controls;
    const twin = state.slice();
    tileUnitaryTwin(
      twin,
      places.map((place) => place | controls),
      occupied,
      matrix,
    );
    const at = bench.reals(state);
    const matrixAt = bench.reals(spread);
    const scratch = bench.reals(new Float64Array(2 * places.length));
    const placesAt = bench.indices(places.map((place) => 16 * place));
    bench.run(
      "unitary",
      [at, 16 * size, 16 * occupied, 16 * controls, places.length, placesAt, matrixAt, scratch],
      [
        [at, 2 * size],
        [scratch, 2 * places.length],
      ],
    );
    bench.expectReals(at, twin, 32);
    if (own.length > 1) return;
    const single = bench.reals(state);
    bench.run("unitary1", [single, 16 * size, 16 * maskOf(own), 16 * controls, matrixAt], [[single, 2 * size]]);
    bench.expectReals(single, twin, 8);
  });
});

describe.each(["Real", "Imaginary"])("observables, %s", (part) => {
  const imaginary = part === "Imaginary";

  test("overlaps and their sums equal their twin", () => {
    forTiles(emitTileObservable, (bench, size) => {
      const [psi, other] = [bench.random(2 * size), bench.random(2 * size)];
      const flip = bench.rng.integer(size);
      const out = bench.reals(new Float64Array(size));
      const sum = bench.reals([0.25]);
      const args = [bench.reals(psi), bench.reals(other), 16 * flip, 16 * size];
      const expected = overlapsTwin(psi, other, flip, imaginary);
      bench.run(`overlaps${part}`, [...args, out], [[out, size]]);
      bench.expectReals(out, expected, 4);
      bench.run(`overlapSum${part}`, [...args, sum], [[sum, 1]]);
      bench.expectReals(sum, Float64Array.of(expected.reduce((a, b) => a + b, 0.25)), 4 * size);
    });
  });

  test("addScaled equals its twin, addFlipped does with the same number everywhere", () => {
    forTiles(emitTileObservable, (bench, size) => {
      const [psi, lambda, numbers] = [bench.random(2 * size), bench.random(2 * size), bench.random(size)];
      const flip = bench.rng.integer(size);
      const at = bench.reals(lambda);
      const psiAt = bench.reals(psi);
      bench.run(`addScaled${part}`, [at, psiAt, 16 * flip, 16 * size, bench.reals(numbers)], [[at, 2 * size]]);
      addScaledTwin(lambda, psi, flip, numbers, imaginary);
      bench.expectReals(at, lambda, 4);
      bench.run(`addFlipped${part}`, [at, psiAt, 16 * flip, 16 * size, 0.7], [[at, 2 * size]]);
      addScaledTwin(lambda, psi, flip, new Float64Array(size).fill(0.7), imaginary);
      bench.expectReals(at, lambda, 8);
    });
  });
});

test("signPattern is a row of the matrix of signs, addNumbers and addProducts add", () => {
  forTiles(emitTileObservable, (bench, size) => {
    const [a, b] = [bench.random(size), bench.random(size)];
    const z = bench.rng.integer(size);
    const [at, other] = [bench.reals(a), bench.reals(b)];
    const out = bench.reals([0.5]);
    bench.run("addProducts", [at, other, 8 * size, out], [[out, 1]]);
    bench.expectReals(out, Float64Array.of(a.reduce((sum, x, i) => sum + x * b[i]!, 0.5)), 2 * size);
    bench.run("signPattern", [at, 8 * size, 8 * z, 0.3], [[at, size]]);
    const signs = a.map((_, i) => ((i & z).toString(2).replaceAll("0", "").length % 2 === 0 ? 0.3 : -0.3));
    bench.expectReals(at, signs, 0);
    bench.run("addNumbers", [at, other, 8 * size], [[at, size]]);
    bench.expectReals(
      at,
      signs.map((x, i) => x + b[i]!),
      2,
    );
  });
});

test("tileTransform is the matrix of signs, and twice it is the identity times the size", () => {
  forTiles(emitTileObservable, (bench, size) => {
    const numbers = bench.random(size);
    const at = bench.reals(numbers);
    bench.run("tileTransform", [at, 8 * size], [[at, size]]);
    const sign = (i: number, m: number): number => ((i & m).toString(2).replaceAll("0", "").length % 2 === 0 ? 1 : -1);
    const expected = numbers.map((_, m) => numbers.reduce((sum, x, i) => sum + sign(i, m) * x, 0));
    bench.expectReals(at, expected, 2 * size);
    bench.run("tileTransform", [at, 8 * size], [[at, size]]);
    bench.expectReals(
      at,
      numbers.map((x) => size * x),
      4 * size * size,
    );
  });
});
