import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Calendar, calendar } from '../../../probes/market-data/calendar.ts';

const newYork = {
  timezone: 'America/New_York',
  hours: [{ open: '09:30', close: '16:00' }],
  holidays: ['2026-12-25'],
  halfDays: [{ date: '2026-11-27', close: '13:00' }],
};

function openedAt(document: unknown, instant: string): string | null {
  const ms = new Calendar(calendar.parse(document)).openedAt(Date.parse(instant));
  return ms === null ? null : new Date(ms).toISOString().slice(0, 16);
}

describe('a calendar', () => {
  it.each([
    ['before the opening', '2026-11-23T14:29:59Z', null],
    ['at the opening, in winter', '2026-11-23T14:30:00Z', '2026-11-23T14:30'],
    ['at the opening, in summer', '2026-07-01T13:30:00Z', '2026-07-01T13:30'],
    ['before the close', '2026-11-23T20:59:59.999Z', '2026-11-23T14:30'],
    ['at the close', '2026-11-23T21:00:00Z', null],
    ['on a weekend', '2026-11-22T16:00:00Z', null],
    ['on a holiday', '2026-12-25T16:00:00Z', null],
    ['in the morning of a half-day', '2026-11-27T17:59:59Z', '2026-11-27T14:30'],
    ['in the afternoon of a half-day', '2026-11-27T18:00:00Z', null],
    ['on the Monday after the clocks went forward', '2026-03-09T13:30:00Z', '2026-03-09T13:30'],
    ['on the Friday before', '2026-03-06T13:30:00Z', null],
    ['on the Monday after the clocks went back', '2026-11-02T14:29:59Z', null],
  ])('of New York, %s', (_when, instant, opened) => {
    expect(openedAt(newYork, instant)).toBe(opened);
  });

  it('keeps a session that goes on over midnight, until the time on the next day', () => {
    const futures = {
      timezone: 'America/Chicago',
      hours: [{ days: ['sun', 'mon', 'tue', 'wed', 'thu'], open: '17:00', close: '16:00' }],
    };
    expect(openedAt(futures, '2026-11-22T22:59:00Z')).toBeNull();
    expect(openedAt(futures, '2026-11-22T23:00:00Z')).toBe('2026-11-22T23:00');
    expect(openedAt(futures, '2026-11-23T21:59:00Z')).toBe('2026-11-22T23:00');
    expect(openedAt(futures, '2026-11-23T22:30:00Z')).toBeNull();
    // The clocks went back in the night: the session was an hour longer.
    expect(openedAt(futures, '2026-10-31T12:00:00Z')).toBeNull();
    expect(openedAt(futures, '2026-11-01T23:00:00Z')).toBe('2026-11-01T23:00');
  });

  it('knows a lunch break, and a half-day that ends with it', () => {
    const hongKong = {
      timezone: 'Asia/Hong_Kong',
      hours: [
        { open: '09:30', close: '12:00' },
        { open: '13:00', close: '16:00' },
      ],
      halfDays: [{ date: '2026-12-24', close: '12:00' }],
    };
    expect(openedAt(hongKong, '2026-12-23T04:30:00Z')).toBeNull();
    expect(openedAt(hongKong, '2026-12-23T05:00:00Z')).toBe('2026-12-23T05:00');
    expect(openedAt(hongKong, '2026-12-24T01:30:00Z')).toBe('2026-12-24T01:30');
    expect(openedAt(hongKong, '2026-12-24T05:00:00Z')).toBeNull();
  });

  it('opens after the skip when the clocks skip the opening, and at the first of two', () => {
    const night = { timezone: 'Europe/Berlin', hours: [{ days: ['sun'], open: '02:30', close: '05:00' }] };
    expect(openedAt(night, '2026-03-29T02:00:00Z')).toBe('2026-03-29T01:30');
    expect(openedAt(night, '2026-10-25T01:00:00Z')).toBe('2026-10-25T00:30');
  });

  it('is always open when it says so, whatever the clocks do', () => {
    const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
    const always = new Calendar(
      calendar.parse({ timezone: 'America/New_York', hours: [{ days, open: '00:00', close: '24:00' }] }),
    );
    fc.assert(
      fc.property(fc.date({ min: new Date('2024-01-01'), max: new Date('2028-01-01'), noInvalidDate: true }), (at) => {
        const opened = always.openedAt(at.getTime());
        expect(opened).not.toBeNull();
        // Midnight is no opening: yesterday's session goes on.
        expect(at.getTime() - (opened ?? 0)).toBeGreaterThanOrEqual(23 * 3_600_000);
      }),
    );
  });

  it('answers alike whatever it was asked before', () => {
    const asked = new Calendar(calendar.parse(newYork));
    const from = Date.parse('2026-10-25T00:00:00Z');
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40 * 24 * 3600 }), (seconds) => {
        const at = from + seconds * 1000;
        expect(asked.openedAt(at)).toBe(new Calendar(calendar.parse(newYork)).openedAt(at));
      }),
    );
  });

  it.each([
    [{ ...newYork, holidays: ['2026-02-30'] }, 'a date such as "2026-12-25"'],
    [{ ...newYork, hours: [{ open: '9:30', close: '16:00' }] }, 'a time of day such as "09:30"'],
    [{ ...newYork, timezone: 'New York' }, 'a time zone such as "America/New_York"'],
  ])('refuses what cannot be: %j', (document, message) => {
    expect(calendar.safeParse(document).error?.issues.map((issue) => issue.message)).toEqual([message]);
  });
});
