/** Servers that no library would let us write: every byte by hand. */
import { createHash } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { constants, deflateRawSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import type { Observation, Probe } from '../../../probes/probe.ts';
import { watchLoop } from '../../../runner/engine/loop-watch.ts';
import { listening, testContext } from '../context.ts';
import { openFeedProbe } from './feed.ts';

const opened: Probe[] = [];
afterEach(async () => {
  for (const probe of opened.splice(0)) await probe.close?.();
});

/** RFC 6455, section 1.3. */
const HANDSHAKE = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const CONTINUATION = 0x00;
const TEXT = 0x01;
const BINARY = 0x02;
const PING = 0x09;
const FIN = 0x80;
const COMPRESSED = 0x40;
const MEGABYTE = 1024 * 1024;

function frame(head: number, payload: Buffer | string): Buffer {
  const bytes = Buffer.from(payload);
  return Buffer.concat([header(head, bytes.length), bytes]);
}

/** A header that promises so many bytes, whether they come or not. */
function header(head: number, length: number): Buffer {
  if (length < 126) return Buffer.from([head, length]);
  if (length < 65_536) return Buffer.from([head, 126, length >> 8, length & 0xff]);
  const long = Buffer.alloc(10);
  long[0] = head;
  long[1] = 127;
  long.writeBigUInt64BE(BigInt(length), 2);
  return long;
}

/** Half a gigabyte of zeros in half a megabyte. */
function bomb(): Buffer {
  const part = deflateRawSync(Buffer.alloc(16 * MEGABYTE), { finishFlush: constants.Z_SYNC_FLUSH });
  return Buffer.concat(Array.from({ length: 32 }, () => part));
}

/** Writes again and again while the socket takes it; stops when it is gone. */
function forever(socket: Socket, bytes: () => Buffer | string, everyMs = 0): void {
  const write = () => {
    if (socket.destroyed) return;
    socket.write(bytes(), () => (everyMs === 0 ? setImmediate(write) : setTimeout(write, everyMs)));
  };
  write();
}

/** A TCP server that answers the handshake as it likes, and then says what it likes. */
async function raw(talk: (socket: Socket) => void, options: { extensions?: string; handshake?: boolean } = {}) {
  const server = createServer((socket) => {
    socket.setNoDelay(true);
    let request = '';
    const onData = (data: Buffer) => {
      request += data.toString('latin1');
      if (!request.includes('\r\n\r\n')) return;
      socket.off('data', onData).resume();
      if (options.handshake === false) {
        talk(socket);
        return;
      }
      const key = /sec-websocket-key: (.*)\r\n/i.exec(request)?.[1] ?? '';
      const accept = createHash('sha1')
        .update(key + HANDSHAKE)
        .digest('base64');
      const extensions = options.extensions === undefined ? '' : `Sec-WebSocket-Extensions: ${options.extensions}\r\n`;
      const head = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n';
      socket.write(`${head}Sec-WebSocket-Accept: ${accept}\r\n${extensions}\r\n`);
      talk(socket);
    };
    socket.on('data', onData);
  });
  return listening(server);
}

const TIMEOUT_MS = 2000;
/** What giving up may take. */
const LEEWAY_MS = 100;

/**
 * Runs against a server and says how it ended, how much memory it had at most, how long it took, and how long it may have
 * taken: later than that by what this process, which the peer shares, was held up at worst is not the probe's doing.
 */
async function against(
  server: { readonly port: number },
  part: Record<string, unknown>,
): Promise<{ seen: Observation; tookMs: number; mayTakeMs: number; grewBytes: number }> {
  const before = process.memoryUsage.rss();
  let most = before;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 5);
  const probe = openFeedProbe({ url: `ws://127.0.0.1:${server.port}/`, for: '1s', staleAfter: '1s', ...part });
  opened.push(probe);
  using loop = watchLoop();
  const startedMs = performance.now();
  const seen = await probe.run(testContext({ timeoutMs: TIMEOUT_MS }));
  const tookMs = performance.now() - startedMs;
  const mayTakeMs = TIMEOUT_MS + LEEWAY_MS + loop.maxSince(startedMs);
  clearInterval(watch);
  return { seen, tookMs, mayTakeMs, grewBytes: most - before };
}

interface Case {
  readonly name: string;
  readonly reason: string;
  readonly talk: (socket: Socket) => void;
  readonly part?: Record<string, unknown>;
  readonly server?: { extensions?: string; handshake?: boolean };
}

// Made before anybody waits for them.
const packed = bomb();
const zipped = gzipSync(Buffer.alloc(64 * MEGABYTE));

const CASES: readonly Case[] = [
  {
    name: 'a permessage-deflate bomb',
    reason: 'body-too-large',
    talk: (socket) => socket.write(frame(FIN | COMPRESSED | TEXT, packed)),
    part: { perMessageDeflate: true },
    server: { extensions: 'permessage-deflate' },
  },
  {
    name: 'a permessage-deflate bomb that nobody agreed to',
    reason: 'protocol',
    talk: (socket) => socket.write(frame(FIN | COMPRESSED | TEXT, packed)),
  },
  {
    name: 'a gzip bomb in a message',
    reason: 'body-too-large',
    talk: (socket) => socket.write(frame(FIN | BINARY, zipped)),
    part: { payload: 'gzip' },
  },
  {
    name: 'a deflate bomb in a message',
    reason: 'body-too-large',
    talk: (socket) => socket.write(frame(FIN | BINARY, packed)),
    part: { payload: 'deflate' },
  },
  {
    name: 'text that is no UTF-8',
    reason: 'malformed',
    talk: (socket) => socket.write(frame(FIN | TEXT, Buffer.from([0xc3, 0x28]))),
  },
  {
    name: 'a character cut in two and ended wrong by the second fragment',
    reason: 'malformed',
    talk: (socket) =>
      socket.write(
        Buffer.concat([frame(TEXT, Buffer.from([0xe2, 0x82])), frame(FIN | CONTINUATION, Buffer.from([0x28]))]),
      ),
  },
  {
    name: 'binary frames that are no UTF-8',
    reason: 'malformed',
    talk: (socket) => socket.write(frame(FIN | BINARY, Buffer.from([0xff]))),
    part: { payload: 'binary' },
  },
  {
    name: 'fragments without end',
    reason: 'body-too-large',
    talk: (socket) => {
      socket.write(frame(TEXT, '['));
      forever(socket, () => frame(CONTINUATION, '0,'.repeat(2000)));
    },
  },
  {
    name: 'empty fragments without end',
    reason: 'body-too-large',
    talk: (socket) => {
      socket.write(frame(TEXT, '['));
      forever(socket, () => Buffer.concat(Array.from({ length: 100 }, () => frame(CONTINUATION, ''))));
    },
  },
  {
    name: 'fragments without end, one now and then',
    reason: 'no-data',
    talk: (socket) => {
      socket.write(frame(TEXT, '['));
      forever(socket, () => frame(CONTINUATION, '0,'), 10);
    },
  },
  {
    name: 'a frame that promises more than the cap',
    reason: 'body-too-large',
    talk: (socket) => socket.write(header(FIN | TEXT, 2 ** 50)),
  },
  {
    name: 'a frame that comes byte by byte',
    reason: 'no-data',
    talk: (socket) => {
      socket.write(header(FIN | TEXT, MEGABYTE));
      forever(socket, () => ' ', 2);
    },
  },
  {
    name: 'pings without end, and nobody who reads the answers',
    reason: 'no-data',
    talk: (socket) => {
      socket.pause();
      const pings = Buffer.concat(Array.from({ length: 500 }, () => frame(FIN | PING, 'x'.repeat(125))));
      forever(socket, () => pings);
    },
  },
  { name: 'silence after the handshake', reason: 'no-data', talk: () => {} },
  {
    name: 'a handshake without end',
    reason: 'protocol',
    talk: (socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nX-Filler: ');
      forever(socket, () => 'x'.repeat(4096));
    },
    server: { handshake: false },
  },
  {
    name: 'a handshake letter by letter',
    reason: 'timeout',
    talk: (socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nX-Filler: ');
      forever(socket, () => 'x', 10);
    },
    server: { handshake: false },
  },
  { name: 'silence in place of the handshake', reason: 'timeout', talk: () => {}, server: { handshake: false } },
];

describe.each(['session', 'continuous'] as const)('a %s probe', (mode) => {
  it.each(CASES)('ends $name as $reason, in time and in bounded memory', async ({ reason, talk, part, server }) => {
    await using place = await raw(talk, server);
    const { seen, tookMs, mayTakeMs, grewBytes } = await against(place, { mode, ...part, timeout: `${TIMEOUT_MS}ms` });
    expect(seen).toMatchObject({ outcome: 'bad', reason });
    // Nothing here ends by itself: without a deadline it would hang.
    expect(tookMs).toBeLessThan(mayTakeMs);
    expect(grewBytes).toBeLessThan(200 * MEGABYTE);
  });
});

it('a peer that ignores our goodbye is left without it, in time', async () => {
  const tick = () => JSON.stringify({ symbol: 'A', timestamp: Date.now() * 1000 });
  await using place = await raw((socket) => socket.write(frame(FIN | TEXT, tick())));
  const part = { mode: 'session', for: '1900ms', staleAfter: '5s', timeout: `${TIMEOUT_MS}ms` };
  const { seen, tookMs, mayTakeMs } = await against(place, part);
  expect(seen).toMatchObject({ outcome: 'good', values: { ticks: 1 } });
  expect(tookMs).toBeLessThan(mayTakeMs);
});
