/** From an objective's tallies to its status. Pure: the caller says what time it is and fetches what `ranges` names. */
import { attainment, byWorst, colourOf, consumed, isMet, shareOf, type Share } from './budget.ts';
import { confidenceOf, NO_CONFIDENCE } from './confidence.ts';
import { divide, fromNumber, multiply, rational, toNumber, type Rational } from './decimal.ts';
import { meanTraffic, rollOffHours, slidingOver, type ShareBetween } from './forecast.ts';
import { together, type History } from './history.ts';
import { burnRate, byLookback, lookbackSpans, pairStatuses, slowerBurn } from './lookback.ts';
import { isAge, type Objective } from './objective.ts';
import { isViolationNear, naiveExhaustion, projectionAlert } from './projection.ts';
import { hourOf, RECENT_HOURS, stepEnd } from './ranges.ts';
import { hasRatioRegressed } from './regression.ts';
import { liveWindow, type WindowCounts } from './sliding.ts';
import type { Borderline, LiveWindow, OwnFigure, SplitStatus, Status } from './status.ts';
import { EMPTY_TALLY, isEmpty, validEvents, validWeight, type Tally } from './tally.ts';
import {
  blendedTarget,
  heldAt,
  restated,
  shareOver,
  spanOf,
  versionsWithin,
  type Restated,
  type Span,
} from './targets.ts';
import type { TimeBase } from './time-base.ts';

/** What one split, or an objective without splits ('' then), is judged by. */
export interface Slice {
  readonly split: string;
  /** Answers wherever {@link ranges} says that something may begin or end. */
  readonly history: History;
  /** Percentile rows: the verdicts of the windows that {@link attainmentEnds} names. */
  readonly windows: WindowCounts | null;
}

export interface EvaluateInput {
  readonly objective: Objective;
  readonly base: TimeBase;
  readonly nowMs: number;
  /** Ascending by split. */
  readonly slices: readonly Slice[];
}

/** A slice with events, and what its window comes to. */
interface Judged extends Slice {
  readonly whole: Span;
  readonly spent: Rational | null;
}

/** What all slices are judged by: the objective as it holds now, and its older targets restated. */
interface Judgement extends EvaluateInput {
  readonly startMs: number;
  readonly endMs: number;
  readonly restated: Restated;
}

export function evaluate(given: EvaluateInput): Status {
  const { nowMs, base } = given;
  const endMs = stepEnd(base, nowMs);
  const input: Judgement = {
    ...given,
    objective: heldAt(given.objective, nowMs),
    startMs: endMs - given.objective.windowMs,
    endMs,
    restated: restated(given.objective, nowMs),
  };
  const { objective } = input;
  if (objective.unknownBecause !== null) return unknown(input, objective.unknownBecause);
  const slices = slicesOf(input);
  const splits = objective.split === null ? [] : slices.map((slice) => splitStatus(slice, input));
  const worst = governing(splits);
  const slice = slices.find((each) => each.split === (worst?.split ?? each.split));
  if (slice === undefined) return unknown(input, whyNoEvents(EMPTY_TALLY));
  const figures = figuresOf(slice, input);
  const of = (split: string): SplitStatus | null => splits.find((each) => each.split === split) ?? null;
  return {
    ...figures,
    behind:
      worst === null
        ? []
        : slices
            .filter((each) => each.split !== worst.split)
            .map((each) => ({ ...figuresOf(each, input), worstSplit: of(each.split) })),
    own: objective.split === null ? null : ownFigure(slices, input),
    splits,
    worstSplit: worst,
    manualReview: figures.manualReview || splits.some(isThin),
  };
}

function isThin(split: SplitStatus): boolean {
  return !split.enoughEvents;
}

/** Splits of which anything came within the window. */
function slicesOf({ slices, startMs, endMs, restated: by }: Judgement): Judged[] {
  return slices.flatMap((slice) => {
    const whole = spanOf(slice.history, startMs, endMs, by);
    return isEmpty(whole.tally) ? [] : [{ ...slice, whole, spent: consumed(whole.share, by.target) }];
  });
}

function splitStatus(slice: Judged, input: Judgement): SplitStatus {
  const { tally } = slice.whole;
  return {
    split: slice.split,
    colour: colourOf(slice.spent),
    tally,
    validEvents: validEvents(tally),
    enoughEvents: validEvents(tally) >= input.objective.minEvents,
    attainment: display(attainment(shareOf(tally))),
    consumed: display(slice.spent),
    spent: slice.spent,
    live: liveOf(slice.history, input),
  };
}

/** All splits together. Their histories may be added up, because nothing is judged by the sum. */
function ownFigure(slices: readonly Judged[], input: Judgement): OwnFigure {
  const history = together(slices.map((slice) => slice.history));
  const { tally, share } = spanOf(history, input.startMs, input.endMs, input.restated);
  return {
    tally,
    validEvents: validEvents(tally),
    attainment: display(attainment(shareOf(tally))),
    consumed: display(consumed(share, input.restated.target)),
    live: liveOf(history, input),
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

function liveOf(history: History, { objective, endMs, restated: by }: Judgement): Status['live'] {
  const { slidingMs } = objective;
  return slidingMs === null ? null : liveWindow(history, endMs - slidingMs, endMs, by);
}

function figuresOf(slice: Judged, input: Judgement): Status {
  const { objective, base, startMs, endMs, restated: by } = input;
  const { whole, spent, history } = slice;
  const { tally } = whole;
  const { target } = by;
  const { windowMs } = objective;
  const events = validEvents(tally);
  const colour = colourOf(spent);
  const windowHours = divide(fromNumber(windowMs), fromNumber(base.hourMs));
  const lookbacks = lookbackSpans(history, base, { windowMs, endMs, restated: by });
  const burnNow = slowerBurn(lookbacks, whole, target);
  const rolloffHours = projected(history, input, burnNow);
  const rolloff = rolloffHours === null ? null : rational(rolloffHours);
  const live = liveOf(history, input);
  const required = blendedTarget(whole.share, tally, by);
  return {
    ...confidenceOf(tally, objective.weighing, required ?? target),
    objective,
    versions: versionsWithin(objective, startMs, input.nowMs),
    required: display(required),
    atMs: input.nowMs,
    colour,
    unknownBecause: spent === null ? whyNothing(tally, objective) : null,
    tally,
    validEvents: events,
    enoughEvents: events >= objective.minEvents,
    attainment: display(attainment(shareOf(tally))),
    consumed: display(spent),
    spent,
    met: isMet(spent),
    excludedShare: excludedShare(tally),
    excludedShare1h: excludedShare(lookbacks['1h']?.tally ?? tally),
    borderline: borderlineOf(tally, objective),
    coverage: coverageOf(tally, objective),
    excludedAsBad: excludedAsBad(history, input),
    burn: byLookback((lookback) => display(burnRate(lookbacks[lookback], target))),
    burnNow: display(burnNow),
    recentBad: (lookbacks['6h'] ?? whole).tally.bad,
    pairs: pairStatuses(lookbacks, target, windowHours, objective.burn),
    outage: outageOf(history, input),
    exhaustion: { rolloffHours, naiveHours: display(naiveExhaustion(spent, windowHours, burnNow)) },
    alert: projectionAlert(colour, rolloff),
    sev2Within24h: isViolationNear(rolloff),
    manualReview: events < objective.minEvents || (live !== null && live.valid < objective.minEvents),
    regression: regressionOf(slice, live, input),
    lastBadAtMs: history.lastBad(startMs, endMs, hourOf(base, endMs - RECENT_HOURS * base.hourMs)),
    live,
    windows: slice.windows,
    own: null,
    splits: [],
    worstSplit: null,
    behind: [],
  };
}

const OUTAGE_MINUTES = 30;
/** The first failure must be this old: three in the last minute are no outage of half an hour. */
const OUTAGE_BEGAN_MINUTES = 20;
const OUTAGE_LEAST_EVENTS = 3;

/** Half an hour in which nothing succeeded of what was tried all along. A percentile that is late is no outage. */
function outageOf(history: History, { objective, base, endMs }: Judgement): boolean {
  const isAvailability = objective.sli.type === 'availability' || objective.commitment === 'sla';
  const fromMs = endMs - OUTAGE_MINUTES * base.minuteMs;
  if (!isAvailability || OUTAGE_MINUTES * base.minuteMs > objective.windowMs) return false;
  const { good, bad } = history.sum(fromMs, endMs);
  if (good > 0 || bad < OUTAGE_LEAST_EVENTS) return false;
  return history.sum(fromMs, endMs - OUTAGE_BEGAN_MINUTES * base.minuteMs).bad > 0;
}

/** Old hours by the targets that held in them; what is coming by the present one. */
function projected(history: History, input: Judgement, burn: Rational | null): number | null {
  const { base, restated: by } = input;
  const restatedShare: ShareBetween = (fromMs, toMs) => shareOver(history, fromMs, toMs, by);
  const traffic = meanTraffic((fromMs, toMs) => history.share(fromMs, toMs), base, input);
  return rollOffHours(slidingOver(restatedShare, base, input), multiply(traffic, rational(by.unit)), burn, by.target);
}

function excludedShare(tally: Tally): number | null {
  const arrived = validEvents(tally) + tally.excluded;
  return arrived === 0 ? null : tally.excluded / arrived;
}

function borderlineOf({ borderline, bounded }: Tally, objective: Objective): Borderline | null {
  return isAge(objective) ? { events: bounded === 0 ? null : borderline, of: bounded } : null;
}

/** Availability as those see it who take a 4xx for a failure. */
function excludedAsBad(history: History, input: Judgement): Status['excludedAsBad'] {
  const { objective, startMs, endMs, restated: by } = input;
  if (objective.sli.type !== 'availability') return null;
  const both = (tally: Tally): Share => ({
    bad: tally.badWeight + tally.excludedWeight,
    valid: validWeight(tally) + tally.excludedWeight,
  });
  const { tally, share } = spanOf(history, startMs, endMs, by, both);
  const spent = consumed(share, by.target);
  return { attainment: display(attainment(both(tally))), consumed: display(spent), met: isMet(spent) };
}

function coverageOf(tally: Tally, objective: Objective): number | null {
  if (objective.weighing === 'time') {
    const due = validWeight(tally) + tally.excludedWeight + tally.faultWeight;
    return due === 0n ? null : toNumber({ num: due - tally.faultWeight, den: due });
  }
  // Ages that weigh by count are samples within a run: faulty runs cannot be set against them.
  if (isAge(objective)) return null;
  if (objective.sli.type === 'telemetry') return answeredShare(tally);
  const wanted = validEvents(tally) + tally.excluded + tally.faults;
  return wanted === 0 ? null : 1 - tally.faults / wanted;
}

/** Steps that telemetry answered, with or without events, of all steps. */
function answeredShare({ bounded, faults }: Tally): number | null {
  return bounded + faults === 0 ? null : bounded / (bounded + faults);
}

/**
 * Ratios by their last complete hour. A percentile within its limit has not regressed; by how much one beyond it has,
 * only its samples say (`withPercentile`).
 */
function regressionOf(slice: Judged, live: LiveWindow | null, input: Judgement): boolean | null {
  if (live !== null) return live.pass === true ? false : null;
  const { base, restated: by } = input;
  // An hour is over with its last millisecond, at which a range that ends with it is judged.
  const overMs = hourOf(base, input.nowMs + 1);
  const { tally, share } = spanOf(slice.history, overMs - base.hourMs, overMs, by);
  return hasRatioRegressed(attainment(shareOf(tally)), blendedTarget(share, tally, by) ?? by.target);
}

function display(value: Rational | null): number | null {
  return value === null ? null : toNumber(value);
}

function whyNothing(tally: Tally, { sli }: Objective): string {
  if (sli.type !== 'telemetry') return whyNoEvents(tally);
  const { bounded, faults } = tally;
  const steps = bounded === 1 ? '1 step' : `${bounded} steps`;
  return `no events in the window: ${steps} answered with none${faults > 0 ? `, ${faults} without an answer` : ''}`;
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

/** What was known of it once says nothing of now: no figure, and the reason. Nobody could review what is not there. */
export function unheard({ objective, versions, atMs }: Status, because: string): Status {
  return { ...nothingKnown(objective, versions, atMs, because), manualReview: false };
}

function unknown({ objective, nowMs, startMs }: Judgement, because: string): Status {
  return nothingKnown(objective, versionsWithin(objective, startMs, nowMs), nowMs, because);
}

function nothingKnown(objective: Objective, versions: Status['versions'], atMs: number, because: string): Status {
  return {
    ...NO_CONFIDENCE,
    objective,
    versions,
    required: null,
    atMs,
    colour: 'unknown',
    unknownBecause: because,
    tally: EMPTY_TALLY,
    validEvents: 0,
    enoughEvents: objective.minEvents <= 0,
    attainment: null,
    consumed: null,
    spent: null,
    met: null,
    excludedShare: null,
    excludedShare1h: null,
    borderline: borderlineOf(EMPTY_TALLY, objective),
    coverage: null,
    excludedAsBad: null,
    burn: byLookback(() => null),
    burnNow: null,
    recentBad: 0,
    pairs: [],
    outage: false,
    exhaustion: { rolloffHours: null, naiveHours: null },
    alert: null,
    sev2Within24h: false,
    // Nothing can feed it: there is no window to review. Where something could and nothing came, there is.
    manualReview: objective.unknownBecause === null,
    regression: null,
    lastBadAtMs: null,
    live: null,
    windows: null,
    own: null,
    splits: [],
    worstSplit: null,
    behind: [],
  };
}
