/** Whatever stops an exercise, and whatever the exercise is waiting for at that moment: within a second everything is undone. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeGamedayFolder } from '../../../runner/gameday/gameday-id.ts';
import { ask } from '../../../runner/gameday/requests.ts';
import type { Say } from './world.ts';
import { deskWhere } from './desk.ts';
import { exercise, World } from './world.ts';

let parent = '';
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'pulsedrill-stopping-'));
});
afterEach(() => rm(parent, { recursive: true, force: true }));

const inject = (id: string, name = 'feed') => ({
  inject: { id, fault: { type: 'latency', delay: '1s' }, target: { injector: 'toxiproxy', name } },
});
const lift = { lift: { fault: 'slow' } };
const never = { name: 'the shop is closed', probe: 'shop', outcome: 'bad', of: 9 };

/** What the exercise is at when it is stopped, twenty seconds after its injection. */
const WAITING: readonly (readonly [string, readonly object[]])[] = [
  ['a hold', [inject('slow'), { hold: { for: '30s' } }, lift]],
  ['a wait', [inject('slow'), { wait: { for: never, within: '5m' } }, lift]],
  ['a person', [inject('slow'), { human: { id: 'look', do: 'Look.', who: 'on-call', within: '5m' } }, lift]],
  [
    'two branches',
    [
      {
        parallel: [
          [inject('slow'), { hold: { for: '30s' } }, lift],
          [inject('cut', 'gateway'), { wait: { for: never, within: '5m' } }, { lift: { fault: 'cut' } }],
        ],
      },
    ],
  ],
];

const STOP_MS = 20_000;
const good: Say = () => 'good';

/** A world that calls `stop` at that moment, by its own clock. */
function stoppedBy(stop: (world: World) => void, say: Say = good): World {
  const world = new World();
  let isStopped = false;
  world.probes = {
    shop: { everyMs: 1000, say },
    // Looks as often as a person who is quick.
    clock: {
      everyMs: 50,
      say: () => {
        if (!isStopped && world.isFaulty && world.faultAgeMs >= STOP_MS) {
          isStopped = true;
          stop(world);
        }
        return 'good';
      },
    },
  };
  return world;
}

/** What is not as it should be once it has been stopped, a line each. */
function wrong(world: World, { verdict, detail, notUndone }: Awaited<ReturnType<World['conduct']>>): readonly string[] {
  const tookMs = world.liftedAtMs - world.injectedAtMs - STOP_MS;
  return [
    ...(verdict === 'aborted' ? [] : [`${verdict}: ${detail}`]),
    ...(notUndone.length === 0 && world.active.size === 0 ? [] : ['something is left']),
    ...(tookMs <= 1000 ? [] : [`undone after ${tookMs} ms`]),
  ];
}

describe.each(WAITING)('during %s', (_, steps) => {
  test('Ctrl-C and SIGTERM', async () => {
    for (const signal of ['SIGINT', 'SIGTERM']) {
      const world = stoppedBy((w) => w.abort.abort(signal));
      const outcome = await world.conduct(exercise({ steps }));
      expect(outcome.detail).toBe(`stopped by ${signal}`);
      expect(wrong(world, outcome)).toEqual([]);
    }
  });

  test('an abort from another shell', async () => {
    const world = new World();
    const { gamedayId, journalPath } = await makeGamedayFolder(parent, 'slow-feed', world.clock.wallMs());
    const folder = dirname(journalPath);
    const stopped = stoppedBy(() => void ask(folder, { type: 'abort', by: 'ana', reason: 'real' }));
    const outcome = await stopped.conduct(exercise({ steps }), { gamedayId, journalPath });
    expect(outcome.detail).toBe('aborted by ana: real');
    expect(wrong(stopped, outcome)).toEqual([]);
  });

  test('an abort condition over a probe, and one over a query', async () => {
    const byProbe: Say = (w) => (w.isFaulty && w.faultAgeMs >= STOP_MS ? 'bad' : 'good');
    const probed = stoppedBy(() => undefined);
    probed.probes = { ...probed.probes, orders: { everyMs: 200, say: byProbe } };
    const over = [{ name: 'orders fail', probe: 'orders', outcome: 'bad' }];
    const outcome = await probed.conduct(exercise({ steps, abort: over }));
    expect(outcome.detail).toBe('abort condition: orders fail: orders: 1 of 1 bad, 1 asked');
    expect(wrong(probed, outcome)).toEqual([]);

    const queried = stoppedBy(() => undefined);
    const query = () => Promise.resolve(queried.isFaulty && queried.faultAgeMs >= STOP_MS ? 9 : 0);
    const abort = [{ name: 'many errors', promql: 'errors', source: 'platform', value: { above: 5 }, every: '500ms' }];
    const asked = await queried.conduct(exercise({ steps, abort }), { desk: deskWhere({ query }) });
    expect(asked.detail).toBe('abort condition: many errors: platform: errors: 9, above 5 asked');
    expect(wrong(queried, asked)).toEqual([]);
  });

  test('the end of the timebox', async () => {
    const world = stoppedBy(() => undefined);
    const outcome = await world.conduct(exercise({ steps, timebox: '31s' }));
    expect(outcome).toMatchObject({ verdict: 'aborted', detail: 'the timebox of 31000 ms ended', notUndone: [] });
    const finished = world.entries.at(-1);
    const lifted = world.entries.findLast(({ type }) => type === 'lifted');
    expect(lifted?.sinceStartMs).toBeLessThanOrEqual(32_000);
    expect(finished?.sinceStartMs).toBeLessThanOrEqual(32_000);
    expect(world.active.size).toBe(0);
  });
});
