import { describe, expect, it } from 'vitest';
import { runsPerDay, usualGap, usualGapMs } from '../../../runner/engine/cron.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

describe('the usual gap of a calendar', () => {
  it.each<[what: string, expression: string, timezone: string | undefined, gapMs: number]>([
    ['ten minutes within the market session', '*/10 9-16 * * 1-5', 'America/New_York', 10 * MINUTE_MS],
    ['an hour within the session', '0 9-16 * * 1-5', 'America/New_York', HOUR_MS],
    ['a day on working days', '30 9 * * 1-5', 'America/New_York', DAY_MS],
    ['a day, across the two nights a year that are longer or shorter', '30 2 * * *', 'America/New_York', DAY_MS],
    ['an hour in a zone with a half-hour shift', '0 * * * *', 'Australia/Lord_Howe', HOUR_MS],
    ['five seconds', '*/5 * * * * *', undefined, 5000],
    ['the shorter of two gaps that take turns', '0 9,17 * * *', 'Etc/UTC', 8 * HOUR_MS],
    ['the shortest of three gaps that take turns', '0 9,12,17 * * *', 'Etc/UTC', 3 * HOUR_MS],
    ['a week', '0 6 * * 1', 'Europe/Berlin', 7 * DAY_MS],
  ])('is %s for %s', (_what, expression, timezone, gapMs) => {
    expect(usualGapMs(expression, timezone)).toBe(gapMs);
  });

  it('does not depend on the moment at which the process was started', () => {
    const runs = Array.from({ length: 400 }, (_, n) => Math.floor(n / 3) * 24 + ([9, 12, 17].at(n % 3) ?? 0));
    const gaps = Array.from({ length: 24 }, (_, first) => usualGap(runs.slice(first, first + 64)));
    expect(new Set(gaps)).toEqual(new Set([3]));
  });
});

describe('the runs of a calendar', () => {
  it.each<[what: string, expression: string, timezone: string | undefined, perDay: number]>([
    ['48 on each of five days a week', '*/10 9-16 * * 1-5', 'Etc/UTC', 240 / 7],
    ['480 on each of five days a week', '* 9-16 * * 1-5', 'Etc/UTC', 2400 / 7],
    ['one a week', '0 6 * * 1', 'Etc/UTC', 1 / 7],
    ['one a minute', '* * * * *', 'Etc/UTC', 1440],
    ['one in five seconds', '*/5 * * * * *', undefined, 17_280],
  ])('are %s for %s', (_what, expression, timezone, perDay) => {
    expect(runsPerDay(expression, timezone)).toBeCloseTo(perDay, 6);
  });
});
