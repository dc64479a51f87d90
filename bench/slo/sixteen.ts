/** Sixteen objectives like the playbook's, and the results of six probes that ask once a minute, from a seed. */
import { NO_PHASES, type Indicator, type Reading } from '../../probes/probe.ts';
import { seededRandom } from '../../scenarios/random.ts';
import type { Objective } from '../../slo/objective.ts';
import type { Result } from '../../store/result.ts';
import { BASE, OBJECTIVE } from './history.ts';

const DAY = BASE.dayMs;
/** The 90 days end inside an hour, so that edges are read by minutes. */
export const END_MS = 20_000 * DAY + 10.5 * BASE.hourMs;

const API = ['orders', 'positions'];
const PAPER = ['paper-a', 'paper-b'];

function row(id: string, target: string, days: number, change: Partial<Objective>): Objective {
  return { ...OBJECTIVE, id, title: id, target, windowMs: days * DAY, ...change };
}

function within(indicator: Indicator, ms: number): Pick<Objective, 'sli'> {
  return { sli: { type: 'threshold', indicator, ms, strict: false } };
}

/** The windows of the playbook; a percentile row's colour and attainment are over 30 days, of the strategy's over 7. */
export const SIXTEEN: readonly Objective[] = [
  row('sla-api-availability', '0.995', 90, { probes: API }),
  row('sla-order-latency', '0.95', 90, { probes: PAPER, ...within('ack', 400) }),
  row('sla-market-data-freshness', '0.99', 90, { probes: ['ticks'], ...within('newest-age', 3000) }),
  row('slo-api-availability', '0.999', 30, { probes: API }),
  row('slo-api-latency', '0.95', 30, {
    probes: API,
    split: 'endpoint',
    slidingMs: 5 * BASE.minuteMs,
    ...within('latency', 250),
  }),
  row('slo-strategy-jobs', '0.997', 7, { probes: ['signals'] }),
  row('slo-strategy-latency', '0.99', 7, { probes: ['signals'], slidingMs: BASE.hourMs, ...within('latency', 120) }),
  row('slo-order-execution', '0.999', 30, { probes: PAPER, ...within('ack', 900) }),
  row('slo-market-data-freshness', '0.998', 1, { probes: ['ticks'], ...within('newest-age', 1500) }),
  row('slo-pipeline-accuracy', '0.9995', 30, { probes: ['ticks'] }),
  row('slo-trade-pipeline-latency', '0.95', 30, {
    probes: PAPER,
    slidingMs: 5 * BASE.minuteMs,
    ...within('ack', 400),
  }),
  row('slo-trade-pipeline-reliability', '0.99', 30, {
    probes: PAPER,
    slidingMs: 5 * BASE.minuteMs,
    ...within('ack', 650),
  }),
  row('kpi-ingestion-latency', '0.99', 30, { probes: ['signals'], ...within('latency', 450) }),
  row('kpi-signal-freshness', '0.992', 30, { probes: ['signals'], ...within('latency', 500) }),
  row('kpi-order-ack', '0.995', 30, { probes: PAPER, split: 'venue', ...within('ack', 250) }),
  row('kpi-fill-ratio', '0.92', 1 / 24, {
    probes: PAPER,
    split: 'venue',
    sli: { type: 'quantity' },
    weighing: 'quantity',
  }),
];

interface Asked {
  readonly probe: string;
  readonly kind: string;
  readonly endpoint: string | null;
  readonly venue: string | null;
  readonly readings: (draw: number) => readonly Reading[];
}

const latency = (name: Indicator, usualMs: number) => (draw: number) =>
  ({ type: 'duration', indicator: name, ms: usualMs * (draw < 0.98 ? 1 : 4) }) satisfies Reading;
const fill = (draw: number) =>
  ({ type: 'quantity', submitted: '1', executed: draw < 0.97 ? '1' : '0.5' }) satisfies Reading;
const asked = (probe: string, readings: Asked['readings'], change: Partial<Asked> = {}): Asked => ({
  probe,
  kind: 'http',
  endpoint: null,
  venue: null,
  readings,
  ...change,
});

const PROBES: readonly Asked[] = [
  ...API.map((name) => asked(name, (draw) => [latency('latency', 110)(draw)], { endpoint: `/${name}` })),
  ...PAPER.map((name) => asked(name, (draw) => [latency('ack', 180)(draw), fill(draw)], { venue: name })),
  asked('ticks', (draw) => [latency('newest-age', 800)(draw)]),
  asked('signals', (draw) => [latency('latency', 60)(draw)]),
];

/** One result a probe and minute of a stretch of minutes, counted from the first of so many days. */
export function* resultsOf(days: number, minutes: { readonly from: number; readonly to: number }): Iterable<Result> {
  const startMs = END_MS - days * DAY;
  for (let minute = minutes.from; minute < minutes.to; minute += 1) {
    const scheduledMs = startMs + minute * BASE.minuteMs;
    for (const { probe, kind, endpoint, venue, readings } of PROBES) {
      const random = seededRandom(7, probe, minute);
      const isGood = random() >= 1 / 300;
      yield {
        runId: `${probe}/${minute}`,
        probe,
        kind,
        service: 'client-api',
        location: 'fra1',
        endpoint,
        venue,
        scheduledMs,
        startedMs: scheduledMs,
        latenessMs: 0,
        durationMs: 20,
        cadence: 'green',
        weightMs: BASE.minuteMs,
        outcome: isGood ? 'good' : 'bad',
        reason: isGood ? null : 'timeout',
        detail: null,
        phases: NO_PHASES,
        readings: isGood ? readings(random()) : [],
        values: {},
        loopDelayMs: 0,
        gameday: null,
      };
    }
  }
}
