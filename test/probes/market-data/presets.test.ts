/** Messages of the shape that each venue documents; values and times are made up here. */
import { describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import type { RunContext } from '../../../probes/probe.ts';
import { feed, session, venue } from './feed.ts';

const thresholds: RunContext['thresholds'] = () => [{ ms: 1500, strict: true }];

const say = (client: WebSocket, ...messages: readonly unknown[]) => {
  for (const message of messages) client.send(JSON.stringify(message));
};

async function heardFrom(preset: string, talk: (client: WebSocket) => void, part: Record<string, unknown> = {}) {
  const heard: unknown[] = [];
  await using server = await feed(venue(heard, talk));
  const seen = await session({ url: server.url, preset, ...part }, { thresholds });
  return { seen, heard };
}

describe('the preset binance', () => {
  it('reads trades, raw and wrapped, ranges of updates and tickers by their event time in milliseconds', async () => {
    const { seen, heard } = await heardFrom(
      'binance',
      (client) => {
        const E = Date.now() - 40;
        const trade = { e: 'trade', E, s: 'BTCUSDT', p: '67000.10', q: '0.010', T: E - 3, m: true, M: true };
        const depth = { e: 'depthUpdate', E, s: 'BTCUSDT', b: [['66999.90', '1.2']], a: [['67000.30', '0']] };
        say(
          client,
          { result: null, id: 1 },
          { ...trade, t: 4_100_001 },
          { stream: 'btcusdt@trade', data: { ...trade, t: 4_100_002 } },
          { ...trade, t: 4_100_005 },
          { ...depth, U: 157, u: 160 },
          { stream: 'btcusdt@depth', data: { ...depth, U: 161, u: 161 } },
          { ...depth, U: 164, u: 170 },
          { e: 'aggTrade', E, s: 'BTCUSDT', a: 9000, p: '67000.1', q: '1', f: 4_100_001, l: 4_100_002, T: E, m: false },
          { e: '24hrTicker', E, s: 'BTCUSDT', c: '67000.1', b: '67000.4', B: '1', a: '67000.2', A: '2' },
          // Best prices without an event time: no age, and so no tick.
          { u: 400_900_217, s: 'BTCUSDT', b: '67000.00', B: '3', a: '67000.10', A: '4' },
        );
      },
      { symbols: ['BTCUSDT'] },
    );
    expect(heard).toEqual([{ method: 'SUBSCRIBE', params: ['btcusdt@trade'], id: 1 }]);
    expect(seen).toMatchObject({
      outcome: 'good',
      values: {
        ticks: 8,
        gaps: 2,
        missed: 4,
        duplicates: 0,
        reorders: 0,
        crossed: 1,
        'missed:BTCUSDT': 4,
        malformed: 0,
      },
    });
    expect(seen.readings[0]).toMatchObject({ indicator: 'tick-age', valid: 8, within: { 'lt:1500': 8 } });
    expect(seen.values['maxMs:BTCUSDT']).toBeGreaterThanOrEqual(39);
  });

  it('knows a refusal', async () => {
    const refusal = { error: { code: 2, msg: 'Invalid request: unknown stream' }, id: 1 };
    const { seen } = await heardFrom('binance', (client) => say(client, refusal), { symbols: ['NOPE'] });
    expect(seen).toMatchObject({ outcome: 'bad', reason: 'subscribe-rejected' });
  });
});

describe('the preset coinbase', () => {
  const iso = (ageMs: number) => new Date(Date.now() - ageMs).toISOString().replace('Z', '123Z');
  const match = (trade_id: number, ageMs = 20) => ({
    type: 'match',
    trade_id,
    sequence: 50 + trade_id,
    maker_order_id: 'ac928c66-ca53-498f-9c13-a110027a60e8',
    taker_order_id: '132fb6ae-456b-4654-b4e0-d681ac05cea1',
    time: iso(ageMs),
    product_id: 'BTC-USD',
    size: '5.23512',
    price: '400.23',
    side: 'sell',
  });
  const heartbeat = (last_trade_id: number) => ({
    type: 'heartbeat',
    sequence: 90,
    last_trade_id,
    product_id: 'BTC-USD',
    time: iso(1),
  });
  const symbols = ['BTC-USD'];

  it('reads trades and tickers by their written time, and does not take the last trade before for news', async () => {
    const { seen, heard } = await heardFrom(
      'coinbase',
      (client) =>
        say(
          client,
          { type: 'subscriptions', channels: [{ name: 'matches', product_ids: symbols }] },
          { ...match(10, 3_600_000), type: 'last_match' },
          match(11),
          match(12),
          match(14),
          heartbeat(14),
          {
            type: 'ticker',
            sequence: 37_475_248_783,
            product_id: 'BTC-USD',
            price: '400.23',
            best_bid: '400.22',
            best_bid_size: '0.4',
            best_ask: '400.22',
            best_ask_size: '1.5',
            side: 'buy',
            time: iso(10),
            trade_id: 15,
            last_size: '11.4',
          },
        ),
      { symbols },
    );
    expect(heard).toEqual([
      { type: 'subscribe', product_ids: ['BTC-USD'], channels: ['matches', 'ticker', 'heartbeat'] },
    ]);
    expect(seen).toMatchObject({
      outcome: 'good',
      values: { ticks: 4, gaps: 1, missed: 1, locked: 1, crossed: 0, heartbeats: 1, malformed: 0 },
    });
    expect(seen.readings[0]).toMatchObject({ indicator: 'tick-age', valid: 4, within: { 'lt:1500': 4 } });
  });

  it('takes a market for quiet while heartbeats prove that no trade is missing', async () => {
    const quiet = await heardFrom('coinbase', (client) => say(client, match(14, 60_000), heartbeat(14)), { symbols });
    expect(quiet.seen).toMatchObject({
      outcome: 'good',
      reason: null,
      detail: 'the market is quiet, nothing is missing',
    });
    const newest = quiet.seen.readings.filter(
      (reading) => reading.type === 'counts' && reading.indicator === 'newest-age',
    );
    expect(newest).toMatchObject([{ valid: 0 }]);
    const missing = await heardFrom('coinbase', (client) => say(client, match(14, 60_000), heartbeat(15)), { symbols });
    expect(missing.seen).toMatchObject({ outcome: 'bad', reason: 'stale' });
  });

  it('knows a refusal', async () => {
    const { seen } = await heardFrom(
      'coinbase',
      (client) => say(client, { type: 'error', message: 'Failed to subscribe', reason: 'NOPE-USD is not a product' }),
      { symbols: ['NOPE-USD'] },
    );
    expect(seen).toMatchObject({ outcome: 'bad', reason: 'subscribe-rejected' });
  });
});

describe('the preset kraken', () => {
  const timestamp = (ageMs: number) => new Date(Date.now() - ageMs).toISOString().replace('Z', '456Z');
  const trade = (trade_id: number, ageMs = 30) => ({
    symbol: 'BTC/USD',
    side: 'sell',
    price: 67_000.1,
    qty: 0.4,
    ord_type: 'market',
    trade_id,
    timestamp: timestamp(ageMs),
  });

  it('reads lists of ticks, and no snapshot', async () => {
    const { seen, heard } = await heardFrom(
      'kraken',
      (client) =>
        say(
          client,
          { channel: 'status', type: 'update', data: [{ system: 'online', api_version: 'v2', version: '2.0.0' }] },
          {
            method: 'subscribe',
            result: { channel: 'trade', symbol: 'BTC/USD' },
            success: true,
            time_in: timestamp(2),
          },
          { channel: 'trade', type: 'snapshot', data: [trade(1, 900_000), trade(2, 800_000)] },
          { channel: 'heartbeat' },
          { channel: 'trade', type: 'update', data: [trade(4_665_906), trade(4_665_907)] },
          { channel: 'trade', type: 'update', data: [trade(4_665_907), trade(4_665_909)] },
          {
            channel: 'ticker',
            type: 'update',
            data: [
              { symbol: 'BTC/USD', bid: 67_000, bid_qty: 1, ask: 67_000.1, ask_qty: 2, timestamp: timestamp(5) },
              { symbol: 'BTC/USD', bid: 67_000.2, bid_qty: 1, ask: 67_000.1, ask_qty: 2, timestamp: timestamp(4) },
            ],
          },
        ),
      { symbols: ['BTC/USD'] },
    );
    expect(heard).toEqual([
      { method: 'subscribe', params: { channel: 'trade', symbol: ['BTC/USD'], snapshot: false } },
      { method: 'subscribe', params: { channel: 'ticker', symbol: ['BTC/USD'], snapshot: false } },
    ]);
    expect(seen).toMatchObject({
      outcome: 'good',
      values: { ticks: 6, gaps: 1, missed: 1, duplicates: 1, crossed: 1, heartbeats: 1, malformed: 0 },
    });
    expect(seen.readings[0]).toMatchObject({ indicator: 'tick-age', valid: 6, within: { 'lt:1500': 6 } });
  });

  it('takes heartbeats for no data and for no proof, and knows a refusal', async () => {
    const beats = await heardFrom('kraken', (client) => say(client, { channel: 'heartbeat' }), {
      symbols: ['BTC/USD'],
    });
    expect(beats.seen).toMatchObject({ outcome: 'bad', reason: 'no-data', values: { heartbeats: 1, ticks: 0 } });
    const refused = {
      error: 'Currency pair not supported NO/PE',
      method: 'subscribe',
      success: false,
      symbol: 'NO/PE',
    };
    const { seen } = await heardFrom('kraken', (client) => say(client, refused), { symbols: ['NO/PE'] });
    expect(seen).toMatchObject({ outcome: 'bad', reason: 'subscribe-rejected' });
  });
});

describe('the preset tradepulse', () => {
  it('reads ticks in microseconds, their numbers and their books', async () => {
    const tick = (seq: number, bid_price: number) => ({
      channel: 'trades',
      type: 'tick',
      event_id: `t-${seq}`,
      schema_version: '1.0',
      symbol: 'BTCUSD',
      timestamp: (Date.now() - 15) * 1000,
      seq,
      bid_price,
      ask_price: 67_000.5,
      last_price: 67_000,
      volume: 0.2,
    });
    const { seen, heard } = await heardFrom('tradepulse', (client) =>
      say(client, { type: 'subscribed', channels: ['trades'] }, tick(1, 67_000), tick(2, 67_000.5), tick(4, 67_001), {
        type: 'heartbeat',
        timestamp: Date.now() * 1000,
      }),
    );
    expect(heard).toEqual([{ action: 'subscribe', channels: ['trades'] }]);
    expect(seen).toMatchObject({
      outcome: 'good',
      values: { ticks: 3, missed: 1, locked: 1, crossed: 1, heartbeats: 1, 'locked:BTCUSD': 1, 'ticks:BTCUSD': 3 },
    });
  });
});
