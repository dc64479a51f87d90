/** Dates and times of day in a time zone, by the runtime's own zone data. */

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** A calendar date, wherever. */
export class Day {
  /** Midnight of the date in UTC: a name for the date, not an instant. */
  private readonly utcMs: number;

  constructor(utcMs: number) {
    this.utcMs = utcMs;
  }

  get text(): string {
    return new Date(this.utcMs).toISOString().slice(0, 10);
  }

  /** 0 is Sunday. */
  get weekday(): number {
    return new Date(this.utcMs).getUTCDay();
  }

  plus(days: number): Day {
    return new Day(this.utcMs + days * DAY_MS);
  }

  /** The date and a time of day, as if in UTC. */
  at(minutes: number): number {
    return this.utcMs + minutes * MINUTE_MS;
  }
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timezone: string): Intl.DateTimeFormat {
  let format = formats.get(timezone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: timezone,
      calendar: 'gregory',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(timezone, format);
  }
  return format;
}

/** What the clock on the wall there shows, as if it were UTC. */
function wallClock(instantMs: number, timezone: string): number {
  const parts = new Map(
    formatOf(timezone)
      .formatToParts(instantMs)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const of = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'));
}

export function localDay(instantMs: number, timezone: string): Day {
  return new Day(Math.floor(wallClock(instantMs, timezone) / DAY_MS) * DAY_MS);
}

/** Minutes may be beyond midnight. Of a time that the clock shows twice, the first; one that it skips is after the skip. */
export function toInstant(day: Day, minutes: number, timezone: string): number {
  const shown = day.at(minutes);
  const offset = (ms: number) => wallClock(ms, timezone) - Math.floor(ms / 1000) * 1000;
  const before = shown - offset(shown - DAY_MS);
  const after = shown - offset(shown + DAY_MS);
  if (before === after || offset(before) === shown - before) return before;
  return offset(after) === shown - after ? after : before;
}
