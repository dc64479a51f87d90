import { describe, expect, it } from 'vitest';
import { alertConditions, isBurning } from '../../slo/alerts.ts';
import type { Status } from '../../slo/status.ts';
import { HOUR, hourly, judged, MINUTE, NOW, objective, runs } from './fixtures.ts';

const STEP = Math.floor(NOW / MINUTE) * MINUTE;

function calmHours(hours: number, each = 10_000): (readonly [number, number])[] {
  return Array.from({ length: hours }, () => [each, 0] as const);
}

/** Six hours of 5 % bad after a calm day: Red, burning at 50. */
const outage = judged(hourly([...calmHours(24), ...Array.from({ length: 6 }, () => [9500, 500] as const)]));
/** The same, a day later. */
const aftermath = judged(hourly([...calmHours(24), [7000, 3000], ...calmHours(24)]));

const said = (status: Status): (readonly string[])[] =>
  alertConditions(status).map(({ key, severity, as }) => [key, severity, as]);

describe('alert conditions', () => {
  it('are raised while a budget burns', () => {
    expect(said(outage)).toEqual([
      ['slo-api-availability/violation-24h', 'SEV-2', 'page'],
      ['slo-api-availability/burn/1h', 'SEV-2', 'page'],
      ['slo-api-availability/burn/6h', 'SEV-2', 'page'],
      ['slo-api-availability/burn/1d', 'SEV-3', 'ticket'],
      ['slo-api-availability/burn/3d', 'SEV-3', 'ticket'],
      ['slo-api-availability/projection', 'SEV-3', 'ticket'],
    ]);
    expect(alertConditions(outage)[0]?.says).toBe(
      'Client API availability: the budget is exhausted: 1000.0 % of the budget is consumed',
    );
    expect(alertConditions(outage)[1]?.says).toBe(
      'Client API availability: burning at 14.4× or more over 1h and 5m, 500 bad events',
    );
  });

  it('are silent about a budget that was spent by an incident long over', () => {
    expect(aftermath).toMatchObject({ colour: 'red', sev2Within24h: true, alert: 'RED_LT_72H', burnNow: 0 });
    expect(said(aftermath)).toEqual([]);
  });

  it('need a burn above one, not at it', () => {
    const at = (bad: number): Status => judged(hourly(Array.from({ length: 6 }, () => [10_000 - bad, bad] as const)));
    expect([at(10).burnNow, isBurning(at(10))]).toEqual([1, false]);
    expect(isBurning(at(11))).toBe(true);
    expect(said(at(10))).toEqual([]);
  });

  it('never come from one failed probe at low traffic', () => {
    const minutes = (bad: number) =>
      Array.from({ length: 60 }, (_, index) =>
        runs(STEP - (59 - index) * MINUTE, index < bad ? 0 : 1, index < bad ? 1 : 0),
      );
    const one = [...hourly(calmHours(40, 60), NOW - HOUR), ...minutes(0).slice(0, -1), runs(STEP, 0, 1)];
    const status = judged(one);
    expect(status.burn['1h']).toBeGreaterThan(14.4);
    expect(status.pairs[0]?.burning).toBe(true);
    expect(said(status).filter(([key]) => key?.includes('/burn/'))).toEqual([]);
  });

  it('page nobody on thin data: a review instead', () => {
    const thin = judged(hourly([[50, 10]]));
    expect(said(thin).map(([, severity, as]) => [severity, as])).toEqual([
      ['SEV-2', 'review'],
      ['SEV-2', 'review'],
      ['SEV-2', 'review'],
      ['SEV-3', 'ticket'],
      ['SEV-3', 'ticket'],
      ['SEV-3', 'ticket'],
    ]);
  });

  it('make the breach of an SLA a SEV-1', () => {
    const sla = objective({ commitment: 'sla', target: '0.995' });
    const breached = judged(hourly(Array.from({ length: 6 }, () => [9900, 100] as const)), { objective: sla });
    expect(said(breached)[0]).toEqual(['slo-api-availability/breach', 'SEV-1', 'page']);
    expect(alertConditions(breached)[0]?.says).toBe(
      'Client API availability: the SLA is breached: 200.0 % of the budget is consumed',
    );
  });

  it('notice an hour that is mostly excluded, which otherwise looks like silence', () => {
    const steps = [...hourly(calmHours(24)), runs(STEP, 0, 0, { excluded: 600 })];
    const status = judged(steps);
    expect(alertConditions(status)).toMatchObject([
      {
        rule: 'excluded-share',
        severity: 'SEV-3',
        says: "Client API availability: 5.7 % of the last hour's events were excluded",
      },
    ]);
    expect(said(judged([...hourly(calmHours(24)), runs(STEP, 0, 0, { excluded: 526 })]))).toEqual([]);
  });
});
