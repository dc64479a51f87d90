import { describe, expect, it } from 'vitest';
import { Calendar } from '../../../probes/market-data/calendar.ts';
import type { ClockStanding } from '../../../probes/clock/standing.ts';
import { gamedayExitCode } from '../../../runner/gameday/outcome.ts';
import { ProberTrouble } from '../../../runner/gameday/prober-trouble.ts';
import type { Strain } from '../../../runner/overload.ts';
import { alarmOf, guardChecks, proberGuard, type Facts, type Safety } from '../../../runner/gameday/guards.ts';
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
const KEEPS_UP: Strain = { runs: 40, late: 0, missed: 0, overlapped: 0, stalled: 0, worstMs: 0, busy: null };
const SPOILT = 'of 40 runs 21 spoiled by the event loop; probe less, at longer intervals, or in another process';
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
    expect(said({ limits: { share: 0.5 } })[2]).toBe(
      'share NOT OK: slow 100 %; at most 50 % of a target (gamedays.limits.share)',
    );
    const lossy = (share: string) => {
      const target = { injector: 'netem', name: 'line' };
      const inject = { id: 'lossy', fault: { type: 'packetLoss', share }, target };
      const steps = [{ inject }, { hold: { for: '1s' } }, { lift: { fault: 'lossy' } }];
      return said({ limits: { share: 0.07 } }, {}, exercise({ steps }))[2];
    };
    expect(lossy('7%')).toBe('share ok: lossy 7 %; at most 7 % of a target (gamedays.limits.share)');
    expect(lossy('7.001%')).toContain('share NOT OK: lossy 7.001 %');
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
  const alarmWhere = (clock: () => ClockStanding, strain: () => Strain) =>
    alarmOf(exercise(), SAFETY, () => facts({ clock: clock() }), strain);

  it("a clock beyond its limit, and a prober that sees less than half, end it as the prober's own failure", () => {
    let clock = OFF;
    let strain = { ...KEEPS_UP, stalled: 20 };
    const alarm = alarmWhere(
      () => clock,
      () => strain,
    );
    expect(alarm()).toBeNull();
    strain = { ...KEEPS_UP, stalled: 21 };
    expect(alarm()).toEqual(new ProberTrouble(`the prober cannot keep up, and would measure itself: ${SPOILT}`));
    expect(alarm()).toBeInstanceOf(ProberTrouble);
    clock = { state: 'quarantine', reading: null, text: '60 ms fast' };
    expect(alarm()).toEqual(new ProberTrouble("the prober's clock cannot be trusted any more: 60 ms fast"));
  });

  it('a few spoiled runs, or a process that has only just begun, end nothing', () => {
    const alarm = (strain: Partial<Strain>) =>
      alarmWhere(
        () => SOUND,
        () => ({ ...KEEPS_UP, ...strain }),
      )();
    expect(alarm({ runs: 10, stalled: 9 })).toBeNull();
    expect(alarm({ runs: 100, stalled: 50 })).toBeNull();
    expect(alarm({ busy: 0.96 })).toBeInstanceOf(ProberTrouble);
  });

  it('the check says the same, by the runs of the baseline', async () => {
    expect(proberGuard(KEEPS_UP).detail).toBe('it keeps up: none of 40 runs suffered yet');
    expect(proberGuard({ ...KEEPS_UP, stalled: 20 })).toEqual({
      name: 'prober',
      ok: true,
      detail: 'enough of what it sees can be used: of 40 runs 20 spoiled by the event loop',
    });
    const world = new World();
    world.probes = { shop: { everyMs: 1000, say: () => 'good' } };
    const outcome = await world.conduct(exercise(), {
      keepsUp: () => proberGuard({ ...KEEPS_UP, stalled: 21 }),
    });
    expect(outcome).toMatchObject({ verdict: 'refused', detail: `prober: it cannot keep up: ${SPOILT}` });
    expect(world.calls).toEqual([]);
  });

  it('the exit code says whose failure it was', async () => {
    const ended = async (alarm: Error) => {
      const world = new World();
      world.probes = { shop: { everyMs: 1000, say: () => 'good' } };
      return gamedayExitCode(
        await world.conduct(exercise(), { alarm: () => (world.faultAgeMs > 3000 ? alarm : null) }),
      );
    };
    expect(await ended(new ProberTrouble('it cannot keep up'))).toBe(3);
    expect(await ended(new Error('it has spent too much'))).toBe(1);
  });

  it('everything is undone then', async () => {
    const world = new World();
    world.probes = { shop: { everyMs: 1000, say: () => 'good' } };
    const outcome = await world.conduct(exercise(), {
      alarm: () => (world.faultAgeMs > 3000 ? new Error('it has spent too much') : null),
    });
    expect(outcome).toMatchObject({ verdict: 'aborted', detail: 'it has spent too much', notUndone: [] });
    expect(world.calls).toEqual(['inject feed', 'undo feed']);
    expect(world.liftedAtMs - world.injectedAtMs).toBeLessThan(5000);
  });
});
