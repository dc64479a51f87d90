import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { acceptWebSockets, listen, shut } from '../../sandbox/listen.ts';
import { Stream } from '../../sandbox/venue/stream.ts';
import { eventually } from '../support/servers.ts';
import { hear, wsUrl } from './support.ts';

const MIB = 1024 * 1024;

/** A stream on a port of its own, without a venue: what is published, and how fast, is up to the test. */
async function streamServer(maxBufferedBytes: number) {
  const stream = new Stream(maxBufferedBytes, () => null);
  const server = createServer();
  const sockets = acceptWebSockets(server, '/ws', (client, socket) => stream.add(client, socket));
  const url = `${wsUrl(await listen(server, 0))}/ws`;
  return { stream, url, [Symbol.asyncDispose]: () => shut(server, sockets) };
}

test('a client that does not read is cut off once too much waits for it; one that reads hears everything', async () => {
  await using it = await streamServer(MIB);
  using reader = await hear(it.url, ['trades']);
  using sleeper = await hear(it.url, ['trades']);
  await reader.first('subscribed');
  await sleeper.first('subscribed');
  sleeper.socket.pause();

  // The reader has each message before the next one leaves, however slow this machine is; the kernel's own buffers hold
  // some megabytes for the sleeper before anything waits in the process.
  const filler = 'x'.repeat(128 * 1024);
  let sent = 0;
  for (; it.stream.dropped === 0 && sent < 1_000; sent += 1) {
    it.stream.publish('trades', { type: 'tick', symbol: 'X', seq: sent, filler });
    const n = sent;
    await eventually(() => (reader.of('tick').length > n ? true : undefined), `message ${n}`);
  }
  expect(it.stream.dropped).toBe(1);
  await eventually(() => (it.stream.clients === 1 ? true : undefined), 'the sleeper has gone');
  expect(reader.of('tick').map((tick) => tick['seq'])).toEqual(Array.from({ length: sent }, (_, n) => n));
});

test('subscribing twice does not say everything twice, and leaving is noticed', async () => {
  await using it = await streamServer(MIB);
  using ear = await hear(it.url, ['signals', 'trades']);
  ear.say({ action: 'subscribe', channels: ['trades'] });
  await eventually(() => (ear.of('subscribed').length === 2 ? true : undefined), 'both answers');
  it.stream.publish('trades', { type: 'tick', seq: 1 });
  it.stream.publish('trades', { type: 'tick', seq: 2 });
  await ear.first('tick', (tick) => tick['seq'] === 2);
  expect(ear.of('tick').length).toBe(2);
  ear.socket.close();
  await eventually(() => (it.stream.hasListeners('trades') ? undefined : true), 'nobody listens');
  expect(it.stream.clients).toBe(0);
});
