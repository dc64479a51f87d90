/** A history as if some stretches had never been. */
import type { History } from './history.ts';
import type { Stretch } from './ranges.ts';
import { subtractTallies } from './tally.ts';

/** @param stretches of whole steps, ascending and apart; the history answers wherever one begins or ends */
export function leavingOut(history: History, stretches: readonly Stretch[]): History {
  if (stretches.length === 0) return history;
  return {
    sum(fromMs, toMs) {
      let sum = history.sum(fromMs, toMs);
      for (const cut of cuts(stretches, fromMs, toMs)) sum = subtractTallies(sum, history.sum(cut.fromMs, cut.toMs));
      return sum;
    },
    share(fromMs, toMs) {
      let { bad, valid } = history.share(fromMs, toMs);
      for (const cut of cuts(stretches, fromMs, toMs)) {
        const gone = history.share(cut.fromMs, cut.toMs);
        bad -= gone.bad;
        valid -= gone.valid;
      }
      return { bad, valid };
    },
    // Of an old hour inside which a stretch ends: that end, where the history itself would say the hour.
    lastBad(fromMs, toMs, byMinutesFromMs) {
      let endMs = toMs;
      for (const cut of cuts(stretches, fromMs, toMs).toReversed()) {
        const found = history.lastBad(cut.toMs, endMs, byMinutesFromMs);
        if (found !== null) return found;
        endMs = cut.fromMs;
      }
      return history.lastBad(fromMs, endMs, byMinutesFromMs);
    },
  };
}

/** The parts of the stretches that lie in a range. */
function cuts(stretches: readonly Stretch[], fromMs: number, toMs: number): readonly Stretch[] {
  return stretches
    .filter((stretch) => stretch.fromMs < toMs && stretch.toMs > fromMs)
    .map((stretch) => ({ fromMs: Math.max(stretch.fromMs, fromMs), toMs: Math.min(stretch.toMs, toMs) }));
}
