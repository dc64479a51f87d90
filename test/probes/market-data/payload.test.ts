import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { payloadReader } from '../../../probes/market-data/payload.ts';
import { feed, session } from './feed.ts';

const tick = (seq: number) => JSON.stringify({ symbol: 'A', timestamp: Date.now() * 1000, seq });

const PACKED = [
  ['binary', (text: string) => Buffer.from(text)],
  ['gzip', (text: string) => gzipSync(text)],
  ['deflate', (text: string) => deflateSync(text)],
  ['deflate', (text: string) => deflateRawSync(text)],
] as const;

describe('a payload', () => {
  it.each(PACKED)('of %s is unpacked from binary frames, and text is read beside it', async (payload, pack) => {
    await using server = await feed((client: WebSocket) => {
      client.on('message', () => {
        client.send('{"type":"subscribed","channels":["trades"]}');
        client.send(pack(tick(1)));
        client.send(tick(2));
        client.send(pack(`[${tick(3)},${tick(4)}]`));
      });
    });
    const seen = await session({ url: server.url, payload });
    expect(seen).toMatchObject({ outcome: 'good', values: { ticks: 4, gaps: 0, malformed: 0 } });
  });

  it('in binary frames is malformed where text was agreed', async () => {
    await using server = await feed((client) => client.on('message', () => client.send(Buffer.from(tick(1)))));
    expect(await session({ url: server.url })).toMatchObject({ outcome: 'bad', reason: 'malformed' });
  });

  it('is also read through the compression of the WebSocket itself', async () => {
    await using server = await feed((client) => client.on('message', () => client.send(tick(1))), 0, {
      perMessageDeflate: { threshold: 0 },
    });
    for (const perMessageDeflate of [true, false]) {
      const seen = await session({ url: server.url, perMessageDeflate });
      expect(seen).toMatchObject({ outcome: 'good', values: { ticks: 1 } });
    }
  });

  it('that is no payload at all is unreadable', () => {
    for (const payload of ['gzip', 'deflate'] as const) {
      expect(payloadReader(payload, 1000)(Buffer.from('{}'))).toEqual({ problem: 'unreadable' });
    }
  });

  it('may be as large as the cap, unpacked, and no larger', () => {
    const read = payloadReader('gzip', 1000);
    expect(read(gzipSync('x'.repeat(1000)))).toEqual({ text: 'x'.repeat(1000) });
    expect(read(gzipSync('x'.repeat(1001)))).toEqual({ problem: 'too-large' });
  });
});
