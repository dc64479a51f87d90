/** Reads the record of a period once, for whichever review. */
import { governing } from '../../slo/policy.ts';
import type { Status } from '../../slo/status.ts';
import type { BudgetPoint, LedgerEvent, StoreReader } from '../../store/store.ts';
import { measuredPeriods } from '../../store/periods.ts';
import { changedOf } from '../../store/target-records.ts';
import { periodFor, shortPeriod } from '../measured-period.ts';
import type { ReportedProbe } from '../sla/report.ts';
import { reportedIncidents } from '../sla/incidents.ts';
import { thin } from '../thin.ts';
import type { Hour, Opened, Review, Reviewed } from './data.ts';

export interface ReviewQuery extends Pick<
  Review,
  'environment' | 'location' | 'tool' | 'base' | 'fromMs' | 'toMs' | 'asOfMs' | 'duties' | 'items' | 'proposed'
> {
  readonly reader: Pick<StoreReader, 'events' | 'budgets' | 'rollups'>;
  /** As they are configured; default: nothing goes by a calendar. */
  readonly probes?: readonly ReportedProbe[];
  readonly statuses: readonly Status[];
  readonly excluded: Pick<Review, 'exclusions' | 'without'>;
}

const RANK = { sla: 0, slo: 1, kpi: 2 } as const;

export async function collectReview(query: ReviewQuery): Promise<Review> {
  const { reader, fromMs, toMs, base, statuses, excluded, probes = [], ...rest } = query;
  const range = { fromMs, toMs };
  const records = await reader.events({ ...range, kind: 'burn-rates' });
  const own = governing(statuses).toSorted((a, b) => RANK[a.objective.commitment] - RANK[b.objective.commitment]);
  const measured = { periods: await measuredPeriods(reader, own, base), probes, scale: base.scale };
  const reviewed: Reviewed[] = [];
  for (const status of own) {
    const points = await reader.budgets({ objective: status.objective.id, ...range });
    const known = points.filter(({ consumedPct }) => consumedPct !== null);
    reviewed.push({
      status,
      period: periodFor(measured, status.objective),
      isShort: shortPeriod(measured, status.objective) !== null,
      points: thinned(known),
      first: known.at(0) ?? null,
      last: known.at(-1) ?? null,
      judged: { known: known.length, met: known.filter(({ consumedPct }) => (consumedPct ?? 0) <= 100).length },
      hours: records.flatMap((record) => hourOf(record, status.objective.id)),
    });
  }
  const targets = await reader.events({ ...range, kind: 'target' });
  return {
    ...rest,
    base,
    fromMs,
    toMs,
    reviewed,
    ...excluded,
    cadence: { hours: Math.round((toMs - fromMs) / base.hourMs), recorded: records.length },
    incidents: reportedIncidents(await reader.events({ kind: 'incident', toMs }), range),
    alerts: (await reader.events({ ...range, kind: 'alert' })).flatMap(openedIn),
    waivers: await reader.events({ ...range, kind: 'gate' }),
    gamedays: await reader.events({ ...range, kind: 'gameday' }),
    targets: targets.filter(({ body }) => changedOf(body).length > 0),
  };
}

function thinned(points: readonly BudgetPoint[]): readonly BudgetPoint[] {
  const byTime = new Map(points.map((point) => [point.atMs, point]));
  return thin(points.map(({ atMs, attainmentPct }) => [atMs, attainmentPct])).flatMap(
    ([atMs]) => byTime.get(atMs) ?? [],
  );
}

type Keyed = Readonly<Record<string, unknown>>;

function isKeyed(value: unknown): value is Keyed {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hourOf({ atMs, body }: LedgerEvent, objective: string): readonly Hour[] {
  const all: readonly unknown[] = Array.isArray(body['objectives']) ? body['objectives'] : [];
  const own = all.filter(isKeyed).find((each) => each['objective'] === objective);
  if (own === undefined) return [];
  const burn = isKeyed(own['burn']) ? own['burn'] : {};
  const burning: readonly unknown[] = Array.isArray(own['burning']) ? own['burning'] : [];
  return [
    {
      atMs,
      burn1h: numberOf(burn['1h']),
      burnNow: numberOf(own['burnNow']),
      burning: burning.filter(isKeyed).map(({ long, short }) => `${String(long)} and ${String(short)}`),
    },
  ];
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function openedIn({ body }: LedgerEvent): readonly Opened[] {
  if (body['type'] !== 'opened') return [];
  const objective = typeof body['objective'] === 'string' ? body['objective'] : null;
  return [{ objective, rule: String(body['rule']), severity: String(body['severity']), as: String(body['as']) }];
}
