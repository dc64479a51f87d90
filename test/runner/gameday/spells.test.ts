/** Several faults, one after the other: the worst of what they did is what the exercise comes to. */
import { describe, expect, test } from 'vitest';
import { seconds } from '../../../reports/figures.ts';
import { renderGameday } from '../../../reports/gameday.ts';
import { Spells } from '../../../runner/gameday/spells.ts';
import type { Say } from './world.ts';
import { exercise, World } from './world.ts';

const inject = (id: string, name: string) => ({
  inject: { id, fault: { type: 'latency', delay: '1s' }, target: { injector: 'toxiproxy', name } },
});
const hold = (ms: number) => ({ hold: { for: `${ms}ms` } });
const lift = (fault: string) => ({ lift: { fault } });
const wellAgain = { wait: { for: 'hypothesis', within: '30s', mark: 'recovered' } };
/** First one on `feed`, then one on `gateway`. */
const oneAfterTheOther = (between: readonly object[] = [wellAgain]) => [
  inject('first', 'feed'),
  hold(10_000),
  lift('first'),
  ...between,
  inject('second', 'gateway'),
  hold(10_000),
  lift('second'),
];

function worldWhere(say: Say): World {
  const world = new World();
  world.probes = { shop: { everyMs: 1000, say } };
  return world;
}

/** Bad while there is something on `name`, from so many ms after the first injection on, for so long. */
const badUnder =
  (name: string, { forMs = Infinity } = {}): Say =>
  (world) => {
    if (!world.active.has(name)) return 'good';
    const since = name === 'feed' ? 0 : (world.injectedAt.get(name) ?? 0) - world.injectedAtMs;
    return world.faultAgeMs - since < forMs ? 'bad' : 'good';
  };

describe('a fault after another', () => {
  test('that breaks what the first had not broken is not held', async () => {
    const world = worldWhere(badUnder('gateway'));
    const outcome = await world.conduct(exercise({ steps: oneAfterTheOther() }));
    expect(outcome).toMatchObject({ verdict: 'recovered-after-lift', passed: false });
    // From the first injection; recovered is what came after the last lift, not what held between.
    expect(outcome.recoveredAfterMs).toBeGreaterThan(20_000);
    expect(outcome.recoveredAfterLiftMs).toBeLessThan(5_000);
    const recovered = world.entries.filter((entry) => entry.type === 'mark' && entry.what === 'recovered');
    expect(recovered).toHaveLength(2);
    // The lift that it recovered from, in figures as in the journal and in the report.
    expect(outcome.liftedAfterMs).toBe(Number(outcome.recoveredAfterMs) - Number(outcome.recoveredAfterLiftMs));
    expect(world.entries.at(-1)).toMatchObject({ type: 'finished', liftedAfterMs: outcome.liftedAfterMs });
    const { markdown } = renderGameday({ journal: world.entries, results: [] });
    expect(markdown).toContain(`fault lifted after ${seconds(Number(outcome.liftedAfterMs))}, recovered after`);
    const rows = [...markdown.matchAll(/^\| (fault \w+: \w+) \| [\d:.]+ \| (\S+ s) \|/gmu)].map(([, what]) => what);
    expect(rows).toEqual([
      'fault injected: first',
      'fault lifted: first',
      'fault injected: second',
      'fault lifted: second',
    ]);
  });

  test('in the middle of which the exercise is stopped is lifted by its end, and that is the lift that counts', async () => {
    const world = worldWhere((here) => {
      if (here.active.has('gateway')) here.abort.abort('SIGTERM');
      return 'good';
    });
    const outcome = await world.conduct(exercise({ steps: oneAfterTheOther() }));
    const lifts = world.entries.filter((entry) => entry.type === 'mark' && entry.what === 'lifted');
    expect(lifts).toMatchObject([{ source: 'first' }, { source: 'second', afterMs: outcome.liftedAfterMs }]);
    expect(outcome).toMatchObject({ verdict: 'aborted', liftedAfterMs: world.liftedAtMs - world.injectedAtMs });
  });

  test('that is got over while it is there is recovered from, by its own marks', async () => {
    const world = worldWhere(badUnder('gateway', { forMs: 4000 }));
    const outcome = await world.conduct(exercise({ steps: oneAfterTheOther() }));
    expect(outcome).toMatchObject({ verdict: 'recovered-despite-fault', passed: true });
    const secondMs = (world.injectedAt.get('gateway') ?? 0) - world.injectedAtMs;
    expect(outcome.mitigatedAfterMs).toBeGreaterThan(secondMs + 4000);
    expect(outcome.mitigatedAfterMs).toBeLessThan(secondMs + 8000);
  });

  test('that holds does not hide that the first had to be lifted', async () => {
    const outcome = await worldWhere(badUnder('feed')).conduct(exercise({ steps: oneAfterTheOther() }));
    expect(outcome).toMatchObject({ verdict: 'recovered-after-lift', passed: false, mitigatedAfterMs: null });
  });

  test('both held', async () => {
    const outcome = await worldWhere(() => 'good').conduct(exercise({ steps: oneAfterTheOther() }));
    expect(outcome).toMatchObject({ verdict: 'held', passed: true });
  });

  test('of which no probe could tell is said by its name', async () => {
    const silent: Say = (world) => (world.active.has('gateway') ? null : 'good');
    const outcome = await worldWhere(silent).conduct(exercise({ steps: oneAfterTheOther() }));
    expect(outcome).toMatchObject({ verdict: 'no-effect', passed: false });
    expect(outcome.detail).toMatch(
      /^no probe could tell the steady state while second was there, so nothing was learned/,
    );
  });

  test('what still suffers from the first when that is gone is no impact of a fault that is not there', async () => {
    // A run that began under the fault ends after its lift.
    const lag: Say = (world) =>
      !world.isFaulty && world.clock.monotonicMs() - world.liftedAtMs < 1500 && world.liftedAtMs < Infinity
        ? 'bad'
        : 'good';
    const world = worldWhere(lag);
    const outcome = await world.conduct(exercise({ steps: oneAfterTheOther() }));
    expect(outcome.verdict).toBe('held');
    expect(world.entries.filter((entry) => entry.type === 'mark' && entry.what === 'impact')).toEqual([]);
  });
});

describe('two faults at the same time', () => {
  const steps = [inject('first', 'feed'), inject('second', 'gateway'), hold(10_000), lift('first'), lift('second')];

  test('are judged before the first of them is lifted, where nobody looks between both lifts', async () => {
    const held = await worldWhere(() => 'good').conduct(exercise({ steps }));
    expect(held.verdict).toBe('held');
    const broken = await worldWhere(badUnder('gateway')).conduct(exercise({ steps }));
    expect(broken.verdict).toBe('recovered-after-lift');
  });
});

test('spells keep the worst, and what is not known hides nothing that is', () => {
  const ended = (...seen: readonly (readonly Parameters<Spells['see']>[0][])[]) => {
    const spells = new Spells();
    for (const [index, states] of seen.entries()) {
      for (const state of states) spells.see(state);
      spells.end(`f${index}`);
    }
    return [spells.worst, spells.untold];
  };
  expect(new Spells().worst).toBe('unknown');
  expect(ended(['met', 'unknown'])).toEqual(['met', []]);
  expect(ended(['unknown', 'met'])).toEqual(['met', []]);
  expect(ended(['unmet', 'met'])).toEqual(['unmet', []]);
  expect(ended(['met'], ['unknown'])).toEqual(['unknown', ['f1']]);
  expect(ended(['unknown'], ['unmet'])).toEqual(['unmet', ['f0']]);
  expect(ended(['unknown'], [])).toEqual(['unknown', []]);
});
