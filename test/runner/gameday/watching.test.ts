/** What is watched beside the probes: objectives, queries, alerts, the degraded mode, what trading must keep. */
import { describe, expect, test } from 'vitest';
import type { Desk } from '../../../runner/gameday/desk.ts';
import { renderGameday } from '../../../reports/gameday.ts';
import { judgeAlerts } from '../../../runner/gameday/alert-watch.ts';
import { entryText } from '../../../runner/gameday-text.ts';
import type { JournalBody, JournalEntry } from '../../../scenarios/journal.ts';
import { exercise, World } from './world.ts';
import { judgePositions } from '../../../runner/gameday/invariants.ts';
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

const STARTED: JournalBody = {
  type: 'started',
  scenario: 'slow-feed',
  title: 'Slow feed',
  objective: 'The shop stays open.',
  component: 'shop',
  environment: 'sandbox',
  location: 'local',
  timeScale: 1,
  timeboxMs: 600_000,
  recoveryGoalMs: null,
  obligation: null,
  seed: 1,
};
const bodies = (...all: readonly JournalBody[]): readonly JournalEntry[] =>
  all.map((body, seq) => ({ ...body, seq, gameday: 'gd-1', atMs: seq, sinceStartMs: seq }));

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

  test('of another service are no mark of this one, and not unexpected', async () => {
    const here = world();
    const desk = deskWhere({
      alerts: () =>
        Promise.resolve(
          here.isFaulty
            ? [opened('burn', here.clock.wallMs(), { id: 'x', service: 'elsewhere', objective: 'other' })]
            : [],
        ),
    });
    const outcome = await here.conduct(exercise({ alerts: [] }), { desk });
    expect(outcome.passed).toBe(true);
    expect(here.entries.filter((entry) => entry.type === 'mark' && entry.what === 'alerted')).toEqual([]);
  });
});

describe('alerts that stood before the exercise', () => {
  test('are listed where they are about the component, once, and counted in a line where they are not', async () => {
    const here = world();
    const atMs = here.clock.wallMs() - 60_000;
    const other = (rule: string, service: string | null) =>
      opened(rule, atMs, { key: `${rule}/${service}`, id: `${rule}/${service}`, service, objective: null });
    const stood = [
      opened('burn', atMs - 60_000),
      opened('burn', atMs, { resolved: { atMs, by: 'ana' } }),
      opened('burn', atMs + 1000),
      other('burn', 'orders'),
      other('projection', 'orders'),
      other('clock', null),
    ];
    await here.conduct(exercise(), { desk: deskWhere({ alerts: () => Promise.resolve(stood) }) });
    const told = here.entries.flatMap((entry) => (entry.type === 'alert' ? [entry.alert.id] : []));
    expect(told).toEqual([`burn@${atMs + 1000}`]);
    const elsewhere = here.entries.filter((entry) => entry.type === 'alerts-elsewhere');
    expect(elsewhere).toMatchObject([
      {
        stood: [
          { service: 'orders', alerts: 2 },
          { service: null, alerts: 1 },
        ],
      },
    ]);
    expect(elsewhere.map(entryText)).toEqual(['alerts that stood elsewhere already: 2 of orders, 1 of the prober']);
    const { markdown } = renderGameday({ journal: here.entries, results: [] });
    expect(markdown).toContain('| `burn` SEV-2: burn of availability | – | – | standing |\n\nElsewhere, beside');
    expect(markdown).toContain('Elsewhere, beside the exercise, stood already: 2 of orders, 1 of the prober.\n');
  });

  test('are one line in the report of an older journal, which names each', () => {
    const alert = { id: 'x', rule: 'burn', severity: 'SEV-2', service: 'orders', objective: null, says: 'it burns' };
    const journal = bodies(
      STARTED,
      { type: 'alert', change: 'standing', alert, changedMs: 0, afterMs: null },
      { type: 'alert', change: 'standing', alert: { ...alert, id: 'y' }, changedMs: 0, afterMs: null },
      { type: 'alert', change: 'opened', alert: { ...alert, id: 'z', rule: 'breach' }, changedMs: 1, afterMs: 500 },
    );
    const { markdown } = renderGameday({ journal, results: [] });
    expect(markdown).toContain(
      'No alert was expected, and none was seen.\n\nElsewhere, beside the exercise, stood already: 2 of orders; opened meanwhile: `breach` of orders.\n',
    );
  });
});

describe('an expected alert', () => {
  const alert = { id: 'x', severity: 'SEV-2', service: 'shop', objective: 'availability', says: 'it burns' };
  const expected = (rule: string) => [
    { rule, objective: 'availability', service: null, severity: null, withinMs: 1000 },
  ];
  const judge = (rule: string, ...came: readonly string[]) =>
    judgeAlerts(
      { component: 'shop', alerts: expected(rule) },
      came.map((each, index) => ({ alert: { ...alert, id: each, rule: each }, atMs: index * 100 })),
      [],
      0,
    );

  test('called burning is whichever comes first of those that see one budget burn', () => {
    expect(judge('burning', 'overload', 'violation-24h', 'burn')).toMatchObject({
      expected: [{ rule: 'burning', state: 'in-time', afterMs: 100 }],
      unexpected: [{ rule: 'overload' }],
    });
    expect(judge('burning', 'overload').expected).toMatchObject([{ state: 'missing' }]);
  });

  test('of one rule makes the others of the same budget no news, and does not take them for itself', () => {
    expect(judge('burn', 'violation-24h', 'projection')).toMatchObject({
      expected: [{ rule: 'burn', state: 'missing' }],
      unexpected: [],
    });
    expect(judge('clock', 'burn').unexpected).toMatchObject([{ rule: 'burn' }]);
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

  test('is asked of what was added to what was held before, which the check tells and the journal keeps', async () => {
    const asked: unknown[] = [];
    const here = world();
    const outcome = await here.conduct(exercise(), {
      desk: deskWhere({
        holding: () => Promise.resolve({ ok: true, held: { BTCUSD: 0.001 } }),
        invariants: ({ before }) => {
          asked.push(before);
          return Promise.resolve([judgePositions({ held: { BTCUSD: 0.001 } }, ['BTCUSD'], before)]);
        },
      }),
    });
    expect(outcome).toMatchObject({ verdict: 'held', passed: true });
    expect(asked).toEqual([{ BTCUSD: 0.001 }]);
    expect(here.entries).toContainEqual(
      expect.objectContaining({
        type: 'check',
        name: 'positions',
        ok: true,
        detail:
          '0.001 BTCUSD is held already, by no doing of this exercise: close it at the venue by an opposite order',
        held: { BTCUSD: 0.001 },
      }),
    );
  });

  test('is looked at after a stop as well, within its own bound, and the verdict stays', async () => {
    for (const hangs of [false, true]) {
      const here = world();
      let undoneAtMs = Number.NaN;
      const outcome = await here.conduct(exercise(), {
        onEntry: ({ type }) => {
          if (type === 'injected') here.abort.abort('SIGINT');
        },
        desk: deskWhere({
          invariants: () => {
            undoneAtMs = here.isFaulty ? Number.NaN : here.clock.monotonicMs();
            if (hangs) return forEver();
            return Promise.resolve([
              judgePositions({ held: { ETHUSD: 0.01 } }, ['ETHUSD']),
              { name: 'sequence continuous', ok: false, detail: 'not asked for' },
            ]);
          },
        }),
      });
      expect(outcome).toMatchObject({ verdict: 'aborted', detail: 'stopped by SIGINT', notUndone: [] });
      expect(here.clock.monotonicMs() - undoneAtMs).toBeLessThanOrEqual(5_000);
      const [first] = here.entries.flatMap((entry) => (entry.type === 'invariant' ? [entry] : []));
      expect(first).toMatchObject(
        hangs
          ? { ok: null, detail: 'not checked because the game-day was stopped, and then: no answer within 5000 ms' }
          : { ok: false, detail: '0.01 ETHUSD remains; close it at the venue by an opposite order' },
      );
    }
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
