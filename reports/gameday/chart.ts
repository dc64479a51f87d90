/** The game-day drawn over what the probes measured: one panel a probe and indicator, one time axis, the marks through all. */
import type { MeasuredSeries, ObjectiveRecord } from '../../scenarios/journal.ts';
import { renderChart, type Mark, type Panel, type Shade } from '../chart.ts';
import { count, offset, plural } from '../figures.ts';
import { code } from '../markdown.ts';
import { indicatorName } from '../objective-text.ts';
import { limitsOf } from '../limits.ts';
import { alike } from '../sla/charts.ts';
import { broken, type Point } from '../thin.ts';
import { lanesOf } from './lanes.ts';
import { markName, momentMs, toldMarks } from './moments.ts';
import { sinceInjection, type Story } from './story.ts';

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
  series: readonly MeasuredSeries[],
  objectives: readonly ObjectiveRecord[],
): GamedayChart | null {
  const watched = watchedOf(series);
  if (story.gameday === null) return null;
  const { lanes, leftOut } = lanesOf(story);
  const drawn = watched.toSorted((a, b) => rank(b, story) - rank(a, story)).slice(0, MOST_PANELS);
  const svg = renderChart({
    title: `${story.started?.title ?? 'Game-day'} (${story.gameday ?? 'unknown'})`,
    description: `Strips for faults and for what of the steady state held, and what the probes measured in milliseconds; shaded while a fault was in place`,
    ...rangeOf(story, watched),
    panels: drawn.length === 0 ? [NOTHING_MEASURED] : drawn.map((each) => panelOf(each, objectives)),
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

export function marksOf(story: Story): readonly Mark[] {
  return toldMarks(story).map((mark) => {
    const since = sinceInjection(story, mark);
    const word = `${markName(story, mark)}${mark.by === undefined ? '' : ` by ${mark.by}`}`;
    const isZero = mark.what === 'injected' && since === 0;
    return { atMs: momentMs(story, mark), name: since === null || isZero ? word : `${word} ${offset(since)}` };
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
  readonly counted: boolean;
  readonly first: Point[];
  readonly upper: Point[];
  readonly most: Point[];
  readonly troubles: Point[];
  readonly never: number[];
  readonly moments: number[];
}

export function watchedOf(series: readonly MeasuredSeries[]): readonly Watched[] {
  return series.map(({ probe, indicator, runs, counts }) => {
    const watched = newWatched(probe, indicator, counts.length > 0);
    for (const [atMs, ms, isBad] of runs) addRun(watched, atMs, ms, isBad);
    for (const [atMs, p50Ms, p99Ms, maxMs] of counts) {
      watched.moments.push(atMs);
      watched.first.push([atMs, p50Ms]);
      watched.upper.push([atMs, p99Ms]);
      watched.most.push([atMs, maxMs]);
    }
    return inOrder(watched);
  });
}

function newWatched(probe: string, indicator: string, counted: boolean): Watched {
  return { probe, indicator, counted, first: [], upper: [], most: [], troubles: [], never: [], moments: [] };
}

function addRun(watched: Watched, atMs: number, ms: number | null, isBad: boolean): void {
  watched.moments.push(atMs);
  if (ms === null) {
    watched.never.push(atMs);
    // The line must not pass over it as if something had been measured there.
    for (const line of watched.counted ? [watched.first, watched.upper, watched.most] : [watched.first]) {
      line.push([atMs, null]);
    }
    return;
  }
  watched.first.push([atMs, ms]);
  if (isBad) watched.troubles.push([atMs, ms]);
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

function panelOf(watched: Watched, objectives: readonly ObjectiveRecord[]): Panel {
  const { probe, indicator, counted, first, upper, most, troubles, never } = watched;
  const isOne = most.every(([, value], index) => alike(value, upper[index]?.[1] ?? null));
  return {
    name: `${probe} · ${indicatorName(indicator)}`,
    unit: 'milliseconds',
    scale: 'auto',
    limits: limitsOf(objectives, watched),
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
