/** What is behind an objective's bad events, added up by what their runs say of themselves. */
import { judge, type Judged, type Rule } from '../judge.ts';
import type { Result } from '../result.ts';

/** The bad events of some runs of one probe that gave one reason. */
export interface CauseSum {
  /** Reason code of the runs; null: they ended well, but events of theirs were beyond the limit. */
  readonly reason: string | null;
  runs: number;
  /** The first and the last of their steps that hold a bad event. */
  firstMs: number;
  lastMs: number;
  /** By split. A run may have events of several. */
  readonly parts: Map<string, { readonly events: number; readonly weight: bigint }>;
}

/** By reason and the splits that are concerned, so that runs are counted once whichever splits are asked for. */
export type CauseSums = Map<string, CauseSum>;

/** What of a result is bad for an objective. */
export function badParts(rule: Rule, result: Result, stepMs: number): readonly Judged[] {
  return judge(rule, result, stepMs).filter(({ tally }) => tally.bad > 0);
}

/** @param bad of one result, and not empty */
export function addCause(sums: CauseSums, bad: readonly Judged[], { outcome, reason }: Result): void {
  const steps = bad.map(({ atMs }) => atMs);
  const sum: CauseSum = {
    reason: outcome === 'bad' ? reason : null,
    runs: 1,
    firstMs: Math.min(...steps),
    lastMs: Math.max(...steps),
    parts: new Map(),
  };
  for (const { split, tally } of bad) addPart(sum, split, tally.bad, tally.badWeight);
  mergeCause(sums, sum);
}

export function mergeCause(sums: CauseSums, part: CauseSum): void {
  const key = JSON.stringify([part.reason, [...part.parts.keys()].toSorted()]);
  const sum = sums.get(key);
  if (sum === undefined) {
    sums.set(key, { ...part, parts: new Map(part.parts) });
    return;
  }
  sum.runs += part.runs;
  sum.firstMs = Math.min(sum.firstMs, part.firstMs);
  sum.lastMs = Math.max(sum.lastMs, part.lastMs);
  for (const [split, { events, weight }] of part.parts) addPart(sum, split, events, weight);
}

function addPart({ parts }: CauseSum, split: string, events: number, weight: bigint): void {
  const known = parts.get(split);
  parts.set(split, { events: (known?.events ?? 0) + events, weight: (known?.weight ?? 0n) + weight });
}
