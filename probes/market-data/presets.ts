import type { Mapping } from './mapping.ts';
import type { MarketDataSpec } from './spec.ts';

interface Preset {
  readonly subscribe: (symbols: readonly string[]) => readonly unknown[];
  readonly map: readonly Mapping[];
}

function binance(event: string | string[]): Mapping {
  return { time: 'E', unit: 'ms', symbol: 's', items: 'data', data: { field: 'e', equals: event } };
}

const COINBASE: Mapping = { time: 'time', unit: 'iso', symbol: 'product_id' };

const KRAKEN: Mapping = { time: 'timestamp', unit: 'iso', symbol: 'symbol', items: 'data' };

function kraken(channel: string | string[]): Mapping['data'] {
  return [
    { field: 'channel', equals: channel },
    { field: 'type', equals: 'update' },
  ];
}

/** The conventions of a venue: what to send, and where its messages keep what we need. */
export const PRESETS: Readonly<Record<MarketDataSpec['preset'], Preset>> = {
  tradepulse: {
    subscribe: () => [{ action: 'subscribe', channels: ['trades'] }],
    map: [
      {
        time: 'timestamp',
        unit: 'us',
        symbol: 'symbol',
        sequence: 'seq',
        bid: 'bid_price',
        ask: 'ask_price',
        // They come from the venue, which may itself have lost its feed: no proof that the market is quiet.
        heartbeat: { field: 'type', equals: 'heartbeat' },
        rejected: { field: 'type', equals: 'error' },
      },
    ],
  },
  /**
   * Event type and time under one letter, raw or wrapped as {stream, data}. Without symbols nothing is sent: the streams
   * are in the address. A spot bookTicker has no event time, and so no age.
   */
  binance: {
    subscribe: (symbols) =>
      symbols.length === 0
        ? []
        : [{ method: 'SUBSCRIBE', params: symbols.map((symbol) => `${symbol.toLowerCase()}@trade`), id: 1 }],
    map: [
      { ...binance('trade'), sequence: 't', rejected: { field: 'error' } },
      { ...binance('depthUpdate'), sequence: { first: 'U', last: 'u' }, rejected: { field: 'code' } },
      { ...binance('aggTrade'), sequence: 'a' },
      { ...binance(['24hrTicker', 'bookTicker']), bid: 'b', ask: 'a' },
    ],
  },
  /** Trades are numbered for each product, and a heartbeat each second says the number of the last one. */
  coinbase: {
    subscribe: (symbols) => [{ type: 'subscribe', product_ids: symbols, channels: ['matches', 'ticker', 'heartbeat'] }],
    map: [
      {
        ...COINBASE,
        sequence: 'trade_id',
        // `last_match` is the trade before the subscription: old by nature.
        data: { field: 'type', equals: 'match' },
        heartbeat: { field: 'type', equals: 'heartbeat' },
        quiet: { sequence: 'last_trade_id' },
        rejected: { field: 'type', equals: 'error' },
      },
      { ...COINBASE, data: { field: 'type', equals: 'ticker' }, bid: 'best_bid', ask: 'best_ask' },
    ],
  },
  /** Lists of ticks in `data`; a snapshot tells of the time before the subscription, so only updates count. */
  kraken: {
    subscribe: (symbols) =>
      ['trade', 'ticker'].map((channel) => ({
        method: 'subscribe',
        params: { channel, symbol: symbols, snapshot: false },
      })),
    map: [
      {
        ...KRAKEN,
        sequence: 'trade_id',
        data: kraken('trade'),
        heartbeat: { field: 'channel', equals: 'heartbeat' },
        rejected: { field: 'success', equals: false },
      },
      { ...KRAKEN, data: kraken(['ticker', 'book']), bid: 'bid', ask: 'ask' },
    ],
  },
};
