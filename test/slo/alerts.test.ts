import * as fc from 'fast-check';
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

  it('never come from one failed probe on a budget that was spent long ago', () => {
    const sla = objective({ commitment: 'sla', target: '0.995', minEvents: 10 });
    const spentLongAgo = (bad: number): Status =>
      judged(hourly([[0, 60], ...calmHours(12, 1), ...Array.from({ length: bad }, () => [0, 1] as const)]), {
        objective: sla,
      });
    expect(spentLongAgo(2)).toMatchObject({ met: false, sev2Within24h: true, recentBad: 2 });
    expect(isBurning(spentLongAgo(2))).toBe(true);
    const paging = (status: Status) => said(status).flatMap(([key, severity]) => (severity === 'SEV-3' ? [] : [key]));
    expect(paging(spentLongAgo(2))).toEqual([]);
    expect(paging(spentLongAgo(3)).slice(0, 2)).toEqual([
      'slo-api-availability/breach',
      'slo-api-availability/violation-24h',
    ]);
  });

  it('page of a budget only on three bad events of the last six hours, whatever came before', () => {
    const hour = fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 2 }));
    const sla = objective({ commitment: 'sla', target: '0.995', minEvents: 1, windowMs: 24 * HOUR });
    fc.assert(
      fc.property(fc.array(hour, { maxLength: 20 }), (hours) => {
        const status = judged(hourly(hours), { objective: sla });
        const recent = hours.slice(-6).reduce((sum, [, bad]) => sum + bad, 0);
        const rules = alertConditions(status).map(({ rule }) => rule);
        const isLoud = isBurning(status) && recent >= 3;
        expect(rules.includes('breach')).toBe(isLoud && status.met === false);
        expect(rules.includes('violation-24h')).toBe(isLoud && status.sev2Within24h);
      }),
    );
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

describe('an outage', () => {
  /** One run a minute for ten hours, the last `bad` of them bad; the newest stands in the step that is under way. */
  const minutes = (bad: number, split = '') =>
    Array.from({ length: 1200 }, (_, index) => {
      const isBad = index >= 1200 - bad;
      return runs(STEP - (1199 - index) * MINUTE, isBad ? 0 : 1, isBad ? 1 : 0, { split });
    });
  const outages = (status: Status) => said(status).filter(([key]) => key?.includes('/outage'));

  it('of half an hour is SEV-1, one that has just been over or was shorter is not', () => {
    expect(outages(judged(minutes(30)))).toEqual([['slo-api-availability/outage', 'SEV-1', 'page']]);
    expect(outages(judged(minutes(29)))).toEqual([]);
    expect(alertConditions(judged(minutes(30)))[0]?.says).toMatch(
      /^Client API availability: nothing has succeeded for 30 minutes: \d+\.\d % of the budget is consumed$/,
    );
  });

  it('has lasted: three failures of the last minute are none, however silent it was before', () => {
    const late = minutes(30).filter((_, index) => index < 1170 || index >= 1197);
    expect(outages(judged(late))).toEqual([]);
    const rare = minutes(30).filter((_, index) => index < 1170 || index % 10 === 0);
    expect(outages(judged(rare))).toEqual([['slo-api-availability/outage', 'SEV-1', 'page']]);
  });

  it('is no word for lateness, but for what customers were promised', () => {
    const late = { sli: { type: 'threshold', indicator: 'ack', ms: 400, strict: false } } as const;
    expect(outages(judged(minutes(30), { objective: objective(late) }))).toEqual([]);
    const promised = objective({ ...late, commitment: 'sla' });
    expect(outages(judged(minutes(30), { objective: promised }))).toHaveLength(1);
  });

  it('of one split is a partial one, of all splits a whole one', () => {
    const byPlace = objective({ split: 'location' });
    const partial = judged([...minutes(30, 'fra1'), ...minutes(0, 'nyc1')], { objective: byPlace });
    expect(outages(partial)).toEqual([['slo-api-availability/outage@fra1', 'SEV-2', 'page']]);
    const whole = judged([...minutes(30, 'fra1'), ...minutes(30, 'nyc1')], { objective: byPlace });
    expect(outages(whole)).toEqual([
      ['slo-api-availability/outage@fra1', 'SEV-1', 'page'],
      ['slo-api-availability/outage@nyc1', 'SEV-1', 'page'],
    ]);
  });
});

describe('a split that does not give the colour', () => {
  it('is heard of when it burns, while the one that does is only Red of old', () => {
    const of = (split: string, hours: readonly (readonly [number, number])[]) =>
      hourly(hours).map((step) => ({ ...step, split }));
    const status = judged(
      [
        ...of('/orders', [...calmHours(24), [0, 60_000], ...calmHours(24)]),
        ...of('/positions', [...calmHours(48), [9000, 1000]]),
      ],
      { objective: objective({ split: 'endpoint' }) },
    );
    expect(status).toMatchObject({ colour: 'red', burnNow: 0, worstSplit: { split: '/orders' } });
    expect(status.behind).toMatchObject([{ worstSplit: { split: '/positions' } }]);
    expect(said(status).map(([key]) => key)).toContain('slo-api-availability/burn/1h@/positions');
    expect(alertConditions(status)[0]?.says).toMatch(/^Client API availability, \/positions: /);
  });
});
