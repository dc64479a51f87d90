import { bad, fault, GOOD, type Verdict } from '../network.ts';
import { durationText } from '../duration.ts';
import type { View } from './freshness.ts';
import type { MarketDataSpec } from './spec.ts';
import type { Report } from './tape.ts';

export interface Seen {
  readonly report: Report;
  /** The newest data at the end of the run. */
  readonly view: View;
  /** The message by which the subscription was refused. */
  readonly rejected: string | null;
  /** Why there is no connection, or why one was lost during the run; null while there was one all the time. */
  readonly down: Verdict | null;
  /** How long data has been waited for. */
  readonly waitedMs: number;
}

/**
 * Fresh data is the proof that everything worked; only without it is the reason asked for, the nearest cause first: no
 * connection, no subscription, a market that is closed or quiet, no data, old data.
 */
export function judgeFeed(spec: Pick<MarketDataSpec, 'staleAfter' | 'maxMissed' | 'maxCrossed'>, seen: Seen): Verdict {
  const { report, view, rejected, down } = seen;
  if (view.state === 'fresh') return judgeContent(spec, report);
  if (rejected !== null) return bad('subscribe-rejected', `expected data, got ${rejected}`);
  if (down !== null) return down;
  if (view.state === 'excused') return judgeContent(spec, report, view.excuse);
  const { ageMs, name } = view;
  if (ageMs === null && report.anomalies > 0 && name === null) {
    return fault(
      'internal',
      `all ${report.anomalies} ticks are dated ahead of this machine's clock: one of the two is wrong`,
    );
  }
  if (report.ticks === 0 && report.malformed > 0) {
    return bad('malformed', `expected ticks, got ${report.malformed} messages that cannot be read as such`);
  }
  const wanted = `expected data${name === null ? '' : ` of ${name}`} at most ${durationText(spec.staleAfter)} old`;
  if (ageMs === null) return bad('no-data', `${wanted}, got none in ${seconds(seen.waitedMs)}`);
  return bad(report.ticks === 0 ? 'no-data' : 'stale', `${wanted}, the newest is ${seconds(ageMs)} old`);
}

/** What came may be wrong in itself. */
function judgeContent(
  { maxMissed, maxCrossed }: Pick<MarketDataSpec, 'maxMissed' | 'maxCrossed'>,
  { missed, crossed }: Report,
  detail: string | null = null,
): Verdict {
  if (maxMissed !== undefined && missed > maxMissed) {
    return bad('gap', `expected at most ${maxMissed} missing sequence numbers, ${missed} are missing`);
  }
  if (maxCrossed !== undefined && crossed > maxCrossed) {
    return bad('crossed', `expected at most ${maxCrossed} crossed or locked books, got ${crossed}`);
  }
  return { ...GOOD, detail };
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
