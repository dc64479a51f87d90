/** From an objective's tallies to its status. Pure: the caller says what time it is and fetches what `ranges` names. */
import { attainment, byWorst, colourOf, consumed, isMet, shareOf } from './budget.ts';
import { confidenceOf, NO_CONFIDENCE } from './confidence.ts';
import { decimal, divide, fromNumber, rational, toNumber, type Rational } from './decimal.ts';
import { buckets, rollOffHours } from './forecast.ts';
import { burnRate, byLookback, lookbackTallies, pairStatuses, slowerBurn } from './lookback.ts';
import { isAge, type Objective } from './objective.ts';
import { isViolationNear, naiveExhaustion, projectionAlert } from './projection.ts';
import { ranges, stepEnd, type RangeName, type TallyStep } from './ranges.ts';
import { hasLatencyRegressed, hasRatioRegressed } from './regression.ts';
import { judgeWindows, liveWindow } from './sliding.ts';
import type { Borderline, SplitStatus, Status } from './status.ts';
import { EMPTY_TALLY, sumTallies, validEvents, type Tally } from './tally.ts';
import type { TimeBase } from './time-base.ts';

export interface EvaluateInput {
  readonly objective: Objective;
  readonly base: TimeBase;
  readonly nowMs: number;
  /** The answers to {@link ranges}, ascending by time; a missing one is empty. */
  readonly tallies: Readonly<Partial<Record<RangeName, readonly TallyStep[]>>>;
  /** As given to {@link ranges}. */
  readonly attainmentMs?: number;
  /**
   * Percentile rows: the nearest-rank percentile of the sliding window, from its results (`Infinity` = never ended; null
   * without any). Left out, the regression check of such a row is null.
   */
  readonly slidingPercentileMs?: number | null;
}

/** What one split, or an objective without splits, is judged by. */
interface Slice {
  readonly split: string;
  readonly steps: Readonly<Record<RangeName, readonly TallyStep[]>>;
  readonly tally: Tally;
  readonly spent: Rational | null;
}

export function evaluate(input: EvaluateInput): Status {
  const { objective } = input;
  if (objective.unknownBecause !== null) return unknown(input, objective.unknownBecause);
  const target = decimal(objective.target);
  const slices = slicesOf(input, target);
  const splits = objective.split === null ? [] : slices.map((slice) => splitStatus(slice, input, target));
  const worst = governing(splits);
  const slice = slices.find((each) => each.split === (worst?.split ?? each.split));
  if (slice === undefined) return unknown(input, whyNoEvents(EMPTY_TALLY));
  const figures = figuresOf(slice, input, target);
  return { ...figures, splits, worstSplit: worst, manualReview: figures.manualReview || splits.some(isThin) };
}

function isThin(split: SplitStatus): boolean {
  return !split.enoughEvents;
}

function slicesOf(input: EvaluateInput, target: Rational): Slice[] {
  const bySplit = new Map<string, Record<RangeName, TallyStep[]>>();
  for (const name of RANGE_NAMES) {
    for (const step of input.tallies[name] ?? []) {
      let steps = bySplit.get(step.split);
      if (steps === undefined) bySplit.set(step.split, (steps = noSteps()));
      steps[name].push(step);
    }
  }
  return [...bySplit].map(([split, steps]) => {
    const tally = sumTallies([...steps.edge, ...steps.hours]);
    return { split, steps, tally, spent: consumed(shareOf(tally), target) };
  });
}

const RANGE_NAMES: readonly RangeName[] = ['edge', 'hours', 'minutes', 'completeHour', 'sliding'];

function noSteps(): Record<RangeName, TallyStep[]> {
  return { edge: [], hours: [], minutes: [], completeHour: [], sliding: [] };
}

function splitStatus(slice: Slice, input: EvaluateInput, target: Rational): SplitStatus {
  const share = shareOf(slice.tally);
  return {
    split: slice.split,
    colour: colourOf(slice.spent),
    tally: slice.tally,
    validEvents: validEvents(slice.tally),
    enoughEvents: validEvents(slice.tally) >= input.objective.minEvents,
    attainment: display(attainment(share)),
    consumed: display(slice.spent),
    live: liveOf(slice, input, target),
  };
}

/** Thin splits govern only while no split has enough events; a tie goes to the one that consumed more. */
function governing(splits: readonly SplitStatus[]): SplitStatus | null {
  const enough = splits.filter((split) => split.enoughEvents);
  const candidates = enough.length > 0 ? enough : splits;
  return (
    candidates.toSorted((a, b) => byWorst(a.colour, b.colour) || (b.consumed ?? 0) - (a.consumed ?? 0)).at(0) ?? null
  );
}

function liveOf(slice: Slice, input: EvaluateInput, target: Rational): Status['live'] {
  const { slidingMs } = input.objective;
  if (slidingMs === null) return null;
  return liveWindow(slice.steps.sliding, stepEnd(input.base, input.nowMs) - slidingMs, target);
}

function figuresOf(slice: Slice, input: EvaluateInput, target: Rational): Status {
  const { objective, base } = input;
  const { tally, spent, steps } = slice;
  const end = stepEnd(base, input.nowMs);
  const events = validEvents(tally);
  const colour = colourOf(spent);
  const windowHours = divide(fromNumber(objective.windowMs), fromNumber(base.hourMs));
  const lookbacks = lookbackTallies(steps, base, objective.windowMs, end);
  const burnNow = slowerBurn(lookbacks, tally, target);
  const hours = buckets([...steps.edge, ...steps.hours], base, objective.windowMs, end);
  const rolloffHours = rollOffHours(hours, burnNow, target);
  const rolloff = rolloffHours === null ? null : rational(rolloffHours);
  const live = liveOf(slice, input, target);
  return {
    ...confidenceOf(tally, objective.weighing, target),
    objective,
    atMs: input.nowMs,
    colour,
    unknownBecause: spent === null ? whyNoEvents(tally) : null,
    tally,
    validEvents: events,
    enoughEvents: events >= objective.minEvents,
    attainment: display(attainment(shareOf(tally))),
    consumed: display(spent),
    met: isMet(spent),
    excludedShare: excludedShare(tally),
    excludedShare1h: excludedShare(lookbacks['1h'] ?? tally),
    borderline: borderlineOf(tally, objective),
    coverage: coverageOf(tally, objective),
    burn: byLookback((lookback) => display(burnRate(lookbacks[lookback], target))),
    burnNow: display(burnNow),
    pairs: pairStatuses(lookbacks, target, windowHours, objective.burn),
    exhaustion: { rolloffHours, naiveHours: display(naiveExhaustion(spent, windowHours, burnNow)) },
    alert: projectionAlert(colour, rolloff),
    sev2Within24h: isViolationNear(rolloff),
    manualReview: events < objective.minEvents || (live !== null && live.valid < objective.minEvents),
    regression: regressionOf(slice, input, target),
    lastBadAtMs: lastBad(steps),
    live,
    windows: windowsOf(slice, input, target),
    splits: [],
    worstSplit: null,
  };
}

function excludedShare(tally: Tally): number | null {
  const arrived = validEvents(tally) + tally.excluded;
  return arrived === 0 ? null : tally.excluded / arrived;
}

function borderlineOf({ borderline, bounded }: Tally, objective: Objective): Borderline | null {
  return isAge(objective) ? { events: bounded === 0 ? null : borderline, of: bounded } : null;
}

function coverageOf(tally: Tally, objective: Objective): number | null {
  // Ages are samples within a run: faulty runs cannot be set against them.
  if (isAge(objective)) return null;
  const wanted = validEvents(tally) + tally.excluded + tally.faults;
  return wanted === 0 ? null : 1 - tally.faults / wanted;
}

/** Ratios by their last complete hour; percentiles by their sliding window, whose value only the caller can know. */
function regressionOf(slice: Slice, input: EvaluateInput, target: Rational): boolean | null {
  const { sli, slidingMs } = input.objective;
  if (slidingMs === null) return hasRatioRegressed(attainment(shareOf(sumTallies(slice.steps.completeHour))), target);
  const percentile = input.slidingPercentileMs ?? null;
  if (sli.type !== 'threshold' || percentile === null) return null;
  return hasLatencyRegressed(Number.isFinite(percentile) ? fromNumber(percentile) : null, fromNumber(sli.ms));
}

function lastBad(steps: Slice['steps']): number | null {
  const newest = (of: readonly TallyStep[]): number | null => of.findLast((step) => step.bad > 0)?.atMs ?? null;
  return newest(steps.minutes) ?? newest(steps.hours) ?? newest(steps.edge);
}

function windowsOf(slice: Slice, input: EvaluateInput, target: Rational): Status['windows'] {
  const { objective, base, nowMs } = input;
  const options = input.attainmentMs === undefined ? {} : { attainmentMs: input.attainmentMs };
  const range = ranges(objective, base, nowMs, options).find(({ name }) => name === 'sliding');
  if (range === undefined || objective.slidingMs === null) return null;
  return judgeWindows(slice.steps.sliding, target, {
    slidingMs: objective.slidingMs,
    stepMs: base.minuteMs,
    fromMs: range.fromMs,
    untilMs: range.toMs - base.minuteMs,
    minEvents: objective.minEvents,
  });
}

function display(value: Rational | null): number | null {
  return value === null ? null : toNumber(value);
}

function whyNoEvents(tally: Tally): string {
  const { excluded, faults } = tally;
  if (excluded === 0 && faults === 0) return 'no events in the window yet';
  const parts = [
    ...(excluded > 0 ? [`${excluded} excluded`] : []),
    ...(faults > 0 ? [`${faults} spoiled by the prober or never started`] : []),
  ];
  return `no valid events in the window: ${parts.join(', ')}`;
}

function unknown(input: EvaluateInput, because: string): Status {
  const { objective } = input;
  return {
    ...NO_CONFIDENCE,
    objective,
    atMs: input.nowMs,
    colour: 'unknown',
    unknownBecause: because,
    tally: EMPTY_TALLY,
    validEvents: 0,
    enoughEvents: objective.minEvents <= 0,
    attainment: null,
    consumed: null,
    met: null,
    excludedShare: null,
    excludedShare1h: null,
    borderline: borderlineOf(EMPTY_TALLY, objective),
    coverage: null,
    burn: byLookback(() => null),
    burnNow: null,
    pairs: [],
    exhaustion: { rolloffHours: null, naiveHours: null },
    alert: null,
    sev2Within24h: false,
    // Nothing can feed it: there is no window to review. Where something could and nothing came, there is.
    manualReview: objective.unknownBecause === null,
    regression: null,
    lastBadAtMs: null,
    live: null,
    windows: null,
    splits: [],
    worstSplit: null,
  };
}
