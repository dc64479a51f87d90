/** An objective's state at one moment: what `budget` prints, what reports quote, what the policy acts on. */
import type { Rational } from './decimal.ts';
import type { Colour, Lookback, Objective, Severity, TargetVersion } from './objective.ts';
import type { Tally } from './tally.ts';

export { LOOKBACKS, type Lookback, type Severity } from './objective.ts';

export type StatVerdict = 'DEMONSTRATED' | 'VIOLATED' | 'INCONCLUSIVE';

export interface Interval {
  /** Ratios in [0, 1]. */
  readonly lower: number;
  readonly upper: number;
}

/** The sliding window of a percentile row, as it stands now. Raw counts; `pass` is decided on weights, null without any. */
export interface LiveWindow {
  readonly valid: number;
  readonly good: number;
  readonly pass: boolean | null;
  /** From the window's own samples; null where nobody looked at them, and without any. */
  readonly percentile: LivePercentile | null;
}

/** The weighted nearest rank, with its distribution-free 95 % interval of order statistics. */
export interface LivePercentile {
  /** Null: that sample never ended, +∞. */
  readonly ms: number | null;
  readonly samples: number;
  /** Null: too few samples for a bound on this side; above, also where that sample never ended. */
  readonly lowerMs: number | null;
  readonly upperMs: number | null;
}

/** The objective's own figure, over all its splits: shown beside the worst of them, and never judged by. */
export interface OwnFigure {
  readonly tally: Tally;
  readonly validEvents: number;
  readonly attainment: number | null;
  readonly consumed: number | null;
  readonly live: LiveWindow | null;
}

/** One multi-window burn-rate rule that applies to this objective, and whether both of its lookbacks burn. */
export interface PairStatus {
  readonly long: Lookback;
  readonly short: Lookback;
  /** The threshold, already scaled with the window; for display. */
  readonly factor: number;
  readonly severity: Severity;
  /** Both burn rates are at or above the factor, decided exactly. */
  readonly burning: boolean;
  /** Raw bad events within the long lookback: what the low-traffic guard looks at. */
  readonly badEvents: number;
}

/** How many events were nearer to the limit than the bound of the prober's clock: on another clock they may fall otherwise. */
export interface Borderline {
  /** Null where the bound was known of none. */
  readonly events: number | null;
  /** Valid events of which the bound was known; the others were counted by a clock that nothing vouched for. */
  readonly of: number;
}

/**
 * Where an objective is split, every figure here is that of the split that governs (`worstSplit` names it): splits are
 * never blended, and a colour is never shown beside figures that do not explain it.
 */
export interface Status {
  /** With the target and the limit that hold at `atMs`. */
  readonly objective: Objective;
  /** The versions of the target that held within the window, oldest first; empty where it never changed. */
  readonly versions: readonly TargetVersion[];
  /** The share that had to be good: the target, or what the targets of the window come to; null without valid events. */
  readonly required: number | null;
  readonly atMs: number;
  readonly colour: Colour;
  /** Why the colour is Unknown, if it is. */
  readonly unknownBecause: string | null;
  /** Everything counted in the window, raw and weighted. */
  readonly tally: Tally;
  readonly validEvents: number;
  /** Raw valid events reach `minEvents`: consequences that cost people may act; otherwise they become review items. */
  readonly enoughEvents: boolean;
  /** Good ÷ valid by weight, in [0, 1]; null without valid events. Display numbers, here and below. */
  readonly attainment: number | null;
  /** Share of the error budget consumed, uncapped (3 = 300 %). */
  readonly consumed: number | null;
  /** The same, exactly: for whoever compares it. */
  readonly spent: Rational | null;
  /** Met iff consumed ≤ 1, decided exactly. */
  readonly met: boolean | null;
  /** Share of (raw) events that were excluded, of all that arrived in the window. */
  readonly excludedShare: number | null;
  /** The same over the last hour, which an outage of authentication fills at once. */
  readonly excludedShare1h: number | null;
  /** Null where no figure of the row needs the wall clock. They count as they fell. */
  readonly borderline: Borderline | null;
  /**
   * The share of what should have been measured that was, 1 − faults ÷ all: of time, where events weigh by time; of runs
   * otherwise. Null without any, and where events weigh one each and are not runs (ticks).
   */
  readonly coverage: number | null;
  /** Availability rows: the figures with every excluded event (4xx) counted as bad. Nothing is judged by them. */
  readonly excludedAsBad: {
    readonly attainment: number | null;
    readonly consumed: number | null;
    readonly met: boolean | null;
  } | null;
  /** Kish's effective n, unrounded; null for quantities. */
  readonly effectiveEvents: number | null;
  readonly wilson: Interval | null;
  readonly clopperPearson: Interval | null;
  readonly statVerdict: StatVerdict | null;
  /** Null: no valid event in that lookback, or the lookback is longer than the window. */
  readonly burn: Readonly<Record<Lookback, number | null>>;
  /** min(BR_1h, BR_6h): what alerts and forecasts use. A lookback longer than the window is taken as the window. */
  readonly burnNow: number | null;
  /** Raw bad events of the last six hours, or of a window that is shorter: what the low-traffic guard looks at. */
  readonly recentBad: number;
  readonly pairs: readonly PairStatus[];
  /** Availability and SLA rows: nothing was good for half an hour, and three events or more were bad. */
  readonly outage: boolean;
  /** In policy hours. Null: never at this burn. */
  readonly exhaustion: { readonly rolloffHours: number | null; readonly naiveHours: number | null };
  /** The colour's projection rule, on the roll-off figure. Whether it is raised is for `alertConditions` to say. */
  readonly alert: 'RED_LT_72H' | 'YELLOW_LT_7D' | null;
  readonly sev2Within24h: boolean;
  /** The window, its live sliding window or one of its splits is below the event minimum. */
  readonly manualReview: boolean;
  /** More than 2 % worse than the target (relative, strict); null where that cannot be judged. */
  readonly regression: boolean | null;
  /** Start of the newest step with a bad event; of one older than six hours, of the clock's hour that it fell into. */
  readonly lastBadAtMs: number | null;
  /** Percentile rows: the sliding window now, and how many of the stepped windows passed. */
  readonly live: LiveWindow | null;
  /** `flagged`: judged windows below the event minimum. */
  readonly windows: { readonly passed: number; readonly judged: number; readonly flagged: number } | null;
  /** Null without splits. */
  readonly own: OwnFigure | null;
  readonly splits: readonly SplitStatus[];
  /** The split that governs: the worst among those with enough events; among all while none has; null without splits. */
  readonly worstSplit: SplitStatus | null;
  /**
   * The other splits' own figures, each with itself as `worstSplit`: they give no colour, but one of them may burn while
   * the governing one is only Red of old. Empty without splits, and in each of these.
   */
  readonly behind: readonly Status[];
}

export interface SplitStatus {
  readonly split: string;
  readonly colour: Colour;
  readonly tally: Tally;
  readonly validEvents: number;
  readonly enoughEvents: boolean;
  readonly attainment: number | null;
  readonly consumed: number | null;
  readonly spent: Rational | null;
  readonly live: LiveWindow | null;
}
