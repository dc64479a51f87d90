/**
 * Targets have versions. What happened before a change is judged by the target that held then, for as long as it is in a
 * window; the budget of a window that spans a change is Σ valid × (1 − T), each part by its own T.
 */
import { allowance, shareOf, type Share } from './budget.ts';
import { compare, decimal, divide, greatestCommonDivisor, ONE, reduced, subtract, type Rational } from './decimal.ts';
import type { History } from './history.ts';
import type { Objective, TargetVersion } from './objective.ts';
import { addTallies, EMPTY_TALLY, validWeight, type Tally } from './tally.ts';

type Versioned = Pick<Objective, 'target'> & { readonly versions?: readonly TargetVersion[] };

/** The version that held at a moment; null for an objective without any history. */
export function versionAt({ versions }: Versioned, atMs: number): TargetVersion | null {
  return versions?.findLast(({ fromMs }) => fromMs === null || fromMs <= atMs) ?? versions?.[0] ?? null;
}

/** The objective with the target and the limit that hold at a moment: an announced version does not hold yet. */
export function heldAt(objective: Objective, atMs: number): Objective {
  const version = versionAt(objective, atMs);
  if (version === null) return objective;
  const { sli } = objective;
  return {
    ...objective,
    target: version.target,
    sli: sli.type === 'threshold' && version.limit !== null ? { ...sli, ...version.limit } : sli,
  };
}

/** What is agreed and does not hold yet, soonest first. */
export function announcedVersions({ versions = [] }: Versioned, nowMs: number): readonly TargetVersion[] {
  return versions.filter(({ fromMs }) => fromMs !== null && fromMs > nowMs);
}

/** The versions that held at some moment of a range, oldest first; announced ones do not hold yet. */
export function versionsWithin({ versions = [] }: Versioned, fromMs: number, toMs: number): readonly TargetVersion[] {
  return versions.filter((version, index) => {
    const endMs = versions[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY;
    return (version.fromMs ?? fromMs) <= toMs && endMs > fromMs;
  });
}

/** Moments inside a range at which the target became another one: groups of tallies are cut there. */
export function targetBreaks({ versions = [] }: Versioned, fromMs: number, toMs: number): readonly number[] {
  return versions.flatMap((version, index) => {
    const earlier = versions[index - 1];
    const at = version.fromMs;
    if (earlier === undefined || at === null || at <= fromMs || at >= toMs) return [];
    return earlier.target === version.target ? [] : [at];
  });
}

/** A stretch: what was counted in it, and the same restated. */
export interface Span {
  readonly tally: Tally;
  readonly share: Share;
}

/** @param of what of a tally is bad and what is valid; default: as counted */
export function spanOf(
  history: History,
  fromMs: number,
  toMs: number,
  by: Restated,
  of: (tally: Tally) => Share = shareOf,
): Span {
  let tally = EMPTY_TALLY;
  let [bad, valid] = [0n, 0n];
  for (const [from, to] of pieces(fromMs, toMs, by.breaksMs)) {
    const sum = history.sum(from, to);
    const part = by.restate(of(sum), from);
    tally = tally === EMPTY_TALLY ? sum : addTallies(tally, sum);
    bad += part.bad;
    valid += part.valid;
  }
  return { tally, share: { bad, valid } };
}

/** The share of a span alone. */
export function shareOver(history: History, fromMs: number, toMs: number, by: Restated): Share {
  if (by.breaksMs.length === 0) return by.restate(history.share(fromMs, toMs), fromMs);
  let [bad, valid] = [0n, 0n];
  for (const [from, to] of pieces(fromMs, toMs, by.breaksMs)) {
    const part = by.restate(history.share(from, to), from);
    bad += part.bad;
    valid += part.valid;
  }
  return { bad, valid };
}

/** A stretch, cut where another target holds from. */
function pieces(fromMs: number, toMs: number, breaksMs: readonly number[]): readonly (readonly [number, number])[] {
  const inside = breaksMs.filter((atMs) => atMs > fromMs && atMs < toMs);
  if (inside.length === 0) return [[fromMs, toMs]];
  const ends = [...inside, toMs];
  return [fromMs, ...inside].map((from, index) => [from, ends[index] ?? toMs] as const);
}

/** What was counted, restated so that one target judges it all. */
export interface Restated {
  /** The target that holds now. */
  readonly target: Rational;
  /** Every restated weight, bad and valid, is this many times the counted one; 1 while the target never changed. */
  readonly unit: bigint;
  /** Where the target became another one, ascending: nothing that spans such a moment can be restated as one. */
  readonly breaksMs: readonly number[];
  /** Of what happened from a moment on, as long as one target held. */
  readonly restate: (share: Share, atMs: number) => Share;
}

/**
 * A step under an older target T′ is as if it had had (1 − T′) / (1 − T) times its valid weight under the present T: the
 * same bad events then use up the same part of the same budget. All is multiplied by one factor, so that it stays whole.
 */
export function restated(objective: Versioned, nowMs: number): Restated {
  const { versions = [] } = objective;
  const target = decimal(versionAt(objective, nowMs)?.target ?? objective.target);
  const past = versions
    .filter(({ fromMs }) => fromMs === null || fromMs <= nowMs)
    .map(({ fromMs, target: each }) => ({
      fromMs: fromMs ?? Number.NEGATIVE_INFINITY,
      factor: reduced(divide(allowance(decimal(each)), allowance(target))),
    }));
  const isOne = past.every(({ factor }) => compare(factor, ONE) === 0);
  if (isOne) return { target, unit: 1n, breaksMs: [], restate: (share) => share };
  const unit = past.reduce((lcm, { factor }) => (lcm * factor.den) / greatestCommonDivisor(lcm, factor.den), 1n);
  const scaled = past.map(({ fromMs, factor }) => ({ fromMs, times: factor.num * (unit / factor.den) }));
  return {
    target,
    unit,
    breaksMs: targetBreaks(objective, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY),
    restate: ({ bad, valid }, atMs) => {
      const { times } = scaled.findLast(({ fromMs }) => fromMs <= atMs) ?? scaled[0] ?? { times: unit };
      return { bad: bad * unit, valid: valid * times };
    },
  };
}

/** What share had to be good for the budget to be kept: 1 − Σ valid × (1 − T) ÷ Σ valid. Null without valid events. */
export function blendedTarget(share: Share, counted: Tally, { target, unit }: Restated): Rational | null {
  const valid = validWeight(counted) * unit;
  if (valid <= 0n) return null;
  const allowed = allowance(target);
  return subtract(ONE, { num: share.valid * allowed.num, den: valid * allowed.den });
}
