/** An objective's state at one moment: what `budget` prints, what reports quote, what the policy acts on. */
import type { Colour, Objective } from './objective.ts';
import type { Tally } from './tally.ts';

export const LOOKBACKS = ['5m', '30m', '1h', '2h', '6h', '1d', '3d'] as const;
export type Lookback = (typeof LOOKBACKS)[number];

export type StatVerdict = 'DEMONSTRATED' | 'VIOLATED' | 'INCONCLUSIVE';

export interface Interval {
  /** Ratios in [0, 1]. */
  readonly lower: number;
  readonly upper: number;
}

export interface Status {
  readonly objective: Objective;
  readonly atMs: number;
  readonly colour: Colour;
  /** Why the colour is Unknown, if it is. */
  readonly unknownBecause: string | null;
  /** Everything counted in the window, raw and weighted. */
  readonly tally: Tally;
  readonly validEvents: number;
  /** Σ weights of valid events = 0 although there are raw events cannot happen for scheduled runs. Display numbers below. */
  readonly attainment: number | null;
  /** Share of the error budget consumed, uncapped (3 = 300 %). */
  readonly consumed: number | null;
  /** Met iff consumed ≤ 1, decided exactly. */
  readonly met: boolean | null;
  /** Share of (raw) events that were excluded, of all that arrived. */
  readonly excludedShare: number | null;
  /** 1 − faults ÷ all runs that should have measured; null without any. */
  readonly coverage: number | null;
  readonly effectiveEvents: number | null;
  readonly wilson: Interval | null;
  readonly clopperPearson: Interval | null;
  readonly statVerdict: StatVerdict | null;
  readonly burn: Readonly<Record<Lookback, number | null>>;
  /** min(BR_1h, BR_6h): what alerts and forecasts use. */
  readonly burnNow: number | null;
  /** In policy hours. Null: never at this burn. */
  readonly exhaustion: { readonly rolloffHours: number | null; readonly naiveHours: number | null };
  readonly alert: 'RED_LT_72H' | 'YELLOW_LT_7D' | null;
  readonly sev2Within24h: boolean;
  readonly manualReview: boolean;
  /** Percentile rows: the sliding window now, and how many of the stepped windows passed. */
  readonly live: { readonly valid: number; readonly good: number; readonly pass: boolean | null } | null;
  readonly windows: { readonly passed: number; readonly judged: number } | null;
  readonly splits: readonly SplitStatus[];
  /** The split with the worst colour that has enough events; null without splits. */
  readonly worstSplit: SplitStatus | null;
}

export interface SplitStatus {
  readonly split: string;
  readonly colour: Colour;
  readonly tally: Tally;
  readonly attainment: number | null;
  readonly consumed: number | null;
}
