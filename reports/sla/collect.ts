/** Reads the store once and gathers what the page will say. */
import type { JournalEntry } from '../../scenarios/journal.ts';
import type { Exclusion } from '../../slo/exclusion.ts';
import type { Objective } from '../../slo/objective.ts';
import type { Status } from '../../slo/status.ts';
import type { TimeBase } from '../../slo/time-base.ts';
import type { BudgetPoint, LedgerEvent, StoreReader } from '../../store/store.ts';
import { measuredPeriods } from '../../store/periods.ts';
import { changedOf } from '../../store/target-records.ts';
import { collectExercise, type Exercise } from '../exercise.ts';
import { burnText, consumedPercent, count, span } from '../figures.ts';
import { readMeasures } from '../reading.ts';
import { thin } from '../thin.ts';
import { reportedIncidents } from './incidents.ts';
import { overloadsOf } from './overloads.ts';
import type { Change, ReportedProbe, SlaReport } from './report.ts';

export interface SlaQuery {
  readonly reader: StoreReader;
  readonly statuses: readonly Status[];
  readonly base: TimeBase;
  /** Half-open wall-clock range that charts and lists cover. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Nothing that the reader shows was recorded later. */
  readonly asOfMs?: number;
  readonly environment: string;
  /** Default: it is. */
  readonly isEnvironmentNamed?: boolean;
  readonly location: string;
  readonly tool: { readonly version: string };
  readonly probes?: readonly ReportedProbe[];
  /** What was agreed to be left out, and the figures without. */
  readonly excluded?: { readonly exclusions: readonly Exclusion[]; readonly without: readonly Status[] };
  /** The journals of the game-days in the range. */
  readonly gamedays?: readonly (readonly JournalEntry[])[];
}

/** Probes that get a chart. Past that a page is no longer read. */
const MOST_PROBES = 40;
/** Points of a budget's course. */
const MOST_POINTS = 600;

export async function collectSla(query: SlaQuery): Promise<SlaReport> {
  const { reader, base, fromMs, toMs, environment, location, tool } = query;
  const statuses = query.statuses.toSorted(byCommitment);
  const wanted = indicatorsOf(statuses.map(({ objective }) => objective));
  const read = await readMeasures(reader, { statuses, base, fromMs, toMs, wanted, most: MOST_PROBES });
  const budgets: { objective: string; points: readonly BudgetPoint[] }[] = [];
  for (const { objective } of statuses) {
    budgets.push({
      objective: objective.id,
      points: thinned(await reader.budgets({ objective: objective.id, fromMs, toMs, most: MOST_POINTS })),
    });
  }
  const exercises: Exercise[] = [];
  for (const journal of query.gamedays ?? []) {
    const exercise = await collectExercise({ reader, statuses, base, journal });
    if (exercise !== null) exercises.push(exercise);
  }
  return {
    environment,
    isEnvironmentNamed: query.isEnvironmentNamed ?? true,
    location,
    tool,
    scale: base.scale,
    fromMs,
    toMs,
    ...(query.asOfMs === undefined ? {} : { asOfMs: query.asOfMs }),
    statuses,
    periods: await measuredPeriods(reader, statuses, base),
    probes: query.probes ?? [],
    exclusions: query.excluded?.exclusions ?? [],
    without: query.excluded?.without ?? [],
    misses: read.misses,
    measurements: read.measurements,
    orders: read.orders,
    budgets,
    colourChanges: (await reader.events({ fromMs, toMs, kind: 'colour' })).map((event) => changeOf(event, location)),
    samplingChanges: (await reader.events({ fromMs, toMs, kind: 'cadence' })).map((event) => changeOf(event, location)),
    targetChanges: (await reader.events({ fromMs, toMs, kind: 'target' })).flatMap((event) =>
      targetChange(event, location),
    ),
    exercises,
    incidents: reportedIncidents(await reader.events({ kind: 'incident', toMs }), { fromMs, toMs }),
    overloads: overloadsOf(await reader.events({ kind: 'overload' }), { fromMs, toMs }),
  };
}

/**
 * Probe → the indicators that objectives ask it for. The probes of all objectives by turns, so that none goes without a chart
 * where one before it has more probes than are drawn.
 */
export function indicatorsOf(objectives: readonly Objective[]): ReadonlyMap<string, readonly string[]> {
  const indicators = new Map<string, Set<string>>();
  const turns = Math.max(0, ...objectives.map(({ probes }) => probes.length));
  for (let turn = 0; turn < turns; turn += 1) {
    for (const { probes, sli } of objectives) {
      const probe = probes[turn];
      if (probe === undefined) continue;
      const own = indicators.get(probe) ?? new Set();
      indicators.set(probe, own);
      if (sli.type === 'threshold') own.add(sli.indicator);
    }
  }
  return new Map([...indicators].map(([probe, own]) => [probe, [...own]]));
}

const RANK = { sla: 0, slo: 1, kpi: 2 } as const;

function byCommitment(a: Status, b: Status): number {
  return RANK[a.objective.commitment] - RANK[b.objective.commitment];
}

/** Years of evaluations become some hundred points; the extremes stay. */
function thinned(points: readonly BudgetPoint[]): readonly BudgetPoint[] {
  const byTime = new Map(points.map((point) => [point.atMs, point]));
  return thin(
    points.map(({ atMs, consumedPct }) => [atMs, consumedPct]),
    MOST_POINTS,
  ).flatMap(([atMs]) => byTime.get(atMs) ?? []);
}

const TARGET_WORDS: Readonly<Record<string, string>> = {
  versions: 'the versions of its target',
  windowMs: 'its window',
  minEvents: 'its event minimum',
  burn: 'its burn rules',
};

/** What a runner found when it began to keep the ledger is no change. */
function targetChange(event: LedgerEvent, here: string): readonly Change[] {
  const { atMs, service, subject, body } = event;
  const changed = changedOf(body);
  if (changed.length === 0) return [];
  const what = `${placeOf(event, here)}changed: ${changed.map((name) => TARGET_WORDS[name] ?? name).join(', ')}`;
  return [{ atMs, service, subject, what, isFirstGreen: false }];
}

/**
 * `from` and `to` are said as a change, `good` and `bad` with what was consumed; whatever else the event carries follows,
 * in its own order, and a list of changes is told one by one.
 */
function changeOf(event: LedgerEvent, here: string): Change {
  const { atMs, service, subject, body } = event;
  const isFirstGreen = body['from'] === 'unknown' && body['to'] === 'green';
  return { atMs, service, subject, what: `${placeOf(event, here)}${fieldsText(body, subject)}`, isFirstGreen };
}

/** Of what comes from several places, each says from where. */
function placeOf({ location }: LedgerEvent, here: string): string {
  return location === undefined || location === here ? '' : `at ${location}: `;
}

const SHARES = ['consumed'];
const RATES = ['burnNow'];
const ENDS = ['from', 'to', 'fromMs', 'toMs', 'probe'];
const WORDS: Readonly<Record<string, string>> = { burnNow: 'burn now' };

function fieldsText(body: Readonly<Record<string, unknown>>, subject: string): string {
  const shown = Object.entries(body).flatMap(([name, value]) => {
    const said = shownAs(name, value);
    return said === null ? [] : [[name, said] as const];
  });
  const known = new Map(shown);
  const [from, to] = [known.get('from') ?? known.get('fromMs'), known.get('to') ?? known.get('toMs')];
  const change = from === undefined && to === undefined ? [] : [`${from ?? '–'} → ${to ?? '–'}`];
  const rest = shown
    .filter(([name, said]) => !ENDS.includes(name) && said !== subject)
    .map(([name, said]) => `${WORDS[name] ?? name.replace(/Ms$/, '')} ${said}`);
  const lists = Object.values(body).flatMap((value) =>
    Array.isArray(value) ? value.filter(isRecord).filter(hasMoved) : [],
  );
  const probe = known.get('probe');
  const all = [...change, ...rest, ...lists.map((each) => fieldsText(each, ''))].join(', ');
  return probe === undefined ? all : `${probe}: ${all}`;
}

/** A probe whose interval stayed as it was is no news. */
function hasMoved({ fromMs, toMs }: Readonly<Record<string, unknown>>): boolean {
  return typeof fromMs !== 'number' || fromMs !== toMs;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shownAs(name: string, value: unknown): string | null {
  if (typeof value === 'number') {
    if (SHARES.includes(name)) return consumedPercent(value);
    if (RATES.includes(name)) return burnText(value);
    return name.endsWith('Ms') ? span(value) : count(value);
  }
  if (typeof value === 'string') return value;
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : null;
}
