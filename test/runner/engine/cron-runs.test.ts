import * as fc from 'fast-check';
import { createTask } from 'node-cron';
import { describe, expect, it } from 'vitest';
import { cronRuns } from '../../../runner/engine/cron-runs.ts';

const at = (iso: string): number => Date.parse(iso);
const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString().slice(0, 16));

function next(expression: string, timezone: string, from: string, count: number): readonly (string | null)[] {
  const runs = cronRuns(expression, timezone);
  const found: (string | null)[] = [];
  let ms: number | null = at(from);
  for (let i = 0; i < count && ms !== null; i += 1) {
    ms = runs.after(ms);
    found.push(iso(ms));
  }
  return found;
}

describe('the runs of a cron expression', () => {
  it('keep their local time when clocks go forward and back', () => {
    expect(next('0 10 * * *', 'Europe/London', '2027-03-27T00:00Z', 3)).toEqual([
      '2027-03-27T10:00',
      '2027-03-28T09:00',
      '2027-03-29T09:00',
    ]);
    expect(next('0 10 * * 0', 'America/New_York', '2026-10-25T00:00Z', 2)).toEqual([
      '2026-10-25T14:00',
      '2026-11-01T15:00',
    ]);
  });

  it('pass over a time that the day does not have', () => {
    expect(next('30 1 * * *', 'Europe/London', '2027-03-27T12:00Z', 2)).toEqual([
      '2027-03-29T00:30',
      '2027-03-30T00:30',
    ]);
  });

  it('count a time that comes twice once, the first time', () => {
    expect(next('30 1 * * *', 'Europe/London', '2026-10-24T12:00Z', 3)).toEqual([
      '2026-10-25T00:30',
      '2026-10-26T01:30',
      '2026-10-27T01:30',
    ]);
    expect(iso(cronRuns('30 1 * * *', 'Europe/London').after(at('2026-10-25T00:59Z')))).toBe('2026-10-26T01:30');
  });

  it('know days that begin without midnight, and zones off by half an hour', () => {
    expect(next('0 1 * * *', 'Africa/Cairo', '2027-04-29T12:00Z', 2)).toEqual(['2027-04-29T22:00', '2027-04-30T22:00']);
    expect(next('0 10 * * *', 'Asia/Kolkata', '2027-01-01T00:00Z', 1)).toEqual(['2027-01-01T04:30']);
  });

  it('are those of node-cron: last days, weekdays, the nth of a month', () => {
    expect(next('0 10 L * *', 'UTC', '2028-02-01T00:00Z', 2)).toEqual(['2028-02-29T10:00', '2028-03-31T10:00']);
    expect(next('0 10 * * 2#1', 'UTC', '2026-12-02T00:00Z', 1)).toEqual(['2027-01-05T10:00']);
    expect(next('0 10 29 2 *', 'UTC', '2028-03-01T00:00Z', 1)).toEqual(['2032-02-29T10:00']);
    expect(next('0 10 1 * 3#2', 'UTC', '2028-03-01T00:00Z', 1)).toEqual([null]);
  });

  it('are those that node-cron tells of from now on', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 59 }),
        fc.integer({ min: 4, max: 20 }),
        fc.constantFrom('* *', '1 *', '*/7 *', 'L *', '* 1-5', '* 0', '* 3#2', '1-7 1').map((days) => days.split(' ')),
        fc.constantFrom('UTC', 'Europe/London', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe'),
        (minute, hour, [dayOfMonth = '', weekday = ''], timezone) => {
          const expression = `${minute} ${hour} ${dayOfMonth} * ${weekday}`;
          const task = createTask(expression, () => undefined, { timezone });
          const theirs = task.getNextRuns(5).map((date) => date.getTime());
          void task.destroy();
          const runs = cronRuns(expression, timezone);
          // One that falls on this very moment is theirs or ours, by chance.
          const [first = 0, ...rest] = theirs;
          let ms = first;
          const ours = rest.map(() => {
            ms = runs.after(ms) ?? 0;
            return ms;
          });
          expect(ours).toEqual(rest);
        },
      ),
      { numRuns: 40 },
    );
  });
});
