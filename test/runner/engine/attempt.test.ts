import { describe, expect, it } from 'vitest';
import { NO_PHASES, type Observation, type Probe, type RunContext } from '../../../probes/probe.ts';
import { systemClock } from '../../../runner/clock.ts';
import { attempt, type Attempt, type AttemptEnvironment } from '../../../runner/engine/attempt.ts';
import { watchLoop } from '../../../runner/engine/loop-watch.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { plannedProbe } from '../configured.ts';

const GOOD: Observation = {
  outcome: 'good',
  reason: null,
  detail: null,
  phases: NO_PHASES,
  readings: [{ type: 'duration', indicator: 'latency', ms: 12 }],
  values: { status: 200 },
};

function runOf(probe: Probe, part: Partial<Attempt> = {}): Attempt {
  return {
    planned: plannedProbe({ every: '1s', timeout: '200ms', endpoint: '/orders', venue: 'primary' }),
    probe,
    runId: 'status/1/a',
    dueMs: systemClock.monotonicMs(),
    weightMs: 1000,
    cadence: 'green',
    gameday: null,
    location: 'here',
    context: {
      random: () => 0.5,
      thresholds: () => [],
      stepMs: 60_000,
      orders: { intend: () => Promise.resolve(), close: () => Promise.resolve() },
      verbose: false,
    },
    ...part,
  };
}

function environment(part: Partial<AttemptEnvironment> = {}): AttemptEnvironment {
  return {
    clock: systemClock,
    loop: { maxSince: () => 0, [Symbol.dispose]: () => undefined },
    toleranceMs: 2,
    stop: new AbortController().signal,
    redact: (text) => text,
    ...part,
  };
}

const probe = (run: (ctx: RunContext) => Promise<Observation>): Probe => ({ run });

/** Rejects with the signal's reason when it aborts. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

describe('a run', () => {
  it('keeps its requests, without the secrets in their addresses', async () => {
    const leg = { name: 'login', status: 200, ms: 1.5 };
    const run = runOf(probe(async () => ({ ...GOOD, trail: [{ ...leg, url: 'https://a/secret' }] })));
    const { result } = await attempt(run, environment({ redact: (text) => text.replace('secret', '${S}') }));
    expect(result.trail).toEqual([{ ...leg, url: 'https://a/${S}' }]);
  });

  it('becomes a result that carries the plan, the observation and how late it began', async () => {
    const clock = new ManualClock(5000.5);
    const run = runOf(
      probe(async () => GOOD),
      { dueMs: 4990.25, gameday: 'gd-1', cadence: 'gameday' },
    );
    const { result } = await attempt(run, environment({ clock }));
    expect(result).toEqual({
      runId: 'status/1/a',
      probe: 'status',
      kind: 'http',
      service: 'api',
      location: 'here',
      endpoint: '/orders',
      venue: 'primary',
      scheduledMs: clock.wallMs() - 10.25,
      startedMs: clock.wallMs(),
      latenessMs: 10.25,
      durationMs: 0,
      cadence: 'gameday',
      weightMs: 1000,
      outcome: 'good',
      reason: null,
      detail: null,
      phases: NO_PHASES,
      readings: GOOD.readings,
      values: { status: 200 },
      loopDelayMs: 0,
      gameday: 'gd-1',
    });
  });

  it('lasts as long as the monotonic clock says, whatever happens to the wall clock meanwhile', async () => {
    const clock = new ManualClock(0);
    const run = runOf(
      probe(async () => {
        await clock.advance(70);
        clock.setWall(-3_600_000);
        return GOOD;
      }),
      { dueMs: 0 },
    );
    const startMs = clock.wallMs();
    const { result } = await attempt(run, environment({ clock }));
    expect(result.durationMs).toBe(70);
    expect(result.startedMs).toBe(startMs);
    expect(result.scheduledMs).toBe(startMs);
  });

  it('tells the probe its allowance and aborts its signal with a TimeoutError at the deadline', async () => {
    let reason: unknown;
    const run = runOf(
      probe(async ({ signal, timeoutMs }) => {
        expect(timeoutMs).toBe(200);
        await aborted(signal).catch((why: unknown) => {
          reason = why;
        });
        return { ...GOOD, outcome: 'bad', reason: 'timeout' };
      }),
    );
    const { result } = await attempt(run, environment());
    expect(reason).toMatchObject({ name: 'TimeoutError', message: 'no answer within 200 ms' });
    expect(result).toMatchObject({ outcome: 'bad', reason: 'timeout' });
  });

  it('that throws is a fault of the prober, with what was thrown', async () => {
    const thrown = await attempt(
      runOf(
        probe(async () => {
          throw new RangeError('no such thing');
        }),
      ),
      environment(),
    );
    expect(thrown.result).toMatchObject({
      outcome: 'fault',
      reason: 'internal',
      detail: 'RangeError: no such thing',
      readings: [],
    });
    const before: Probe = {
      run() {
        throw new Error('before any promise');
      },
    };
    const { result } = await attempt(runOf(before), environment());
    expect(result).toMatchObject({ outcome: 'fault', reason: 'internal', detail: 'Error: before any promise' });
  });

  it('whose probe ignores its deadline is left behind, and is a fault', async () => {
    const run = runOf(probe(() => new Promise(() => undefined)));
    const { result } = await attempt(run, environment());
    expect(result).toMatchObject({
      outcome: 'fault',
      reason: 'internal',
      detail: 'the probe did not give up at its deadline',
    });
    expect(result.durationMs).toBeGreaterThanOrEqual(690);
  });

  it('that was left behind may still fail later without harm', async () => {
    let failLate: (error: Error) => void = () => undefined;
    const late = new Promise<never>((_resolve, reject) => {
      failLate = reject;
    });
    const { result } = await attempt(runOf(probe(() => late)), environment());
    expect(result.outcome).toBe('fault');
    failLate(new Error('much too late'));
    await new Promise((resolve) => setImmediate(resolve));
  });

  it('that was cut short because the process stops says so, and nothing about the service', async () => {
    const controller = new AbortController();
    const run = runOf(
      probe(({ signal }) => {
        controller.abort('SIGTERM');
        return aborted(signal);
      }),
    );
    const { result } = await attempt(run, environment({ stop: controller.signal }));
    expect(result).toMatchObject({ outcome: 'fault', reason: 'aborted', detail: 'the process stopped' });
  });

  it('begins with an aborted signal when the process has stopped already', async () => {
    const run = runOf(probe(({ signal }) => aborted(signal)));
    const { result } = await attempt(run, environment({ stop: AbortSignal.abort('SIGTERM') }));
    expect(result.reason).toBe('aborted');
  });

  it('leaves no listener on the signal that ends the process', async () => {
    const controller = new AbortController();
    let listeners = 0;
    const stop = new Proxy(controller.signal, {
      get(target, key) {
        if (key === 'addEventListener') listeners += 1;
        if (key === 'removeEventListener') listeners -= 1;
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    await attempt(runOf(probe(async () => GOOD)), environment({ stop }));
    expect(listeners).toBe(0);
  });
});

describe('a run that the prober held up', () => {
  const stalled = { maxSince: () => 37.5, [Symbol.dispose]: () => undefined };

  it('is a fault that says how late the loop was, and keeps what was found', async () => {
    const run = runOf(probe(async () => ({ ...GOOD, outcome: 'bad', reason: 'http-5xx', detail: 'got 503' })));
    const { result } = await attempt(run, environment({ loop: stalled, toleranceMs: 12.5 }));
    expect(result).toMatchObject({
      outcome: 'fault',
      reason: 'loop-stall',
      detail: 'event loop 37.5 ms late, tolerance 12.5 ms (found: bad, http-5xx)',
      loopDelayMs: 37.5,
      readings: GOOD.readings,
    });
  });

  it('is not spoiled by a delay at the tolerance, and is by any beyond it', async () => {
    const { result } = await attempt(runOf(probe(async () => GOOD)), environment({ loop: stalled, toleranceMs: 37.5 }));
    expect(result).toMatchObject({ outcome: 'good', loopDelayMs: 37.5 });
    const beyond = await attempt(runOf(probe(async () => GOOD)), environment({ loop: stalled, toleranceMs: 37.4999 }));
    expect(beyond.result).toMatchObject({ outcome: 'fault', reason: 'loop-stall' });
  });

  it('keeps an earlier fault as it was', async () => {
    const fault: Observation = { ...GOOD, outcome: 'fault', reason: 'browser-missing', detail: 'no browser' };
    const { result } = await attempt(runOf(probe(async () => fault)), environment({ loop: stalled }));
    expect(result).toMatchObject({ reason: 'browser-missing', detail: 'no browser' });
  });

  it('is found by the real watch when something blocks the loop while it waits', async () => {
    using loop = watchLoop();
    const run = runOf(
      probe(async () => {
        await new Promise((resolve) => setTimeout(resolve, 30));
        const until = performance.now() + 120;
        while (performance.now() < until);
        return GOOD;
      }),
    );
    const { result } = await attempt(run, environment({ loop, toleranceMs: 50 }));
    expect(result).toMatchObject({ outcome: 'fault', reason: 'loop-stall' });
    expect(result.loopDelayMs).toBeGreaterThan(90);
  });

  it('is asked about stretch by stretch: its phases, its earlier requests, and what is left of it', async () => {
    const asked: (readonly number[] | undefined)[] = [];
    const loop = {
      maxSince: (_sinceMs: number, stretchesMs?: readonly number[]) => {
        asked.push(stretchesMs);
        return 0;
      },
      [Symbol.dispose]: () => undefined,
    };
    const clock = new ManualClock(5000);
    const phases = {
      ...GOOD.phases,
      dnsMs: null,
      connectMs: 1,
      tlsMs: null,
      sentMs: 0.5,
      firstByteMs: 4,
      transferMs: 2,
    };
    const leg = { name: null, url: 'https://a/', status: 302 };
    const trail = [
      { ...leg, ms: 8 },
      { ...leg, ms: 7.5 },
    ];
    const slow = probe(async () => {
      await clock.advance(20);
      return { ...GOOD, phases, trail };
    });
    await attempt(runOf(slow), environment({ loop, clock }));
    await attempt(runOf(slow), environment({ loop, clock, watchedSinceMs: 123 }));
    expect(asked).toEqual([[1, 0.5, 4, 2, 8, 4.5], undefined]);
  });

  it('of a continuous watch is judged by the loop since its events began to be gathered', async () => {
    const asked: number[] = [];
    const loop = {
      maxSince: (sinceMs: number) => {
        asked.push(sinceMs);
        return 0;
      },
      [Symbol.dispose]: () => undefined,
    };
    await attempt(runOf(probe(async () => GOOD)), environment({ loop, watchedSinceMs: 123 }));
    expect(asked).toEqual([123]);
  });
});

describe('the watch over the event loop', () => {
  it('forgets what ended before the moment asked about', async () => {
    using loop = watchLoop();
    await new Promise((resolve) => setTimeout(resolve, 30));
    const until = performance.now() + 150;
    while (performance.now() < until);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(loop.maxSince(0)).toBeGreaterThan(100);
    expect(loop.maxSince(performance.now() + 10_000)).toBeLessThan(100);
  });

  it('sees a stall that is still going on', async () => {
    using loop = watchLoop();
    await new Promise((resolve) => setTimeout(resolve, 30));
    const startMs = performance.now();
    while (performance.now() < startMs + 150);
    expect(loop.maxSince(startMs)).toBeGreaterThan(100);
  });
});

describe('what leaves a run', () => {
  it('has its secrets masked, in the detail and in the transcript', async () => {
    const run = runOf(
      probe(async () => ({ ...GOOD, detail: 'sent canary-8f3a', transcript: ['> authorization: canary-8f3a'] })),
    );
    const redact = (text: string): string => text.replaceAll('canary-8f3a', '${TOKEN}');
    const { result, transcript } = await attempt(run, environment({ redact }));
    expect(result.detail).toBe('sent ${TOKEN}');
    expect(transcript).toEqual(['> authorization: ${TOKEN}']);
  });

  it('is masked in what was thrown as well', async () => {
    const run = runOf(
      probe(async () => {
        throw new Error('bad header canary-8f3a');
      }),
    );
    const redact = (text: string): string => text.replaceAll('canary-8f3a', '${TOKEN}');
    const { result } = await attempt(run, environment({ redact }));
    expect(result.detail).toBe('Error: bad header ${TOKEN}');
  });
});

describe('the bound of the clock', () => {
  const reading = { offsetMs: 1, boundMs: 0.75, stratum: 2, leap: 'normal', source: 'a' } as const;
  const asked = async (part: Partial<AttemptEnvironment>): Promise<number | null> => {
    let boundMs: number | null = Number.NaN;
    const run = runOf(
      probe(async (ctx) => {
        boundMs = ctx.clockBoundMs();
        return GOOD;
      }),
    );
    await attempt(run, environment(part));
    return boundMs;
  };
  const trustOf = (state: 'good' | 'unverified'): Partial<AttemptEnvironment> => ({
    trustSince: () => ({ standing: { state, reading, text: '' }, jumpMs: null }),
  });

  it('is told to a probe whose figures need it, for as long as something vouches for the clock', async () => {
    expect(await asked(trustOf('good'))).toBe(0.75);
    expect(await asked(trustOf('unverified'))).toBeNull();
    expect(await asked({})).toBeNull();
  });
});
