/** What changed from one document of a range to the next, and why. */
import { count, percentOf, span, utc } from '../../reports/figures.ts';
import { differences } from '../../reports/evidence/figures.ts';
import type { Restatement, RestatedFigure } from '../../reports/evidence/document.ts';
import { formatPercent } from '../../slo/budget.ts';
import type { Objective } from '../../slo/objective.ts';
import { lateBetween, type LateResults } from '../../store/as-of.ts';
import type { LedgerEvent } from '../../store/store.ts';
import type { Configuration } from '../config/configuration.ts';
import type { Known } from '../known.ts';
import type { FiguresSaid, Issued } from './register.ts';

export interface RestatementQuery {
  readonly configuration: Configuration;
  readonly known: Known;
  readonly toMs: number;
  readonly before: Issued;
  readonly after: FiguresSaid;
  readonly definitions: Issued['definitions'];
}

export async function restatementOf(query: RestatementQuery): Promise<Restatement> {
  const { before, after, definitions } = query;
  const whys = await reasons(query);
  const rows = definitions.flatMap(({ objective }) => {
    const why = whys(objective);
    const pairs = [
      ...shownFigures(before.figures, after.figures, objective, ''),
      ...shownFigures(before.withoutExclusions, after.withoutExclusions, objective, ', without exclusions'),
    ];
    return pairs.filter(([, was, is]) => was !== is).map(([figure, was, is]) => row(objective, figure, was, is, why));
  });
  const gone = before.figures.filter(({ objective }) => !definitions.some((each) => each.objective === objective));
  return {
    number: before.number,
    asOfMs: before.asOfMs,
    rows: [
      ...rows,
      ...gone.map(({ objective }) =>
        row(objective, 'commitment', 'judged', 'not judged', 'no configuration names it any more'),
      ),
      ...incidentRows(before, after),
    ],
  };
}

function row(commitment: string, figure: string, before: string, after: string, why: string): RestatedFigure {
  return { commitment, figure, before, after, why };
}

type Said = Readonly<Record<string, unknown>>;

/** The figures that a person compares; the rest of them follow. */
function shownFigures(
  before: readonly Said[],
  after: readonly Said[],
  objective: string,
  suffix: string,
): readonly (readonly [figure: string, before: string, after: string])[] {
  const [was, is] = [before, after].map((list) => list.find((each) => each['objective'] === objective));
  if (was === undefined && is === undefined) return [];
  const pair = (figure: string, of: (said: Said) => string): readonly [string, string, string] => [
    `${figure}${suffix}`,
    was === undefined ? '–' : of(was),
    is === undefined ? '–' : of(is),
  ];
  const first = [pair('verdict', verdict), pair('attained', attained)];
  // Where there was nothing, everything differs: these two say it.
  if (was === undefined || is === undefined) return first;
  const shown = [
    ...first,
    pair('used of what was allowed', (said) => ratioText(said['consumed'], 1)),
    pair('left out of both sides', (said) => `${countText(said['excluded'])} events`),
    pair('coverage', (said) => (typeof said['coverage'] === 'number' ? formatPercent(said['coverage']) : '–')),
  ];
  if (shown.some(([, a, b]) => a !== b)) return shown;
  // What differs is not among these: it is said all the same.
  // A document of an earlier edition does not say how much was measured.
  const [other] = differences('', 'period' in was ? is : { ...is, period: undefined }, was);
  return other === undefined ? [] : [[`${other.figure}${suffix}`, other.found, other.expected]];
}

function verdict(said: Said): string {
  return said['verdict'] === 'held' ? 'kept' : textOf(said['verdict'], 'not known');
}

function attained(said: Said): string {
  const [good, valid] = [said['good'], said['valid']];
  const counts = `${countText(good)} of ${countText(valid)} events`;
  const exact = ratioText(said['attainment'], 3);
  return exact === '–' && typeof good === 'number' && typeof valid === 'number'
    ? `${percentOf(good, valid)} (${counts})`
    : `${exact} (${counts})`;
}

function ratioText(value: unknown, places: number): string {
  const { num, den } = cells(value);
  return typeof num === 'string' && typeof den === 'string'
    ? formatPercent({ num: BigInt(num), den: BigInt(den) }, places)
    : '–';
}

function cells(value: unknown): Said {
  return Object.fromEntries(typeof value === 'object' && value !== null ? Object.entries(value) : []);
}

function textOf(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}

function countText(value: unknown): string {
  return typeof value === 'number' ? count(value) : '–';
}

function incidentRows(before: FiguresSaid, after: FiguresSaid): readonly RestatedFigure[] {
  const ids = [...new Set([...before.incidents, ...after.incidents].map(({ id }) => id))];
  return ids.flatMap((id) => {
    const [was, is] = [before, after].map(({ incidents }) => incidents.find((each) => each.id === id)?.withinMs);
    if (was === is) return [];
    const text = (ms: number | undefined): string => (ms === undefined ? 'not on record' : span(ms));
    return [row(id, 'incident, within the range', text(was), text(is), 'its record was written later')];
  });
}

/** For each objective, everything between the two documents that can have changed its figures. */
async function reasons({
  configuration,
  known,
  toMs,
  before,
  definitions,
}: RestatementQuery): Promise<(objective: string) => string> {
  const { base } = configuration;
  const { store, held, asOfMs } = known;
  const late = await lateBetween(store, {
    asOfMs: before.asOfMs,
    byMs: asOfMs,
    untilMs: toMs,
    stepMs: base.minuteMs,
    rules: held,
    fromMs: ({ id }) => toMs - (held.find((each) => each.id === id)?.windowMs ?? 0),
  });
  const exclusions = await exclusionsBetween(known, before.asOfMs);
  return (id) => {
    const objective = held.find((each) => each.id === id);
    const own = late.get(id);
    const [was, is] = [before, { definitions }].map((each) => each.definitions.find((one) => one.objective === id));
    const whys = [
      ...(own === undefined ? [] : [lateText(own)]),
      ...exclusions.filter((event) => isAbout(event, objective)).map(exclusionText),
      ...(was === undefined ? ['it was not judged before'] : is?.hash === was.hash ? [] : [definitionText(was, is)]),
    ];
    return whys.join('; ') || 'events that were recorded later';
  };
}

function lateText({ results, firstDueMs, lastDueMs, firstRecordedMs, lastRecordedMs }: LateResults): string {
  const between = (from: number, to: number): string =>
    utc(from) === utc(to) ? utc(from) : `${utc(from)} to ${utc(to)}`;
  const late = results === 1 ? '1 late result' : `${count(results)} late results`;
  return `${late}, due ${between(firstDueMs, lastDueMs)}, recorded ${between(firstRecordedMs, lastRecordedMs)}`;
}

async function exclusionsBetween({ store, reader }: Known, beforeMs: number): Promise<readonly LedgerEvent[]> {
  const known = await store.events({ kind: 'exclusion', recordedBefore: beforeMs + 1 });
  const ids = new Set(known.map(({ id }) => id));
  return (await reader.events({ kind: 'exclusion' })).filter(({ id }) => !ids.has(id));
}

/** A withdrawal names nobody: it may be about any of them. */
function isAbout({ body }: LedgerEvent, objective: Objective | undefined): boolean {
  const { services, objectives } = body;
  if (!Array.isArray(services) || !Array.isArray(objectives) || objective === undefined) return true;
  return services.includes(objective.service) || objectives.includes(objective.id);
}

function exclusionText({ subject, body }: LedgerEvent): string {
  const state = body['state'] === 'withdrawn' ? 'withdrawn' : 'added';
  return `exclusion ${subject} ${state}: ${textOf(body['reason'], 'no reason given')}`;
}

type Defined = Issued['definitions'][number];

function definitionText(was: Defined, is: Defined | undefined): string {
  const limits = was.limit === is?.limit ? [] : [`limit ${was.limit ?? 'none'} → ${is?.limit ?? 'none'}`];
  const targets = was.target === is?.target ? [] : [`target ${was.target} → ${is?.target ?? 'none'}`];
  const windows =
    is === undefined || was.windowMs === is.windowMs ? [] : [`window ${span(was.windowMs)} → ${span(is.windowMs)}`];
  const changed = [...targets, ...limits, ...windows];
  return `another version of its definition${changed.length === 0 ? '' : `: ${changed.join(', ')}`}`;
}
