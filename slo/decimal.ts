/**
 * Exact arithmetic for verdicts. A target is a decimal string, counts and weights are integers; every comparison that
 * decides a colour is a cross-multiplication on BigInt. Numbers come out only to be displayed.
 */

/** A non-negative fraction. `den` is positive; not necessarily reduced. */
export interface Rational {
  readonly num: bigint;
  readonly den: bigint;
}

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

/** −1, 0 or 1 as a is below, equal to or above b. */
export function compare(a: Rational, b: Rational): -1 | 0 | 1 {
  const left = a.num * b.den;
  const right = b.num * a.den;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The nearest double, for display only. Exact to one unit in the last place for magnitudes met here. */
export function toNumber(value: Rational): number {
  const scale = 10n ** 18n;
  const whole = value.num / value.den;
  const rest = ((value.num % value.den) * scale) / value.den;
  return Number(whole) + Number(rest) / 1e18;
}
