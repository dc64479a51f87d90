import { describe, expect, it } from 'vitest';
import { Calendar } from '../../../probes/market-data/calendar.ts';
import type { ClockStanding } from '../../../probes/clock/standing.ts';
import { alarmOf, guardChecks, type Facts, type Safety } from '../../../runner/gameday/guards.ts';
import { hourly, judged, objective } from '../../slo/fixtures.ts';
import { exercise, World } from './world.ts';

const SOUND: ClockStanding = { state: 'good', reading: null, text: '0.1 ms fast' };
const OFF: ClockStanding = { state: 'severe', reading: null, text: '41 ms fast; at 40 ms or more' };
const SAFETY: Safety = { environment: 'staging', maxBudgetSpend: null, limits: {}, market: null, approval: null };
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
  it('a clock that is off speaks against it, one that nobody vouches for does not', () => {
    expect(said({}, { clock: OFF })).toEqual(['clock NOT OK: 41 ms fast; at 40 ms or more']);
    expect(said({}, { clock: { ...SOUND, state: 'unverified', text: 'no chronyc' } })).toEqual([
      'clock ok: no chronyc',
    ]);
  });

  it('as much must be left of every budget of the component as may be spent', () => {
    const budget = (bad: number, cap: number) =>
      said({ maxBudgetSpend: cap }, { statuses: [status(bad), status(5000, 'other')] })[1];
    expect(budget(50, 0.5)).toBe('budget ok: it may spend 50.0 % of a budget: slo-api-availability 50.0 % left');
    expect(budget(60, 0.5)).toBe(
      'budget NOT OK: it may spend 50.0 % of a budget, and there is less: slo-api-availability 40.0 % left',
    );
    expect(budget(200, 0.1)).toContain('slo-api-availability 0.0 % left');
    expect(said({ maxBudgetSpend: 0.1 })[1]).toBe(
      'budget ok: it may spend 10.0 % of a budget: no budget of it is known',
    );
  });

  it('a second figure beside a row is no budget of its own', () => {
    const beside = { id: 'slo-api-availability', label: 'synthetic' };
    const spent = judged(hourly([[9000, 1000]]), { objective: objective({ id: 'second', service: 'shop', beside }) });
    expect(said({ maxBudgetSpend: 0.5 }, { statuses: [status(50), spent] })[1]).toBe(
      'budget ok: it may spend 50.0 % of a budget: slo-api-availability 50.0 % left',
    );
  });

  it('the smaller of what scenario and configuration allow holds', () => {
    const scenario = exercise({ budget: '5%' });
    expect(said({ maxBudgetSpend: 0.1 }, {}, scenario)[1]).toContain('it may spend 5.0 %');
    expect(said({ maxBudgetSpend: 0.01 }, {}, scenario)[1]).toContain('it may spend 1.0 %');
    expect(said({}, {}, scenario)[1]).toContain('it may spend 5.0 %');
  });

  it('production, and an open market, need an approval, which is told', () => {
    const hours = [{ days: ['tue' as const], open: 9 * 60, close: 17 * 60 }];
    const market = new Calendar({ timezone: 'UTC', hours, holidays: [], halfDays: [] });
    const approval = { by: 'ana', reason: 'agreed with trading' };
    const asked = 'somebody has to approve it (--approved-by NAME --reason TEXT)';
    expect(said({ market }).slice(1)).toEqual([`approval NOT OK: the market is open: ${asked}`]);
    expect(said({ market, approval }).slice(1)).toEqual([
      'approval ok: the market is open: approved by ana (agreed with trading)',
    ]);
    expect(said({ market }, { nowMs: NOW + 3 * 3_600_000 }).slice(1)).toEqual(['market ok: the market is closed']);
    expect(said({ market, environment: 'production' }).slice(1)).toEqual([
      `approval NOT OK: this is production, and the market is open: ${asked}`,
    ]);
    expect(said({ environment: 'production', approval })[1]).toContain('approved by ana');
  });

  it('the limits of the configuration are limits', () => {
    expect(said({ limits: { targets: 1, duration: 600_000 } }).slice(1)).toEqual([
      'targets ok: 1 of at most 1 targets (gamedays.limits.targets)',
      'duration ok: a timebox of 10 min, at most 10 min (gamedays.limits.duration)',
    ]);
    expect(said({ limits: { duration: 599_999 } })[1]).toContain('duration NOT OK');
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
  it('more spent than allowed ends it, counted from its beginning', () => {
    let statuses = [status(50)];
    const alarm = alarmOf(
      exercise({ budget: '10%' }),
      SAFETY,
      () => facts({ statuses }),
      () => null,
    );
    expect(alarm()).toBeNull();
    statuses = [status(60)];
    expect(alarm()).toBeNull();
    statuses = [status(70)];
    expect(alarm()).toBe('it has spent 20.0 % of the budget of slo-api-availability, more than the 10.0 % that it may');
  });

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
