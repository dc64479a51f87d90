import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gatherSeries, joined, seriesOf } from '../../reports/gameday/series.ts';
import { indicatorsOf } from '../../reports/sla/collect.ts';
import type { Result } from '../../store/result.ts';
import { anyResult } from './arbitrary.ts';
import { OBJECTIVES, sampleResults } from './sample.ts';

const OPTIONS = { stepMs: 60_000, wanted: indicatorsOf(OBJECTIVES) };

describe('what a journal keeps of measurements', () => {
  test('is the same in parts, as they come in, as in one piece', () => {
    const input = fc.record({ results: fc.array(anyResult, { maxLength: 12 }), cuts: fc.array(fc.nat(12)) });
    fc.assert(
      fc.property(input, ({ results, cuts }) => {
        // Before a probe has measured anything nobody knows what it failed to measure.
        const indicators = new Map(
          seriesOf(results, OPTIONS).map(({ probe }) => [probe, ['latency', 'ack', 'tick-age']]),
        );
        const options = { ...OPTIONS, wanted: indicators };
        const gathering = gatherSeries(options);
        const parts = results.flatMap((result, index) => {
          gathering.add(result);
          return cuts.includes(index) ? gathering.take() : [];
        });
        const whole = seriesOf(results, options);
        const sorted = (series: typeof whole) => series.map((each) => JSON.stringify(each)).toSorted();
        expect(sorted(joined([...parts, ...gathering.take()]))).toEqual(sorted(whole));
      }),
    );
  });

  test('is thinned without losing what is largest, smallest or bad', () => {
    const some = sampleResults({ minutes: 30 }).filter(({ probe }) => probe === 'positions');
    const [first] = some;
    if (first === undefined) throw new Error('no results');
    const runs = Array.from({ length: 500 }, (_, index): Result => ({
      ...first,
      scheduledMs: first.scheduledMs + index * 20,
      outcome: index === 333 ? 'bad' : 'good',
      readings: [
        { type: 'duration', indicator: 'latency', ms: index === 77 ? 900 : index === 401 ? 0.5 : 50 + (index % 7) },
      ],
    }));
    const gathering = gatherSeries(OPTIONS);
    for (const run of runs) gathering.add(run);
    const [series] = gathering.take(60);
    expect(series?.runs.length).toBeLessThanOrEqual(61);
    const values = series?.runs.map(([, ms]) => ms) ?? [];
    expect([Math.max(...values.map(Number)), Math.min(...values.map(Number))]).toEqual([900, 0.5]);
    expect(series?.runs.filter(([, , isBad]) => isBad).map(([atMs]) => atMs)).toEqual([runs[333]?.scheduledMs]);
    expect(gathering.take()).toEqual([]);
  });
});
