import { describe, expect, test } from "vitest";
import { GATES, type GateName, type Matrix, Rng } from "../../../../circuits/index.ts";
import { rotation2 } from "../../../../circuits/transpiler/linalg/constants.ts";
import { chainAngles } from "../../../../circuits/transpiler/linalg/derived-angles.ts";
import { multiply4, phaseFreeDistance, tensor } from "../../../../circuits/transpiler/linalg/four-by-four.ts";
import { canonicalGate, entanglerCount, KakDecomposition } from "../../../../circuits/transpiler/linalg/kak.ts";
import { angleAbout, axisOf, eulerAngles, product2 } from "../../../../circuits/transpiler/linalg/two-by-two.ts";
import { haarUnitary } from "../../../support/haar.ts";

/** The bar is 10^5; `HAAR_UNITARIES=100000` runs it. */
const NUM_HAAR = Number(process.env.HAAR_UNITARIES ?? 3000);
const { PI } = Math;

function dressed(rng: Rng, core: Matrix): Matrix {
  const work = new Float64Array(32);
  const out = new Float64Array(32);
  multiply4(work, tensor(haarUnitary(rng, 2), haarUnitary(rng, 2)), core);
  multiply4(out, work, tensor(haarUnitary(rng, 2), haarUnitary(rng, 2)));
  return out;
}

function inChamber([x, y, z]: Float64Array): boolean {
  return x! <= PI / 4 + 1e-12 && x! >= y! - 1e-12 && y! >= Math.abs(z!) - 1e-12;
}

describe("the Cartan decomposition", () => {
  const kak = new KakDecomposition();

  test(`rebuilds ${NUM_HAAR} random unitaries, folded and not`, () => {
    const rng = Rng.seed("haar");
    let worst = 0;
    for (let i = 0; i < NUM_HAAR; i++) {
      const u = haarUnitary(rng, 4);
      kak.decompose(u);
      worst = Math.max(worst, phaseFreeDistance(u, kak.rebuild()));
      kak.fold();
      worst = Math.max(worst, phaseFreeDistance(u, kak.rebuild()));
      expect(inChamber(kak.coordinates)).toBe(true);
      expect(entanglerCount(kak.coordinates)).toBe(3);
    }
    expect(worst).toBeLessThan(1e-12);
  });

  test.each([
    ["cx", 1],
    ["cz", 1],
    ["cy", 1],
    ["ch", 1],
    ["ecr", 1],
    ["cs", 2],
    ["csx", 2],
    ["iswap", 2],
    ["swap", 3],
  ] as const)("%s takes %i", (gate: GateName, count) => {
    const u = (GATES[gate].matrix as () => Matrix)();
    kak.decompose(u);
    kak.fold();
    expect(phaseFreeDistance(u, kak.rebuild())).toBeLessThan(1e-12);
    expect(entanglerCount(kak.coordinates)).toBe(count);
  });

  test("is exact on the walls of the chamber, beside them and in its corners", () => {
    const rng = Rng.seed("walls");
    const values = [0, 1e-8, -1e-8, 1e-12, PI / 4, PI / 4 - 1e-8, PI / 4 + 1e-8, PI / 8, 0.3, PI / 2];
    for (const x of values)
      for (const y of values)
        for (const z of values) {
          const u = dressed(rng, canonicalGate([x, y, z]));
          kak.decompose(u);
          kak.fold();
          expect(inChamber(kak.coordinates)).toBe(true);
          expect(phaseFreeDistance(u, kak.rebuild())).toBeLessThan(1e-12);
        }
  });

  test("finds the class of dressed gates", () => {
    const rng = Rng.seed("classes");
    const classes = [
      [[0, 0, 0], 0],
      [[PI / 4, 0, 0], 1],
      [[0, PI / 4, PI / 2], 1],
      [[0.3, 0, 0], 2],
      [[0.3, PI / 2, 0.1], 2],
      [[PI / 4, PI / 4, 0], 2],
      [[0.3, 0.2, 0.1], 3],
      [[0.3, 0.2, 1e-8], 3],
      [[PI / 4, PI / 4, PI / 4], 3],
    ] as const;
    for (const [coordinates, count] of classes)
      for (let i = 0; i < 20; i++) {
        kak.decompose(dressed(rng, canonicalGate(coordinates)));
        kak.fold();
        expect(entanglerCount(kak.coordinates)).toBe(count);
      }
  });

  test("refuses what is far from unitary", () => {
    const u = Float64Array.from({ length: 32 }, (_, i) => (i % 7) - 3);
    expect(() => kak.decompose(u)).toThrow(expect.objectContaining({ code: "KAK_NOT_UNITARY" }));
  });
});

describe("one-qubit unitaries", () => {
  const rebuilt = (theta: number, phi: number, lambda: number): Matrix =>
    product2(rotation2("Z", phi), rotation2("Y", theta), rotation2("Z", lambda));

  test("come from their Euler angles, on the poles too", () => {
    const rng = Rng.seed("euler");
    const special = [0, 1e-9, PI / 2, PI, PI - 1e-9];
    for (let i = 0; i < 300; i++) {
      const u =
        i < 100
          ? haarUnitary(rng, 2)
          : rebuilt(special[i % special.length]!, 4 * rng.normal(), special[rng.integer(special.length)]!);
      const { theta, phi, lambda } = eulerAngles(u);
      expect(phaseFreeDistance(u, rebuilt(theta, phi, lambda))).toBeLessThan(1e-10);
    }
  });

  test("show their axis and angle", () => {
    for (const axis of ["X", "Y", "Z"] as const)
      for (const angle of [-3, -PI / 2, 1e-6, 0.3, PI / 2, 3]) {
        const u = rotation2(axis, angle);
        expect(axisOf(u)).toBe(axis);
        expect(angleAbout(u, axis)).toBeCloseTo(angle, 12);
      }
    expect(axisOf(rotation2("X", 2 * PI))).toBe("I");
    expect(axisOf(rebuilt(0.3, 0.2, 0.1))).toBe("none");
  });

  test("chains of turns become one Z-Y-Z form", () => {
    const rng = Rng.seed("chains");
    const out = new Float64Array(3);
    for (let i = 0; i < 200; i++) {
      const length = 1 + rng.integer(4);
      const pick = (): number => [0, PI / 2, PI, rng.normal(), -PI / 2][rng.integer(5)]!;
      const turns = Array.from({ length }, pick);
      const angles = Array.from({ length: length - 1 }, pick);
      let u = rotation2("Y", turns[0]!);
      for (const [k, angle] of angles.entries()) u = product2(rotation2("Y", turns[k + 1]!), rotation2("Z", angle), u);
      chainAngles(out, turns, angles);
      expect(phaseFreeDistance(u, rebuilt(out[0]!, out[1]!, out[2]!))).toBeLessThan(1e-12);
    }
  });
});
