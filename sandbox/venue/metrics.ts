import type { Health } from './state.ts';

export interface Counts {
  readonly ticks: number;
  readonly malformed: number;
  readonly signals: number;
  readonly clients: number;
  readonly droppedClients: number;
  readonly openOrders: number;
  readonly orderEvents: Readonly<Record<string, number>>;
  readonly responses: Readonly<Record<string, number>>;
}

type Samples = readonly (readonly [labels: string, value: number])[];

/** Prometheus text exposition, format 0.0.4. */
export function renderMetrics(health: Health, counts: Counts): string {
  const feeds = ['primary', 'backup'] as const;
  return [
    metric('venue_uptime_seconds', 'gauge', 'Time since the start.', [['', health.uptime_seconds]]),
    metric(
      'venue_feed_active',
      'gauge',
      'The feed in use: 1.',
      feeds.map((f) => [`{feed="${f}"}`, health.feed === f ? 1 : 0]),
    ),
    metric(
      'venue_feed_age_seconds',
      'gauge',
      'Age of the newest data of a feed.',
      feeds.map((f) => [`{feed="${f}"}`, (health.feeds[f].age_ms ?? Infinity) / 1000]),
    ),
    metric('venue_failovers_total', 'counter', 'Changes of feed, in either direction.', [['', health.failovers]]),
    metric(
      'venue_gateway_up',
      'gauge',
      'Order gateway connected: 1.',
      feeds.map((f) => [`{gateway="${f}"}`, health.gateways[f] ? 1 : 0]),
    ),
    metric('venue_ticks_total', 'counter', 'Ticks fanned out.', [['', counts.ticks]]),
    metric('venue_malformed_total', 'counter', 'Feed messages that could not be read.', [['', counts.malformed]]),
    metric('venue_signals_total', 'counter', 'Signals sent.', [['', counts.signals]]),
    metric('venue_ws_clients', 'gauge', 'WebSocket clients.', [['', counts.clients]]),
    metric('venue_ws_dropped_total', 'counter', 'Clients cut off for not reading.', [['', counts.droppedClients]]),
    metric('venue_orders_open', 'gauge', 'Orders not closed.', [['', counts.openOrders]]),
    metric('venue_order_events_total', 'counter', 'Order events by type.', labelled('type', counts.orderEvents)),
    metric(
      'venue_http_responses_total',
      'counter',
      'HTTP responses by status code.',
      labelled('code', counts.responses),
    ),
  ].join('');
}

function labelled(label: string, values: Readonly<Record<string, number>>): Samples {
  return Object.entries(values).map(([key, value]) => [`{${label}="${key}"}`, value]);
}

function metric(name: string, type: 'gauge' | 'counter', help: string, samples: Samples): string {
  const lines = samples.map(([labels, value]) => `${name}${labels} ${value === Infinity ? '+Inf' : value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}
