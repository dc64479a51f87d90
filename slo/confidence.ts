/** What a tally's ratio is worth, on effective counts. */
import { shareOf } from './budget.ts';
import { toNumber, type Rational } from './decimal.ts';
import { clopperPearson, statVerdict, wilson } from './interval.ts';
import type { Weighing } from './objective.ts';
import type { Status } from './status.ts';
import type { Tally } from './tally.ts';
import { effectiveEvents } from './weighted.ts';

export type Confidence = Pick<Status, 'effectiveEvents' | 'wilson' | 'clopperPearson' | 'statVerdict'>;

export const NO_CONFIDENCE: Confidence = {
  effectiveEvents: null,
  wilson: null,
  clopperPearson: null,
  statVerdict: null,
};

/** None without valid events, and none for quantities: a volume-weighted ratio is no binomial share. */
export function confidenceOf(tally: Tally, weighing: Weighing, target: Rational): Confidence {
  const effective = effectiveEvents(tally, weighing);
  const share = shareOf(tally);
  if (effective === null || effective.num <= 0n || share.valid <= 0n) return NO_CONFIDENCE;
  const n = toNumber(effective);
  const badShare = toNumber({ num: share.bad, den: share.valid });
  const exact = clopperPearson(badShare, n);
  return {
    effectiveEvents: n,
    wilson: wilson(badShare, n),
    clopperPearson: exact,
    statVerdict: statVerdict(exact, toNumber(target)),
  };
}
