import { beforeEach, describe, expect, it } from 'vitest';
import {
  createReviewCalendar,
  reviewPlans,
  type ReviewCalendarOptions,
  type Written,
} from '../../runner/review-calendar.ts';
import type { LedgerEvent } from '../../store/store.ts';
import { ManualClock } from '../support/manual-clock.ts';

const HOUR = 3_600_000;
/** A Monday, before breakfast. */
const MONDAY = Date.UTC(2026, 10, 23, 6, 0, 0);
const DUE = MONDAY + HOUR;

const ALL = reviewPlans({
  reports: {
    schedule: { weekly: '0 7 * * 1', monthly: '0 7 1 * *', quarterly: 'off' },
    timezone: 'UTC',
    formats: ['md'],
  },
});

let events: LedgerEvent[] = [];
let asked: string[] = [];
let answer: Written = { ok: true, documents: ['weekly.md'] };
beforeEach(() => {
  events = [];
  asked = [];
  answer = { ok: true, documents: ['weekly.md'] };
});

function started(atMs: number): void {
  events.push({ id: `s${atMs}`, atMs, kind: 'runner-started', service: null, subject: 'fra1', body: {} });
}

/** A process that lives for so long by the clock. */
async function live(fromMs: number, lengthMs: number, more: Partial<ReviewCalendarOptions> = {}) {
  const clock = new ManualClock(0, fromMs);
  const stop = new AbortController();
  const warned: string[] = [];
  const calendar = createReviewCalendar({
    plans: ALL,
    location: 'fra1',
    store: { events: async ({ kind }) => events.filter((event) => event.kind === kind) },
    clock,
    record: async (event) => void events.push(event),
    write: async (period, toMs) => {
      asked.push(`${period} ${new Date(toMs).toISOString()}`);
      return answer;
    },
    stop: stop.signal,
    warn: (line) => warned.push(line),
    ...more,
  });
  const running = calendar.run();
  await clock.advance(lengthMs);
  stop.abort();
  await running;
  return { warned, conditions: calendar.conditions() };
}

describe('the calendar of reviews', () => {
  it('writes each when it comes due, once, also over a restart', async () => {
    started(MONDAY);
    await live(MONDAY, 2 * HOUR);
    await live(MONDAY + 2 * HOUR, HOUR);
    expect(asked).toEqual(['weekly 2026-11-23T07:00:00.000Z']);
    expect(events.at(-1)).toMatchObject({
      id: `report/weekly/${DUE}`,
      kind: 'report',
      subject: 'weekly',
      body: { forMs: DUE, documents: ['weekly.md'] },
    });
  });

  it('makes up the newest that was missed while no process ran, and no older one', async () => {
    started(MONDAY);
    await live(MONDAY, 2 * HOUR);
    asked = [];
    // Two Mondays and the first of December passed.
    await live(DUE + 17 * 24 * HOUR, HOUR);
    expect(asked).toEqual(['weekly 2026-12-07T07:00:00.000Z', 'monthly 2026-12-01T07:00:00.000Z']);
  });

  it('owes nothing of the time before the first start on a ledger', async () => {
    started(DUE + HOUR);
    await live(DUE + HOUR, 2 * HOUR);
    expect(asked).toEqual([]);
  });

  it('says once that one could not be written, tries again each hour, and is well when it is', async () => {
    started(MONDAY);
    answer = { ok: false, detail: 'exit code 3: no space left' };
    const says =
      'the weekly review up to 2026-11-23 07:00 UTC could not be written: exit code 3: no space left; "pulsedrill report weekly --to 2026-11-23T07:00:00.000Z" writes it by hand';
    const { warned, conditions } = await live(MONDAY, 3.5 * HOUR);
    expect(asked).toHaveLength(3);
    expect(warned).toEqual([says]);
    expect(conditions).toMatchObject([
      { key: 'report/weekly/fra1', rule: 'report', severity: 'SEV-3', as: 'ticket', says },
    ]);
    answer = { ok: true, documents: [] };
    expect((await live(MONDAY + 4 * HOUR, HOUR)).conditions).toEqual([]);
    expect(events.filter(({ kind }) => kind === 'report')).toHaveLength(1);
  });

  it('leaves to the next process what was cut short', async () => {
    started(MONDAY);
    const stop = new AbortController();
    await live(DUE, HOUR, {
      stop: stop.signal,
      write: async () => {
        stop.abort();
        return { ok: false, detail: 'SIGTERM' };
      },
    });
    expect(events.filter(({ kind }) => kind === 'report')).toEqual([]);
    await live(DUE, 60_000);
    expect(asked).toHaveLength(1);
  });

  it('says that the ledger cannot be read, and goes on', async () => {
    started(MONDAY);
    let broken = true;
    const { warned } = await live(DUE, HOUR, {
      store: {
        events: async ({ kind }) => {
          if (broken) {
            broken = false;
            throw new Error('the disk failed to read');
          }
          return events.filter((event) => event.kind === kind);
        },
      },
    });
    expect(warned).toEqual(['reviews: the disk failed to read']);
    expect(asked).toHaveLength(1);
  });
});
