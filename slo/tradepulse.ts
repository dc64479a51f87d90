/** The playbook's rows bound to the probes that a configuration has. A row that nothing feeds is Unknown, and says why. */
import { feedName, type Objective, type Sli, type TargetVersion, type Weighing } from './objective.ts';
import { limitOf } from './target-history.ts';
import type { TimeBase } from './time-base.ts';
import { DOMAINS, PLAYBOOK_LINK, PLAYBOOK_VERSION, TRADEPULSE_ROWS, type Feed, type Row } from './tradepulse-rows.ts';

/** What a row needs to know of a probe. */
export interface BoundProbe {
  readonly id: string;
  readonly kind: string;
  readonly service: string;
  /** market-data: one lasting subscription, or a session now and then. */
  readonly mode?: 'continuous' | 'session' | undefined;
  readonly endpoint?: string | undefined;
  /** What its runs have readings of; a row is fed only by a probe that measures it. Left out: everything. */
  readonly measures?: readonly string[] | undefined;
  /** paper-order: the order answers a signal that the probe waited for. */
  readonly startsFromSignal?: boolean | undefined;
}

/** A source of telemetry that was bound to a row. */
export interface BoundSource {
  readonly source: string;
  /** Real milliseconds; see `TelemetryFeed`. */
  readonly staleMs: number;
}

export interface TradepulseOptions {
  readonly base: TimeBase;
  readonly settings: { readonly brokerSlaMs?: number | undefined; readonly minEvents: number };
  readonly probes: readonly BoundProbe[];
  /** By the row's id. */
  readonly bound?: ReadonlyMap<string, BoundSource>;
}

/** What a source is asked for, of the rows that one may feed; null: probes alone do. */
export function telemetryOf({ sli, telemetry }: Row): Extract<Sli, { type: 'telemetry' }> | null {
  if (sli.type === 'telemetry') return sli;
  return telemetry === undefined ? null : { type: 'telemetry', what: telemetry };
}

/** Rows that a source may feed. */
export const TELEMETRY_ROWS: readonly Row[] = TRADEPULSE_ROWS.filter((row) => telemetryOf(row) !== null);

/** All sixteen rows, in the playbook's order. */
export function tradepulseObjectives(options: TradepulseOptions): Objective[] {
  return TRADEPULSE_ROWS.map((row) => bind(row, options));
}

/** What probes see beside a row that telemetry feeds, if any do. @param as the row as it is configured */
export function syntheticOf(as: Objective, probes: readonly BoundProbe[]): readonly Objective[] {
  const row = TELEMETRY_ROWS.find(({ id }) => id === as.id);
  const isOwn = row?.feed.from === 'telemetry';
  const { feed, sli } = row?.synthetic ?? (row === undefined || isOwn ? NOTHING : row);
  if (row === undefined || feed === null || sli === null || 'setting' in sli) return [];
  if (as.telemetry === undefined && !isOwn) return [];
  const fed = feeders({ ...row, feed }, measuring(probes, sli));
  if (fed.length === 0) return [];
  const { telemetry: _, ...rest } = as;
  return [
    {
      ...rest,
      id: `${as.id}-synthetic`,
      title: `${as.title}, by probes`,
      sli,
      weighing: isOwn ? 'time' : row.weighing,
      probes: fed.map((probe) => probe.id),
      unknownBecause: null,
      assumptions: [],
      beside: { id: as.id, label: 'synthetic' },
    },
  ];
}

const NOTHING = { feed: null, sli: null } as const;

function measuring(probes: readonly BoundProbe[], sli: Sli | null): readonly BoundProbe[] {
  const wanted = sli === null ? null : measureOf(sli);
  return probes.filter(({ measures }) => wanted === null || (measures?.includes(wanted) ?? true));
}

function bind(row: Row, options: TradepulseOptions): Objective {
  const source = options.bound?.get(row.id);
  const asked = telemetryOf(row);
  const probed = bindProbes(row, options);
  if (source === undefined || asked === null) {
    const isForgotten = row.feed.from === 'telemetry' && (options.bound?.size ?? 0) > 0;
    return isForgotten ? { ...probed, unknownBecause: 'no query of a telemetry source is bound to it' } : probed;
  }
  const stepMs = (row.sliceMinutes ?? 1) * options.base.minuteMs;
  return {
    ...probed,
    sli: asked,
    weighing: 'fraction',
    probes: [feedName(row.id)],
    unknownBecause: null,
    telemetry: { ...source, stepMs },
  };
}

function bindProbes(row: Row, { base, settings, probes }: TradepulseOptions): Objective {
  const sli = sliOf(row, settings.brokerSlaMs);
  const fed = sli === null ? [] : feeders(row, measuring(probes, sli));
  return {
    id: row.id,
    title: row.title,
    commitment: row.commitment,
    service: row.service,
    owners: DOMAINS[row.service]?.owners ?? [],
    supporting: DOMAINS[row.service]?.supporting ?? [],
    target: row.target,
    versions: [playbookVersion(row, sli)],
    windowMs: row.windowMinutes * base.minuteMs,
    slidingMs: row.slidingMinutes === null ? null : row.slidingMinutes * base.minuteMs,
    sli: sli ?? { type: 'telemetry', what: 'orders confirmed within the broker SLA ÷ orders' },
    weighing: weighingOf(row, fed),
    split: row.split,
    minEvents: settings.minEvents,
    probes: fed.map((probe) => probe.id),
    unknownBecause: sli === null ? 'the setting brokerSlaMs is not given' : whyUnfed(row, fed, feeders(row, probes)),
    assumptions: row.assumptions,
  };
}

function playbookVersion({ target, isUnsigned }: Row, sli: Sli | null): TargetVersion {
  return {
    version: PLAYBOOK_VERSION,
    target,
    limit: limitOf(sli),
    fromMs: null,
    rfc: PLAYBOOK_LINK,
    signOffs: [],
    lacks: isUnsigned === true ? ['domain owner'] : [],
  };
}

/** What a probe must have readings of; null: its outcome is enough. */
function measureOf(sli: Sli): string | null {
  if (sli.type === 'threshold') return sli.indicator;
  return sli.type === 'quantity' ? 'quantity' : null;
}

/** Null while a setting that the row cannot do without is missing. */
function sliOf(row: Row, brokerSlaMs: number | undefined): Sli | null {
  if (!('setting' in row.sli)) return row.sli;
  if (brokerSlaMs === undefined) return null;
  return { type: 'threshold', indicator: row.sli.indicator, ms: brokerSlaMs, strict: row.sli.strict };
}

function feeders({ service, feed }: Row, probes: readonly BoundProbe[]): readonly BoundProbe[] {
  const candidates = probes.filter((probe) => probe.service === service && probe.kind === feed.from);
  if (feed.from === 'telemetry') return [];
  if (feed.from === 'signal') return candidates;
  if (feed.from === 'http') return candidates.filter((probe) => feed.endpoints?.includes(probe.endpoint ?? '') ?? true);
  if (feed.from === 'paper-order') {
    return candidates.filter((probe) => !feed.fromSignal || probe.startsFromSignal === true);
  }
  const continuous = candidates.filter(isContinuous);
  return feed.watch === 'preferred' && continuous.length > 0 ? continuous : candidates;
}

function isContinuous(probe: BoundProbe): boolean {
  return probe.mode === 'continuous';
}

/** Ticks of a lasting subscription weigh one each; whatever is sampled weighs the time it stands for. */
function weighingOf({ feed, weighing }: Row, fed: readonly BoundProbe[]): Weighing {
  const countsTicks = feed.from === 'market-data' && feed.watch === 'preferred' && fed.some(isContinuous);
  return countsTicks ? 'count' : weighing;
}

function whyUnfed(
  { service, feed, sli }: Row,
  fed: readonly BoundProbe[],
  candidates: readonly BoundProbe[],
): string | null {
  if (fed.length > 0) return null;
  const needsFills = sli.type === 'quantity' || ('indicator' in sli && sli.indicator === 'signal-fill');
  if (needsFills && candidates.length > 0) {
    return `no paper-order probe of the service ${service} expects its orders to be filled`;
  }
  return REASONS[feed.from](service, feed);
}

const REASONS: Readonly<Record<Feed['from'], (service: string, feed: Feed) => string>> = {
  http: (service, feed) =>
    'endpoints' in feed && feed.endpoints !== undefined
      ? `no http probe of the service ${service} names the endpoint ${feed.endpoints.join(' or ')}`
      : `no http probe of the service ${service} is configured`,
  'market-data': (service) => `no market-data probe of the service ${service} is configured`,
  'paper-order': (service, feed) =>
    'fromSignal' in feed && feed.fromSignal
      ? `no paper-order probe of the service ${service} starts from a signal`
      : `no paper-order probe of the service ${service} is configured`,
  signal: (service) => `neither a signal probe of the service ${service} nor a telemetry source is configured`,
  telemetry: () => 'no telemetry source is configured',
};
