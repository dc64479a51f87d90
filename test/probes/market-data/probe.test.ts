import { createServer } from 'node:http';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import type { Probe, RunContext } from '../../../probes/probe.ts';
import { eventually, freePort } from '../../support/servers.ts';
import { listening, testContext } from '../context.ts';
import { feed, openFeedProbe, session } from './feed.ts';

const opened: Probe[] = [];
afterEach(async () => {
  for (const probe of opened.splice(0)) await probe.close?.();
});

function open(part: Record<string, unknown>): Probe {
  const probe = openFeedProbe(part);
  opened.push(probe);
  return probe;
}

/** Ticks every 20 ms once it is subscribed to, `ageMs` old. */
function ticking(ageMs = 0, next: (n: number) => number = (n) => n) {
  return (client: WebSocket) => {
    client.on('message', (data: Buffer) => {
      expect(JSON.parse(data.toString())).toEqual({ action: 'subscribe', channels: ['trades'] });
      client.send('{"type":"subscribed","channels":["trades"]}');
      let n = 0;
      const timer = setInterval(() => {
        n++;
        client.send(
          JSON.stringify({ type: 'tick', symbol: 'A', timestamp: (Date.now() - ageMs) * 1000, seq: next(n) }),
        );
      }, 20);
      client.on('close', () => clearInterval(timer));
    });
  };
}

const thresholds: RunContext['thresholds'] = () => [
  { ms: 1500, strict: true },
  { ms: 3000, strict: false },
];

/** The date in UTC, so many days from now. */
const today = (days = 0) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

describe('a session', () => {
  it('connects, subscribes, counts and leaves', async () => {
    let code = 0;
    await using server = await feed((client) => {
      ticking()(client);
      client.on('close', (with_) => {
        code = with_;
      });
    });
    const seen = await session({ url: server.url }, { thresholds });
    expect(seen).toMatchObject({ outcome: 'good', reason: null, detail: null });
    expect(seen.phases).toMatchObject({ dnsMs: null, connectMs: expect.any(Number), tlsMs: null });
    expect(seen.values).toMatchObject({ gaps: 0, duplicates: 0, malformed: 0, firstTickMs: expect.any(Number) });
    const ticks = seen.readings.flatMap((reading) =>
      reading.type === 'counts' && reading.indicator === 'tick-age' ? [reading] : [],
    );
    const valid = ticks.reduce((sum, reading) => sum + reading.valid, 0);
    expect(valid).toBe(seen.values['ticks']);
    expect(valid).toBeGreaterThan(0);
    for (const reading of seen.readings) expect(reading).toMatchObject({ weigh: 'shared' });
    await eventually(() => (code === 1000 ? true : undefined), 'an orderly goodbye');
    await eventually(() => (server.sockets.clients.size === 0 ? true : undefined), 'nobody connected');
  });

  it('counts old ticks as such: stale', async () => {
    await using server = await feed(ticking(5000));
    const seen = await session({ url: server.url }, { thresholds });
    expect(seen).toMatchObject({ outcome: 'bad', reason: 'stale' });
    expect(seen.detail).toMatch(/^expected data at most 3s old, the newest is \d+\.\d s old$/);
    expect(seen.readings[0]).toMatchObject({ within: { 'lt:1500': 0, 'le:3000': 0 } });
  });

  it('no-data, when only heartbeats come', async () => {
    await using server = await feed((client) => {
      client.on('message', () => client.send(JSON.stringify({ type: 'heartbeat', timestamp: Date.now() * 1000 })));
    });
    const seen = await session({ url: server.url });
    expect(seen).toMatchObject({
      outcome: 'bad',
      reason: 'no-data',
      // It listened for less than any limit: how old the newest data was, it cannot say.
      readings: [{ indicator: 'newest-age', valid: 0 }],
      values: { heartbeats: 1, ticks: 0 },
    });
    expect(seen.detail).toMatch(/^expected data at most 3s old, got none in \d+\.\d s$/);
  });

  it('gap, when more is missing than may be', async () => {
    await using server = await feed(ticking(0, (n) => n * 3));
    expect(await session({ url: server.url, maxMissed: 1 })).toMatchObject({ outcome: 'bad', reason: 'gap' });
    expect(await session({ url: server.url })).toMatchObject({ outcome: 'good' });
  });

  it('malformed, when nothing can be read', async () => {
    await using server = await feed((client) => {
      client.on('message', () => client.send('{"half":'));
    });
    expect(await session({ url: server.url })).toMatchObject({
      outcome: 'bad',
      reason: 'malformed',
      detail: 'expected ticks, got 1 messages that cannot be read as such',
    });
  });

  it('malformed, when the text is no UTF-8', async () => {
    await using server = await feed((client) => {
      client.on('message', () => client.send(Buffer.from([0xff, 0xfe]), { binary: false }));
    });
    expect(await session({ url: server.url })).toMatchObject({ outcome: 'bad', reason: 'malformed' });
  });

  it('body-too-large, when a message is', async () => {
    await using server = await feed((client) => {
      client.on('message', () => client.send('x'.repeat(5000)));
    });
    const seen = await session({ url: server.url, maxMessageBytes: 1000 });
    expect(seen).toMatchObject({ outcome: 'bad', reason: 'body-too-large' });
  });

  it('subscribe-rejected, by a message', async () => {
    await using server = await feed((client) => {
      client.on('message', () => client.send('{"type":"error","message":"no such channel"}'));
    });
    expect(await session({ url: server.url })).toMatchObject({
      outcome: 'bad',
      reason: 'subscribe-rejected',
      detail: 'expected data, got {"type":"error","message":"no such channel"}',
    });
  });

  it('subscribe-rejected, by a policy violation', async () => {
    await using server = await feed((client) => {
      client.on('message', () => client.close(1008, 'who are you'));
    });
    expect(await session({ url: server.url })).toMatchObject({
      outcome: 'bad',
      reason: 'subscribe-rejected',
      detail: 'the server closed the connection with code 1008 (who are you)',
    });
  });

  it('closed, when the server leaves first', async () => {
    await using server = await feed((client) => {
      ticking()(client);
      setTimeout(() => client.close(1001), 60);
    });
    expect(await session({ url: server.url, for: '3s' })).toMatchObject({ outcome: 'bad', reason: 'closed' });
  });

  it('reset, when the connection breaks', async () => {
    const raw: Socket[] = [];
    await using server = await feed((client) => {
      client.on('message', () => raw.at(-1)?.resetAndDestroy());
    });
    server.sockets.on('connection', (_client, request) => raw.push(request.socket));
    expect(await session({ url: server.url, for: '3s' })).toMatchObject({ outcome: 'bad', reason: 'reset' });
  });

  it.each([
    [401, 'excluded', 'http-4xx'],
    [503, 'bad', 'http-5xx'],
    [302, 'bad', 'http-3xx'],
    [200, 'bad', 'protocol'],
  ] as const)('takes a handshake answered with %i for %s', async (status, outcome, reason) => {
    await using server = await listening(createServer((_request, response) => response.writeHead(status).end()));
    const seen = await session({ url: `ws://127.0.0.1:${server.port}/` });
    expect(seen).toMatchObject({ outcome, reason, detail: `expected a WebSocket, got status ${status}` });
  });

  it('connect-refused', async () => {
    const seen = await session({ url: `ws://127.0.0.1:${await freePort()}/` });
    expect(seen).toMatchObject({ outcome: 'bad', reason: 'connect-refused' });
  });

  it('says nothing about freshness when nothing can be connected and the market is closed', async () => {
    const calendar = { timezone: 'UTC', hours: [{ open: '09:00', close: '10:00' }], holidays: [today(), today(1)] };
    const seen = await session({ url: `ws://127.0.0.1:${await freePort()}/`, calendar }, { thresholds });
    expect(seen).toMatchObject({ outcome: 'bad', reason: 'connect-refused' });
    expect(seen.readings).toMatchObject([
      { indicator: 'tick-age', valid: 0 },
      { indicator: 'newest-age', valid: 0 },
    ]);
  });

  it('is good while the market is closed and the connection stands', async () => {
    await using server = await feed(() => {});
    const calendar = { timezone: 'UTC', hours: [{ open: '09:00', close: '10:00' }], holidays: [today(), today(1)] };
    const seen = await session({ url: server.url, calendar }, { thresholds });
    expect(seen).toMatchObject({ outcome: 'good', reason: null, detail: 'the market is closed' });
  });

  it('crossed, when more books are than may be', async () => {
    await using server = await feed((client) => {
      client.on('message', () => {
        const timestamp = Date.now() * 1000;
        client.send(JSON.stringify({ symbol: 'A', timestamp, seq: 1, bid_price: 2, ask_price: 2 }));
      });
    });
    expect(await session({ url: server.url, maxCrossed: 0 })).toMatchObject({
      outcome: 'bad',
      reason: 'crossed',
      detail: 'expected at most 0 crossed or locked books, got 1',
    });
    expect(await session({ url: server.url })).toMatchObject({ outcome: 'good', values: { locked: 1 } });
  });

  it('timeout, when the peer accepts and says nothing', async () => {
    const sockets: Socket[] = [];
    await using server = await listening(createTcpServer((socket) => sockets.push(socket.resume())));
    const seen = await session({ url: `ws://127.0.0.1:${server.port}/` }, { timeoutMs: 120 });
    expect(seen).toMatchObject({ outcome: 'bad', reason: 'timeout', detail: 'no complete answer within 120 ms' });
    await eventually(() => (sockets.every((socket) => socket.destroyed) ? true : undefined), 'the socket closed');
  });

  it('timeout, when the deadline comes before the end of the listening', async () => {
    await using server = await feed(ticking());
    const seen = await session({ url: server.url, for: '5s' }, { timeoutMs: 150 });
    expect(seen).toMatchObject({ outcome: 'bad', reason: 'timeout' });
    await eventually(() => (server.sockets.clients.size === 0 ? true : undefined), 'nobody connected');
  });
});

describe('a continuous subscription', () => {
  it('lives across runs and reports what came since the last one', async () => {
    let connections = 0;
    await using server = await feed((client) => {
      connections++;
      ticking()(client);
    });
    const probe = open({ url: server.url });
    const first = await probe.run(testContext({ thresholds, stepMs: 600 }));
    expect(first).toMatchObject({ outcome: 'good', values: { connects: 1, connectMs: expect.any(Number) } });
    let ticks = 0;
    await eventually(async () => {
      const seen = await probe.run(testContext({ thresholds }));
      ticks += seen.values['ticks'] ?? 0;
      return ticks >= 5 ? true : undefined;
    }, 'more ticks');
    const last = await probe.run(testContext({ thresholds }));
    expect(last).toMatchObject({ outcome: 'good', values: { connects: 0, disconnects: 0, gaps: 0, connectMs: null } });
    expect(connections).toBe(1);
    await probe.close?.();
    await eventually(() => (server.sockets.clients.size === 0 ? true : undefined), 'nobody connected');
  });

  it('is bad with the reason while nothing can be connected, and comes back by itself', async () => {
    const port = await freePort();
    const probe = open({ url: `ws://127.0.0.1:${port}/ws` });
    expect(await probe.run(testContext({ thresholds }))).toMatchObject({ outcome: 'bad', reason: 'connect-refused' });
    expect(await probe.run(testContext({ thresholds }))).toMatchObject({ outcome: 'bad', reason: 'connect-refused' });
    await using server = await feed(ticking(), port);
    await eventually(async () => {
      const seen = await probe.run(testContext({ thresholds }));
      return seen.outcome === 'good' ? seen : undefined;
    }, 'connected again');
    expect(server.sockets.clients.size).toBe(1);
  });

  it('reconnects after the server has closed', async () => {
    const clients: WebSocket[] = [];
    await using server = await feed((client) => {
      clients.push(client);
      ticking()(client);
    });
    const probe = open({ url: server.url });
    await probe.run(testContext());
    clients[0]?.terminate();
    await eventually(() => (clients.length > 1 ? true : undefined), 'a second connection');
    const seen = await eventually(async () => {
      const seen = await probe.run(testContext());
      return seen.values['connects'] === 1 ? seen : undefined;
    }, 'told');
    expect(seen).toMatchObject({ outcome: 'good', values: { gaps: 0 } });
  });

  it('says how long it took until data came again, and how long a ping takes', async () => {
    const clients: WebSocket[] = [];
    await using server = await feed((client) => {
      clients.push(client);
      ticking()(client);
    });
    const probe = open({ url: server.url, pingEvery: '50ms' });
    const first = await probe.run(testContext());
    expect(first.values).toMatchObject({ resubscribeMs: null });
    const pinged = await eventually(async () => {
      const { values } = await probe.run(testContext());
      return values['pingMs'] === null ? undefined : values;
    }, 'a pong');
    expect(pinged['pingMs']).toBeGreaterThan(0);
    const before = performance.now();
    clients[0]?.terminate();
    const again = await eventually(async () => {
      const { values } = await probe.run(testContext());
      return values['resubscribeMs'] ?? undefined;
    }, 'data again');
    expect(again).toBeGreaterThan(0);
    expect(again).toBeLessThanOrEqual(performance.now() - before);
  });

  it('gives up a peer that does not even answer a ping', async () => {
    const tick = () => JSON.stringify({ symbol: 'A', timestamp: Date.now() * 1000 });
    await using server = await feed((client) => client.on('message', () => client.send(tick())), 0, {
      autoPong: false,
    });
    const probe = open({ url: server.url, pingEvery: '60ms', staleAfter: '100ms' });
    await probe.run(testContext());
    const seen = await eventually(async () => {
      const seen = await probe.run(testContext());
      return seen.reason === 'timeout' ? seen : undefined;
    }, 'given up');
    expect(seen).toMatchObject({ outcome: 'bad', detail: 'no sign of life for 0 s, not even a pong' });
  });

  it('is bad while it is connected but silent', async () => {
    let quiet = false;
    await using server = await feed((client) => {
      let n = 0;
      const timer = setInterval(() => {
        if (!quiet) client.send(JSON.stringify({ symbol: 'A', timestamp: Date.now() * 1000, seq: ++n }));
      }, 20);
      client.on('close', () => clearInterval(timer));
    });
    const probe = open({ url: server.url, staleAfter: '400ms' });
    expect(await probe.run(testContext())).toMatchObject({ outcome: 'good' });
    quiet = true;
    const seen = await eventually(async () => {
      const seen = await probe.run(testContext());
      return seen.outcome === 'bad' ? seen : undefined;
    }, 'noticed');
    expect(seen.reason).toBe('no-data');
  });

  it('closes cleanly while it is dialling', async () => {
    await using server = await listening(createTcpServer(() => {}));
    const probe = open({ url: `ws://127.0.0.1:${server.port}/` });
    expect(await probe.run(testContext({ timeoutMs: 100 }))).toMatchObject({ outcome: 'bad', reason: 'timeout' });
    await probe.close?.();
  });
});
