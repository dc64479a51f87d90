import { expect, it } from 'vitest';
import { eventually } from '../../support/servers.ts';
import { testContext } from '../context.ts';
import { duration, ID, open, quantity, run } from './open.ts';
import { fakeSocket, type FakeSocket } from './socket.ts';
import { fakeVenue } from './venue.ts';

const some: unknown = expect.any(Number);
const signal = (symbol: string) => ({ type: 'signal', symbol, timestamp: Date.now() * 1000 });

/** Signals come for as long as a run lasts, as a strategy gives them. */
async function whileSignalled<T>(socket: FakeSocket, symbol: string, work: Promise<T>): Promise<T> {
  const timer = setInterval(() => socket.push(signal(symbol)), 20);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}

it('an order answers a signal, and what follows is counted from its receipt', async () => {
  await using socket = await fakeSocket();
  await using venue = await fakeVenue();
  const { seen, log } = await whileSignalled(socket, 'ETHUSD', run(venue.url, { signal: { url: socket.url } }));
  expect(seen).toMatchObject({ outcome: 'good', values: { reactionMs: some, signalAgeMs: some } });
  expect(seen.readings).toEqual([
    duration('ack', some),
    duration('signal-ack', some),
    duration('order-fill', some),
    duration('signal-fill', some),
    quantity('0.001'),
  ]);
  const ms = Object.fromEntries(
    seen.readings.flatMap((reading) => (reading.type === 'duration' ? [[reading.indicator, reading.ms ?? 0]] : [])),
  );
  const reaction = seen.values['reactionMs'] ?? 0;
  expect(ms['signal-ack']).toBeCloseTo((ms['ack'] ?? 0) + reaction, 6);
  expect(ms['signal-fill']).toBeCloseTo((ms['order-fill'] ?? 0) + reaction, 6);
  expect(log).toEqual([`intend ${ID}`, `close ${ID} filled, 0.001 of 0.001 executed`]);
});

it('without a signal no order leaves, its intent is closed, and the run is excluded', async () => {
  await using socket = await fakeSocket();
  await using venue = await fakeVenue();
  const part = { signal: { url: socket.url, within: '100ms', symbols: ['BTCUSD'] } };
  const { seen, log } = await whileSignalled(socket, 'ETHUSD', run(venue.url, part));
  expect(seen).toMatchObject({
    outcome: 'excluded',
    reason: 'no-signal',
    detail: 'no signal came within 100 ms; no order was sent',
    readings: [],
  });
  expect(venue.log).toEqual(['GET /account']);
  expect(log).toEqual([`intend ${ID}`, `close ${ID} never sent: no signal came within 100 ms; no order was sent`]);
});

it('signals that break off are bad, and no order leaves', async () => {
  await using socket = await fakeSocket();
  await using venue = await fakeVenue();
  const running = run(venue.url, { signal: { url: socket.url, within: '1s' } });
  await eventually(() => (venue.log.length > 0 ? true : undefined), 'the proof was asked for');
  socket.hangUp();
  const { seen } = await running;
  expect(seen).toMatchObject({ outcome: 'bad', reason: 'closed', readings: [] });
  expect(seen.detail).toMatch(/^the signals: /);
  expect(venue.sent()).toBe(0);
});

it('a process that stops while it waits for a signal sends nothing', async () => {
  await using socket = await fakeSocket();
  await using venue = await fakeVenue();
  const stop = new AbortController();
  const context = testContext({ signal: stop.signal });
  const running = open(venue.url, { signal: { url: socket.url, within: '2s' } }).run(context);
  await eventually(() => (context.orderLog.length > 0 ? true : undefined), 'the intent was written down');
  stop.abort(new Error('the process stops'));
  expect(await running).toMatchObject({ outcome: 'fault', reason: 'aborted' });
  expect(venue.sent()).toBe(0);
  expect(context.orderLog.at(-1)).toMatch(/never sent: /);
});
