import { describe, expect, test } from 'vitest';
import type { CountReading, Reading } from '../../probes/probe.ts';
import { renderGameday } from '../../reports/gameday.ts';
import { watchedOf } from '../../reports/gameday/chart.ts';
import { seriesOf } from '../../reports/gameday/series.ts';
import { gatherer } from '../../reports/measurements.ts';
import type { JournalEntry } from '../../scenarios/journal.ts';
import type { Result } from '../../store/result.ts';
import { GAMEDAY_AT, SAMPLE_JOURNAL, sampleResults, START } from './sample.ts';

const MINUTE = 60_000;
const [TEMPLATE] = sampleResults({ minutes: 1 });

/** A run of a feed's probe, every few seconds, whose ticks were counted in whole minutes: life, not practice. */
function feedRun(scheduledMs: number, differing: Partial<Result> = {}): Result {
  if (TEMPLATE === undefined) throw new Error('the sample has results');
  return {
    ...TEMPLATE,
    runId: `feed/${scheduledMs}`,
    probe: 'feed',
    kind: 'market-data',
    service: 'market-data',
    scheduledMs,
    startedMs: scheduledMs,
    durationMs: 20,
    outcome: 'good',
    readings: [ticks(Math.floor(scheduledMs / MINUTE) * MINUTE)],
    ...differing,
  };
}

function ticks(atMs: number): CountReading {
  return {
    type: 'counts',
    indicator: 'tick-age',
    atMs,
    valid: 100,
    within: { 'lt:1500': 100 },
    weigh: 'shared',
    p50Ms: 12,
    p99Ms: 40,
    maxMs: 80,
  };
}

const every5s = (fromMs: number, toMs: number): readonly Result[] =>
  Array.from({ length: (toMs - fromMs) / 5000 }, (_, index) => feedRun(fromMs + index * 5000));

describe('where a counted reading stands on the time axis', () => {
  // The exercise happens within one minute of the tally: 10:10:20 to 10:10:50.
  const injectedMs = GAMEDAY_AT + 20_000;
  const results = every5s(GAMEDAY_AT, GAMEDAY_AT + MINUTE);

  test('at real time scale each run of a game-day stands at its own moment, those after the injection after it', () => {
    const [watched] = watchedOf(seriesOf(results, { stepMs: MINUTE, wanted: new Map() }));
    expect(watched?.moments).toEqual(results.map(({ scheduledMs }) => scheduledMs + 20));
    expect(watched?.moments.filter((atMs) => atMs > injectedMs)).toHaveLength(8);
  });

  test('at real time scale the drawn line runs through the exercise, on both sides of the injection', () => {
    const shift = injectedMs - GAMEDAY_AT;
    const journal: readonly JournalEntry[] = SAMPLE_JOURNAL.map((entry) => ({ ...entry, atMs: entry.atMs + shift }));
    const svg = renderGameday({ journal, results }).files[0]?.content ?? '';
    const line = /<path d="(M[^"]+)" fill="none" stroke="#08306b" stroke-width="2"/.exec(svg)?.[1] ?? '';
    const xs = [...line.matchAll(/[ML]([\d.]+) /g)].map(([, x]) => Number(x));
    const injection = Number(/<text x="([\d.]+)"[^>]*>fault injected<\/text>/.exec(svg)?.[1]);
    expect(new Set(xs).size).toBe(results.length);
    expect(xs.filter((x) => x < injection - 4).length).toBeGreaterThanOrEqual(4);
    expect(xs.filter((x) => x > injection).length).toBeGreaterThanOrEqual(7);
  });

  test('of steps that are shorter than the run, each stands at its own end', () => {
    const steps = [0, 100, 200].map((ms) => ticks(START + ms));
    const run = feedRun(START + 1000, { readings: steps });
    const [watched] = watchedOf(seriesOf([run], { stepMs: 100, wanted: new Map() }));
    expect(watched?.moments).toEqual([START + 100, START + 200, START + 300]);
  });

  test('a session that listens across the end of a step stands at the step’s end and at its own', () => {
    const readings = [ticks(START), ticks(START + MINUTE)];
    const run = feedRun(START + MINUTE - 2000, { durationMs: 5000, readings });
    const [watched] = watchedOf(seriesOf([run], { stepMs: MINUTE, wanted: new Map() }));
    expect(watched?.moments).toEqual([START + MINUTE, START + MINUTE + 3000]);
  });

  test('the evidence puts the runs of one step into the buckets they ran in, none outside the range', () => {
    const [fromMs, toMs] = [START + 30_000, START + 90_000];
    const gathering = gatherer({ fromMs, toMs, stepMs: MINUTE, wanted: new Map(), most: 40 });
    for (const run of every5s(fromMs, toMs)) gathering.add(run);
    gathering.add(feedRun(toMs - 1, { durationMs: 8000 }));
    const [feed] = gathering.finish().measured;
    expect(feed?.total.events).toBe(1300);
    // A run stands at its end, 20 ms after it was due; the last, which ended beyond the range, at the range's end.
    const seconds = [...Array.from({ length: 12 }, (_, index) => index * 5), 59];
    expect(feed?.buckets.map(({ atMs }) => atMs)).toEqual(seconds.map((second) => fromMs + (second + 0.5) * 1000));
  });
});

describe('events that never happened', () => {
  const silent = (scheduledMs: number, readings: readonly Reading[] = []) =>
    feedRun(scheduledMs, { outcome: 'bad', reason: 'no-data', readings });
  const wanted = new Map([['feed', ['newest-age']]]);
  const gathered = (results: readonly Result[]) => {
    const gathering = gatherer({ fromMs: START, toMs: START + MINUTE, stepMs: MINUTE, wanted, most: 40 });
    for (const result of results) gathering.add(result);
    return gathering.finish().measured;
  };

  test('stand in every series that the run was to feed, with their reasons, although the run has no reading', () => {
    const measured = gathered([feedRun(START), silent(START + 5000), silent(START + 10_000)]);
    expect(measured.map(({ indicator, total, neverBecause }) => [indicator, total.never, neverBecause])).toEqual([
      ['newest-age', 2, { 'no-data': 2 }],
      ['tick-age', 2, { 'no-data': 2 }],
    ]);
    const tickAge = measured.find(({ indicator }) => indicator === 'tick-age');
    expect(tickAge?.buckets.filter(({ never }) => never > 0).map(({ atMs }) => atMs)).toEqual([
      START + 5500,
      START + 10_500,
    ]);
  });

  test('are none where the run looked and could not tell, where it was good, and where the prober failed', () => {
    const undecided: Reading = { ...ticks(START), indicator: 'newest-age', valid: 0 };
    const fault = feedRun(START + 9000, { outcome: 'fault', reason: 'loop-stall', readings: [] });
    const measured = gathered([feedRun(START), silent(START + 5000, [undecided, ticks(START)]), fault]);
    expect(measured.map(({ indicator, total }) => [indicator, total.never])).toEqual([['tick-age', 0]]);
  });

  test('are triangles in the chart of a game-day, and counted below it', () => {
    const results = [feedRun(GAMEDAY_AT), silent(GAMEDAY_AT + 5000), feedRun(GAMEDAY_AT + 10_000)];
    const { markdown, files } = renderGameday({ journal: SAMPLE_JOURNAL, results });
    expect(files[0]?.content).toContain('>never happened (upper edge)</text>');
    expect(markdown).toContain('Events that never happened (triangles at the upper edge): `feed` age of each tick 1.');
  });
});
