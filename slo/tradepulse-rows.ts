/** The sixteen rows of the TradePulse playbook, as data. Windows in policy minutes; who feeds a row is said by `feed`. */
import type { Objective, Sli, Weighing } from './objective.ts';

/** What feeds a row. */
export type Feed =
  /** http probes of the row's service; with `endpoints`, only those. */
  | { readonly from: 'http'; readonly endpoints?: readonly string[] }
  /** market-data probes; `watch: preferred` takes the continuous ones if there are any, else the sessions. */
  | { readonly from: 'market-data'; readonly watch: 'all' | 'preferred' }
  /** paper-order probes of the row's service; `fromSignal`: only those whose order answers a signal. */
  | { readonly from: 'paper-order'; readonly fromSignal: boolean }
  /** signal probes of the row's service. */
  | { readonly from: 'signal' }
  /** Counts from the platform's own telemetry. */
  | { readonly from: 'telemetry' };

/** A limit that only the user knows. */
export interface SettingLimit {
  readonly type: 'threshold';
  readonly indicator: string;
  readonly setting: 'brokerSlaMs';
  readonly strict: boolean;
}

export interface Row {
  readonly id: string;
  readonly title: string;
  readonly commitment: Objective['commitment'];
  readonly service: string;
  readonly target: string;
  readonly windowMinutes: number;
  readonly slidingMinutes: number | null;
  readonly sli: Sli | SettingLimit;
  /** Continuous market-data watches count their ticks, whatever stands here. */
  readonly weighing: Weighing;
  readonly split: Objective['split'];
  readonly feed: Feed;
  /** What a source of telemetry is asked for, where one may feed the row instead of probes. */
  readonly telemetry?: string;
  /** Medians: how many minutes a slice of time has. */
  readonly sliceMinutes?: number;
  /** What probes see of it, shown beside the row where telemetry feeds it. Left out: what `feed` and `sli` say. */
  readonly synthetic?: { readonly feed: Feed; readonly sli: Sli };
  readonly assumptions: readonly string[];
  /** Part of what is promised is not in the playbook: its owner has yet to sign it off. */
  readonly isUnsigned?: true;
}

/** The version of every row's target as it is shipped, and the document that gives it. */
export const PLAYBOOK_VERSION = 'playbook';
export const PLAYBOOK_LINK =
  'https://github.com/neuron7x/TradePulse/blob/478fbaa04d1d41890edd4c30e43687fa24967fd8/docs/reliability.md';

const HOUR = 60;
const DAY = 24 * HOUR;

interface Domain {
  readonly owners: readonly string[];
  readonly supporting: readonly string[];
}

/** "Scope and Ownership". */
export const DOMAINS: Readonly<Record<string, Domain>> = {
  'client-api': { owners: ['Execution Platform'], supporting: ['Infrastructure', 'SRE'] },
  'market-data': { owners: ['Data Platform'], supporting: ['Infrastructure'] },
  'strategy-runtime': { owners: ['Quant Engineering'], supporting: ['SRE'] },
  'order-execution': { owners: ['Execution Platform'], supporting: ['Compliance', 'Infrastructure'] },
};

const MONTH_ASSUMED = 'the playbook gives no window: a rolling 30 days is assumed until its owner signs off';

export const TRADEPULSE_ROWS: readonly Row[] = [
  {
    id: 'sla-api-availability',
    title: 'Client API availability (SLA)',
    commitment: 'sla',
    service: 'client-api',
    target: '0.995',
    windowMinutes: 90 * DAY,
    slidingMinutes: null,
    sli: { type: 'availability' },
    weighing: 'time',
    split: null,
    feed: { from: 'http' },
    assumptions: ['the SLA does not mention 4xx: they are left out here; the excluded count stands beside the figure'],
  },
  {
    id: 'sla-order-latency',
    title: 'Strategy order latency (SLA)',
    commitment: 'sla',
    service: 'order-execution',
    target: '0.95',
    windowMinutes: 90 * DAY,
    slidingMinutes: null,
    sli: { type: 'threshold', indicator: 'ack', ms: 400, strict: false },
    weighing: 'time',
    split: null,
    feed: { from: 'paper-order', fromSignal: false },
    assumptions: [],
  },
  {
    id: 'sla-market-data-freshness',
    title: 'Market data freshness (SLA)',
    commitment: 'sla',
    service: 'market-data',
    target: '0.99',
    windowMinutes: 90 * DAY,
    slidingMinutes: null,
    sli: { type: 'threshold', indicator: 'newest-age', ms: 3000, strict: false },
    weighing: 'time',
    split: null,
    feed: { from: 'market-data', watch: 'all' },
    assumptions: [],
  },
  {
    id: 'slo-api-availability',
    title: 'Client API availability',
    commitment: 'slo',
    service: 'client-api',
    target: '0.999',
    windowMinutes: 30 * DAY,
    slidingMinutes: null,
    sli: { type: 'availability' },
    weighing: 'time',
    split: null,
    feed: { from: 'http' },
    assumptions: [],
  },
  {
    id: 'slo-api-latency',
    title: 'Client API latency, p95 of /orders and /positions',
    commitment: 'slo',
    service: 'client-api',
    target: '0.95',
    windowMinutes: 30 * DAY,
    slidingMinutes: 5,
    sli: { type: 'threshold', indicator: 'latency', ms: 250, strict: false },
    weighing: 'time',
    split: 'endpoint',
    feed: { from: 'http', endpoints: ['/orders', '/positions'] },
    assumptions: [],
  },
  {
    id: 'slo-strategy-jobs',
    title: 'Strategy runtime job completions',
    commitment: 'slo',
    service: 'strategy-runtime',
    target: '0.997',
    windowMinutes: 7 * DAY,
    slidingMinutes: null,
    sli: { type: 'telemetry', what: 'jobs completed ÷ jobs attempted' },
    weighing: 'fraction',
    split: null,
    feed: { from: 'telemetry' },
    synthetic: { feed: { from: 'http', endpoints: ['/jobs/canary'] }, sli: { type: 'availability' } },
    assumptions: [],
  },
  {
    id: 'slo-strategy-latency',
    title: 'Strategy runtime decision latency, p99',
    commitment: 'slo',
    service: 'strategy-runtime',
    target: '0.99',
    windowMinutes: 7 * DAY,
    slidingMinutes: HOUR,
    sli: { type: 'telemetry', what: 'decisions within 120 ms of their signal batch ÷ decisions' },
    weighing: 'fraction',
    split: null,
    feed: { from: 'telemetry' },
    synthetic: {
      feed: { from: 'http', endpoints: ['/predict'] },
      sli: { type: 'threshold', indicator: 'latency', ms: 120, strict: false },
    },
    assumptions: [],
  },
  {
    id: 'slo-order-execution',
    title: 'Orders confirmed within the broker SLA',
    commitment: 'slo',
    service: 'order-execution',
    target: '0.999',
    windowMinutes: 30 * DAY,
    slidingMinutes: null,
    sli: { type: 'threshold', indicator: 'ack', setting: 'brokerSlaMs', strict: false },
    weighing: 'time',
    split: null,
    feed: { from: 'paper-order', fromSignal: false },
    assumptions: [],
  },
  {
    id: 'slo-market-data-freshness',
    title: 'Market data tick freshness',
    commitment: 'slo',
    service: 'market-data',
    target: '0.998',
    windowMinutes: DAY,
    slidingMinutes: null,
    sli: { type: 'threshold', indicator: 'tick-age', ms: 1500, strict: true },
    weighing: 'time',
    split: null,
    feed: { from: 'market-data', watch: 'preferred' },
    assumptions: [],
  },
  {
    id: 'slo-pipeline-accuracy',
    title: 'Data pipeline parity',
    commitment: 'slo',
    service: 'market-data',
    target: '0.9995',
    windowMinutes: 30 * DAY,
    slidingMinutes: null,
    sli: { type: 'telemetry', what: 'jobs whose parity checks pass ÷ jobs' },
    weighing: 'fraction',
    split: null,
    feed: { from: 'telemetry' },
    assumptions: [],
  },
  {
    id: 'slo-trade-pipeline-latency',
    title: 'Trade pipeline latency, p95 signal → order → ack',
    commitment: 'slo',
    service: 'order-execution',
    target: '0.95',
    windowMinutes: 30 * DAY,
    slidingMinutes: 5,
    sli: { type: 'threshold', indicator: 'signal-ack', ms: 400, strict: false },
    weighing: 'time',
    split: null,
    feed: { from: 'paper-order', fromSignal: true },
    assumptions: [],
  },
  {
    id: 'slo-trade-pipeline-reliability',
    title: 'Trade pipeline reliability, p99 signal → order → fill',
    commitment: 'slo',
    service: 'order-execution',
    target: '0.99',
    windowMinutes: 30 * DAY,
    slidingMinutes: 5,
    sli: { type: 'threshold', indicator: 'signal-fill', ms: 650, strict: false },
    weighing: 'time',
    split: null,
    feed: { from: 'paper-order', fromSignal: true },
    assumptions: ['measured to the final fill of marketable orders'],
  },
  {
    id: 'kpi-ingestion-latency',
    title: 'Ingestion latency, median per 5-minute slice',
    commitment: 'kpi',
    service: 'market-data',
    target: '0.99',
    windowMinutes: 30 * DAY,
    slidingMinutes: null,
    sli: {
      type: 'telemetry',
      what: '5-minute slices whose median registration delay is at most 45 s ÷ slices with data',
      medianMs: 45_000,
    },
    weighing: 'fraction',
    split: null,
    feed: { from: 'telemetry' },
    sliceMinutes: 5,
    assumptions: [
      'the playbook gives a median and no ratio: 99 % of the 5-minute slices is assumed until its owner signs off',
      MONTH_ASSUMED,
    ],
    isUnsigned: true,
  },
  {
    id: 'kpi-signal-freshness',
    title: 'Signal freshness',
    commitment: 'kpi',
    service: 'strategy-runtime',
    target: '0.992',
    windowMinutes: 30 * DAY,
    slidingMinutes: null,
    sli: { type: 'threshold', indicator: 'signal-age', ms: 500, strict: false },
    weighing: 'count',
    split: null,
    feed: { from: 'signal' },
    telemetry: 'signals within 500 ms of their market tick ÷ signals',
    assumptions: [MONTH_ASSUMED],
    isUnsigned: true,
  },
  {
    id: 'kpi-order-ack',
    title: 'Order acknowledgements by venue',
    commitment: 'kpi',
    service: 'order-execution',
    target: '0.995',
    windowMinutes: 30 * DAY,
    slidingMinutes: null,
    sli: { type: 'threshold', indicator: 'ack', ms: 250, strict: true },
    weighing: 'time',
    split: 'venue',
    feed: { from: 'paper-order', fromSignal: false },
    telemetry: 'orders acknowledged in less than 250 ms ÷ orders, by venue',
    assumptions: [MONTH_ASSUMED],
    isUnsigned: true,
  },
  {
    id: 'kpi-fill-ratio',
    title: 'Fill ratio by venue',
    commitment: 'kpi',
    service: 'order-execution',
    target: '0.92',
    windowMinutes: HOUR,
    slidingMinutes: null,
    sli: { type: 'quantity' },
    weighing: 'quantity',
    split: 'venue',
    feed: { from: 'paper-order', fromSignal: false },
    assumptions: [],
  },
];
