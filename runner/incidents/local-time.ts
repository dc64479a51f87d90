/** What the clocks on the wall of a time zone show. Pure: the zone's rules come with the runtime. */

/** A day of the calendar, `YYYY-MM-DD`. */
export type LocalDate = string;

export interface LocalTime {
  readonly date: LocalDate;
  /** Minutes since midnight, as the wall shows them. */
  readonly minutes: number;
}

export const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;
/** No zone changes twice within this of any moment. */
const AROUND_MS = 36 * 3_600_000;

const formats = new Map<string, Intl.DateTimeFormat>();

/** @throws RangeError of a zone that is none */
function formatOf(timezone: string): Intl.DateTimeFormat {
  const known = formats.get(timezone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  formats.set(timezone, made);
  return made;
}

/** What the wall shows, written as if it were UTC, ms. */
function wallOf(atMs: number, timezone: string): number {
  const parts = new Map(
    formatOf(timezone)
      .formatToParts(atMs)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const part = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0;
  const whole = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return whole + (((atMs % 1000) + 1000) % 1000);
}

export function localTimeOf(atMs: number, timezone: string): LocalTime {
  const wall = wallOf(atMs, timezone);
  return {
    date: new Date(wall).toISOString().slice(0, 10),
    minutes: Math.floor((((wall % DAY_MS) + DAY_MS) % DAY_MS) / MINUTE_MS),
  };
}

/** `2026-11-24 13:05`, as the wall shows it. */
export function localText(atMs: number, timezone: string): string {
  return new Date(wallOf(atMs, timezone)).toISOString().slice(0, 16).replace('T', ' ');
}

/** 0: Sunday. */
export function weekdayOf(date: LocalDate): number {
  return new Date(`${date}T00:00:00Z`).getUTCDay();
}

export function addDays(date: LocalDate, days: number): LocalDate {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/**
 * The moment at which the wall shows this. Where it shows it twice (clocks set back) the first; where it never does
 * (clocks set forward) the moment at which it jumps past it.
 * @param minutes since midnight, 0 to 1440: the end of the day is the start of the next
 */
export function momentOf({ date, minutes }: LocalTime, timezone: string): number {
  const wanted = Date.parse(`${date}T00:00:00Z`) + minutes * MINUTE_MS;
  const offsetAt = (atMs: number): number => wallOf(atMs, timezone) - atMs;
  const offsets = [offsetAt(wanted - AROUND_MS), offsetAt(wanted + AROUND_MS)];
  const shown = offsets.map((offset) => wanted - offset).filter((atMs) => wallOf(atMs, timezone) === wanted);
  if (shown.length > 0) return Math.min(...shown);
  // Within the gap the wall only ever rises: halve the way to its jump.
  let before = wanted - Math.max(...offsets);
  let after = wanted - Math.min(...offsets);
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (wallOf(middle, timezone) < wanted) before = middle;
    else after = middle;
  }
  return after;
}
