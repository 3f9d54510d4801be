/** Binary places of the fixed-point numbers below. */
const PLACES = 320n;
const ONE = 1n << PLACES;

/** arctan(1/x) as a fixed-point number, by its series. */
function arctanOfInverse(x: bigint): bigint {
  let power = ONE / x;
  let sum = power;
  for (let k = 3n, sign = -1n; power !== 0n; k += 2n, sign = -sign) {
    power /= x * x;
    sum += (sign * power) / k;
  }
  return sum;
}

/** π by Machin's formula (1706). */
const PI = 4n * (4n * arctanOfInverse(5n) - arctanOfInverse(239n));

/** A double as a fixed-point number, exactly where it is a multiple of 2^-320. */
function fixed(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const exponent = Number((bits >> 52n) & 0x7ffn);
  const mantissa = (bits & 0xfffffffffffffn) | (exponent === 0 ? 0n : 1n << 52n);
  const shift = PLACES + BigInt(Math.max(exponent, 1) - 1075);
  const size = shift >= 0n ? mantissa << shift : mantissa >> -shift;
  return value < 0 ? -size : size;
}

/** sin or cos of a small angle by its Taylor series; `start` is the first power. */
function taylor(angle: bigint, start: 0n | 1n): bigint {
  const square = (angle * angle) >> PLACES;
  let term = start === 0n ? ONE : angle;
  let sum = term;
  for (let k = start + 1n; term !== 0n && term !== -1n; k += 2n) {
    term = -((term * square) >> PLACES) / (k * (k + 1n));
    sum += term;
  }
  return sum;
}

/** The cosine and sine of a double to more than 250 binary places, in plain integers. */
export function exactCosAndSin(angle: number): { readonly cos: bigint; readonly sin: bigint } {
  const x = fixed(angle);
  const half = PI / 2n;
  const turns = (2n * x + (x < 0n ? -half : half)) / (2n * half);
  const rest = x - turns * half;
  const [c, s] = [taylor(rest, 0n), taylor(rest, 1n)];
  switch (Number(((turns % 4n) + 4n) % 4n)) {
    case 0:
      return { cos: c, sin: s };
    case 1:
      return { cos: -s, sin: c };
    case 2:
      return { cos: -c, sin: -s };
    default:
      return { cos: s, sin: -c };
  }
}

/** How far a double is from the exact value, in units in the last place of the double nearest to that. */
export function ulpsFrom(exact: bigint, value: number): number {
  const nearest = Number(exact) / 2 ** Number(PLACES);
  const exponent = Math.max(-1022, Math.floor(Math.log2(Math.abs(nearest))));
  const ulp = 2 ** (exponent - 52);
  const difference = fixed(value) - exact;
  return Math.abs(Number(difference) / 2 ** Number(PLACES)) / ulp;
}
