/** Whatever stops an exercise, and whatever the exercise is waiting for at that moment: within a second everything is undone. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { systemClock } from '../../../runner/clock.ts';
import { Faults } from '../../../runner/gameday/faults.ts';
import { transientJournal } from '../../../runner/gameday/journal.ts';
import { toxiproxyInjector } from '../../../scenarios/injectors/toxiproxy.ts';
import { injections } from '../../../scenarios/step.ts';
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
    const stopped = stoppedBy(() => void ask(folder, { type: 'abort', by: 'ana', reason: 'real' }, String));
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

test('a stop in the middle of a lift waits for no counter that hangs', async () => {
  const world = new World();
  let stoppedAtMs = 0;
  world.probes = { shop: { everyMs: 1000, say: good } };
  world.injector = {
    ...world.injector,
    async effect() {
      if (world.isFaulty) {
        await world.clock.sleep(500, new AbortController().signal);
        stoppedAtMs = world.clock.monotonicMs();
        world.abort.abort('SIGINT');
        await world.clock.sleep(60_000, new AbortController().signal);
      }
      return { ok: true, value: null };
    },
  };
  const outcome = await world.conduct(exercise({ steps: [inject('slow'), { hold: { for: '5s' } }, lift] }));
  expect(outcome).toMatchObject({ verdict: 'aborted', detail: 'stopped by SIGINT', notUndone: [] });
  expect(world.liftedAtMs - stoppedAtMs).toBeLessThanOrEqual(1000);
});

describe('in the middle of an injection', () => {
  const steps = [inject('slow'), { hold: { for: '30s' } }, lift];

  /** It takes four seconds to obey, and obeys also when nobody waits any more. */
  function slowToObey(world: World): void {
    const { injector } = world;
    world.injector = {
      ...injector,
      async inject(...asked) {
        world.injectedAtMs = world.clock.monotonicMs();
        await world.clock.sleep(4_000, new AbortController().signal);
        return await injector.inject(...asked);
      },
    };
  }

  test('a stop takes it back within a second, and again when it arrives after all', async () => {
    const world = new World();
    slowToObey(world);
    const undone: number[] = [];
    const { injector } = world;
    world.injector = {
      ...injector,
      undo: (...asked) => {
        undone.push(world.clock.monotonicMs());
        return injector.undo(...asked);
      },
    };
    let stoppedAtMs = 0;
    world.probes = {
      shop: { everyMs: 1000, say: good },
      clock: {
        everyMs: 50,
        say: () => {
          if (stoppedAtMs === 0 && world.faultAgeMs >= 500) {
            stoppedAtMs = world.clock.monotonicMs();
            world.abort.abort('SIGINT');
          }
          return 'good';
        },
      },
    };
    const outcome = await world.conduct(exercise({ steps }));
    expect(outcome).toMatchObject({ verdict: 'aborted', detail: 'stopped by SIGINT', notUndone: [] });
    expect((undone[0] ?? Infinity) - stoppedAtMs).toBeLessThanOrEqual(1000);
    expect(world.calls.filter((call) => call.startsWith('inject'))).toEqual(['inject feed']);
    expect(world.calls.at(-1)).toBe('undo feed');
    expect(world.active.size).toBe(0);
    const lifted = world.entries.filter(({ type }) => type === 'lifted');
    expect(lifted).toMatchObject([{ verified: true, crossed: null }]);
    expect(lifted[0]?.sinceStartMs).toBeGreaterThan(stoppedAtMs + 4_000);
  });

  test('one that never answers is taken back when its time is over, and looked at again as well', async () => {
    const world = new World();
    world.probes = { shop: { everyMs: 1000, say: good } };
    const { injector } = world;
    world.injector = {
      ...injector,
      async inject(...asked) {
        await world.clock.sleep(7_000, new AbortController().signal);
        return await injector.inject(...asked);
      },
    };
    const outcome = await world.conduct(exercise({ steps }));
    expect(outcome.detail).toBe('slow could not be injected: no answer within 5000 ms');
    expect([outcome.notUndone, world.active.size, world.calls.at(-1)]).toEqual([[], 0, 'undo feed']);
    expect(world.calls).toContain('inject feed');
  });

  test('a real server that holds the call and obeys it after its undo is left clean', async () => {
    const proxy = {
      name: 'feed',
      listen: '127.0.0.1:1',
      upstream: '127.0.0.1:2',
      enabled: true,
      toxics: [] as { name: string }[],
    };
    const stop = new AbortController();
    const seen: string[] = [];
    const undone = Promise.withResolvers<void>();
    const server = createServer((request, response) => {
      const name = request.url?.split('/').at(-1) ?? '';
      const answer = (status: number, body?: unknown): void => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      };
      if (request.url?.startsWith('/leases') === true || name === 'counters') return answer(404);
      if (request.method === 'GET') return answer(200, proxy);
      if (request.method === 'DELETE') {
        seen.push('undone');
        undone.resolve();
        const there = proxy.toxics.some((toxic) => toxic.name === name);
        proxy.toxics = proxy.toxics.filter((toxic) => toxic.name !== name);
        return there ? answer(204) : answer(404, { error: 'toxic not found', status: 404 });
      }
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        seen.push('asked');
        stop.abort('SIGTERM');
        // Held until the fault is undone, and then obeyed all the same.
        void undone.promise.then(() => {
          setTimeout(() => {
            proxy.toxics.push(z.object({ name: z.string() }).parse(JSON.parse(Buffer.concat(chunks).toString())));
            seen.push('obeyed');
          }, 100);
        });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = z.object({ port: z.number() }).parse(server.address());
      const injector = toxiproxyInjector({ url: `http://127.0.0.1:${port}`, proxies: ['feed'] });
      const entries: string[] = [];
      const faults = new Faults({
        injectors: new Map([['toxiproxy', injector]]),
        journal: transientJournal({
          gameday: 'gd',
          wallMs: () => systemClock.wallMs(),
          sinceStartMs: () => systemClock.monotonicMs(),
          onEntry: ({ type }) => entries.push(type),
        }),
        clock: systemClock,
        mayInject: () => Promise.resolve(true),
      });
      const [step] = injections(exercise({ steps }).steps);
      if (step === undefined) throw new Error('no injection');
      expect(await faults.inject(step, stop.signal)).toBe('stopped');
      expect(await faults.undoAll()).toEqual([]);
      expect(seen.slice(0, 3)).toEqual(['asked', 'undone', 'obeyed']);
      expect(seen.at(-1)).toBe('undone');
      expect(proxy.toxics).toEqual([]);
      expect(entries).toEqual(['undo-prepared', 'note', 'lifted']);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }, 30_000);
});
