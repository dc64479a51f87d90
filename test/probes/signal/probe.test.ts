import { afterEach, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import type { Probe, RunContext } from '../../../probes/probe.ts';
import { openSignal } from '../../../probes/signal/probe.ts';
import { signalSpec } from '../../../probes/signal/spec.ts';
import { eventually, freePort } from '../../support/servers.ts';
import { testContext, testEnvironment } from '../context.ts';
import { feed } from '../market-data/feed.ts';

const opened: Probe[] = [];
afterEach(async () => {
  for (const probe of opened.splice(0)) await probe.close?.();
});

function open(part: Record<string, unknown>): Probe {
  const probe = openSignal(signalSpec.parse({ id: 'p', kind: 'signal', service: 's', ...part }), testEnvironment);
  opened.push(probe);
  return probe;
}

const thresholds: RunContext['thresholds'] = () => [{ ms: 500, strict: false }];

/** Ticks every 10 ms and a signal of each, `lagMs` later; `of` names the tick that the signal claims to come from. */
function strategy(lagMs: number, of: (n: number) => number = (n) => n) {
  return (client: WebSocket) => {
    client.on('message', (data: Buffer) => {
      expect(JSON.parse(data.toString())).toEqual({ action: 'subscribe', channels: ['trades', 'signals'] });
      let n = 0;
      const timer = setInterval(() => {
        const tick = ++n;
        const at = Date.now() * 1000;
        client.send(JSON.stringify({ type: 'tick', event_id: `t${tick}`, symbol: 'A', seq: tick, timestamp: at }));
        setTimeout(() => {
          const from = { tick_event_id: `t${of(tick)}`, tick_seq: of(tick), tick_timestamp: at };
          client.send(JSON.stringify({ type: 'signal', symbol: 'A', timestamp: Date.now() * 1000, ...from }));
        }, lagMs);
      }, 10);
      client.on('close', () => clearInterval(timer));
    });
  };
}

describe('a signal probe', () => {
  it('reports how long after their ticks signals come', async () => {
    await using server = await feed(strategy(30));
    const probe = open({ url: server.url });
    let matched = 0;
    const seen = await eventually(async () => {
      const seen = await probe.run(testContext({ thresholds }));
      matched += seen.values['matched'] ?? 0;
      return matched >= 5 ? seen : undefined;
    }, 'matched signals');
    expect(seen).toMatchObject({ outcome: 'good', reason: null, values: { unmatched: 0, mismatched: 0 } });
    expect(seen.readings[0]).toMatchObject({ type: 'counts', indicator: 'signal-age', weigh: 'each' });
    await probe.close?.();
    await eventually(() => (server.sockets.clients.size === 0 ? true : undefined), 'nobody connected');
  });

  it('unmatched, when no signal comes from a tick that was seen', async () => {
    await using server = await feed(strategy(5, (n) => n + 1_000_000));
    const probe = open({ url: server.url, matchWithin: '50ms' });
    const seen = await eventually(async () => {
      const seen = await probe.run(testContext({ thresholds }));
      return seen.reason === 'unmatched' ? seen : undefined;
    }, 'noticed');
    expect(seen.outcome).toBe('bad');
    expect(seen.detail).toMatch(/^expected the ticks of signals, got \d+ unmatched and 0 matched signals$/);
    expect(seen.readings[0]).toMatchObject({ within: { 'le:500': 0 } });
  });

  it('unmatched, when more are than may be', async () => {
    await using server = await feed(strategy(5, (n) => (n % 2 === 0 ? n : n + 1_000_000)));
    const probe = open({ url: server.url, matchWithin: '50ms', maxUnmatched: 0 });
    const seen = await eventually(async () => {
      const seen = await probe.run(testContext({ thresholds }));
      return seen.reason === 'unmatched' ? seen : undefined;
    }, 'noticed');
    expect(seen.detail).toMatch(
      /^expected at most 0 signals without a tick, got \d+ unmatched and \d+ matched signals$/,
    );
  });

  it('no-data, when signals have been missing for longer than they may be', async () => {
    await using server = await feed(() => {});
    const quiet = open({ url: server.url });
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 100);
    const seen = await quiet.run(testContext({ thresholds, signal: controller.signal }));
    // Rare signals are no fault of anybody's: nothing is counted.
    expect(seen).toMatchObject({ outcome: 'good', readings: [{ indicator: 'signal-age', valid: 0 }] });
    const strict = open({ url: server.url, silentAfter: '50ms' });
    const late = new AbortController();
    setTimeout(() => late.abort(), 200);
    const silent = await strict.run(testContext({ thresholds, signal: late.signal }));
    expect(silent).toMatchObject({ outcome: 'bad', reason: 'no-data', readings: [] });
    expect(silent.detail).toMatch(/^expected a signal within 50ms, got none in \d+\.\d s$/);
  });

  it('subscribe-rejected, by a message', async () => {
    await using server = await feed((client) => {
      client.on('message', () => client.send('{"type":"error","message":"no such channel"}'));
    });
    const signal = AbortSignal.timeout(200);
    expect(await open({ url: server.url }).run(testContext({ signal }))).toMatchObject({
      outcome: 'bad',
      reason: 'subscribe-rejected',
      detail: 'expected signals, got {"type":"error","message":"no such channel"}',
    });
  });

  it('malformed, when nothing can be read', async () => {
    await using server = await feed((client) => client.on('message', () => client.send('[1]')));
    const signal = AbortSignal.timeout(200);
    expect(await open({ url: server.url }).run(testContext({ signal }))).toMatchObject({
      outcome: 'bad',
      reason: 'malformed',
    });
  });

  it('connect-refused, and comes back by itself', async () => {
    const port = await freePort();
    const probe = open({ url: `ws://127.0.0.1:${port}/ws` });
    expect(await probe.run(testContext({ thresholds }))).toMatchObject({ outcome: 'bad', reason: 'connect-refused' });
    await using server = await feed(strategy(5), port);
    await eventually(async () => {
      const seen = await probe.run(testContext({ thresholds }));
      return seen.outcome === 'good' && (seen.values['matched'] ?? 0) > 0 ? true : undefined;
    }, 'matched again');
    expect(server.sockets.clients.size).toBe(1);
  });

  it('must know how signals name their ticks', () => {
    const parse = (part: Record<string, unknown>) =>
      signalSpec
        .safeParse({ id: 'p', kind: 'signal', service: 's', url: 'ws://127.0.0.1:1/', ...part })
        .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    const signals = { unit: 'ms', data: { field: 'k' } };
    expect(parse({ signals: { ...signals, tick: {} } })).toContain(
      'signals.tick: at least one of id, sequence and time',
    );
    const ticks = { time: 't', unit: 'ms', data: { field: 'k' } };
    expect(parse({ ticks, signals: { ...signals, tick: { id: 'of' } } })).toEqual([
      'signals.tick: a way to name a tick that ticks have as well: id, sequence or time',
    ]);
  });
});
