import { bad, fault, GOOD, type Verdict } from '../network.ts';
import { durationText } from '../spec.ts';
import type { MarketDataSpec } from './spec.ts';
import type { Report } from './tape.ts';

export interface Seen {
  readonly report: Report;
  /** Age of the newest data at the end of the run; null when there never was any. */
  readonly newestAgeMs: number | null;
  /** The message by which the subscription was refused. */
  readonly rejected: string | null;
  /** Why there is no connection now; null while there is one. */
  readonly down: Verdict | null;
  /** How long data has been waited for. */
  readonly waitedMs: number;
}

/**
 * Fresh data is the proof that everything worked; only without it is the reason asked for, the nearest cause first: no
 * connection, no subscription, no data, old data.
 */
export function judgeFeed(spec: Pick<MarketDataSpec, 'staleAfter' | 'maxMissed'>, seen: Seen): Verdict {
  const { report, newestAgeMs, rejected, down } = seen;
  if (newestAgeMs !== null && newestAgeMs <= spec.staleAfter) {
    if (spec.maxMissed === undefined || report.missed <= spec.maxMissed) return GOOD;
    return bad('gap', `expected at most ${spec.maxMissed} missing sequence numbers, ${report.missed} are missing`);
  }
  if (rejected !== null) return bad('subscribe-rejected', `expected data, got ${rejected}`);
  if (down !== null) return down;
  if (newestAgeMs === null && report.anomalies > 0) {
    return fault(
      'internal',
      `all ${report.anomalies} ticks are dated ahead of this machine's clock: one of the two is wrong`,
    );
  }
  if (report.ticks === 0 && report.malformed > 0) {
    return bad('malformed', `expected ticks, got ${report.malformed} messages that cannot be read as such`);
  }
  const wanted = `expected data at most ${durationText(spec.staleAfter)} old`;
  if (newestAgeMs === null) return bad('no-data', `${wanted}, got none in ${seconds(seen.waitedMs)}`);
  return bad(report.ticks === 0 ? 'no-data' : 'stale', `${wanted}, the newest is ${seconds(newestAgeMs)} old`);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
