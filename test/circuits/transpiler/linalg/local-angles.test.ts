import fc from "fast-check";
import { expect, test } from "vitest";
import { Circuit } from "../../../../circuits/index.ts";
import { circuitMatrix } from "../../../../circuits/transformations.ts";
import { localAngles } from "../../../../circuits/transpiler/linalg/derived-angles.ts";
import { eulerAngles, ZERO } from "../../../../circuits/transpiler/linalg/two-by-two.ts";

const unitary = (theta: number, phi: number, lambda: number): Float64Array =>
  circuitMatrix(Circuit.build(1, (c) => c.rz(lambda, 0).ry(theta, 0).rz(phi, 0)));

/** The largest difference of two matrices, their global phases made equal. */
function difference(a: Float64Array, b: Float64Array): number {
  let re = 0;
  let im = 0;
  for (let i = 0; i < a.length; i += 2) {
    re += a[i]! * b[i]! + a[i + 1]! * b[i + 1]!;
    im += a[i]! * b[i + 1]! - a[i + 1]! * b[i]!;
  }
  const phase = Math.atan2(im, re);
  const [c, s] = [Math.cos(phase), Math.sin(phase)];
  let worst = 0;
  for (let i = 0; i < a.length; i += 2)
    worst = Math.max(worst, Math.hypot(a[i]! * c - a[i + 1]! * s - b[i]!, a[i]! * s + a[i + 1]! * c - b[i + 1]!));
  return worst;
}

const angle = fc.double({ min: -7, max: 7, noNaN: true });
const near = fc.tuple(fc.constantFrom(0, Math.PI, 2 * Math.PI), fc.double({ min: -17, max: 0, noNaN: true }));
const noise = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 8, maxLength: 8 });

test.each([
  [
    "localAngles",
    (u: Float64Array) => {
      const out = new Float64Array(3);
      localAngles(out, 0, u);
      return [...out] as [number, number, number];
    },
  ],
  [
    "eulerAngles",
    (u: Float64Array) => {
      const { theta, phi, lambda } = eulerAngles(u);
      return [theta, phi, lambda] as [number, number, number];
    },
  ],
] as const)(
  "%s rebuild a one-qubit unitary, also where rounding decides the phases of its small entries",
  (name, anglesOf) => {
    fc.assert(
      fc.property(near, angle, angle, noise, ([turn, exponent], phi, lambda, errors) => {
        const u = unitary(turn + 10 ** exponent, phi, lambda).map((value, i) => value + 1e-15 * errors[i]!);
        // What counts as none at all is dropped.
        expect(difference(unitary(...anglesOf(u)), u)).toBeLessThan(name === "localAngles" ? 2e-14 : 2 * ZERO);
      }),
      { numRuns: 1000 },
    );
  },
);
