import type { Mapping, MarketDataSpec } from './spec.ts';

interface Preset {
  readonly subscribe: readonly unknown[];
  readonly map: Mapping;
}

/** The conventions of a venue: what to send, and where its messages keep what we need. */
export const PRESETS: Readonly<Record<MarketDataSpec['preset'], Preset>> = {
  tradepulse: {
    subscribe: [{ action: 'subscribe', channels: ['trades'] }],
    map: {
      time: 'timestamp',
      unit: 'us',
      symbol: 'symbol',
      sequence: 'seq',
      heartbeat: { field: 'type', equals: 'heartbeat' },
      rejected: { field: 'type', equals: 'error' },
    },
  },
};
