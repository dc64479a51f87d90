/** When somebody is at work: by the clock on the office's wall, daylight saving and holidays included. */
import { localDay, toInstant } from '../../probes/market-data/local-time.ts';

export interface BusinessHours {
  readonly timezone: string;
  /** 0 is Sunday. */
  readonly weekdays: ReadonlySet<number>;
  /** Minutes since midnight. */
  readonly fromMinutes: number;
  readonly toMinutes: number;
  /** Dates such as "2026-12-25". */
  readonly holidays: ReadonlySet<string>;
}

/** Nobody is on holiday for longer; past that, time is time. */
const MOST_DAYS = 400;

/** The instant at which `ms` of business time have passed since `sinceMs`. */
export function afterBusinessTime(hours: BusinessHours, sinceMs: number, ms: number): number {
  let left = ms;
  const today = localDay(sinceMs, hours.timezone);
  for (let days = 0; days < MOST_DAYS; days += 1) {
    const day = today.plus(days);
    if (!hours.weekdays.has(day.weekday) || hours.holidays.has(day.text)) continue;
    const from = Math.max(sinceMs, toInstant(day, hours.fromMinutes, hours.timezone));
    const until = toInstant(day, hours.toMinutes, hours.timezone);
    if (until <= from) continue;
    if (until - from >= left) return from + left;
    left -= until - from;
  }
  return sinceMs + ms;
}
