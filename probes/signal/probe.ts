import type { ProbeEnvironment } from '../kind.ts';
import { Feed, type LineState } from '../market-data/continuous.ts';
import { endOf } from '../market-data/waiting.ts';
import { bad, GOOD, type Verdict } from '../network.ts';
import type { Probe } from '../probe.ts';
import { durationText } from '../duration.ts';
import { Matcher, type SignalReport } from './matcher.ts';
import type { SignalSpec } from './spec.ts';

/** How long the first run waits for a signal, so that a run asked for by hand has something to say. */
const FIRST_MS = 3000;

/** One subscription to ticks and signals for the life of the probe; each run reports what came since the one before. */
export function openSignal(spec: SignalSpec, environment: ProbeEnvironment): Probe {
  let watch: { readonly matcher: Matcher; readonly feed: Feed } | null = null;
  return {
    async run(ctx) {
      const { clock } = ctx;
      if (watch === null) {
        const matcher = new Matcher(spec, ctx, clock.wallMs(), clock.monotonicMs());
        watch = { matcher, feed: new Feed(spec, spec.subscribe, matcher, environment) };
        await endOf(watch.feed.firstAttempt, spec.timeout, ctx);
        const first = Promise.race([matcher.firstSignal, watch.feed.firstLoss]);
        if (watch.feed.down === null) await endOf(first, FIRST_MS, ctx);
      }
      const { matcher, feed } = watch;
      const report = matcher.drain(clock.wallMs(), clock.monotonicMs());
      const {
        line: { phases, ...line },
        state,
      } = feed.drain();
      const verdict = judgeSignals(spec, report, matcher.rejected, state);
      // That no signal was seen decides nothing, unless something was wrong: then it is a miss.
      const readings = report.readings.filter(({ valid }) => valid > 0 || verdict.outcome !== 'bad');
      return { ...verdict, phases, readings, values: { ...report.values, ...line } };
    },
    async close() {
      await watch?.feed.close();
      watch = null;
    },
  };
}

/** The nearest cause first; without a cause, silence is bad only where it was said to be. */
function judgeSignals(
  { maxUnmatched, silentAfter }: SignalSpec,
  { counts, silentMs }: SignalReport,
  rejected: string | null,
  { down, lost }: LineState,
): Verdict {
  const { ticks, signals, matched, unmatched, malformed } = counts;
  if (rejected !== null) return bad('subscribe-rejected', `expected signals, got ${rejected}`);
  if (down !== null) return down;
  if (lost !== null && ticks + signals === 0) return lost;
  if (ticks + signals === 0 && malformed > 0) {
    return bad('malformed', `expected ticks and signals, got ${malformed} messages that cannot be read as such`);
  }
  if (unmatched > (maxUnmatched ?? (matched === 0 ? 0 : Infinity))) {
    const wanted =
      maxUnmatched === undefined ? 'the ticks of signals' : `at most ${maxUnmatched} signals without a tick`;
    return bad('unmatched', `expected ${wanted}, got ${unmatched} unmatched and ${matched} matched signals`);
  }
  if (silentAfter !== undefined && silentMs > silentAfter) {
    const waited = `${(silentMs / 1000).toFixed(1)} s`;
    return bad('no-data', `expected a signal within ${durationText(silentAfter)}, got none in ${waited}`);
  }
  return GOOD;
}
