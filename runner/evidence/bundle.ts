/** Makes the files of a bundle from what was gathered for a report. Nothing is written yet. */
import type { KeyObject } from 'node:crypto';
import { contentFiles, listed, type Content } from '../../reports/evidence/content.ts';
import { EDITION } from '../../reports/evidence/edition.ts';
import { allFigures, figuresOf } from '../../reports/evidence/figures.ts';
import type { Files } from '../../reports/evidence/files.ts';
import { fingerprintOf, signed } from '../../reports/evidence/key.ts';
import {
  asJson,
  configurationHash,
  FORMAT,
  MANIFEST,
  manifestText,
  SIGNATURE,
  type Manifest,
} from '../../reports/evidence/manifest.ts';
import { encodeReport, type Computed } from '../../reports/evidence/report-data.ts';
import { cutRow } from '../../reports/evidence/tallies-file.ts';
import { summaryOf } from '../../reports/evidence/verify.ts';
import type { SlaReport } from '../../reports/sla.ts';
import type { Sample } from '../../slo/percentile.ts';
import type { Objective } from '../../slo/objective.ts';
import { lastMoment, ranges } from '../../slo/ranges.ts';
import type { TimeBase } from '../../slo/time-base.ts';
import type { LedgerEvent, RollupRow, StoreReader } from '../../store/store.ts';
import type { Configuration } from '../config/configuration.ts';
import { slidingSamples } from '../evaluation.ts';
import type { Known } from '../known.ts';
import type { Audience } from '../reporting.ts';
import { VERSION } from '../version.ts';
import { segmentsAt } from './segments.ts';

export interface Gathered {
  readonly configuration: Configuration;
  readonly known: Known;
  readonly fromMs: number;
  readonly toMs: number;
  readonly computed: Computed;
  readonly report: SlaReport;
  /** The page and its charts, in whatever form; names without a folder. */
  readonly pages: Files;
  readonly document: Manifest['document'];
  readonly audience: Audience;
  readonly key: KeyObject;
}

export interface Bundle {
  readonly manifest: Manifest;
  readonly files: Files;
}

const DAY_MS = 86_400_000;

export async function makeBundle(gathered: Gathered): Promise<Bundle> {
  const { configuration, known, fromMs, toMs, computed, report, pages, document, audience, key } = gathered;
  const { reader, asOfMs, held: definitions } = known;
  const { base } = configuration;
  const manifestBase = { scale: base.scale, minuteMs: base.minuteMs };
  const content = await contentOf(gathered);
  const files = new Map<string, Uint8Array>([
    ...[...pages].map(([name, bytes]) => [`report/${name}`, bytes] as const),
    ...contentFiles(
      content,
      definitions.map(({ id }) => id),
    ),
  ]);
  const manifest: Manifest = {
    format: FORMAT,
    tool: { name: 'pulsedrill', version: VERSION, edition: EDITION },
    document,
    query: {
      environment: configuration.environment,
      location: configuration.location,
      ledger: known.store.identity,
      fromMs,
      toMs,
      asOfMs,
      audience,
    },
    base: manifestBase,
    configuration: configurationHash(definitions, manifestBase),
    key: fingerprintOf(key),
    definitions: definitions.map(asDefinition),
    figures: [...allFigures(computed)],
    withoutExclusions: computed.without.map(figuresOf),
    incidents: report.incidents.map(({ id, openedMs, resolvedMs, withinMs }) => ({
      id,
      openedMs,
      resolvedMs,
      withinMs,
    })),
    clock: await clockSeen(reader, fromMs, toMs),
    segments: summaryOf(content.segments),
    files: listed(files),
  };
  const text = Buffer.from(manifestText(manifest), 'utf8');
  files.set(MANIFEST, text);
  files.set(SIGNATURE, signed(text, key));
  return { manifest, files };
}

function asDefinition(objective: Objective): Manifest['definitions'][number] {
  // JSON of an objective is what the manifest's schema describes; whoever reads it checks that.
  const definition: unknown = asJson(objective);
  return isDefinition(definition) ? definition : failed(objective);
}

function isDefinition(value: unknown): value is Manifest['definitions'][number] {
  return typeof value === 'object' && value !== null;
}

function failed({ id }: Objective): never {
  throw new TypeError(`the definition of ${id} is no JSON object`);
}

async function contentOf({ configuration, known, toMs, computed, report }: Gathered): Promise<Content> {
  const { base } = configuration;
  const { reader, store, asOfMs, held } = known;
  const tallies = new Map<string, readonly RollupRow[]>();
  let oldestMs = toMs;
  for (const objective of held) {
    const fromMs = talliesFrom(objective, base, toMs);
    oldestMs = Math.min(oldestMs, fromMs);
    tallies.set(objective.id, await hoursOf(reader, objective.id, { fromMs, toMs, stepMs: base.minuteMs }));
  }
  const samples = new Map<string, ReadonlyMap<string, readonly Sample[]>>();
  for (const status of computed.statuses) {
    const objective = held.find(({ id }) => id === status.objective.id);
    if (status.live === null || objective === undefined) continue;
    samples.set(objective.id, await slidingSamples(reader, objective, { base, nowMs: lastMoment(toMs) }));
  }
  return {
    report: encodeReport(report, computed),
    events: await eventsOf(reader, toMs, held, computed.exclusions),
    samples,
    segments: await segmentsAt(store, { fromMs: oldestMs - DAY_MS, toMs: toMs + DAY_MS, asOfMs }),
    tallies,
  };
}

/** From where on anything of an objective is looked at. */
export function talliesFrom(objective: Objective, base: TimeBase, toMs: number): number {
  const { telemetry } = objective;
  const heard = telemetry === undefined ? toMs : toMs - telemetry.staleMs - 2 * telemetry.stepMs;
  return Math.min(ranges(objective, base, lastMoment(toMs))?.hours.fromMs ?? toMs, heard);
}

async function hoursOf(
  reader: StoreReader,
  objective: string,
  { fromMs, toMs, stepMs }: { fromMs: number; toMs: number; stepMs: number },
): Promise<readonly RollupRow[]> {
  const { rows } = await reader.rollups({ reads: [{ objective, span: 'hour', fromMs, toMs }], since: null });
  return (rows[0] ?? []).flatMap((row) => cutRow(row, stepMs, fromMs, toMs) ?? []);
}

/** What figures depend on beside the tallies: exclusions, and why a source of telemetry was silent. */
async function eventsOf(
  reader: StoreReader,
  toMs: number,
  objectives: readonly Objective[],
  exclusions: Computed['exclusions'],
): Promise<readonly LedgerEvent[]> {
  const touching = new Set(exclusions.map(({ id }) => id));
  const fed = new Set(objectives.filter(({ telemetry }) => telemetry !== undefined).map(({ id }) => id));
  const excluded = (await reader.events({ kind: 'exclusion' })).filter(({ subject }) => touching.has(subject));
  const sources = (await reader.events({ kind: 'source', toMs })).filter(({ subject }) => fed.has(subject));
  return [...excluded, ...sources];
}

/** What the prober's clock was known to be worth: at the beginning of the range, and whenever that changed. */
async function clockSeen(reader: StoreReader, fromMs: number, toMs: number): Promise<Manifest['clock']> {
  const states = (await reader.events({ kind: 'clock', toMs })).filter(({ subject }) => subject === 'state');
  const before = states.findLast(({ atMs }) => atMs < fromMs);
  const seen = [...(before === undefined ? [] : [before]), ...states.filter(({ atMs }) => atMs >= fromMs)];
  const worst = (name: string): number | null => {
    const values = seen.map(({ body }) => body[name]).filter((value) => typeof value === 'number');
    return values.length === 0 ? null : Math.max(...values.map(Math.abs));
  };
  const words = seen.map(({ body }) => String(body['to'])).toSorted();
  return {
    readings: seen.length,
    states: [...new Set(words)].slice(0, 20),
    worstOffsetMs: worst('offsetMs'),
    worstBoundMs: worst('boundMs'),
  };
}
