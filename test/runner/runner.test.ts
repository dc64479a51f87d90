import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../runner/clock.ts';
import type { Configuration } from '../../runner/config/configuration.ts';
import { createRunner, type Runner, type RunnerOptions } from '../../runner/runner.ts';
import { startSandbox, type Sandbox } from '../../sandbox/start.ts';
import { LedgerError } from '../../store/ledger-error.ts';
import { openStore, type LedgerStore } from '../../store/open.ts';
import { createSpill } from '../../store/spill.ts';
import type { LedgerEvent, Store } from '../../store/store.ts';
import { aResult, collect } from '../support/results.ts';
import { eventually } from '../support/servers.ts';
import { slowServer, type SlowServer } from '../support/slow-server.ts';
import { configured } from './configured.ts';

let sandbox: Sandbox;
let folder = '';
beforeAll(async () => {
  sandbox = await startSandbox({ ticksPerSecond: 20 });
});
afterAll(() => sandbox.stop());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-runner-'));
});
afterEach(async () => {
  await fetch(`${sandbox.controls.venue}/reset`, { method: 'POST' });
  rmSync(folder, { recursive: true, force: true });
});

async function turn(knobs: Readonly<Record<string, number>>): Promise<void> {
  const answer = await fetch(`${sandbox.controls.venue}/knobs`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(knobs),
  });
  expect(answer.status).toBe(200);
}

/**
 * A policy hour lasts 6 s, which is the objective's window; Green must last 3 s before sampling falls back. A run has 50 ms, the
 * shortest interval: on a busy machine one or the other is late, so that half of them may be bad before the budget is gone.
 */
function practice(url: string, part: Readonly<Record<string, unknown>> = {}): Configuration {
  return configured(
    {
      environment: 'sandbox',
      timeScale: 600,
      loopTolerance: '5s',
      listen: false,
      cadence: { hold: '30m' },
      probes: [
        { id: 'status', kind: 'http', service: 'client-api', url, every: '200ms', yellow: '100ms', red: '50ms' },
        { id: 'other', kind: 'http', service: 'elsewhere', url, every: '300ms', yellow: '100ms' },
      ],
      objectives: [
        {
          id: 'availability',
          service: 'client-api',
          target: '0.5',
          window: '1h',
          sli: 'availability',
          probes: ['status'],
          minEvents: 10,
        },
      ],
      ...part,
    },
    folder,
  );
}

interface Living extends AsyncDisposable {
  readonly runner: Runner;
  readonly store: LedgerStore;
  readonly events: LedgerEvent[];
  readonly warnings: string[];
  readonly stop: AbortController;
  /** Begins to run, and ends when `stop` aborts. */
  readonly live: () => Promise<void>;
}

async function living(
  configuration: Configuration,
  wrap: (store: LedgerStore) => Store = (store) => store,
  part: Partial<RunnerOptions> = {},
) {
  const store = await openStore({
    path: configuration.ledgerPath,
    objectives: configuration.objectives,
    stepMs: configuration.base.minuteMs,
  });
  const stop = new AbortController();
  const events: LedgerEvent[] = [];
  const warnings: string[] = [];
  const options: RunnerOptions = {
    configuration,
    store: wrap(store),
    spill: createSpill({ folder: join(folder, 'spill'), identity: store.identity, instance: 'test', uid: null }),
    clock: systemClock,
    stop: stop.signal,
    abandon: new AbortController().signal,
    path: '',
    instance: 'test',
    tell: (event) => events.push(event),
    warn: (line) => warnings.push(line),
    ...part,
  };
  const runner = createRunner(options);
  let running: Promise<void> | undefined;
  const made: Living = {
    runner,
    store,
    events,
    warnings,
    stop,
    live: () => (running ??= runner.run()),
    async [Symbol.asyncDispose]() {
      stop.abort('SIGTERM');
      await running?.catch(() => undefined);
      await runner[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
  return made;
}

const of = (events: readonly LedgerEvent[], kind: LedgerEvent['kind'], to: string): LedgerEvent | undefined =>
  events.find((event) => event.kind === kind && event.body['to'] === to);

describe('the runner against a venue', () => {
  it('stores results, turns with the venue, asks more often, obliges once, and calms down only after the hold', async () => {
    const configuration = practice(`${sandbox.edgeUrl}/api/v1/status`);
    await using life = await living(configuration);
    const { runner, events, store } = life;
    const running = life.live();

    await eventually(() => of(events, 'colour', 'green'), 'a first colour is Green');
    // The colour of a service follows those of its objectives, and its sampling that colour.
    const isCalm = () =>
      (runner.colour('client-api') === 'green' && runner.engine.intervalMs('status') === 200) || undefined;
    await eventually(isCalm, 'the service is Green, and sampled as is usual');
    expect(runner.colour('elsewhere')).toBe('unknown');

    const before = events.length;
    await turn({ errorRatio: 1 });
    const raised = await eventually(() => of(events.slice(before), 'cadence', 'red'), 'sampling is raised to Red');
    expect(raised).toMatchObject({ service: 'client-api' });
    expect(raised.body['probes']).toMatchObject([{ probe: 'status', toMs: 50 }]);
    expect(runner.engine.intervalMs('status')).toBe(50);
    expect(runner.engine.intervalMs('other')).toBe(300);
    const owed = await eventually(() => events.find((event) => event.kind === 'obligation'), 'a game-day is owed');
    expect(owed).toMatchObject({ service: 'client-api', body: { state: 'open', objective: 'availability', days: 14 } });

    await turn({ errorRatio: 0 });
    const calm = await eventually(
      () =>
        events.findLast((event) => event.kind === 'colour' && event.body['to'] === 'green' && event.atMs > raised.atMs),
      'the bad events have left the window',
    );
    const since = () => events.slice(events.indexOf(calm));
    expect(of(since(), 'cadence', 'green')).toBeUndefined();
    const back = await eventually(() => of(since(), 'cadence', 'green'), 'sampling falls back');
    expect(back.atMs - calm.atMs).toBeGreaterThanOrEqual(2990);
    await eventually(isCalm, 'it is sampled as is usual');

    life.stop.abort('SIGTERM');
    await running;
    expect(life.warnings).toEqual([]);
    expect(await runner.obligations()).toMatchObject([
      { service: 'client-api', duty: 'game-day', state: 'open' },
      { service: 'client-api', duty: 'postmortem', state: 'open' },
    ]);

    await using second = await openStore({ path: configuration.ledgerPath, readOnly: true });
    const results = await collect(second.results({ fromMs: 0, toMs: systemClock.wallMs() + 1000, probe: 'status' }));
    expect(new Set(results.map((result) => result.runId)).size).toBe(results.length);
    expect(new Set(results.map((result) => result.cadence))).toContain('red');
    const bad = results.filter((result) => result.outcome === 'bad');
    expect(bad.length).toBeGreaterThan(0);
    // At 50 ms a run, a busy machine may see a timeout as well.
    expect(new Set(bad.map((result) => result.reason))).toContain('http-5xx');
    const points = await second.budgets({ objective: 'availability', fromMs: 0, toMs: systemClock.wallMs() + 1000 });
    expect(points.map((point) => point.colour)).toContain('red');
    const told = await store.events({ kind: 'cadence' });
    expect(told.map((event) => event.id)).toEqual(
      events.filter((event) => event.kind === 'cadence').map((event) => event.id),
    );
  });
});

describe('a runner', () => {
  let server: SlowServer;
  beforeEach(async () => {
    server = await slowServer();
  });
  afterEach(() => server[Symbol.asyncDispose]());

  it('knows at its start what colour a service has, a minute before its first evaluation would be due', async () => {
    const configuration = practice(server.url, {
      timeScale: 1,
      probes: [{ id: 'status', kind: 'http', service: 'client-api', url: server.url, every: '2s', red: '500ms' }],
    });
    await using life = await living(configuration);
    const sinceMs = Math.floor(systemClock.wallMs()) - 120_000;
    await life.store.append(
      Array.from({ length: 40 }, (_, n) =>
        aResult(n, { scheduledMs: sinceMs + n * 1000, service: 'client-api', outcome: 'bad', reason: 'http-5xx' }),
      ),
    );
    void life.live();
    await eventually(() => of(life.events, 'cadence', 'red'), 'sampling is raised');
    expect(life.runner.colour('client-api')).toBe('red');
    expect(life.runner.engine.intervalMs('status')).toBe(500);
    await eventually(() => life.events.find((event) => event.kind === 'obligation'), 'a game-day is owed');
    expect((await life.runner.obligations())[0]).toMatchObject({ objective: 'availability', state: 'open' });
  });

  it('records no change of colour because it was restarted, and goes on sampling as often', async () => {
    server.status = 503;
    const configuration = practice(server.url);
    {
      await using life = await living(configuration);
      const running = life.live();
      await eventually(() => of(life.events, 'cadence', 'red'), 'sampling is raised');
      expect(of(life.events, 'colour', 'red')?.body).toMatchObject({ target: '0.5', windowMs: 6000, split: null });
      life.stop.abort('SIGTERM');
      await running;
    }
    server.status = 200;
    await using life = await living(configuration);
    void life.live();
    await eventually(() => (life.runner.judgedAgeMs() !== null ? true : undefined), 'the first evaluation');
    await eventually(() => (life.runner.colour('client-api') === 'red' ? true : undefined), 'it is Red');
    expect(life.runner.engine.intervalMs('status')).toBe(50);
    expect(of(life.events, 'colour', 'red')).toBeUndefined();
    expect(of(life.events, 'cadence', 'red')).toBeUndefined();
    await eventually(() => of(life.events, 'cadence', 'green'), 'it falls back when Green has held');
  });

  it('obliges once when two evaluations are asked for at the same time', async () => {
    server.status = 503;
    await using life = await living(practice(server.url));
    void life.live();
    await eventually(() => (server.seen.length >= 30 ? true : undefined), 'enough bad events');
    life.stop.abort('SIGTERM');
    await life.live();
    await Promise.all([life.runner.evaluate(), life.runner.evaluate(), life.runner.evaluate()]);
    const owed = life.events.filter((event) => event.kind === 'obligation');
    expect(owed.map(({ body }) => body['duty'])).toEqual(['game-day', 'postmortem']);
    expect(life.events.filter((event) => event.kind === 'colour' && event.body['to'] === 'red')).toHaveLength(1);
  });

  it('runs an attended service at the game-day rate, stamps its results, and lets go of it', async () => {
    await using life = await living(practice(server.url));
    const heard = life.runner.witness.watch(life.stop.signal);
    void life.live();
    {
      using attending = life.runner.witness.attend('client-api', 'gd-1');
      expect(attending).toBeDefined();
      expect(life.runner.witness.intervalMs('status')).toBe(50);
      expect(life.runner.witness.intervalMs('other')).toBe(300);
      for await (const result of heard) {
        if (result.probe === 'status' && result.gameday === 'gd-1' && result.weightMs === 50) break;
      }
    }
    // The game-day's rate was that of a Red, too: where runs were late, it is let go of a hold later.
    await eventually(() => life.runner.witness.intervalMs('status') === 200 || undefined, 'it is let go of');
    expect(life.runner.witness.intervalMs('nobody')).toBeNull();
    life.stop.abort('SIGTERM');
    await life.live();
    const results = await collect(
      life.store.results({ fromMs: 0, toMs: systemClock.wallMs() + 1000, gameday: 'gd-1' }),
    );
    expect(results.length).toBeGreaterThan(0);
    expect(new Set(results.map((result) => result.service))).toEqual(new Set(['client-api']));
    expect(new Set(results.map((result) => result.cadence))).toEqual(new Set(['gameday']));
  });

  it('meets what a service owes, by name of the game-day', async () => {
    server.status = 503;
    await using life = await living(practice(server.url));
    void life.live();
    await eventually(() => life.events.find((event) => event.kind === 'obligation'), 'a game-day is owed');
    server.status = 200;
    await life.runner.meet('elsewhere', 'gd-0');
    expect((await life.runner.obligations())[0]).toMatchObject({ state: 'open' });
    await life.runner.meet('client-api', 'gd-1');
    expect((await life.runner.obligations())[0]).toMatchObject({ state: 'met', gameday: 'gd-1' });
  });

  it('stores the run in flight when it is told to stop', async () => {
    server.delayMs = 500;
    const configuration = practice(server.url, {
      probes: [{ id: 'status', kind: 'http', service: 'client-api', url: server.url, every: '2s' }],
    });
    await using life = await living(configuration);
    const running = life.live();
    await eventually(() => server.seen[0], 'a request');
    life.stop.abort('SIGTERM');
    await running;
    const results = await collect(life.store.results({ fromMs: 0, toMs: systemClock.wallMs() + 1000 }));
    expect(results).toMatchObject([{ outcome: 'good' }]);
  });

  it('ends with the error, schedule and all, when its results cannot be kept', async () => {
    const gone = new LedgerError('closed', 'a.db', 'its thread has ended', 'start again');
    const failing = (store: LedgerStore): Store =>
      new Proxy(store, {
        get(target, key) {
          if (key === 'append') return () => Promise.reject(gone);
          const value: unknown = Reflect.get(target, key, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
    await using life = await living(practice(server.url), failing);
    await expect(life.live()).rejects.toMatchObject({
      code: 'closed',
      message: expect.stringMatching(
        new RegExp(`^${gone.message}; put aside in ${folder}/spill, for the next start to take in: \\d+ results?$`),
      ),
    });
    const asked = server.seen.length;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(server.seen).toHaveLength(asked);
    expect(life.warnings[0]).toBe(`results wait in memory: ${gone.message}`);
    expect(life.warnings.at(-1)).toMatch(/^put aside in .*, until the ledger takes results again: \d+ results?$/);
  });

  it('judges once more at its end, when the last results are in', async () => {
    const configuration = practice(server.url, {
      timeScale: 1,
      probes: [{ id: 'status', kind: 'http', service: 'client-api', url: server.url, every: '500ms' }],
    });
    await using life = await living(configuration);
    const running = life.live();
    await eventually(() => (life.runner.judgedAgeMs() === null ? undefined : true), 'the judgement at its start');
    await eventually(() => (server.seen.length >= 3 ? true : undefined), 'three requests');
    life.stop.abort('SIGTERM');
    await running;
    const results = await collect(life.store.results({ fromMs: 0, toMs: systemClock.wallMs() + 1000 }));
    expect(life.runner.statuses()).toMatchObject([{ colour: 'green', validEvents: results.length }]);
    expect(life.runner.health()).toEqual({ status: 'running', reasons: [] });
  });

  it('weighs nothing, judges nothing and sweeps nothing beside the one that keeps the ledger', async () => {
    server.status = 503;
    const holder = { pid: 7, location: 'fra1', startedMs: Date.UTC(2026, 0, 15, 12) };
    await using life = await living(practice(server.url), (store) => store, { beside: holder });
    await life.store.intendOrder({ clientOrderId: 'c', probe: 'status', venue: 'v', runId: 'r', atMs: 1 });
    void life.live();
    await eventually(() => (server.seen.length >= 30 ? true : undefined), 'bad events');
    life.stop.abort('SIGTERM');
    await life.live();
    expect(await life.runner.sweep()).toBe(0);
    expect(await life.store.openOrders()).toHaveLength(1);
    expect(life.events).toEqual([]);
    const results = await collect(life.store.results({ fromMs: 0, toMs: systemClock.wallMs() + 1000 }));
    expect(results.length).toBeGreaterThanOrEqual(20);
    expect(new Set(results.map((result) => result.weightMs))).toEqual(new Set([0]));
    expect(life.runner.statuses()).toMatchObject([{ colour: 'unknown', validEvents: 0 }]);
    expect(life.warnings).toEqual([
      '"pulsedrill run" keeps this ledger (process 7, location fra1, since 2026-01-15T12:00:00.000Z): the runs of this command weigh nothing, its own count',
    ]);
  });

  it('keeps its colours and goes on when the ledger cannot be read for a while', async () => {
    let isBroken = false;
    const flaky = (store: LedgerStore): Store =>
      new Proxy(store, {
        get(target, key) {
          if (key === 'rollups' && isBroken)
            return () => Promise.reject(new LedgerError('locked', 'a.db', 'another process holds it', 'wait'));
          const value: unknown = Reflect.get(target, key, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
    await using life = await living(practice(server.url), flaky);
    void life.live();
    await eventually(() => of(life.events, 'colour', 'green'), 'Green');
    isBroken = true;
    server.status = 503;
    await eventually(() => life.warnings[0], 'a warning');
    expect(life.runner.colour('client-api')).toBe('green');
    isBroken = false;
    await eventually(() => of(life.events, 'colour', 'red'), 'Red, once it can be read again');
    expect(life.warnings).toEqual(['evaluation failed: ledger a.db: another process holds it: wait']);
  });
});
