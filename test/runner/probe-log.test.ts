import { describe, expect, it } from 'vitest';
import { createProbeLog, type ProbeLine } from '../../runner/probe-log.ts';
import type { Result } from '../../store/result.ts';
import { aResult } from '../support/results.ts';

interface Told {
  readonly lines: ProbeLine[];
  /** A second later each. */
  readonly hear: (outcome: Result['outcome'], part?: Partial<Result>) => void;
}

function listener(): Told {
  const lines: ProbeLine[] = [];
  let nowMs = 0;
  const clock = { wallMs: () => 0, monotonicMs: () => nowMs, sleep: () => Promise.resolve() };
  const log = createProbeLog(clock, (line) => lines.push(line));
  return {
    lines,
    hear(outcome, part = {}) {
      nowMs += 1000;
      const reason = outcome === 'bad' ? 'http-5xx' : null;
      log(aResult(nowMs / 1000, { outcome, reason, ...part }));
    },
  };
}

describe('the log of a probe', () => {
  it('has a line when it begins to fail and a line when it is good again, and nothing between', () => {
    const { lines, hear } = listener();
    hear('good');
    hear('good');
    hear('bad', { detail: 'expected 200, got 503', runId: 'r3' });
    hear('bad');
    hear('excluded', { reason: 'http-4xx' });
    hear('skipped', { reason: 'overlap' });
    hear('bad', { cadence: 'once' });
    hear('good');
    hear('good');
    expect(lines).toEqual([
      {
        level: 'warn',
        kind: 'probe-failing',
        probe: 'status',
        service: 'api',
        fields: { outcome: 'bad', reason: 'http-5xx', detail: 'expected 200, got 503', runId: 'r3' },
        text: 'status: bad (http-5xx): expected 200, got 503',
      },
      {
        level: 'info',
        kind: 'probe-recovered',
        probe: 'status',
        service: 'api',
        fields: { forMs: 5000, runs: 3 },
        text: 'status: good again after 5.0 s and 3 runs that were not',
      },
    ]);
  });

  it('begins with a line when the very first run fails, and keeps probes apart', () => {
    const { lines, hear } = listener();
    hear('bad', { probe: 'a' });
    hear('good', { probe: 'b' });
    hear('fault', { probe: 'b', reason: 'browser-missing' });
    expect(lines.map(({ text }) => text)).toEqual(['a: bad (http-5xx)', 'b: fault (browser-missing)']);
  });

  it('of one that flaps has four lines a minute and then one that sums up, until it is steady again', () => {
    const { lines, hear } = listener();
    for (let n = 0; n < 130; n += 1) hear(n % 2 === 0 ? 'bad' : 'good');
    for (let n = 0; n < 120; n += 1) hear('good');
    expect(lines.map(({ text }) => text)).toEqual([
      'status: bad (http-5xx)',
      'status: good again after 1.0 s and 1 run that were not',
      'status: bad (http-5xx)',
      'status: good again after 1.0 s and 1 run that were not (it flaps: from now on summed up each minute)',
      'status: changed 60 times in 60 s, 30 of 60 runs not good (http-5xx 30); good now',
      'status: changed 60 times in 60 s, 30 of 60 runs not good (http-5xx 30); good now',
      'status: changed 10 times in 60 s, 5 of 60 runs not good (http-5xx 5); good now',
      'status: changed 0 times in 60 s, 0 of 60 runs not good; steady again, good now',
    ]);
    hear('bad');
    expect(lines.at(-1)?.text).toBe('status: bad (http-5xx)');
  });
});
