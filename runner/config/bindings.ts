/** Objectives that a source of telemetry feeds: the rules between them, and what each is asked. */
import { didYouMean } from '../../probes/nearest.ts';
import { foundText, type Problem } from '../../probes/problem.ts';
import { feedName, type Objective } from '../../slo/objective.ts';
import type { TimeBase } from '../../slo/time-base.ts';
import { TELEMETRY_ROWS, type BoundSource } from '../../slo/tradepulse.ts';
import { TRADEPULSE_ROWS } from '../../slo/tradepulse-rows.ts';
import type { BoundQuery, PlannedSource } from './configuration.ts';
import { draftOf, keyed } from './draft.ts';
import { objectiveSchema, SLI_EXPECTED, type Document, type ObjectiveDocument } from './schema.ts';
import { bindingSchema, type SourceDocument } from './sources.ts';

/** What a source is asked for an objective. */
type Ask = BoundQuery['ask'];

/** @param document the whole, as its user wrote it */
export function bindingProblems(document: Readonly<Record<string, unknown>>): readonly Problem[] {
  const { objectives } = document;
  const sources = sourcesOf(document['sources']);
  const group = keyed(objectives) ?? {};
  const isList = Array.isArray(objectives);
  const own: unknown = isList ? objectives : group['add'];
  return [
    ...Object.entries(keyed(group['bind']) ?? {}).flatMap(([row, binding]) =>
      rowProblems(row, binding, sources, group['extends'] !== 'none'),
    ),
    ...limitProblems(group['override'], keyed(group['bind']) ?? {}),
    ...(Array.isArray(own) ? own : []).flatMap((each, index) =>
      ownProblems(each, `objectives${isList ? '' : '.add'}[${index}]`, sources),
    ),
  ];
}

interface Known {
  readonly id: string;
  readonly kind: unknown;
}

/** Null while the list does not read. */
function sourcesOf(document: unknown): readonly Known[] | null {
  if (document === undefined) return [];
  if (!Array.isArray(document)) return null;
  const known = document.flatMap((each: unknown) => {
    const { id, kind } = keyed(each) ?? {};
    return typeof id === 'string' ? [{ id, kind }] : [];
  });
  // One without an id may be the one that is meant.
  return known.length === document.length ? known : null;
}

function rowProblems(
  id: string,
  binding: unknown,
  sources: readonly Known[] | null,
  hasRows: boolean,
): readonly Problem[] {
  const path = `objectives.bind.${id}`;
  const row = TELEMETRY_ROWS.find((each) => each.id === id);
  if (row === undefined || !hasRows) {
    const ids = TELEMETRY_ROWS.map((each) => each.id);
    const expected = `the id of a row that telemetry can feed${hasRows ? didYouMean(id, ids) : ''}`;
    const why = !hasRows
      ? ', and no shipped rows'
      : TRADEPULSE_ROWS.some((each) => each.id === id)
        ? ', which probes feed'
        : '';
    return [{ path, expected, found: `${foundText(id)}${why}` }];
  }
  const { fields, isSure } = draftOf(bindingSchema, binding);
  const wanted = row.sliceMinutes === undefined ? (['good', 'valid'] as const) : (['median'] as const);
  return [
    ...sourceProblems(fields.source, path, sources),
    ...wanted.flatMap((key) =>
      fields[key] === undefined && isSure(key)
        ? [{ path: `${path}.${key}`, expected: queryText(key, row.sliceMinutes), found: 'nothing' }]
        : queryProblems(fields[key], `${path}.${key}`, fields.source, sources),
    ),
    ...(['good', 'valid', 'median'] as const)
      .filter((key) => fields[key] !== undefined && !wanted.some((each) => each === key))
      .map((key) => ({
        path: `${path}.${key}`,
        expected: `nothing, as the row takes ${wanted.join(' and ')}`,
        found: foundText(fields[key]),
      })),
  ];
}

/** The limit of a bound row is in its query, where no override reaches it. */
function limitProblems(override: unknown, bind: Readonly<Record<string, unknown>>): readonly Problem[] {
  return (Array.isArray(override) ? override : []).flatMap((each: unknown, index) => {
    const { id, limit } = keyed(each) ?? {};
    if (typeof id !== 'string' || limit === undefined || !(id in bind)) return [];
    const expected = `nothing, as the query that objectives.bind.${id} has holds the limit`;
    return [{ path: `objectives.override[${index}].limit`, expected, found: foundText(limit) }];
  });
}

function queryText(key: 'good' | 'valid' | 'median', sliceMinutes: number | undefined): string {
  return key === 'median'
    ? `a query for the median of a slice of ${sliceMinutes} minutes, in seconds`
    : `a query for the ${key} events of a minute`;
}

function sourceProblems(name: string | undefined, path: string, sources: readonly Known[] | null): readonly Problem[] {
  if (name === undefined || sources === null || sources.some(({ id }) => id === name)) return [];
  const ids = sources.map(({ id }) => id);
  const expected = `the id of a source${didYouMean(name, ids)}`;
  const none = sources.length === 0 ? ', and no sources are declared' : '';
  return [{ path: `${path}.source`, expected, found: `${foundText(name)}${none}` }];
}

/** InfluxQL says itself where its time stands and how it is cut; PromQL is asked at the end of each step. */
function queryProblems(
  query: string | undefined,
  path: string,
  source: string | undefined,
  sources: readonly Known[] | null,
): readonly Problem[] {
  const kind = sources?.find(({ id }) => id === source)?.kind;
  if (query === undefined) return [];
  const hasTime = /\$time\b/.test(query);
  const isCut = /\bgroup\s+by\b[^)]*\btime\s*\(\s*\$range\s*\)/i.test(query);
  if (kind === 'influxdb' && !(hasTime && isCut)) {
    const expected = 'InfluxQL with WHERE $time and GROUP BY time($range)';
    return [{ path, expected, found: foundText(query) }];
  }
  if (kind === 'prometheus' && hasTime) {
    return [{ path, expected: 'PromQL, which has no $time', found: foundText(query) }];
  }
  return [];
}

function ownProblems(document: unknown, path: string, sources: readonly Known[] | null): readonly Problem[] {
  const { fields, isSure, has } = draftOf(objectiveSchema, document);
  const { source } = fields;
  if (!has('source')) {
    const stray = (['good', 'valid'] as const).filter((key) => fields[key] !== undefined && isSure('source'));
    return [
      ...(has('sli') || !isSure('sli') || stray.length > 0
        ? []
        : [{ path: `${path}.sli`, expected: SLI_EXPECTED, found: 'nothing' }]),
      ...stray.map((key) => ({ path: `${path}.${key}`, expected: 'a source to ask', found: foundText(fields[key]) })),
    ];
  }
  const judged = (['sli', 'probes'] as const).filter((key) => has(key));
  return [
    ...sourceProblems(source, path, sources),
    ...judged.map((key) => ({
      path: `${path}.${key}`,
      expected: 'nothing, as its source says what is good and valid',
      found: foundText(keyed(document)?.[key]),
    })),
    ...(['good', 'valid'] as const).flatMap((key) =>
      fields[key] === undefined && isSure(key)
        ? [{ path: `${path}.${key}`, expected: queryText(key, undefined), found: 'nothing' }]
        : queryProblems(fields[key], `${path}.${key}`, source, sources),
    ),
  ];
}

/** By the row's id. */
export function boundSources(
  bind: Document['objectives']['bind'],
  sources: readonly SourceDocument[],
): ReadonlyMap<string, BoundSource> {
  return new Map(
    Object.entries(bind).flatMap(([row, binding]) => {
      const source = sources.find(({ id }) => id === binding.source);
      return source === undefined ? [] : [[row, { source: source.id, staleMs: source.stale }] as const];
    }),
  );
}

/** What telemetry feeds of an objective of one's own; null where probes do. */
export function ownFeed(
  own: ObjectiveDocument,
  sources: readonly SourceDocument[],
  base: TimeBase,
): Pick<Objective, 'sli' | 'weighing' | 'probes' | 'telemetry'> | null {
  const source = sources.find(({ id }) => id === own.source);
  if (source === undefined) return null;
  return {
    sli: { type: 'telemetry', what: `good ÷ valid events, as ${source.id} counts them` },
    weighing: 'fraction',
    probes: [feedName(own.id)],
    telemetry: { source: source.id, stepMs: base.minuteMs, staleMs: source.stale },
  };
}

/** Each source with what it is asked, once nothing is wrong with either. */
export function plannedSources(document: Document, objectives: readonly Objective[]): readonly PlannedSource[] {
  const { bind, add } = document.objectives;
  const asks = new Map<string, Ask>();
  for (const [row, { good, valid, median }] of Object.entries(bind)) {
    if (median !== undefined) asks.set(row, { median });
    else if (good !== undefined && valid !== undefined) asks.set(row, { good, valid });
  }
  for (const { id, good, valid } of add) if (good !== undefined && valid !== undefined) asks.set(id, { good, valid });
  return document.sources.map((spec) => ({
    spec,
    bound: objectives.flatMap(({ id, service, split, windowMs, telemetry }): readonly BoundQuery[] => {
      const ask = asks.get(id);
      if (telemetry?.source !== spec.id || ask === undefined) return [];
      return [{ objective: id, service, split, windowMs, stepMs: telemetry.stepMs, ask }];
    }),
  }));
}

/** A source that nobody uses is probably one that somebody meant to. */
export function sourceWarnings(sources: readonly PlannedSource[]): readonly string[] {
  return sources
    .filter(({ bound }) => bound.length === 0)
    .map(({ spec }) => `source ${spec.id}: no objective is bound to it, so nothing is asked of it`);
}
