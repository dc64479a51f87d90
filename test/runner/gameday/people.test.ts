/** Steps of people, parallel branches, drills of people alone, and targets of marks. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeGamedayFolder } from '../../../runner/gameday/gameday-id.ts';
import { ask, type GamedayRequest } from '../../../runner/gameday/requests.ts';
import type { JournalEntry } from '../../../scenarios/journal.ts';
import { renderGameday } from '../../../reports/gameday.ts';
import { entryText } from '../../../runner/gameday-text.ts';
import { exercise, World } from './world.ts';

let parent = '';
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'pulsedrill-people-'));
});
afterEach(() => rm(parent, { recursive: true, force: true }));

const human = (id: string, within = '30s', mark?: string) => ({
  human: { id, do: `see to ${id}`, who: 'on-call', within, ...(mark === undefined ? {} : { mark }) },
});
const inject = (id: string, name = 'feed') => ({
  inject: { id, fault: { type: 'latency', delay: '1s' }, target: { injector: 'toxiproxy', name } },
});
const hold = { hold: { for: '5s' } };
const lift = (fault: string) => ({ lift: { fault } });

/** @param said each as soon as the entry that it waits for is in the journal */
async function run(
  changes: Record<string, unknown>,
  said: readonly (readonly [(entry: JournalEntry) => boolean, GamedayRequest])[] = [],
  world = new World(),
) {
  if (Object.keys(world.probes).length === 0) world.probes = { shop: { everyMs: 1000, say: () => 'good' } };
  const { gamedayId, journalPath } = await makeGamedayFolder(parent, 'slow-feed', world.clock.wallMs());
  const left = [...said];
  const outcome = await world.conduct(exercise(changes), {
    gamedayId,
    journalPath,
    onEntry: (entry) => {
      const [next] = left;
      if (next === undefined || !next[0](entry)) return;
      left.shift();
      void ask(dirname(journalPath), next[1], String);
    },
  });
  return { outcome, entries: world.entries, world };
}

const asked = (step: string) => (entry: JournalEntry) => entry.type === 'asked' && entry.step === step;
const mark = (what: string, by = 'ana', note: string | null = null): GamedayRequest => ({
  type: 'mark',
  what,
  by,
  note,
});

describe('a step of people', () => {
  test('is done when somebody says its word, and sets its mark', async () => {
    const steps = [inject('slow'), human('diagnose', '30s', 'diagnosed'), hold, lift('slow')];
    const { outcome, entries } = await run({ steps }, [[asked('diagnose'), mark('diagnose', 'ana', 'the feed lags')]]);
    expect(outcome).toMatchObject({ verdict: 'held', passed: true });
    expect(entries).toContainEqual(
      expect.objectContaining({ type: 'answered', step: 'diagnose', ok: true, by: 'ana' }),
    );
    expect(entries).toContainEqual(
      expect.objectContaining({ type: 'mark', what: 'diagnosed', by: 'ana', source: 'ana, by hand: the feed lags' }),
    );
    expect(entries.filter(({ type }) => type === 'note')).toEqual([]);
  });

  test('is done by saying its mark as well, which is then on record once', async () => {
    const steps = [inject('slow'), human('see', '30s', 'acknowledged'), hold, lift('slow')];
    const { outcome, entries } = await run({ steps }, [[asked('see'), mark('acknowledged')]]);
    expect(outcome.passed).toBe(true);
    expect(entries.filter((entry) => entry.type === 'mark' && entry.what === 'acknowledged')).toHaveLength(1);
  });

  test('that nobody confirms in time is no pass even where the steady state held, and the fault is lifted', async () => {
    const steps = [inject('slow'), human('diagnose', '5s'), { hold: { for: '5m' } }, lift('slow')];
    const { outcome, world } = await run({ steps });
    expect(outcome).toMatchObject({ verdict: 'held', passed: false });
    expect(outcome.detail).toContain('not confirmed in time: diagnose (on-call)');
    expect(world.liftedAtMs - world.injectedAtMs).toBeLessThan(10_000);
  });
});

describe('a parallel group', () => {
  test('carries its branches out at the same time, and is over with the last of them', async () => {
    const steps = [
      {
        parallel: [
          [inject('slow'), { hold: { for: '4s' } }, lift('slow')],
          [inject('cut', 'gateway'), { hold: { for: '9s' } }, lift('cut')],
        ],
      },
    ];
    const { outcome, entries, world } = await run({ steps });
    expect(outcome.verdict).toBe('held');
    expect(world.calls).toEqual(['inject feed', 'inject gateway', 'undo feed', 'undo gateway']);
    const first = entries.find(({ type }) => type === 'injected');
    const last = entries.findLast(({ type }) => type === 'lifted');
    expect((last?.sinceStartMs ?? 0) - (first?.sinceStartMs ?? 0)).toBeLessThan(10_000);
    expect(entries.filter((entry) => entry.type === 'phase').map(({ phase }) => phase)).toEqual([
      'before',
      'during',
      'after',
    ]);
  });

  test('in which one branch cannot go on stops the others and undoes everything', async () => {
    const world = new World();
    const { injector } = world;
    world.injector = {
      ...injector,
      inject: (target, ...rest) =>
        target.name === 'gateway'
          ? Promise.resolve({
              ok: false as const,
              problem: { code: 'failed' as const, message: 'the gateway is gone' },
            })
          : injector.inject(target, ...rest),
    };
    const steps = [
      {
        parallel: [
          [inject('slow'), { hold: { for: '5m' } }, lift('slow')],
          [{ hold: { for: '2s' } }, inject('cut', 'gateway'), lift('cut')],
        ],
      },
    ];
    const { outcome } = await run({ steps }, [], world);
    expect(outcome).toMatchObject({ verdict: 'aborted', notUndone: [] });
    expect(outcome.detail).toContain('the gateway is gone');
    expect(world.active.size).toBe(0);
    expect(world.liftedAtMs - world.injectedAtMs).toBeLessThan(10_000);
  });
});

describe('a drill of people alone', () => {
  const steps = [human('first', '30s', 'acknowledged'), human('second', '30s', 'acknowledged')];
  test('injects nothing, and passes when everybody has answered', async () => {
    const { outcome, entries, world } = await run({ steps, goals: { acknowledged: '5s' } }, [
      [asked('first'), mark('first')],
      [asked('second'), mark('second', 'ben')],
    ]);
    expect(outcome).toMatchObject({
      verdict: 'held',
      passed: true,
      detail: 'the steady state held, and nothing was broken: people practised',
    });
    expect(world.calls).toEqual([]);
    expect(entries).toContainEqual(expect.objectContaining({ type: 'mark', what: 'began', afterMs: 0 }));
  });

  test('counts from its beginning, in words as well, and has recovered from nothing', async () => {
    const { entries } = await run({ steps, goals: { acknowledged: '5s' } }, [
      [asked('first'), mark('first')],
      [asked('second'), mark('second', 'ben')],
    ]);
    expect(entries.flatMap((entry) => (entry.type === 'mark' ? [entry.what] : []))).toEqual([
      'began',
      'acknowledged',
      'acknowledged',
    ]);
    const lines = entries.flatMap((entry) => (entry.type === 'mark' ? [entryText(entry)] : []));
    expect(lines[0]).toBe('mark drill begun +0.0 s from the beginning (first)');
    expect(lines[1]).toMatch(/^mark acknowledged \+\d+\.\d s from the beginning \(ana, by hand\)$/);
    const { markdown } = renderGameday({ journal: entries, results: [] });
    expect(markdown).toContain('| Mark | When (UTC) | From the beginning |');
    expect(markdown).toContain('| Goals, from the beginning | acknowledged 5 s |');
    expect(markdown).toContain('counted from the beginning of the drill.');
    expect(markdown).toContain('- **Budget spent:** nothing was broken, so that it spent nothing\n');
    expect(markdown.toLowerCase()).not.toContain('injection');
  });

  test('in which the steady state really broke has its impact, and its recovery', async () => {
    const world = new World();
    const isIll = () => world.clock.monotonicMs() > 5000 && world.clock.monotonicMs() < 9000;
    world.probes = { shop: { everyMs: 1000, say: () => (isIll() ? 'bad' : 'good') } };
    const { entries } = await run({ steps: [human('first', '30s')] }, [], world);
    const what = entries.flatMap((entry) => (entry.type === 'mark' ? [entry.what] : []));
    expect(what).toEqual(['began', 'impact', 'mitigated', 'recovered', 'steady']);
  });

  test('in which somebody does not answer is no pass', async () => {
    const { outcome } = await run({ steps }, [[asked('first'), mark('first')]]);
    expect(outcome).toMatchObject({ verdict: 'held', passed: false });
    expect(outcome.detail).toContain('not confirmed in time: second (on-call)');
  });

  test('keeps its own target when nobody marks anything', async () => {
    const { outcome } = await run({ steps: [human('talk', '30s')], goals: { acknowledged: '5s' } }, [
      [asked('talk'), mark('talk')],
    ]);
    expect(outcome.detail).toContain('acknowledged never, the goal is 5 s');
  });
});

describe('a target of a mark', () => {
  const steps = [inject('slow'), human('see', '30s', 'acknowledged'), hold, lift('slow')];
  test('that is missed is no pass', async () => {
    const say = (world: World) => (world.isFaulty ? ('bad' as const) : ('good' as const));
    const world = new World();
    world.probes = { shop: { everyMs: 1000, say } };
    const goals = { impact: '10s', acknowledged: '500ms', recovered: '5m' };
    const { outcome } = await run(
      { steps, goals, pass: ['recovered-after-lift'] },
      [[(entry) => entry.type === 'mark' && entry.what === 'impact', mark('see')]],
      world,
    );
    expect(outcome).toMatchObject({ verdict: 'recovered-after-lift', passed: false });
    expect(outcome.detail).toMatch(/; acknowledged after \d\.\d s, the goal is 500 ms$/);
  });
});

test('a service that comes back and breaks again has not recovered', async () => {
  const world = new World();
  // Good for three seconds after the lift, then bad for good.
  const sinceLift = (w: World) => w.clock.monotonicMs() - w.liftedAtMs;
  world.probes = {
    shop: {
      everyMs: 1000,
      say: (w) => (w.isFaulty || (sinceLift(w) > 3500 && Number.isFinite(w.liftedAtMs)) ? 'bad' : 'good'),
    },
  };
  const steps = [inject('slow'), { hold: { for: '5s' } }, lift('slow')];
  const { outcome } = await run({ steps, steadyFor: '10s', pass: ['recovered-after-lift'] }, [], world);
  expect(outcome).toMatchObject({ verdict: 'not-recovered', passed: false });
});

test('a fault whose injection was skipped is neither lifted nor said to be', async () => {
  const world = new World();
  // The first fault never heals, so that there is nothing to be learned from a second.
  world.probes = { shop: { everyMs: 1000, say: (w) => (Number.isFinite(w.injectedAtMs) ? 'bad' : 'good') } };
  const steps = [
    inject('slow'),
    hold,
    lift('slow'),
    { wait: { for: 'hypothesis', within: '10s' } },
    inject('cut', 'gateway'),
    lift('cut'),
  ];
  const { outcome, entries } = await run({ steps }, [], world);
  expect(outcome.verdict).toBe('not-recovered');
  expect(world.calls).toEqual(['inject feed', 'undo feed']);
  expect(entries.flatMap((entry) => (entry.type === 'mark' && entry.what === 'lifted' ? [entry.source] : []))).toEqual([
    'slow',
  ]);
  expect(entries.flatMap((entry) => (entry.type === 'phase' ? [entry.phase] : []))).toEqual([
    'before',
    'during',
    'after',
  ]);
});
