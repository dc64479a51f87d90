import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../runner/clock.ts';
import type { Configuration } from '../../../runner/config/configuration.ts';
import { createEngine, type Engine, type EngineDependencies } from '../../../runner/engine/engine.ts';
import { createServer } from 'node:http';
import { listening } from '../../probes/context.ts';
import { eventually } from '../../support/servers.ts';
import { slowServer, type SlowServer } from '../../support/slow-server.ts';
import type { Result } from '../../../store/result.ts';
import { configured } from '../configured.ts';

let server: SlowServer;
beforeEach(async () => {
  server = await slowServer();
});
afterEach(() => server[Symbol.asyncDispose]());

interface Driven extends AsyncDisposable {
  readonly engine: Engine;
  readonly results: Result[];
  readonly warnings: string[];
  readonly stop: AbortController;
  readonly abandon: AbortController;
  /** The schedule, once `go` was called. */
  readonly go: () => Promise<void>;
}

function drive(configuration: Configuration, part: Partial<EngineDependencies> = {}): Driven {
  const results: Result[] = [];
  const warnings: string[] = [];
  const stop = new AbortController();
  const abandon = new AbortController();
  const engine = createEngine({
    configuration,
    clock: systemClock,
    loop: { maxSince: () => 0, [Symbol.dispose]: () => undefined },
    stop: stop.signal,
    abandon: abandon.signal,
    orders: { intend: () => Promise.resolve(), close: () => Promise.resolve() },
    deliver: (result) => results.push(result),
    warn: (line) => warnings.push(line),
    path: '',
    trustSince: () => ({ standing: { state: 'good', reading: null, text: '' }, jumpMs: null }),
    instance: 'test',
    ...part,
  });
  let running: Promise<void> | undefined;
  return {
    engine,
    results,
    warnings,
    stop,
    abandon,
    go: () => (running ??= engine.run()),
    async [Symbol.asyncDispose]() {
      stop.abort('SIGTERM');
      abandon.abort('SIGTERM');
      await running;
      await engine.close();
    },
  };
}

const probe = (part: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> => ({
  id: 'status',
  kind: 'http',
  service: 'api',
  url: `${server.url}/status`,
  every: '100ms',
  ...part,
});

/** With an allowance that outlives the interval, which a configuration would refuse. */
function outliving(configuration: Configuration, timeoutMs: number): Configuration {
  return { ...configuration, probes: configuration.probes.map((each) => ({ ...each, timeoutMs })) };
}

const green = (intervalMs: number) => ({ cadence: 'green' as const, intervalMs, gameday: null });

describe('a probe on an interval', () => {
  it('is asked at its interval, each run with its own id, its weight and what came of it', async () => {
    await using driven = drive(configured({ location: 'fra1', probes: [probe({ endpoint: '/status' })] }));
    driven.engine.setPace('status', green(100));
    void driven.go();
    await eventually(() => (driven.results.length >= 5 ? true : undefined), 'five results');
    const [first] = driven.results;
    expect(first).toMatchObject({
      probe: 'status',
      kind: 'http',
      service: 'api',
      location: 'fra1',
      endpoint: '/status',
      outcome: 'good',
      weightMs: 100,
      cadence: 'green',
      gameday: null,
      values: { status: 200 },
    });
    expect(new Set(driven.results.map((result) => result.runId)).size).toBe(driven.results.length);
    expect(server.seen.length).toBeGreaterThanOrEqual(5);
  });

  it('keeps its times: gaps between due times are whole intervals, however late the runs began', async () => {
    await using driven = drive(configured({ probes: [probe()] }));
    driven.engine.setPace('status', green(100));
    void driven.go();
    await eventually(() => (driven.results.length >= 10 ? true : undefined), 'ten results');
    const due = driven.results.map((result) => result.scheduledMs);
    for (let n = 1; n < due.length; n += 1) {
      // Stamps are wall-clock: whole milliseconds at both ends.
      const gap = (due[n] ?? 0) - (due[n - 1] ?? 0);
      expect(Math.abs(gap - Math.round(gap / 100) * 100)).toBeLessThan(5);
    }
  });

  it('is never asked twice at a time; what a slow target keeps from starting is recorded as skipped', async () => {
    server.delayMs = 270;
    await using driven = drive(outliving(configured({ probes: [probe()] }), 1000));
    driven.engine.setPace('status', green(100));
    void driven.go();
    await eventually(
      () => (driven.results.filter((result) => result.outcome === 'good').length >= 4 ? true : undefined),
      'four answers',
    );
    const skipped = driven.results.filter((result) => result.outcome === 'skipped');
    expect(server.mostAtOnce('/status')).toBe(1);
    expect(skipped.length).toBeGreaterThanOrEqual(4);
    expect(skipped[0]).toMatchObject({
      reason: 'overlap',
      detail: 'the run before it had not ended',
      durationMs: null,
      weightMs: 100,
      readings: [],
      loopDelayMs: null,
    });
  });

  it('loses no time to a slow target: runs and skipped runs together weigh what passed', async () => {
    server.delayMs = 230;
    await using driven = drive(outliving(configured({ probes: [probe()] }), 1000));
    driven.engine.setPace('status', green(100));
    const startMs = systemClock.monotonicMs();
    const running = driven.go();
    await eventually(() => (driven.results.length >= 15 ? true : undefined), 'fifteen results');
    driven.stop.abort('SIGTERM');
    const passedMs = systemClock.monotonicMs() - startMs;
    await running;
    const weightMs = driven.results.reduce((sum, result) => sum + result.weightMs, 0);
    // Without the skipped ones two thirds would be missing.
    expect(Math.abs(weightMs - passedMs)).toBeLessThan(passedMs / 3);
  });

  it('is asked as often as planned while its target hangs until the deadline', async () => {
    server.delayMs = Number.POSITIVE_INFINITY;
    await using driven = drive(configured({ probes: [probe({ every: '200ms' })] }));
    driven.engine.setPace('status', green(200));
    void driven.go();
    await eventually(() => (driven.results.length >= 12 ? true : undefined), 'twelve results');
    const timeouts = driven.results.filter((result) => result.reason === 'timeout').length;
    expect(timeouts).toBeGreaterThan(driven.results.length * 0.6);
  });

  it('takes a new pace from its next due time on, with the cadence and the game-day stamped', async () => {
    await using driven = drive(configured({ probes: [probe()] }));
    driven.engine.setPace('status', green(100));
    void driven.go();
    await eventually(() => driven.results[0], 'a result');
    driven.engine.setPace('status', { cadence: 'gameday', intervalMs: 40, gameday: 'gd-1' });
    expect(driven.engine.intervalMs('status')).toBe(40);
    await eventually(() => driven.results.find((result) => result.weightMs === 40), 'a faster run');
    const after = driven.results.filter((result) => result.weightMs === 40);
    expect(after[0]).toMatchObject({ cadence: 'gameday', gameday: 'gd-1' });
  });

  it('does not hold up another probe', async () => {
    server.delayMs = Number.POSITIVE_INFINITY;
    await using quick = await slowServer();
    await using driven = drive(
      configured({
        probes: [probe({ id: 'hung', every: '5s', timeout: '4s' }), probe({ id: 'quick', url: `${quick.url}/` })],
      }),
    );
    driven.engine.setPace('hung', green(50));
    driven.engine.setPace('quick', green(100));
    void driven.go();
    await eventually(
      () => (driven.results.filter((result) => result.probe === 'quick').length >= 5 ? true : undefined),
      'five quick runs',
    );
    expect(driven.results.filter((result) => result.probe === 'hung' && result.outcome !== 'skipped')).toEqual([]);
  });

  it('that does not exist is a mistake of the caller', () => {
    const { engine } = drive(configured({ probes: [probe()] }));
    expect(() => engine.setPace('nobody', green(100))).toThrow(new RangeError('no such probe: nobody'));
    expect(engine.intervalMs('nobody')).toBeNull();
  });
});

describe('the end of the process', () => {
  it('lets the run in flight finish, and begins no other', async () => {
    server.delayMs = 400;
    await using driven = drive(outliving(configured({ probes: [probe({ every: '5s' })] }), 3000));
    driven.engine.setPace('status', green(50));
    const running = driven.go();
    await eventually(() => server.seen[0], 'a request');
    driven.stop.abort('SIGTERM');
    await running;
    expect(driven.results.filter((result) => result.outcome === 'good')).toHaveLength(1);
    const asked = server.seen.length;
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(server.seen).toHaveLength(asked);
    expect(asked).toBe(1);
  });

  it('does not wait for a run that was given up, and does not blame the service for it', async () => {
    server.delayMs = Number.POSITIVE_INFINITY;
    await using driven = drive(configured({ probes: [probe({ every: '60s', timeout: '50s' })] }));
    driven.engine.setPace('status', green(50));
    const running = driven.go();
    await eventually(() => server.seen[0], 'a request');
    driven.stop.abort('SIGTERM');
    driven.abandon.abort('SIGTERM');
    await running;
    expect(driven.results.filter((result) => result.outcome !== 'skipped')).toEqual([]);
  });
});

describe('a probe on a calendar', () => {
  it('runs when its expression says, and weighs its usual gap', async () => {
    await using driven = drive(
      configured({ probes: [{ ...probe(), every: undefined, cron: '* * * * * *', timezone: 'Asia/Tokyo' }] }),
    );
    driven.engine.setPace('status', { cadence: 'green', intervalMs: 0, gameday: null });
    void driven.go();
    expect(driven.engine.intervalMs('status')).toBe(1000);
    await eventually(() => (driven.results.length >= 2 ? true : undefined), 'two runs');
    expect(driven.results[0]).toMatchObject({ outcome: 'good', weightMs: 1000, cadence: 'green' });
  });

  it('records each run that the process was held up for, with what it stood for', async () => {
    await using driven = drive(configured({ probes: [{ ...probe(), every: undefined, cron: '* * * * * *' }] }));
    driven.engine.setPace('status', { cadence: 'green', intervalMs: 0, gameday: null });
    void driven.go();
    await eventually(() => (driven.results.length >= 1 ? true : undefined), 'a first run');
    // As a suspended machine would: nothing of this process runs for three of its seconds.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3200);
    const skipped = await eventually(
      () => driven.results.find((result) => result.outcome === 'skipped'),
      'a missed run',
    );
    expect(skipped).toMatchObject({ reason: 'missed', weightMs: 1000, durationMs: null });
    expect(skipped.latenessMs).toBeGreaterThan(500);
  });

  it('does not run once the process stops', async () => {
    await using driven = drive(configured({ probes: [{ ...probe(), every: undefined, cron: '* * * * * *' }] }));
    driven.engine.setPace('status', { cadence: 'green', intervalMs: 0, gameday: null });
    const running = driven.go();
    driven.stop.abort('SIGTERM');
    await running;
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect(server.seen).toEqual([]);
  });
});

describe('a run asked for by hand', () => {
  it('weighs nothing, counts nowhere, and shows its exchange with secrets masked', async () => {
    const configuration = configured(
      { probes: [probe({ headers: { authorization: 'Bearer ${TOKEN}' } })] },
      '/nowhere',
      { TOKEN: 'canary-8f3a' },
    );
    await using driven = drive(configuration);
    const { result, transcript } = await driven.engine.once('status', true);
    expect(result).toMatchObject({ outcome: 'good', cadence: 'once', weightMs: 0, gameday: null });
    expect(driven.results).toEqual([]);
    expect(server.seen[0]?.headers).toMatchObject({ authorization: 'Bearer canary-8f3a' });
    expect(transcript.join('\n')).not.toContain('canary');
    expect(transcript).toContain('> authorization: Bearer ${TOKEN}');
  });

  it('shows nothing unless asked to', async () => {
    await using driven = drive(configured({ probes: [probe()] }));
    const { transcript } = await driven.engine.once('status', false);
    expect(transcript).toEqual([]);
  });
});

describe('what is known about the prober itself', () => {
  const loop = (delayMs: number) => ({ maxSince: () => delayMs, [Symbol.dispose]: () => undefined });
  const objective = (within: string) => ({
    id: 'latency',
    service: 'api',
    target: '0.95',
    window: '30d',
    sli: { indicator: 'latency', within },
    probes: ['status'],
  });

  it.each([
    ['5 % of the strictest threshold', 12, { objectives: [objective('250ms')] }, 'good'],
    ['more than 5 % of the strictest threshold', 13, { objectives: [objective('250ms')] }, 'fault'],
    ['5 % of the timeout, where nothing else is promised', 4, {}, 'good'],
    ['more than 5 % of the timeout, where nothing else is promised', 6, {}, 'fault'],
    ['what the configuration tolerates', 40, { loopTolerance: '50ms' }, 'good'],
    ['more than the configuration tolerates', 60, { loopTolerance: '50ms' }, 'fault'],
  ])('decides what a run is worth when the loop was late by %s', async (_what, delayMs, more, outcome) => {
    const timeout = 'objectives' in more ? {} : { every: '1s', timeout: '100ms' };
    const configuration = configured({ probes: [probe({ every: '1s', ...timeout })], ...more });
    await using driven = drive(configuration, { loop: loop(delayMs) });
    const { result } = await driven.engine.once('status', false);
    expect(result.outcome).toBe(outcome);
  });
});

describe('a probe that does not heed its signal', () => {
  it('never has two runs at a time: what comes due is skipped, and said, until the first has ended after all', async () => {
    let letGo: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    let intents = 0;
    // The ledger does not answer, and waiting for it takes no signal.
    const orders = {
      intend: () => {
        intents += 1;
        return intents === 1 ? held : Promise.resolve();
      },
      close: () => Promise.resolve(),
    };
    await using account = await listening(
      createServer((_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"mode":"paper","orders":[]}');
      }),
    );
    await using driven = drive(
      configured({
        probes: [
          {
            id: 'buy',
            kind: 'paper-order',
            service: 'orders',
            venue: 'primary',
            submit: { url: `http://127.0.0.1:${account.port}/orders` },
            order: { symbol: 'BTCUSD', side: 'buy', order_type: 'market', quantity: 0.001, reference_price: 50_000 },
            paper: {
              url: `http://127.0.0.1:${account.port}/account`,
              json: { path: '$.mode', equals: 'paper' },
              hosts: ['127.0.0.1'],
            },
            limits: { maxQuantity: 0.01, maxNotional: 1000, maxPerMinute: 600 },
            every: '1s',
            timeout: '400ms',
            ackDeadline: '200ms',
            fillDeadline: '300ms',
          },
        ],
      }),
      { orders },
    );
    driven.engine.setPace('buy', green(100));
    void driven.go();
    const skipped = (): readonly Result[] => driven.results.filter((result) => result.outcome === 'skipped');
    await eventually(() => (driven.warnings.length > 0 && skipped().length >= 6 ? true : undefined), 'six skipped');
    const left = driven.results.find((result) => result.outcome === 'fault');
    expect(left).toMatchObject({ reason: 'internal', detail: 'the probe did not give up at its deadline' });
    expect(intents).toBe(1);
    expect(skipped().at(-1)).toMatchObject({
      reason: 'overlap',
      detail: `run ${left?.runId} ignored its deadline and has not ended since`,
    });
    expect(driven.warnings).toEqual([
      `buy: run ${left?.runId} ignored its deadline; no other run of it begins until it has ended`,
    ]);
    letGo();
    await eventually(() => (intents > 1 ? true : undefined), 'the probe runs again');
    expect(driven.warnings[1]).toMatch(/^buy: run \S+ ended \d+\.\d s after it was left behind; the probe runs again$/);
  });
});
