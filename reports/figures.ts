/** How figures read. Fixed to one locale and to UTC, so that the same data gives the same bytes everywhere. */
import { allowance, attainment, formatPercent, RED_ABOVE, shareOf, YELLOW_FROM } from '../slo/budget.ts';
import { compare, decimal, fromNumber, multiply, ONE, rational, toFixed, type Rational } from '../slo/decimal.ts';
import type { Status } from '../slo/status.ts';

/** 1234567 → "1,234,567". */
export function count(value: number | bigint): string {
  return grouped(typeof value === 'number' ? String(Math.round(value)) : value.toString());
}

function grouped(digits: string): string {
  const [whole = '0', fraction] = digits.split('.');
  const parts = whole.replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
  return fraction === undefined ? parts : `${parts}.${fraction}`;
}

/** A share of counts, which stand next to it, always: "99.999 %". */
export function percentOf(part: number | bigint, whole: number | bigint): string {
  return whole === 0 || whole === 0n ? '–' : formatPercent(rational(part, whole));
}

/** "99.100 % (991 / 1,000)". */
export function shareText(part: number, whole: number): string {
  const counts = `${count(part)} / ${count(whole)}`;
  return whole === 0 ? `– (${counts})` : `${percentOf(part, whole)} (${counts})`;
}

/** A ratio that was computed as a number, such as an end of an interval; null is "–". */
export function percent(ratio: number | null): string {
  return ratio === null || !Number.isFinite(ratio) ? '–' : formatPercent(ratio);
}

/** A target, exactly: "0.9995" → "99.95 %". */
export function targetPercent(target: string): string {
  return `${trimmed(toFixed(multiply(decimal(target), rational(100)), target.length))} %`;
}

/** 1 − target, exactly: "0.9995" → "0.05 %". */
export function budgetPercent(target: string): string {
  return `${trimmed(toFixed(multiply(allowance(decimal(target)), rational(100)), target.length))} %`;
}

function trimmed(digits: string): string {
  return digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits;
}

/** Good ÷ valid by weight, on its own side of what was required: a miss by a hair never reads as the target itself. */
export function attainmentPercent(
  status: Pick<Status, 'tally' | 'attainment' | 'objective'> & Partial<Pick<Status, 'required' | 'versions'>>,
): string {
  if (status.attainment === null) return '–';
  const exact = attainment(shareOf(status.tally)) ?? fromNumber(status.attainment);
  const { objective, required = null, versions = [] } = status;
  const rail = versions.length > 1 && required !== null ? fromNumber(required) : decimal(objective.target);
  return railed(exact, [rail], 3);
}

// The guard rails of the policy, and exhaustion, in shares of the budget.
const RAILS = [YELLOW_FROM, RED_ABOVE, ONE];

/** Share of the budget consumed, on its own side of 25, 75 and 100 %: what is Red for 75.0004 % must not read "75.0 %". */
export function consumedPercent(consumed: number | null): string {
  return consumed === null || !Number.isFinite(consumed) ? '–' : railed(fromNumber(consumed), RAILS, 1);
}

/** As many decimals, from `places` on, as it takes to stay on the same side of every rail. */
function railed(exact: Rational, rails: readonly Rational[], places: number): string {
  const sides = (value: Rational) => rails.map((rail) => compare(value, rail)).join();
  let shown = '';
  for (const more of [0, 1, 2, 3, 4, 5, 6, 7, 8]) {
    shown = formatPercent(exact, places + more);
    const read = multiply(decimal(shown.slice(0, -2)), rational(1, 100));
    if (sides(read) === sides(exact)) break;
  }
  return shown;
}

export function burnText(burn: number | null): string {
  return burn === null || !Number.isFinite(burn) ? '–' : `${grouped(burn.toFixed(burn < 10 ? 2 : 1))}×`;
}

/** A latency or an age: "0.42 ms", "412 ms", "3.20 s". */
export function latency(ms: number | null): string {
  if (ms === null || !Number.isFinite(ms)) return '–';
  const size = Math.abs(ms);
  if (size >= 9_999.5) return `${grouped((ms / 1000).toFixed(size >= 99_950 ? 0 : 1))} s`;
  return `${grouped(ms.toFixed(size < 1 ? 2 : size < 10 ? 1 : 0))} ms`;
}

/** A stretch of time: "850 ms", "12.3 s", "2 min 5 s", "3 h 20 min", "4 d 3 h". */
export function span(ms: number | null): string {
  if (ms === null || !Number.isFinite(ms)) return '–';
  if (ms < 0) return `−${span(-ms)}`;
  if (ms < 999.5) return `${trimmed(ms.toFixed(ms < 10 ? 1 : 0))} ms`;
  if (ms < 59_950) return `${trimmed((ms / 1000).toFixed(1))} s`;
  for (const [big, bigName, small, smallName] of SPANS) {
    const parts = Math.round(ms / small);
    if (parts * small < big.limit || big.limit === 0) {
      const perBig = big.ms / small;
      const rest = parts % perBig;
      return `${count(Math.floor(parts / perBig))} ${bigName}${rest === 0 ? '' : ` ${rest} ${smallName}`}`;
    }
  }
  return `${count(ms)} ms`;
}

const SPANS = [
  [{ ms: 60_000, limit: 3_600_000 }, 'min', 1000, 's'],
  [{ ms: 3_600_000, limit: 86_400_000 }, 'h', 60_000, 'min'],
  [{ ms: 86_400_000, limit: 0 }, 'd', 3_600_000, 'h'],
] as const;

/** Policy hours until a budget is gone: "19 h", "12 d 4 h". */
export function hours(value: number | null): string {
  return value === null ? '–' : span(value * 3_600_000);
}

/** "+12.3 s", "−0.4 s": a moment counted from another one. */
export function offset(ms: number): string {
  return `${ms < 0 ? '−' : '+'}${seconds(Math.abs(ms))}`;
}

/** A measured time of an exercise, to a tenth of a second as long as that says anything: "12.3 s", "14 min 5 s". */
export function seconds(ms: number): string {
  return ms < 600_000 ? `${(ms / 1000).toFixed(1)} s` : span(ms);
}

/** "2026-11-23 18:46:25 UTC". */
export function utc(ms: number): string {
  const iso = isoOf(ms);
  return iso === null ? '–' : `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
}

/** "2026-11-23", or "2026-11-23 18:46 UTC" within a day: from when on a target holds. */
export function utcMinute(ms: number): string {
  const [day, time] = [utcDay(ms), utcTime(ms).slice(0, 5)];
  return time === '00:00' ? day : `${day} ${time} UTC`;
}

/**
 * A half-open stretch as people say it: whole days by the first and the last of them, "2026-11-01 to 2026-11-30"; anything
 * else by its times, "2026-11-28 09:00 to 21:30 UTC", "2026-11-28 21:00 to 2026-11-29 09:00 UTC".
 */
export function utcRange(fromMs: number, toMs: number): string {
  const [day, lastDay] = [utcDay(fromMs), utcDay(toMs - 1)];
  if (isMidnight(fromMs) && isMidnight(toMs) && fromMs < toMs) return day === lastDay ? day : `${day} to ${lastDay}`;
  const isWhole = fromMs % 60_000 === 0 && toMs % 60_000 === 0;
  const [from, to] = [fromMs, toMs].map((ms) => utcTime(ms).slice(0, isWhole ? 5 : 8));
  return `${day} ${from} to ${day === utcDay(toMs) ? '' : `${utcDay(toMs)} `}${to} UTC`;
}

function isMidnight(ms: number): boolean {
  return ms % 86_400_000 === 0;
}

/** "18:46:25.120", for tables whose day is said elsewhere. */
export function utcTime(ms: number): string {
  return isoOf(ms)?.slice(11, 23) ?? '–';
}

export function utcDay(ms: number): string {
  return isoOf(ms)?.slice(0, 10) ?? '–';
}

function isoOf(ms: number): string | null {
  // Rounded, so that a stamp with fractions never prints the millisecond before it.
  const date = new Date(Math.round(ms));
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

/** "1 run", "2 runs". */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}
