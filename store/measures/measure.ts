/**
 * What reports draw and count of the runs of one probe in a stretch of time. Everything in it adds up: runs to hours, hours
 * to days, any of them to the range of a report, with the same figures whichever way it came about.
 */
import { isTimed } from '../../probes/probe.ts';
import { runsOf, type Result } from '../result.ts';
import type { Stretch } from '../rules.ts';
import { addCounted, addSingle, cellAt, mergeCell, type Cell, type PackedCell } from './cell.ts';
import { momentOf } from './moment.ts';

/** One event by itself; `ms` null: it never happened. */
export interface Single {
  readonly atMs: number;
  readonly ms: number | null;
  readonly isBad: boolean;
}

/** Events one by one, while they are few. */
export interface Singles {
  /** Null: they were more than are kept. */
  each: Single[] | null;
  /** Stretches whose events are not among them, because a row of theirs keeps none. */
  readonly gaps: Stretch[];
}

/** What one probe measured of one indicator. */
export interface Series extends Singles {
  /** Events that were only counted are among them. */
  counted: boolean;
  readonly cells: Map<number, Cell>;
  /** Reason code → how many of the events that never happened gave it. */
  readonly neverBecause: Map<string, number>;
}

/** Bad runs that have readings of some indicators only: an event of every other one that they were to measure never happened. */
export interface Lack extends Singles {
  readonly has: readonly string[];
  readonly reason: string;
  readonly cells: Map<number, number>;
}

export interface Measure {
  readonly probe: string;
  /** Of its first run. */
  readonly kind: string;
  readonly service: string;
  readonly counts: Record<Result['outcome'], number>;
  /** Reason code → how many bad, excluded, faulty and skipped runs gave it. */
  readonly reasons: Map<string, number>;
  readonly cadences: Map<string, number>;
  lastMs: number;
  firstMs: number;
  /** The longest stretch between two runs. */
  silence: { readonly fromMs: number; readonly ms: number };
  /** A run had readings, or failed before it had. */
  isDrawn: boolean;
  readonly series: Map<string, Series>;
  readonly lacks: Map<string, Lack>;
}

/** How time is cut. */
export interface Grid {
  /** Where an event of this moment is counted. */
  cellOf(atMs: number): number;
  /** Where it is drawn. */
  placeOf(atMs: number): number;
  readonly stepMs: number;
  /** Events of a series up to which each is kept. */
  readonly mostSingles: number;
}

/** Cells of one length, counted from the beginning of time. */
export function gridOf(cellMs: number, stepMs: number, mostSingles: number): Grid {
  return { cellOf: (atMs) => Math.floor(atMs / cellMs) * cellMs, placeOf: (atMs) => atMs, stepMs, mostSingles };
}

const NO_REASON = 'no reason given';

export function newMeasure(
  { probe, kind, service }: Pick<Measure, 'probe' | 'kind' | 'service'>,
  fromMs: number,
): Measure {
  return {
    probe,
    kind,
    service,
    counts: { good: 0, bad: 0, excluded: 0, fault: 0, skipped: 0 },
    reasons: new Map(),
    cadences: new Map(),
    firstMs: fromMs,
    lastMs: fromMs,
    silence: { fromMs, ms: 0 },
    isDrawn: false,
    series: new Map(),
    lacks: new Map(),
  };
}

/** How it ended, and when. In order of time. @param result not asked for by hand */
export function countRun(measure: Measure, result: Result): void {
  const runs = runsOf(result);
  measure.counts[result.outcome] += runs;
  addTo(measure.cadences, result.cadence, runs);
  if (result.outcome !== 'good' && result.reason !== null) addTo(measure.reasons, result.reason, runs);
  hear(measure, result.scheduledMs);
  if (result.readings.length > 0 || result.outcome === 'bad') measure.isDrawn = true;
}

export function hear(measure: Measure, atMs: number): void {
  const ms = atMs - measure.lastMs;
  if (ms > measure.silence.ms) measure.silence = { fromMs: measure.lastMs, ms };
  measure.lastMs = Math.max(measure.lastMs, atMs);
}

/** What it measured. */
export function addReadings(measure: Measure, result: Result, grid: Grid): void {
  const has = new Set<string>();
  for (const reading of result.readings) {
    if (!isTimed(reading)) continue;
    has.add(reading.indicator);
    const series = seriesOf(measure, reading.indicator);
    const atMs = momentOf(reading, result, grid.stepMs);
    if (reading.type === 'counts') {
      // It looked and could not tell: nothing to draw.
      if (reading.valid === 0) continue;
      series.counted = true;
      series.each = null;
      addCounted(cellAt(series.cells, grid.cellOf(atMs)), reading);
      continue;
    }
    if (reading.ms === null) addTo(series.neverBecause, result.reason ?? NO_REASON, 1);
    addSingle(cellAt(series.cells, grid.cellOf(atMs)), reading.ms);
    keep(series, { atMs: grid.placeOf(atMs), ms: reading.ms, isBad: result.outcome === 'bad' }, grid);
  }
  if (result.outcome !== 'bad') return;
  const lack = lackOf(measure, [...has].toSorted(), result.reason ?? NO_REASON);
  const atMs = result.scheduledMs;
  addTo(lack.cells, grid.cellOf(atMs), 1);
  keep(lack, { atMs: grid.placeOf(atMs), ms: null, isBad: true }, grid);
}

/** One that is only taken in by others: its cells may be packed. */
export interface MeasurePart extends Omit<Measure, 'series'> {
  readonly series: ReadonlyMap<
    string,
    Omit<Series, 'cells'> & { readonly cells: ReadonlyMap<number, Cell | PackedCell> }
  >;
}

/** Takes in what another one holds; of the same probe, and later. @param gap its stretch, where it may lack single events */
export function mergeMeasure(whole: Measure, part: MeasurePart, grid: Grid, gap: Stretch | null): void {
  mergeRuns(whole, part);
  mergeReadings(whole, part, grid, gap);
}

/** The same of how runs ended alone. */
export function mergeRuns(whole: Measure, part: Omit<Measure, 'series'>): void {
  for (const outcome of OUTCOMES) whole.counts[outcome] += part.counts[outcome];
  for (const [reason, runs] of part.reasons) addTo(whole.reasons, reason, runs);
  for (const [cadence, runs] of part.cadences) addTo(whole.cadences, cadence, runs);
  hear(whole, part.firstMs);
  if (part.silence.ms > whole.silence.ms) whole.silence = part.silence;
  whole.lastMs = Math.max(whole.lastMs, part.lastMs);
  whole.isDrawn ||= part.isDrawn;
}

/** The same of what they measured. */
export function mergeReadings(
  whole: Measure,
  part: Pick<MeasurePart, 'series' | 'lacks'>,
  grid: Grid,
  gap: Stretch | null,
): void {
  for (const [indicator, from] of part.series) {
    const into = seriesOf(whole, indicator);
    for (const [atMs, cell] of from.cells) mergeCell(cellAt(into.cells, grid.cellOf(atMs)), cell);
    for (const [reason, events] of from.neverBecause) addTo(into.neverBecause, reason, events);
    into.counted ||= from.counted;
    mergeSingles(into, from, grid, gap);
  }
  for (const [, from] of part.lacks) {
    const into = lackOf(whole, from.has, from.reason);
    for (const [atMs, runs] of from.cells) addTo(into.cells, grid.cellOf(atMs), runs);
    mergeSingles(into, from, grid, gap);
  }
}

const OUTCOMES = ['good', 'bad', 'excluded', 'fault', 'skipped'] as const;

function mergeSingles(into: Singles & { counted?: boolean }, from: Singles, grid: Grid, gap: Stretch | null): void {
  into.gaps.push(...from.gaps);
  if (into.counted === true) into.each = null;
  else if (from.each === null && gap !== null) into.gaps.push(gap);
  else if (from.each === null) into.each = null;
  else for (const single of from.each) keep(into, { ...single, atMs: grid.placeOf(single.atMs) }, grid);
}

function keep(into: Singles & { counted?: boolean }, single: Single, { mostSingles }: Grid): void {
  if (into.each === null) return;
  into.each.push(single);
  if (into.counted === true || into.each.length > mostSingles) into.each = null;
}

function seriesOf({ series }: Pick<Measure, 'series'>, indicator: string): Series {
  let own = series.get(indicator);
  if (own === undefined) {
    own = { counted: false, cells: new Map(), neverBecause: new Map(), each: [], gaps: [] };
    series.set(indicator, own);
  }
  return own;
}

function lackOf({ lacks }: Pick<Measure, 'lacks'>, has: readonly string[], reason: string): Lack {
  const key = JSON.stringify([has, reason]);
  let own = lacks.get(key);
  if (own === undefined) lacks.set(key, (own = { has, reason, cells: new Map(), each: [], gaps: [] }));
  return own;
}

export function addTo<K>(counts: Map<K, number>, key: K, more: number): void {
  counts.set(key, (counts.get(key) ?? 0) + more);
}
