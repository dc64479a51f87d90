import { describe, expect, test } from 'vitest';
import { causeFinder, missText } from '../../reports/causes.ts';
import { judged } from '../slo/fixtures.ts';
import type { Status } from '../../slo/status.ts';
import { EMPTY_TALLY } from '../../slo/tally.ts';
import { timeBase } from '../../slo/time-base.ts';
import { judge } from '../../store/judge.ts';
import type { Result } from '../../store/result.ts';
import { anObjective, sampleResults, START } from './sample.ts';

const BASE = timeBase(1);
const HOUR = 3_600_000;
const NOW = START + HOUR - 1;
const objective = anObjective({
  id: 'sla-freshness',
  target: '0.999',
  windowMs: HOUR,
  sli: { type: 'threshold', indicator: 'newest-age', ms: 3000, strict: false },
  probes: ['session', 'ticks'],
});

const [TEMPLATE] = sampleResults({ minutes: 1 });

function run(probe: string, scheduledMs: number, differing: Partial<Result>): Result {
  if (TEMPLATE === undefined) throw new Error('the sample has results');
  return {
    ...TEMPLATE,
    runId: `${probe}/${scheduledMs}`,
    probe,
    scheduledMs,
    weightMs: 6000,
    readings: [],
    ...differing,
  };
}

const newest = (valid: number, within: number): Result['readings'] => [
  {
    type: 'counts',
    indicator: 'newest-age',
    atMs: START,
    valid,
    within: { 'le:3000': within },
    weigh: 'each',
    eachMs: 1000,
    p50Ms: 5,
    p99Ms: 9,
    maxMs: 9,
  },
];

function missed(results: readonly Result[]): Status {
  const steps = results
    .flatMap((result) => judge(objective, result, BASE.minuteMs))
    .map(({ atMs, split, tally }) => ({ ...EMPTY_TALLY, ...tally, atMs, split }));
  return judged(steps, { objective, base: BASE, nowMs: NOW });
}

describe('why an objective was missed', () => {
  const results = [
    run('ticks', START, { readings: newest(60, 58) }),
    run('session', START + 60_000, { outcome: 'bad', reason: 'no-data' }),
    run('session', START + 120_000, { outcome: 'bad', reason: 'timeout' }),
    run('session', START + 180_000, { outcome: 'bad', reason: 'no-data' }),
    run('other', START + 180_000, { outcome: 'bad', reason: 'no-data' }),
    run('session', START + 240_000, { outcome: 'fault', reason: 'loop-stall' }),
  ];

  test('is told by probe and reason, heaviest first, as the ledger counted it', () => {
    const status = missed(results);
    expect(status.met).toBe(false);
    const finder = causeFinder([status], BASE);
    for (const result of results) finder.add(result);
    const [miss] = finder.finish();
    expect(miss === undefined ? null : missText(miss)).toBe(
      'sla-freshness by session no-data (2 bad events of 2 runs, standing for 12 s), session timeout (1 bad event of 1 run, standing for 6 s), ticks beyond the limit (2 bad events of 1 run, standing for 2 s)',
    );
  });

  test('says how many bad events no run in the range explains, and leaves runs outside the window aside', () => {
    const finder = causeFinder([missed(results)], BASE);
    finder.add(run('session', START - 2 * HOUR, { outcome: 'bad', reason: 'no-data' }));
    const [miss] = finder.finish();
    expect(miss === undefined ? null : missText(miss)).toBe('sla-freshness by 5 bad events before the range');
  });

  test('is not asked where nothing was missed', () => {
    const good = [run('ticks', START, { readings: newest(60, 60) })];
    const finder = causeFinder([missed(good)], BASE);
    for (const result of good) finder.add(result);
    expect(finder.finish()).toEqual([]);
  });
});
