import { describe, expect, it } from 'vitest';
import { afterBusinessTime, type BusinessHours } from '../../../runner/incidents/business-hours.ts';

const HOUR = 3_600_000;
const BERLIN: BusinessHours = {
  timezone: 'Europe/Berlin',
  weekdays: new Set([1, 2, 3, 4, 5]),
  fromMinutes: 9 * 60,
  toMinutes: 17 * 60,
  holidays: new Set(['2026-12-25', '2028-02-29']),
};

const after = (since: string, ms = HOUR, hours = BERLIN): string =>
  new Date(afterBusinessTime(hours, Date.parse(since), ms)).toISOString().slice(0, 16);

describe('business time', () => {
  it('is time itself within business hours', () => {
    expect(after('2026-11-24T09:00:00Z')).toBe('2026-11-24T10:00');
  });

  it('stands still at night, on weekends and on holidays', () => {
    // Friday, half past four in Berlin: half an hour then, half an hour on Monday.
    expect(after('2026-11-27T15:30:00Z')).toBe('2026-11-30T08:30');
    expect(after('2026-11-28T12:00:00Z')).toBe('2026-11-30T09:00');
    // Thursday evening before Christmas on a Friday.
    expect(after('2026-12-24T20:00:00Z')).toBe('2026-12-28T09:00');
  });

  it('follows the clock on the wall through both changes of daylight saving', () => {
    // Sunday 29 March 2026: from UTC+1 to UTC+2. Monday's nine o'clock is an hour earlier than Friday's.
    expect(after('2026-03-27T15:30:00Z')).toBe('2026-03-30T07:30');
    // Sunday 25 October 2026: back.
    expect(after('2026-10-23T14:30:00Z')).toBe('2026-10-26T08:30');
    // An office that never closes: the day of the change has 23 hours, and no hour of it is lost or counted twice.
    const always = { ...BERLIN, weekdays: new Set([0, 1, 2, 3, 4, 5, 6]), fromMinutes: 0, toMinutes: 24 * 60 };
    expect(after('2026-03-28T12:00:00Z', 24 * HOUR, always)).toBe('2026-03-29T12:00');
    expect(after('2026-10-24T12:00:00Z', 24 * HOUR, always)).toBe('2026-10-25T12:00');
  });

  it('knows the leap day, and a holiday on it', () => {
    // 29 February 2028 is a Tuesday.
    expect(after('2028-02-28T15:30:00Z', HOUR, { ...BERLIN, holidays: new Set() })).toBe('2028-02-29T08:30');
    expect(after('2028-02-28T15:30:00Z')).toBe('2028-03-01T08:30');
  });
});
