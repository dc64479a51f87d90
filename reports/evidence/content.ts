/** What a bundle is made of beside its manifest, and how each part is read back from bytes that anybody may have written. */
import type { Sample } from '../../slo/percentile.ts';
import type { LedgerEvent, RollupRow } from '../../store/store.ts';
import { slug } from '../rendered.ts';
import { canonical, parseCanonical, type Json } from './canonical.ts';
import { sha256, type Files } from './files.ts';
import { readSegments, segmentsText, type Manifest, type SegmentLine } from './manifest.ts';
import { readTallies, talliesText } from './tallies-file.ts';

export const REPORT_DATA = 'data/report.json';
export const EVENTS = 'data/events.json';
export const SAMPLES = 'data/samples.json';
export const SEGMENTS = 'data/segments.ndjson';

/** By objective and split, the durations of its live window: what a percentile is taken from, and no tally holds. */
export type WindowSamples = ReadonlyMap<string, ReadonlyMap<string, readonly Sample[]>>;

export interface Content {
  readonly report: Json;
  /** Exclusions, and what sources of telemetry said. */
  readonly events: readonly LedgerEvent[];
  readonly samples: WindowSamples;
  readonly segments: readonly SegmentLine[];
  /** By objective. */
  readonly tallies: ReadonlyMap<string, readonly RollupRow[]>;
}

/** By place among the definitions, so that two ids which differ in a folded character are two files. */
export function talliesName(id: string, index: number): string {
  return `data/tallies/${String(index + 1).padStart(3, '0')}-${slug(id)}.ndjson`;
}

export function contentFiles(content: Content, ids: readonly string[]): Files {
  const files = new Map<string, Uint8Array>();
  const put = (name: string, text: string): unknown => files.set(name, Buffer.from(text, 'utf8'));
  ids.forEach((id, index) => put(talliesName(id, index), talliesText(content.tallies.get(id) ?? [])));
  put(EVENTS, canonical(content.events));
  put(REPORT_DATA, canonical(content.report));
  put(SAMPLES, samplesText(content.samples));
  put(SEGMENTS, segmentsText(content.segments));
  return files;
}

export function listed(files: Files): Manifest['files'] {
  return [...files]
    .map(([name, content]) => ({ name, sha256: sha256(content), bytes: content.length }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

export type ReadContent =
  | { readonly ok: true; readonly content: Content }
  | { readonly ok: false; readonly problems: readonly string[] };

export function readContent(files: Files, { definitions, base }: Pick<Manifest, 'definitions' | 'base'>): ReadContent {
  const problems: string[] = [];
  const textOf = (name: string): string => {
    const bytes = files.get(name);
    if (bytes === undefined) problems.push(`${name}: expected this file, got none`);
    return bytes === undefined ? '' : Buffer.from(bytes).toString('utf8');
  };
  const json = (name: string): unknown => {
    const text = textOf(name);
    if (text === '') return null;
    const parsed = parseCanonical(text);
    if (!parsed.ok) problems.push(`${name}: ${parsed.problem}`);
    return parsed.ok ? parsed.value : null;
  };
  const tallies = new Map<string, readonly RollupRow[]>();
  for (const [index, { id }] of definitions.entries()) {
    const name = talliesName(id, index);
    const read = readTallies(textOf(name), base.minuteMs);
    if (read.ok) tallies.set(id, read.rows);
    else problems.push(`${name}: ${read.problem}`);
  }
  const report = json(REPORT_DATA);
  const events = json(EVENTS);
  const samples = samplesOf(json(SAMPLES));
  const segments = readSegments(textOf(SEGMENTS));
  if (!areEvents(events)) problems.push(`${EVENTS}: no list of events`);
  if (samples === null) problems.push(`${SAMPLES}: no samples`);
  if (segments === null) problems.push(`${SEGMENTS}: no list of segments`);
  if (problems.length > 0 || !areEvents(events) || samples === null || segments === null || !isJson(report)) {
    return { ok: false, problems: problems.length > 0 ? problems : [`${REPORT_DATA}: not JSON`] };
  }
  return { ok: true, content: { report, events, samples, segments, tallies } };
}

/** Whatever was parsed is. */
function isJson(value: unknown): value is Json {
  return value !== undefined;
}

function samplesText(samples: WindowSamples): string {
  return canonical(
    Object.fromEntries(
      [...samples].map(([objective, splits]) => [
        objective,
        Object.fromEntries(
          [...splits].map(([split, all]) => [split, all.map(({ ms, weight }) => [ms, String(weight)])]),
        ),
      ]),
    ),
  );
}

function samplesOf(value: unknown): WindowSamples | null {
  const objectives = entriesOf(value);
  if (objectives === null) return null;
  const found = new Map<string, ReadonlyMap<string, readonly Sample[]>>();
  for (const [objective, given] of objectives) {
    const splits = entriesOf(given);
    if (splits === null) return null;
    const own = new Map<string, readonly Sample[]>();
    for (const [split, list] of splits) {
      const all = Array.isArray(list) ? list.map(sampleOf) : [null];
      if (!all.every((each) => each !== null)) return null;
      own.set(split, all);
    }
    found.set(objective, own);
  }
  return found;
}

function sampleOf(value: unknown): Sample | null {
  if (!Array.isArray(value) || value.length !== 2) return null;
  const [ms, weight]: readonly unknown[] = value;
  if ((ms !== null && typeof ms !== 'number') || typeof weight !== 'string' || !/^\d{1,40}$/.test(weight)) return null;
  return { ms, weight: BigInt(weight) };
}

function entriesOf(value: unknown): readonly (readonly [string, unknown])[] | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : null;
}

function areEvents(value: unknown): value is readonly LedgerEvent[] {
  return Array.isArray(value) && value.every(isEvent);
}

function isEvent(value: unknown): boolean {
  const cells = new Map(entriesOf(value));
  return (
    ['id', 'kind', 'subject'].every((key) => typeof cells.get(key) === 'string') &&
    typeof cells.get('atMs') === 'number' &&
    (cells.get('service') === null || typeof cells.get('service') === 'string') &&
    entriesOf(cells.get('body')) !== null
  );
}
