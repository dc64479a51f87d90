/** What the faults' schemas share. An issue's message is the *expected* text. */
import { z } from 'zod';
import { parseDuration } from '../../probes/duration.ts';

const isWhole = (ms: number) => Number.isSafeInteger(ms);
const WHOLE = { error: 'a duration of whole milliseconds such as "3s"' };
const PERCENT = /^(\d{1,3}(?:\.\d{1,3})?)%$/;

/** A fault works in whole milliseconds, because that is what injectors take. */
export const time = () =>
  z
    .custom<string>((value) => (parseDuration(value) ?? 0) > 0, { error: 'a duration such as "15s"' })
    .transform((text) => parseDuration(text) ?? 0)
    .refine(isWhole, WHOLE);

/** As `time`, and nothing ("0ms") is allowed. */
export const timeOrNone = () =>
  z
    .custom<string>((value) => isWhole(parseDuration(value) ?? Number.NaN), WHOLE)
    .transform((text) => parseDuration(text) ?? 0);

export const count = (least: number, what: string) =>
  z.int({ error: `a whole number of ${what}` }).min(least, { error: `${least} or more ${what}` });

/** "12.5%" → 12.5, or null. */
export function parsePercent(text: unknown): number | null {
  const match = typeof text === 'string' ? PERCENT.exec(text) : null;
  return match === null ? null : Number(match[1]);
}

/** Above 0 % and at most `most`: a string with a sign in, the number of percent out. */
export const percent = (most = 100) =>
  z
    .custom<string>((value) => isShare(parsePercent(value), most), {
      error: `a share above 0% and at most ${most}% such as "5%"`,
    })
    .transform((text) => parsePercent(text) ?? 0);

const isShare = (value: number | null, most: number) => value !== null && value > 0 && value <= most;
