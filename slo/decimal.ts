/**
 * Exact arithmetic for verdicts. A target is a decimal string, counts and weights are integers; every comparison that
 * decides a colour is a cross-multiplication on BigInt. Numbers come out only to be displayed.
 */

/** A fraction. `den` is positive; not necessarily reduced. */
export interface Rational {
  readonly num: bigint;
  readonly den: bigint;
}

export const ZERO: Rational = { num: 0n, den: 1n };
export const ONE: Rational = { num: 1n, den: 1n };

const DECIMAL = /^(?:0|[1-9]\d*)(?:\.\d+)?$/;

/** Parses "0.999" into 999/1000. Returns null for anything that is not a plain non-negative decimal. */
export function parseDecimal(text: string): Rational | null {
  if (!DECIMAL.test(text)) return null;
  const [whole = '0', fraction = ''] = text.split('.');
  return { num: BigInt(whole + fraction), den: 10n ** BigInt(fraction.length) };
}

/** Like {@link parseDecimal}, for text already validated. @throws RangeError on anything else. */
export function decimal(text: string): Rational {
  const parsed = parseDecimal(text);
  if (parsed === null) throw new RangeError(`not a decimal: ${JSON.stringify(text)}`);
  return parsed;
}

/**
 * The decimal that a finite number is written as: 0.1 becomes 1/10, not the binary fraction beside it. That is what the
 * author of a JSON document meant. @throws RangeError for NaN and the infinities.
 */
export function fromNumber(value: number): Rational {
  if (Number.isSafeInteger(value)) return { num: BigInt(value), den: 1n };
  if (!Number.isFinite(value)) throw new RangeError(`not a finite number: ${value}`);
  const [mantissa = '0', exponent = '0'] = Math.abs(value).toString().split('e');
  const unsigned = multiply(decimal(mantissa), powerOfTen(Number(exponent)));
  return value < 0 ? { num: -unsigned.num, den: unsigned.den } : unsigned;
}

function powerOfTen(exponent: number): Rational {
  const power = 10n ** BigInt(Math.abs(exponent));
  return exponent < 0 ? { num: 1n, den: power } : { num: power, den: 1n };
}

export function rational(num: bigint | number, den: bigint | number = 1n): Rational {
  return { num: BigInt(num), den: BigInt(den) };
}

export function add(a: Rational, b: Rational): Rational {
  return { num: a.num * b.den + b.num * a.den, den: a.den * b.den };
}

export function subtract(a: Rational, b: Rational): Rational {
  return { num: a.num * b.den - b.num * a.den, den: a.den * b.den };
}

export function multiply(a: Rational, b: Rational): Rational {
  return { num: a.num * b.num, den: a.den * b.den };
}

/** @throws RangeError when b is zero. */
export function divide(a: Rational, b: Rational): Rational {
  if (b.num === 0n) throw new RangeError('division by zero');
  const sign = b.num < 0n ? -1n : 1n;
  return { num: a.num * b.den * sign, den: a.den * b.num * sign };
}

/** The same value in lowest terms: for a value that enters a long loop. */
export function reduced(value: Rational): Rational {
  const divisor = greatestCommonDivisor(value.num < 0n ? -value.num : value.num, value.den);
  return divisor === 1n ? value : { num: value.num / divisor, den: value.den / divisor };
}

export function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

/** −1, 0 or 1 as a is below, equal to or above b. */
export function compare(a: Rational, b: Rational): -1 | 0 | 1 {
  const left = a.num * b.den;
  const right = b.num * a.den;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The smallest integer ≥ the value. */
export function ceiling(value: Rational): bigint {
  const whole = value.num / value.den;
  return value.num > 0n && value.num % value.den !== 0n ? whole + 1n : whole;
}

/**
 * The nearest double. Rounding is monotone, so that comparing the result with an integer or a quarter can be off only by
 * half a unit in the last place; verdicts compare rationals all the same.
 */
export function toNumber(value: Rational): number {
  const { num, den } = value;
  if (num === 0n) return 0;
  const magnitude = num < 0n ? -num : num;
  if (magnitude <= EXACT && den <= EXACT) return Number(num) / Number(den);
  // 66 or more significant bits and a sticky last one, so that the one rounding is BigInt's own, to nearest.
  const shift = bits(den) - bits(magnitude) + 66;
  const dividend = shift >= 0 ? magnitude << BigInt(shift) : magnitude;
  const divisor = shift >= 0 ? den : den << BigInt(-shift);
  const sticky = dividend % divisor === 0n ? 0n : 1n;
  const quotient = Number((dividend / divisor) * 2n + sticky) * 2 ** (-shift - 1);
  return num < 0n ? -quotient : quotient;
}

const EXACT = BigInt(Number.MAX_SAFE_INTEGER);

/** Bit length, rounded up to a multiple of four. */
function bits(value: bigint): number {
  return value.toString(16).length * 4;
}

/** Rounded half away from zero to `places` decimals, as a number. */
export function rounded(value: Rational, places: number): number {
  return Number(toFixed(value, places));
}

/** Rounded half away from zero to `places` decimals, as text: toFixed(2/3, 2) = "0.67". */
export function toFixed(value: Rational, places: number): string {
  const scale = 10n ** BigInt(places);
  const magnitude = value.num < 0n ? -value.num : value.num;
  return scaledText((magnitude * scale * 2n + value.den) / (value.den * 2n), places, value.num < 0n);
}

/** `scaled` units of the last place, written with `places` decimals. */
export function scaledText(scaled: bigint, places: number, negative = false): string {
  const digits = scaled.toString().padStart(places + 1, '0');
  const text = places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`;
  return negative && scaled !== 0n ? `-${text}` : text;
}
