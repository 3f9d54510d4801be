import { GradientError } from "../errors.ts";
import { invert } from "./linear-solve.ts";

/** One term of df/dt = Σ coefficient·f(t + shift); shift in radians. */
export interface ShiftTerm {
  readonly coefficient: number;
  readonly shift: number;
}

/** Spreads of the shifts that are tried for frequencies without a common step. */
const SPREADS = 64;

/**
 * The exact rule for the derivative of f(t) = c + Σ_l a_l cos(Ω_l t) + b_l sin(Ω_l t) with the given positive frequencies
 * Ω_l: 2R terms for R frequencies, none for none. Multiples 1..R of one step get the equidistant rule of least variance
 * (Wierichs et al., arXiv:2107.12390, eq. 24), which for R = 1 is the two-term and for R = 2 the four-term rule; other
 * frequencies get shifts at which the linear system of sines gives small coefficients.
 * @throws GradientError SHIFT_RULE_FREQUENCIES unless the frequencies are positive, finite and different
 */
export function shiftRule(frequencies: readonly number[]): readonly ShiftTerm[] {
  const sorted = frequencies.toSorted((a, b) => a - b);
  if (sorted.some((f, i) => !(f > 0) || !Number.isFinite(f) || f === sorted[i - 1]))
    throw new GradientError(
      "SHIFT_RULE_FREQUENCIES",
      `A shift rule needs different, positive, finite frequencies, not [${frequencies.join(", ")}].`,
    );
  if (sorted.length === 0) return [];
  const step = sorted[0]!;
  const equidistant = sorted.every((f, i) => Math.abs(f - (i + 1) * step) <= 1e-12 * f);
  return equidistant ? equidistantRule(sorted.length, step) : bestGeneralRule(sorted);
}

/** f'(t) = Σ_μ (-1)^(μ-1) step / (4R sin²(s_μ step/2)) · f(t + s_μ), s_μ = (2μ-1)π/(2R·step), taken between ±π/step. */
function equidistantRule(count: number, step: number): readonly ShiftTerm[] {
  const terms: ShiftTerm[] = [];
  for (let mu = 1; mu <= count; mu++) {
    const angle = ((2 * mu - 1) * Math.PI) / (2 * count);
    const coefficient = ((mu % 2 === 1 ? 1 : -1) * step) / (4 * count * Math.sin(angle / 2) ** 2);
    terms.push({ coefficient, shift: angle / step }, { coefficient: -coefficient, shift: -angle / step });
  }
  return terms;
}

/**
 * The rule Σ_μ y_μ (f(t + s_μ) - f(t - s_μ)) for chosen shifts, one a frequency: 2 Σ_μ y_μ sin(Ω_l s_μ) = Ω_l.
 * @throws GradientError SHIFT_RULE_SINGULAR when the shifts cannot tell the frequencies apart
 */
export function generalShiftRule(frequencies: readonly number[], shifts: readonly number[]): readonly ShiftTerm[] {
  const rule = shifts.length === frequencies.length ? solveRule(frequencies, shifts) : undefined;
  if (rule === undefined)
    throw new GradientError(
      "SHIFT_RULE_SINGULAR",
      `Shifts [${shifts.join(", ")}] do not determine the derivative for frequencies [${frequencies.join(", ")}]; give as many shifts as frequencies, at which their sines are independent.`,
    );
  return rule;
}

function solveRule(frequencies: readonly number[], shifts: readonly number[]): readonly ShiftTerm[] | undefined {
  const n = frequencies.length;
  const inverse = invert(
    Float64Array.from({ length: n * n }, (_, i) => sine(frequencies, shifts, i)),
    n,
  );
  return inverse === undefined
    ? undefined
    : shifts.flatMap((shift, mu) => {
        let coefficient = 0;
        for (let l = 0; l < n; l++) coefficient += (inverse[mu * n + l]! * frequencies[l]!) / 2;
        return [
          { coefficient, shift },
          { coefficient: -coefficient, shift: -shift },
        ];
      });
}

function sine(frequencies: readonly number[], shifts: readonly number[], index: number): number {
  return Math.sin(frequencies[Math.floor(index / shifts.length)]! * shifts[index % shifts.length]!);
}

/** Equally spaced shifts, their spread chosen for the smallest Σ coefficient², the variance with equal noise everywhere. */
function bestGeneralRule(frequencies: readonly number[]): readonly ShiftTerm[] {
  const n = frequencies.length;
  let best: readonly ShiftTerm[] | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (let k = 1; k <= SPREADS; k++) {
    const spread = (2 * Math.PI * k) / (SPREADS * frequencies[0]!);
    const shifts = frequencies.map((_, mu) => ((mu + 0.5) / n) * spread);
    const rule = solveRule(frequencies, shifts);
    const variance = rule?.reduce((sum, { coefficient }) => sum + coefficient ** 2, 0) ?? Number.POSITIVE_INFINITY;
    if (rule === undefined || !(variance < least)) continue;
    best = rule;
    least = variance;
  }
  if (best !== undefined) return best;
  throw new GradientError(
    "SHIFT_RULE_FREQUENCIES",
    `Frequencies [${frequencies.join(", ")}] are too close to each other for a shift rule.`,
  );
}
