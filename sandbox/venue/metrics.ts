import type { Acks } from './acks.ts';
import type { Histogram } from './histogram.ts';
import type { Health } from './state.ts';
import type { Work } from './work.ts';

export interface Counts {
  readonly ticks: number;
  readonly malformed: number;
  readonly signals: number;
  readonly clients: number;
  readonly droppedClients: number;
  readonly openOrders: number;
  readonly orderEvents: Readonly<Record<string, number>>;
  readonly responses: Readonly<Record<string, number>>;
  readonly work: Pick<Work, 'jobs' | 'parity' | 'decisions' | 'registrations'>;
  /** Tick at the exchange → signal sent. */
  readonly signalAges: Histogram;
  readonly acks: Acks;
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
    metric('strategy_jobs_total', 'counter', 'Strategy jobs that ended.', labelled('outcome', counts.work.jobs)),
    metric(
      'pipeline_parity_jobs_total',
      'counter',
      'Jobs checked for parity.',
      labelled('outcome', counts.work.parity),
    ),
    histogram('strategy_decision_seconds', 'Signal batch to decision.', counts.work.decisions),
    histogram('catalog_registration_seconds', 'Exchange event to registration.', counts.work.registrations),
    histogram('signal_age_seconds', 'Tick at the exchange to signal sent.', counts.signalAges),
    histogram('order_ack_seconds', 'Order taken to acknowledgement, by exchange.', counts.acks),
  ].join('');
}

function labelled(label: string, values: Readonly<Record<string, number>>): Samples {
  return Object.entries(values).map(([key, value]) => [`{${label}="${key}"}`, value]);
}

function metric(name: string, type: 'gauge' | 'counter', help: string, samples: Samples): string {
  const lines = samples.map(([labels, value]) => `${name}${labels} ${value === Infinity ? '+Inf' : value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function histogram(name: string, help: string, from: Pick<Histogram, 'lines'> | Pick<Acks, 'lines'>): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} histogram\n${from.lines(name)}`;
}
