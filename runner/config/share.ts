import { z } from 'zod';
import { parseDecimal, scaledText, ZERO, type Rational } from '../../slo/decimal.ts';

export const SHARE = 'a share of the budget such as "60%"';

/** "60%" → 60; null: it is none. */
const hundredthsOf = (value: unknown): Rational | null =>
  typeof value === 'string' && value.endsWith('%') ? parseDecimal(value.slice(0, -1)) : null;

/** "60%" → "0.60", exactly; null: it is none above 0. */
export function shareText(value: unknown): string | null {
  const { num, den } = hundredthsOf(value) ?? ZERO;
  return num > 0n ? scaledText(num, String(den).length + 1) : null;
}

/** "60%" → "0.60", exactly; more than the whole is one too. */
export function share() {
  return z
    .custom<string>((value) => shareText(value) !== null, { error: SHARE })
    .transform((value) => shareText(value) ?? '0');
}
