import { describe, expect, it } from 'vitest';
import { createHourly } from '../../runner/hourly.ts';
import { timeBase } from '../../slo/time-base.ts';
import type { LedgerEvent } from '../../store/store.ts';
import { HOUR, hourly, judged, MINUTE, NOW } from '../slo/fixtures.ts';

const HALF_PAST_TEN = Math.floor(NOW / MINUTE) * MINUTE;
const status = judged(hourly([...Array.from({ length: 24 }, () => [10_000, 0] as const), [9800, 200]]));

/** A ledger, and the follower of one process on it. */
class Ledger {
  readonly events: LedgerEvent[] = [];
  readonly warnings: string[] = [];
  refuses = false;

  begin(scale = 1) {
    return createHourly({
      store: {
        events: ({ kind, fromMs = 0 }) =>
          Promise.resolve(this.events.filter((event) => event.kind === kind && event.atMs >= fromMs)),
      },
      base: timeBase(scale),
      location: 'fra1',
      record: (event) => {
        if (this.refuses) return Promise.reject(new Error('the disk is full'));
        this.events.push(event);
        return Promise.resolve();
      },
      warn: (line) => this.warnings.push(line),
    });
  }
}

describe('the burn rates of each hour', () => {
  it('are kept once, by the first evaluation in it, with both exhaustions side by side', async () => {
    const ledger = new Ledger();
    const follow = ledger.begin();
    await follow([status], HALF_PAST_TEN);
    await follow([status], HALF_PAST_TEN + 29 * MINUTE);
    expect(ledger.events).toEqual([
      {
        id: 'burn-rates/2024-10-04T10:00:00.000Z',
        atMs: HALF_PAST_TEN,
        kind: 'burn-rates',
        service: null,
        subject: 'fra1',
        body: {
          hour: '2024-10-04T10:00:00.000Z',
          objectives: [
            {
              objective: 'slo-api-availability',
              colour: 'red',
              consumed: status.consumed,
              bad: 200,
              valid: 250_000,
              burn: status.burn,
              burnNow: status.burnNow,
              burning: [{ long: '1h', short: '5m', severity: 'SEV-2' }],
              exhaustionHours: status.exhaustion,
              alert: status.alert,
            },
          ],
        },
      },
    ]);
    await follow([status], HALF_PAST_TEN + 30 * MINUTE);
    expect(ledger.events.at(-1)?.id).toBe('burn-rates/2024-10-04T11:00:00.000Z');
  });

  it('are not repeated by a restart within the hour, nor made up for hours in which nothing ran', async () => {
    const ledger = new Ledger();
    await ledger.begin()([status], HALF_PAST_TEN);
    await ledger.begin()([status], HALF_PAST_TEN + MINUTE);
    expect(ledger.events).toHaveLength(1);
    await ledger.begin()([status], HALF_PAST_TEN + 5 * HOUR);
    expect(ledger.events.map(({ body }) => body['hour'])).toEqual([
      '2024-10-04T10:00:00.000Z',
      '2024-10-04T15:00:00.000Z',
    ]);
  });

  it('are those of policy hours in practice', async () => {
    const ledger = new Ledger();
    const follow = ledger.begin(600);
    for (let second = 0; second < 18; second += 1) await follow([status], HALF_PAST_TEN + second * 1000);
    expect(ledger.events).toHaveLength(3);
  });

  it('are tried again by the next evaluation when the ledger refuses them, and that is said once', async () => {
    const ledger = new Ledger();
    const follow = ledger.begin();
    ledger.refuses = true;
    await follow([status], HALF_PAST_TEN);
    await follow([status], HALF_PAST_TEN + MINUTE);
    expect(ledger.warnings).toEqual(['hourly burn rates: the disk is full']);
    ledger.refuses = false;
    await follow([status], HALF_PAST_TEN + 2 * MINUTE);
    expect(ledger.events).toHaveLength(1);
  });
});
