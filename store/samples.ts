/** The durations behind a percentile row's sliding window, by the rules that its events are counted by. Pure. */
import { isTimed } from '../probes/probe.ts';
import type { Sample } from '../slo/percentile.ts';
import { judge, type Rule } from './judge.ts';
import { durationOf } from './limit.ts';
import type { Result } from './result.ts';
import { shareOut } from './share.ts';

export interface PlacedSample extends Sample {
  /** When its event happened, wall-clock ms. */
  readonly atMs: number;
  /** '' when the objective is not split, or the run lacks the property. */
  readonly split: string;
}

/**
 * One result's samples; weights in whole units, shared among the events of a run as `judge` shares them. A run that failed
 * before its event could happen is one sample that never ended. Events that a watch only counted have no duration left.
 */
export function samplesOf(rule: Rule, result: Result): readonly PlacedSample[] {
  const { sli } = rule;
  const { outcome, scheduledMs } = result;
  if (sli.type !== 'threshold' || outcome === 'fault' || outcome === 'skipped' || outcome === 'excluded') return [];
  if (judge(rule, result, 1).length === 0) return [];
  const split = rule.split === null ? '' : (result[rule.split] ?? '');
  const own = result.readings.filter((reading) => isTimed(reading) && reading.indicator === sli.indicator);
  const ended = own.flatMap((reading) =>
    reading.type === 'duration' ? [{ atMs: reading.atMs ?? scheduledMs, ms: durationOf(reading, result) }] : [],
  );
  const events = own.length === 0 && outcome === 'bad' ? [{ atMs: scheduledMs, ms: null }] : ended;
  if (rule.weighing === 'count') return events.map((event) => ({ ...event, split, weight: 1n }));
  const shares = shareOut(
    events.map(({ atMs }) => ({ atMs, good: 1, bad: 0 })),
    BigInt(result.weightMs) * 1000n,
  );
  return events.map((event, index) => ({ ...event, split, weight: shares[index]?.goodWeight ?? 0n }));
}
