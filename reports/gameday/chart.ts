/** The game-day drawn over what the probes measured: one panel a probe and indicator, one time axis, the marks through all. */
import { isTimed } from '../../probes/probe.ts';
import type { Status } from '../../slo/status.ts';
import { timeBase } from '../../slo/time-base.ts';
import type { Result } from '../../store/result.ts';
import { renderChart, type Mark, type Panel, type Shade } from '../chart.ts';
import { count, offset, plural } from '../figures.ts';
import { code } from '../markdown.ts';
import { momentOf, neverHappened } from '../../store/measures/moment.ts';
import { indicatorName } from '../objective-text.ts';
import { alike, limitsOf } from '../sla/charts.ts';
import { indicatorsOf } from '../sla/collect.ts';
import { broken, type Point } from '../thin.ts';
import { lanesOf } from './lanes.ts';
import { firstMarks, markWord, sinceInjection, type Story } from './story.ts';

/** Panels that still fit on a page; the probes that the exercise troubled most come first. */
const MOST_PANELS = 6;

export interface GamedayChart {
  readonly svg: string;
  /** What stands at the upper edge, in words; empty when nothing does. */
  readonly caption: string;
}

/** Null of an empty journal. */
export function gamedayChart(
  story: Story,
  results: readonly Result[],
  statuses: readonly Status[],
): GamedayChart | null {
  const stepMs = timeBase(story.started?.timeScale ?? 1).minuteMs;
  const watched = watchedSeries(
    results.filter(({ cadence }) => cadence !== 'once'),
    { stepMs, wanted: indicatorsOf(statuses) },
  );
  if (story.gameday === null) return null;
  const { lanes, leftOut } = lanesOf(story);
  const drawn = watched.toSorted((a, b) => rank(b, story) - rank(a, story)).slice(0, MOST_PANELS);
  const svg = renderChart({
    title: `${story.started?.title ?? 'Game-day'} (${story.gameday ?? 'unknown'})`,
    description: `Strips for faults and for what of the steady state held, and what the probes measured in milliseconds; shaded while a fault was in place`,
    ...rangeOf(story, watched),
    panels: drawn.length === 0 ? [NOTHING_MEASURED] : drawn.map((each) => panelOf(each, statuses)),
    lanes,
    marks: marksOf(story),
    shades: shadesOf(story),
  });
  const strips = 'Strips: dark grey a fault, dark red broken, light holds, white not known.';
  const further = leftOut === 0 ? '' : ` ${plural(leftOut, 'further strip is', 'further strips are')} not drawn.`;
  return { svg, caption: [`${strips}${further}`, captionOf(watched)].filter((part) => part !== '').join(' ') };
}

/** The axis of time needs a place to stand. */
const NOTHING_MEASURED: Panel = { name: 'probes', unit: 'milliseconds', scale: 'linear', limits: [], series: [] };

function captionOf(watched: readonly Watched[]): string {
  const counts = watched
    .filter(({ never }) => never.length > 0)
    .map(({ probe, indicator, never }) => `${code(probe)} ${indicatorName(indicator)} ${count(never.length)}`);
  return counts.length === 0 ? '' : `Events that never happened (triangles at the upper edge): ${counts.join(', ')}.`;
}

/** The exercise and a little around it: enough to see what was usual, not so much that the exercise becomes a sliver. */
function rangeOf({ firstMs, lastMs }: Story, watched: readonly Watched[]): { fromMs: number; toMs: number } {
  const margin = Math.max(10_000, (lastMs - firstMs) * 0.2);
  const near = watched
    .flatMap(({ moments }) => moments)
    .filter((atMs) => atMs >= firstMs - margin && atMs <= lastMs + margin);
  return {
    fromMs: near.reduce((least, atMs) => Math.min(least, atMs), firstMs),
    toMs: near.reduce((most, atMs) => Math.max(most, atMs), lastMs),
  };
}

function marksOf(story: Story): readonly Mark[] {
  return firstMarks(story).map((mark) => {
    const since = sinceInjection(story, mark);
    const word = `${markWord(mark.what)}${mark.by === undefined ? '' : ` by ${mark.by}`}`;
    return { atMs: mark.atMs, name: since === null || mark.what === 'injected' ? word : `${word} ${offset(since)}` };
  });
}

/** From the injection to the proven lifting; to the journal's end where that is not on record. */
function shadesOf(story: Story): readonly Shade[] {
  return story.faults.flatMap(({ injected, lifted }) =>
    injected === null ? [] : [{ fromMs: injected.atMs, toMs: lifted?.atMs ?? story.lastMs }],
  );
}

export interface Watched {
  readonly probe: string;
  readonly indicator: string;
  counted: boolean;
  readonly first: Point[];
  readonly upper: Point[];
  readonly most: Point[];
  readonly troubles: Point[];
  readonly never: number[];
  readonly moments: number[];
}

export function watchedSeries(
  results: readonly Result[],
  { stepMs, wanted }: { stepMs: number; wanted: ReadonlyMap<string, readonly string[]> },
): readonly Watched[] {
  const all = new Map<string, Watched>();
  const watch = (probe: string, indicator: string): Watched => {
    const key = `${probe}\n${indicator}`;
    const watched = all.get(key) ?? newWatched(probe, indicator);
    all.set(key, watched);
    return watched;
  };
  for (const result of results) {
    for (const indicator of wanted.get(result.probe) ?? []) watch(result.probe, indicator);
    for (const reading of result.readings) {
      if (!isTimed(reading)) continue;
      const watched = watch(result.probe, reading.indicator);
      const atMs = momentOf(reading, result, stepMs);
      if (reading.type === 'duration') addDuration(watched, atMs, reading.ms, result.outcome === 'bad');
      else if (reading.valid > 0) addCounts(watched, atMs, reading);
    }
  }
  for (const result of results) {
    for (const watched of all.values()) {
      if (watched.probe !== result.probe || !neverHappened(result, watched.indicator)) continue;
      addDuration(watched, result.scheduledMs, null, true);
    }
  }
  return [...all.values()].filter(({ moments }) => moments.length > 0).map(inOrder);
}

function newWatched(probe: string, indicator: string): Watched {
  return { probe, indicator, counted: false, first: [], upper: [], most: [], troubles: [], never: [], moments: [] };
}

function addDuration(watched: Watched, atMs: number, ms: number | null, bad: boolean): void {
  watched.moments.push(atMs);
  if (ms === null) {
    watched.never.push(atMs);
    return;
  }
  watched.first.push([atMs, ms]);
  if (bad) watched.troubles.push([atMs, ms]);
}

function addCounts(
  watched: Watched,
  atMs: number,
  {
    p50Ms,
    p99Ms,
    maxMs,
  }: { readonly p50Ms: number | null; readonly p99Ms: number | null; readonly maxMs: number | null },
): void {
  watched.counted = true;
  watched.moments.push(atMs);
  watched.first.push([atMs, p50Ms]);
  watched.upper.push([atMs, p99Ms]);
  watched.most.push([atMs, maxMs]);
}

/** Readings may arrive out of order; a line must not run back. Silences break it. */
function inOrder(watched: Watched): Watched {
  const sorted = (points: readonly Point[]) => points.toSorted(([a], [b]) => a - b);
  const first = sorted(watched.first);
  const distances = first.slice(1).map(([ms], index) => ms - (first[index]?.[0] ?? ms));
  const usual = distances.toSorted((a, b) => a - b)[Math.floor(distances.length / 2)] ?? 0;
  const line = (points: readonly Point[]) => [...broken(sorted(points), Math.max(usual * 4, 1000))];
  return { ...watched, first: line(watched.first), upper: line(watched.upper), most: line(watched.most) };
}

/** How far the largest value after the injection stands above the usual one; what never answered stands above all. */
function rank({ first, most, never }: Watched, story: Story): number {
  const values = [...first, ...most].flatMap(([ms, value]) => (value === null || value <= 0 ? [] : [{ ms, value }]));
  const usual = values.map(({ value }) => value).toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 1;
  const since = story.injected?.atMs ?? Number.NEGATIVE_INFINITY;
  const top = values.reduce((largest, { ms, value }) => (ms >= since ? Math.max(largest, value) : largest), 0);
  return never.length > 0 ? Number.MAX_VALUE : top / usual;
}

function panelOf(watched: Watched, statuses: readonly Status[]): Panel {
  const { probe, indicator, counted, first, upper, most, troubles, never } = watched;
  const isOne = most.every(([, value], index) => alike(value, upper[index]?.[1] ?? null));
  return {
    name: `${probe} · ${indicatorName(indicator)}`,
    unit: 'milliseconds',
    scale: 'auto',
    limits: limitsOf({ statuses }, watched),
    never,
    series: [
      ...(counted
        ? [
            ...(isOne ? [] : [{ name: 'longest', draw: 'line' as const, look: 'extreme' as const, points: most }]),
            {
              name: isOne ? 'p99 = longest' : 'p99',
              draw: 'line' as const,
              look: 'upper' as const,
              points: upper,
            },
          ]
        : []),
      { name: counted ? 'p50' : 'each run', draw: 'line', look: 'main', points: first },
      { name: 'bad run', draw: 'dots', look: 'trouble', points: troubles },
    ],
  };
}
