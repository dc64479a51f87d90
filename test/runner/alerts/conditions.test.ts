import { describe, expect, it } from 'vitest';
import type { Alert } from '../../../runner/alerts/alert.ts';
import { clockConditions, createObjectiveConditions, ledgerConditions } from '../../../runner/alerts/conditions.ts';
import type { Status } from '../../../slo/status.ts';
import { hourly, judged } from '../../slo/fixtures.ts';
import { anAlert, NOW } from './notices.ts';

const MINUTE = 60_000;
const KEY = 'slo-api-availability/violation-24h';
const BURNING = judged(hourly(Array.from({ length: 6 }, () => [9500, 500] as const)));
const WELL = judged(hourly(Array.from({ length: 6 }, () => [10_000, 0] as const)));
const UNKNOWN = judged([]);

/** What is said of each status, a minute apart, by whoever reports it to a board that keeps what is named. */
function told(statuses: readonly Status[], settledMs = 5 * MINUTE): readonly boolean[] {
  const conditions = createObjectiveConditions(settledMs);
  let standing: readonly Alert[] = [];
  return statuses.map((status, minute) => {
    const found = conditions([status], standing, NOW + minute * MINUTE);
    standing = found.map((condition) => anAlert(condition));
    return found.some(({ key }) => key === KEY);
  });
}

describe('what an objective has to say', () => {
  it('lasts until it has been well for five minutes: what comes and goes is one alert', () => {
    const minutes = [BURNING, WELL, BURNING, WELL, WELL, WELL, WELL, BURNING, WELL, WELL, WELL, WELL, WELL, WELL, WELL];
    expect(told(minutes)).toEqual([...Array.from({ length: 13 }, () => true), false, false]);
  });

  it('lasts while it is Unknown, which is not known to be well', () => {
    expect(told([BURNING, WELL, ...Array.from({ length: 20 }, () => UNKNOWN), WELL])).not.toContain(false);
  });

  it('is nothing while the budget does not burn, and ends when the objective is there no more', () => {
    expect(told([WELL, UNKNOWN, WELL])).toEqual([false, false, false]);
    const conditions = createObjectiveConditions(5 * MINUTE);
    expect(conditions([], [anAlert({ key: KEY })], NOW)).toEqual([]);
  });
});

describe('what the prober says of itself', () => {
  it.each([
    ['good', null],
    ['unverified', null],
    ['warning', 'SEV-3 ticket'],
    ['severe', 'SEV-2 page'],
    ['quarantine', 'SEV-2 page'],
  ] as const)('a clock that is %s: %s', (state, expected) => {
    const [said] = clockConditions({ state, reading: null, text: '41.0 ms off' }, 'fra1');
    expect(said === undefined ? null : `${said.severity} ${said.as}`).toBe(expected);
  });

  it('a ledger that refuses is a page', () => {
    expect(ledgerConditions(null, 'fra1')).toEqual([]);
    expect(ledgerConditions('disk full', 'fra1')).toMatchObject([
      { severity: 'SEV-2', as: 'page', says: 'prober at fra1: results do not reach the ledger: disk full' },
    ]);
  });
});
