import { describe, expect, it } from 'vitest';
import { Calendar } from '../../../probes/market-data/calendar.ts';
import type { ClockStanding } from '../../../probes/clock/standing.ts';
import { alarmOf, guardChecks, type Facts, type Safety } from '../../../runner/gameday/guards.ts';
import { hourly, judged, objective } from '../../slo/fixtures.ts';
import { exercise, World } from './world.ts';

const SOUND: ClockStanding = { state: 'good', reading: null, text: '0.1 ms fast' };
const OFF: ClockStanding = { state: 'severe', reading: null, text: '41 ms fast; at 40 ms or more' };
const SAFETY: Safety = {
  environment: 'staging',
  maxBudgetSpend: null,
  limits: {},
  market: null,
  approval: null,
  overspend: null,
};
const NOW = Date.UTC(2026, 10, 24, 15, 0);

/** Of the shop: 0.1 % may be bad, so many were of 100,000. */
const status = (bad: number, service = 'shop') =>
  judged(hourly(Array.from({ length: 10 }, () => [10_000 - bad / 10, bad / 10] as const)), {
    objective: objective({ service }),
  });
const facts = (changes: Partial<Facts> = {}): Facts => ({ clock: SOUND, statuses: [], nowMs: NOW, ...changes });
const said = (safety: Partial<Safety>, changes: Partial<Facts> = {}, scenario = exercise()) =>
  guardChecks(scenario, { ...SAFETY, ...safety }, facts(changes)).map(
    ({ name, ok, detail }) => `${name} ${ok ? 'ok' : 'NOT OK'}: ${detail}`,
  );

describe('before anything is broken', () => {
  it('a clock that is off speaks against it', () => {
    expect(said({}, { clock: OFF })[0]).toBe('clock NOT OK: 41 ms fast; at 40 ms or more');
  });

  describe('a clock that nobody vouches for is called unverified', () => {
    const clock: ClockStanding = { state: 'unverified', reading: null, text: 'chronyc cannot be run' };
    const fresh = { name: 'ticks are fresh', probe: 'shop', indicator: 'tick-age', below: '1s' };
    const aged = exercise({ hypothesis: [fresh] });
    const mend = 'let chrony keep it (pulsedrill doctor says what is missing)';
    const ages = (service: string) => ({
      ...status(0, service),
      objective: objective({
        id: 'slo-freshness',
        service,
        sli: { type: 'threshold', indicator: 'tick-age', ms: 1500, strict: true },
      }),
    });

    it('and is allowed where nothing is judged by it', () => {
      expect(said({}, { clock })[0]).toBe(
        'clock ok: unverified: chronyc cannot be run; nothing in this exercise is judged by it',
      );
      expect(said({}, { clock, statuses: [ages('other')] })[0]).toContain('clock ok');
    });

    it('and refused where a condition or an objective that it serves is an age', () => {
      expect(said({}, { clock }, aged)[0]).toBe(
        `clock NOT OK: unverified: chronyc cannot be run; ages are judged by it: "ticks are fresh"; ${mend}`,
      );
      expect(said({}, { clock, statuses: [ages('shop')] })[0]).toContain('ages are judged by it: slo-freshness;');
      const elsewhere = exercise({ serves: ['slo-api-availability'] });
      expect(said({}, { clock, statuses: [ages('shop')] }, elsewhere)[0]).toContain('clock ok');
    });

    it('and allowed in a sandbox, where both ends read the same one', () => {
      expect(said({ environment: 'sandbox' }, { clock }, aged)[0]).toBe(
        'clock ok: unverified: chronyc cannot be run; ages are judged by it: "ticks are fresh"; in a sandbox both ends read the same one',
      );
    });

    it('and refused in production, whatever is judged', () => {
      expect(said({ environment: 'production' }, { clock })[0]).toBe(
        `clock NOT OK: unverified: chronyc cannot be run; in production it has to be known; ${mend}`,
      );
    });
  });

  it('production, and an open market, need an approval, which is told', () => {
    const hours = [{ days: ['tue' as const], open: 9 * 60, close: 17 * 60 }];
    const market = new Calendar({ timezone: 'UTC', hours, holidays: [], halfDays: [] });
    const approval = { by: 'ana', reason: 'agreed with trading' };
    const asked = 'somebody has to approve it (--approved-by NAME --reason TEXT)';
    expect(said({ market }).slice(2)).toEqual([`approval NOT OK: the market is open: ${asked}`]);
    expect(said({ market, approval }).slice(2)).toEqual([
      'approval ok: the market is open: approved by ana (agreed with trading)',
    ]);
    expect(said({ market }, { nowMs: NOW + 3 * 3_600_000 }).slice(2)).toEqual(['market ok: the market is closed']);
    expect(said({ market, environment: 'production' }).slice(2)).toEqual([
      `approval NOT OK: this is production, and the market is open: ${asked}`,
    ]);
    expect(said({ environment: 'production', approval })[2]).toContain('approved by ana');
  });

  it('the limits of the configuration are limits', () => {
    expect(said({ limits: { targets: 1, duration: 600_000 } }).slice(2)).toEqual([
      'targets ok: 1 of at most 1 targets (gamedays.limits.targets)',
      'duration ok: a timebox of 10 min, at most 10 min (gamedays.limits.duration)',
    ]);
    expect(said({ limits: { duration: 599_999 } })[2]).toContain('duration NOT OK');
  });

  it('one objection is a refusal, and nothing is injected', async () => {
    const world = new World();
    world.probes = { shop: { everyMs: 1000, say: () => 'good' } };
    const outcome = await world.conduct(exercise(), {
      guards: () => guardChecks(exercise(), SAFETY, facts({ clock: OFF })),
    });
    expect(outcome).toMatchObject({ verdict: 'refused', detail: 'clock: 41 ms fast; at 40 ms or more' });
    expect(world.calls).toEqual([]);
  });
});

describe('while it is under way', () => {
  it('a clock beyond its limit, and a prober that cannot keep up, end it', () => {
    let clock = OFF;
    let strain: string | null = null;
    const alarm = alarmOf(
      exercise(),
      SAFETY,
      () => facts({ clock }),
      () => strain,
    );
    expect(alarm()).toBeNull();
    strain = 'overloaded';
    expect(alarm()).toBe('the prober cannot keep up, and would measure itself: overloaded');
    clock = { state: 'quarantine', reading: null, text: '60 ms fast' };
    expect(alarm()).toBe("the prober's clock cannot be trusted any more: 60 ms fast");
  });

  it('everything is undone then', async () => {
    const world = new World();
    world.probes = { shop: { everyMs: 1000, say: () => 'good' } };
    const outcome = await world.conduct(exercise(), {
      alarm: () => (world.faultAgeMs > 3000 ? 'it has spent too much' : null),
    });
    expect(outcome).toMatchObject({ verdict: 'aborted', detail: 'it has spent too much', notUndone: [] });
    expect(world.calls).toEqual(['inject feed', 'undo feed']);
    expect(world.liftedAtMs - world.injectedAtMs).toBeLessThan(5000);
  });
});
