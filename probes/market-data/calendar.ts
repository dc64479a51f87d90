/** When a market is open, by the clock on its own wall. */
import { z } from 'zod';
import { baseFields } from '../spec.ts';
import { localDay, toInstant, type Day } from './local-time.ts';

const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

/** "09:30" → minutes since midnight. */
function timeOfDay() {
  return z
    .string()
    .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$|^24:00$/, { error: 'a time of day such as "09:30"' })
    .transform((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)));
}

function date() {
  return z.custom<string>((value) => typeof value === 'string' && isDate(value), {
    error: 'a date such as "2026-12-25"',
  });
}

function isDate(text: string): boolean {
  const ms = Date.parse(`${text}T00:00:00Z`);
  return /^\d{4}-\d\d-\d\d$/.test(text) && Number.isFinite(ms) && new Date(ms).toISOString().startsWith(text);
}

export const calendar = z.strictObject({
  timezone: baseFields.timezone.unwrap(),
  /** A session that closes at or before the time at which it opened closes on the next day. */
  hours: z
    .array(
      z.strictObject({
        days: z.array(z.enum(WEEKDAYS)).min(1).default(['mon', 'tue', 'wed', 'thu', 'fri']),
        open: timeOfDay(),
        close: timeOfDay(),
      }),
    )
    .min(1),
  /** Dates on which nothing opens. */
  holidays: z.array(date()).default([]),
  /** Dates on which what opens opens later, or closes earlier, than usual. */
  halfDays: z
    .array(z.strictObject({ date: date(), open: timeOfDay().optional(), close: timeOfDay().optional() }))
    .default([]),
});

export type CalendarSpec = z.output<typeof calendar>;

const DAY_MINUTES = 24 * 60;
/** An answer is looked up again after this long at the latest. */
const LONGEST_MS = 3_600_000;

interface Stretch {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Answers from memory until the market's state may change. */
export class Calendar {
  private readonly spec: CalendarSpec;
  private readonly holidays: ReadonlySet<string>;
  private readonly halfDays: ReadonlyMap<string, CalendarSpec['halfDays'][number]>;
  private known: Stretch = { fromMs: 0, untilMs: 0 };
  private openedMs: number | null = null;

  constructor(spec: CalendarSpec) {
    this.spec = spec;
    this.holidays = new Set(spec.holidays);
    this.halfDays = new Map(spec.halfDays.map((half) => [half.date, half]));
  }

  /** When the session that contains the instant opened, ms since the epoch; null while the market is closed. */
  openedAt(wallMs: number): number | null {
    if (wallMs < this.known.fromMs || wallMs >= this.known.untilMs) this.lookUp(wallMs);
    return this.openedMs;
  }

  private lookUp(wallMs: number): void {
    const today = localDay(wallMs, this.spec.timezone);
    const sessions = [-1, 0, 1].flatMap((days) => this.sessionsOf(today.plus(days)));
    const open = sessions.find(({ fromMs, untilMs }) => fromMs <= wallMs && wallMs < untilMs);
    const nextMs = Math.min(...sessions.flatMap(({ fromMs }) => (fromMs > wallMs ? [fromMs] : [])));
    this.openedMs = open === undefined ? null : beginning(open, sessions);
    this.known = { fromMs: wallMs, untilMs: Math.min(open?.untilMs ?? nextMs, wallMs + LONGEST_MS) };
  }

  /** What opens on a date. */
  private sessionsOf(day: Day): readonly Stretch[] {
    if (this.holidays.has(day.text)) return [];
    const half = this.halfDays.get(day.text);
    return this.spec.hours.flatMap(({ days, open, close }) => {
      if (!days.some((name) => WEEKDAYS[day.weekday] === name)) return [];
      const usual = close > open ? close : close + DAY_MINUTES;
      const from = Math.max(open, half?.open ?? open);
      const until = Math.min(usual, half?.close ?? usual);
      if (until <= from) return [];
      const { timezone } = this.spec;
      return [{ fromMs: toInstant(day, from, timezone), untilMs: toInstant(day, until, timezone) }];
    });
  }
}

/** Sessions that follow each other without a break are one. */
function beginning(open: Stretch, sessions: readonly Stretch[]): number {
  const before = sessions.find(({ fromMs, untilMs }) => untilMs === open.fromMs && fromMs < untilMs);
  return before === undefined ? open.fromMs : beginning(before, sessions);
}
