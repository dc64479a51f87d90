/** What is watched beside the probes: objectives, queries, alerts, the degraded mode, what trading must keep. */
import { describe, expect, test } from 'vitest';
import type { Desk } from '../../../runner/gameday/desk.ts';
import { exercise, World } from './world.ts';
import { deskWhere, opened } from './desk.ts';

const inject = {
  inject: { id: 'slow', fault: { type: 'latency', delay: '1s' }, target: { injector: 'toxiproxy', name: 'feed' } },
};
const steps = (holdFor = '10s') => [inject, { hold: { for: holdFor } }, { lift: { fault: 'slow' } }];
const errors = (words: object) => ({
  name: 'few errors',
  promql: 'errors',
  source: 'platform',
  value: { below: 5 },
  ...words,
});

function world(say: (world: World) => 'good' | 'bad' = () => 'good'): World {
  const made = new World();
  made.probes = { shop: { everyMs: 1000, say } };
  return made;
}

const forEver = () => new Promise<never>(() => {});

describe('a query', () => {
  test('is asked on its own clock, and an abort condition over it ends the exercise within a second of its answer', async () => {
    const here = world();
    const desk = deskWhere({ query: () => Promise.resolve(here.isFaulty && here.faultAgeMs > 20_000 ? 9 : 1) });
    const abort = [{ name: 'many errors', promql: 'errors', source: 'platform', value: { above: 5 }, every: '500ms' }];
    const outcome = await here.conduct(exercise({ abort, steps: steps('5m') }), { desk });
    expect(outcome).toMatchObject({
      verdict: 'aborted',
      detail: 'abort condition: many errors: platform: errors: 9, above 5 asked',
    });
    expect(here.liftedAtMs - here.injectedAtMs).toBeLessThan(21_000);
  });

  test('that is never answered hangs nothing, is not known, and the others go on', async () => {
    const here = world((w) => (w.isFaulty && w.faultAgeMs > 8000 ? 'bad' : 'good'));
    const abort = [
      { name: 'many errors', promql: 'errors', source: 'platform', value: { above: 5 }, timeout: '1s' },
      { name: 'the shop is closed', probe: 'shop', outcome: 'bad' },
    ];
    const outcome = await here.conduct(exercise({ abort, steps: steps('5m') }), {
      desk: deskWhere({ query: forEver }),
    });
    expect(outcome.detail).toBe('abort condition: the shop is closed: shop: 1 of 1 bad, 1 asked');
    expect(here.liftedAtMs - here.injectedAtMs).toBeLessThan(10_000);
  });

  test('in the hypothesis that is not answered refuses the game-day, with why', async () => {
    const here = world();
    const hypothesis = [errors({ timeout: '1s' })];
    const outcome = await here.conduct(exercise({ hypothesis }), { desk: deskWhere({ query: forEver }) });
    expect(outcome.verdict).toBe('refused');
    expect(outcome.detail).toContain('few errors (platform: errors: no answer within 1000 ms)');
    expect(here.calls).toEqual([]);
  });

  test('breaks the steady state and lets it come back, as a probe does', async () => {
    const here = world();
    const desk = deskWhere({ query: () => Promise.resolve(here.isFaulty && here.faultAgeMs < 6000 ? 9 : 1) });
    const hypothesis = [errors({ every: '1s' })];
    const outcome = await here.conduct(exercise({ hypothesis, steps: steps('20s') }), { desk });
    expect(outcome.verdict).toBe('recovered-despite-fault');
    const impact = here.entries.find((entry) => entry.type === 'mark' && entry.what === 'impact');
    expect(impact).toMatchObject({ source: 'few errors', uncertaintyMs: expect.any(Number) });
  });

  test('against a source that nobody has refuses the game-day', async () => {
    const outcome = await world().conduct(exercise({ hypothesis: [errors({ source: 'attic' })] }), {
      desk: deskWhere(),
    });
    expect(outcome.detail).toContain('objectives and sources: no such source attic');
  });
});

test('an objective that nobody has refuses the game-day', async () => {
  const hypothesis = [{ name: 'well', objective: 'availabilty', colour: 'green' }];
  const outcome = await world().conduct(exercise({ hypothesis }), { desk: deskWhere({ hasObjective: () => false }) });
  expect(outcome.detail).toContain('objectives and sources: no such objective availabilty');
});

test('a prerequisite that is a condition must be met before anything is broken, and a sentence is told', async () => {
  const prerequisites = ['the desk knows', errors({})];
  const desk = deskWhere({ query: () => Promise.resolve(7) });
  const outcome = await world().conduct(exercise({ prerequisites }), { desk });
  expect(outcome.verdict).toBe('refused');
  expect(outcome.checks).toContainEqual({
    name: 'prerequisite',
    ok: true,
    detail: 'the desk knows (for people to see to)',
  });
  expect(outcome.detail).toBe('prerequisite few errors: platform: errors: 7, below 5 asked');
});

describe('alerts', () => {
  const alerts = [{ rule: 'burn', objective: 'availability', within: '20s' }];
  const openedAfter = (here: World, ms: number, ...rules: readonly string[]): Partial<Desk> => ({
    alerts: () => {
      const atMs = here.clock.wallMs() - here.faultAgeMs + ms;
      return Promise.resolve(here.faultAgeMs >= ms ? rules.map((rule) => opened(rule, atMs)) : []);
    },
  });

  test('the first on the component is a mark, and one that was expected and came in time is told', async () => {
    const here = world();
    const outcome = await here.conduct(exercise({ alerts, goals: { alerted: '20s' }, steps: steps('30s') }), {
      desk: deskWhere(openedAfter(here, 4000, 'burn')),
    });
    expect(outcome).toMatchObject({ verdict: 'held', passed: true });
    const mark = here.entries.find((entry) => entry.type === 'mark' && entry.what === 'alerted');
    expect(mark).toMatchObject({ source: 'SEV-2 burn of availability', uncertaintyMs: 0 });
    expect(mark?.type === 'mark' ? Math.round(mark.afterMs ?? 0) : 0).toBe(4000);
    expect(here.entries).toContainEqual(
      expect.objectContaining({
        type: 'alerts',
        expected: [expect.objectContaining({ state: 'in-time' })],
        unexpected: [],
      }),
    );
  });

  test('that came late, or not at all, or besides, are listed and no pass', async () => {
    const here = world();
    const late = await here.conduct(exercise({ alerts, steps: steps('40s') }), {
      desk: deskWhere(openedAfter(here, 25_000, 'burn', 'overload')),
    });
    expect(late).toMatchObject({ verdict: 'held', passed: false });
    expect(late.detail).toContain(
      'expected alert came late: burn of availability; unexpected alert: overload of availability',
    );

    const never = await world().conduct(exercise({ alerts, steps: steps('5s') }), { desk: deskWhere() });
    expect(never.detail).toContain('expected alert did not come: burn of availability');
  });

  test('that is expected later than the exercise lasts is waited for', async () => {
    const here = world();
    const outcome = await here.conduct(exercise({ alerts: [{ rule: 'burn', within: '2m' }], steps: steps('5s') }), {
      desk: deskWhere(openedAfter(here, 60_000, 'burn')),
    });
    expect(outcome.passed).toBe(true);
  });

  test('that stood before the injection prove nothing', async () => {
    const here = world();
    const before = opened('burn', here.clock.wallMs() - 60_000);
    const outcome = await here.conduct(exercise({ alerts }), {
      desk: deskWhere({ alerts: () => Promise.resolve([before]) }),
    });
    expect(outcome.detail).toContain('expected alert stood before the injection: burn of availability');
    expect(here.entries.filter((entry) => entry.type === 'mark' && entry.what === 'alerted')).toEqual([]);
  });

  test('of another service are no mark of this one', async () => {
    const here = world();
    const desk = deskWhere({
      alerts: () =>
        Promise.resolve(here.isFaulty ? [opened('burn', here.clock.wallMs(), { id: 'x', service: 'elsewhere' })] : []),
    });
    const outcome = await here.conduct(exercise(), { desk });
    expect(outcome.passed).toBe(true);
    expect(here.entries.filter((entry) => entry.type === 'mark' && entry.what === 'alerted')).toEqual([]);
  });
});

test('the first who takes an incident of the component on after the injection is a mark, by that moment', async () => {
  const here = world();
  const taken = (atMs: number, by: string) => ({ incident: 'inc-1', by, via: 'pagerduty', atMs });
  const acknowledgements = () => {
    const injectedMs = here.clock.wallMs() - here.faultAgeMs;
    const all = [taken(injectedMs - 1000, 'eve'), taken(injectedMs + 3000, 'ana'), taken(injectedMs + 5000, 'ben')];
    return Promise.resolve(all.filter(({ atMs }) => atMs <= here.clock.wallMs()));
  };
  const goals = { acknowledged: '4s' };
  const outcome = await here.conduct(exercise({ goals }), { desk: deskWhere({ acknowledgements }) });
  expect(outcome.passed).toBe(true);
  const marks = here.entries.flatMap((entry) =>
    entry.type === 'mark' && entry.what === 'acknowledged' ? [entry] : [],
  );
  expect(marks).toEqual([expect.objectContaining({ source: 'ana, inc-1 by pagerduty', uncertaintyMs: 0 })]);
  expect(marks[0]?.by).toBeUndefined();
  expect(Math.round(marks[0]?.afterMs ?? 0)).toBe(3000);
});

describe('a degraded mode', () => {
  const mode = {
    entered: { when: { name: 'on the backup', probe: 'backup', outcome: 'good' }, within: '5s' },
    left: { when: { name: 'on the primary', probe: 'backup', outcome: 'bad' }, within: '10s' },
  };
  function inMode(isOn: (world: World) => boolean): World {
    const here = world();
    here.probes = { ...here.probes, backup: { everyMs: 500, say: (w) => (isOn(w) ? 'good' : 'bad') } };
    return here;
  }
  const changes = { degradedMode: mode, steps: steps('8s') };

  test('that is entered and left in time is on record', async () => {
    const here = inMode((w) => w.isFaulty && w.faultAgeMs > 1000);
    expect(await here.conduct(exercise(changes), { desk: deskWhere() })).toMatchObject({
      verdict: 'held',
      passed: true,
    });
    const told = here.entries.flatMap((entry) =>
      entry.type === 'degraded-mode' ? [`${entry.change} ${entry.ok}`] : [],
    );
    expect(told).toEqual(['entered true', 'left true']);
    expect(here.entries).toContainEqual(
      expect.objectContaining({ type: 'invariant', name: 'degraded mode left', ok: true }),
    );
  });

  test('that is never entered, or entered too late, is no pass', async () => {
    const outcome = await inMode((w) => w.isFaulty && w.faultAgeMs > 7000).conduct(exercise(changes));
    expect(outcome).toMatchObject({ verdict: 'held', passed: false });
    expect(outcome.detail).toContain('degraded mode not entered in time: on the backup');
  });

  test('that is not left is no pass, whatever became of the steady state', async () => {
    const outcome = await inMode((w) => w.faultAgeMs > 1000).conduct(exercise(changes));
    expect(outcome).toMatchObject({ verdict: 'held', passed: false });
    expect(outcome.detail).toContain('degraded mode not left in time: on the primary');
  });
});

test('what must be so in the end is no pass when it is not', async () => {
  const success = [errors({ name: 'no errors are left' })];
  const outcome = await world().conduct(exercise({ success }), {
    desk: deskWhere({ query: () => Promise.resolve(8) }),
  });
  expect(outcome).toMatchObject({ verdict: 'held', passed: false });
  expect(outcome.detail).toContain('not so in the end: no errors are left (platform: errors: 8, below 5 asked)');
});

describe('what trading must keep', () => {
  test('is no pass when it was not kept, and is only told where it was not checked', async () => {
    const invariants = [
      { name: 'no lost orders', ok: false, detail: 'one is gone' },
      { name: 'flat position', ok: null, detail: 'not checked because nobody says' },
    ];
    const here = world();
    const outcome = await here.conduct(exercise(), {
      desk: deskWhere({ invariants: () => Promise.resolve(invariants) }),
    });
    expect(outcome).toMatchObject({ verdict: 'held', passed: false });
    expect(outcome.detail).toMatch(/; no lost orders: one is gone$/);
    expect(here.entries.flatMap((entry) => (entry.type === 'invariant' ? [`${entry.name} ${entry.ok}`] : []))).toEqual([
      'no lost orders false',
      'flat position null',
      'degraded mode left null',
    ]);
  });

  test('is not waited for in vain', async () => {
    const here = world();
    const outcome = await here.conduct(exercise(), { desk: deskWhere({ invariants: forEver }) });
    expect(outcome.passed).toBe(true);
    expect(here.entries).toContainEqual(
      expect.objectContaining({ type: 'invariant', ok: null, detail: 'not checked because no answer within 15000 ms' }),
    );
  });
});
