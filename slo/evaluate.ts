/** From an objective's tallies to its status. Pure: the caller says what time it is and fetches what `ranges` names. */
import { attainment, byWorst, colourOf, consumed, isMet, shareOf } from './budget.ts';
import { confidenceOf, NO_CONFIDENCE } from './confidence.ts';
import { divide, fromNumber, multiply, rational, toNumber, type Rational } from './decimal.ts';
import { buckets, meanTraffic, rollOffHours } from './forecast.ts';
import { burnRate, byLookback, lookbackSpans, pairStatuses, slowerBurn } from './lookback.ts';
import { isAge, type Objective } from './objective.ts';
import { isViolationNear, naiveExhaustion, projectionAlert } from './projection.ts';
import { ranges, stepEnd, type RangeName, type TallyStep } from './ranges.ts';
import { hasRatioRegressed } from './regression.ts';
import { judgeWindows, liveWindow } from './sliding.ts';
import type { Borderline, LiveWindow, OwnFigure, SplitStatus, Status } from './status.ts';
import { EMPTY_TALLY, validEvents, validWeight, type Tally } from './tally.ts';
import { blendedTarget, heldAt, restated, spanOf, versionsWithin, type Restated, type Span } from './targets.ts';
import type { TimeBase } from './time-base.ts';

export interface EvaluateInput {
  readonly objective: Objective;
  readonly base: TimeBase;
  readonly nowMs: number;
  /** The answers to {@link ranges}, ascending by time; a missing one is empty. */
  readonly tallies: Readonly<Partial<Record<RangeName, readonly TallyStep[]>>>;
  /** As given to {@link ranges}. */
  readonly attainmentMs?: number;
}

/** What one split, or an objective without splits, is judged by. */
interface Slice {
  readonly split: string;
  readonly steps: Readonly<Record<RangeName, readonly TallyStep[]>>;
  readonly whole: Span;
  readonly spent: Rational | null;
}

/** What all slices are judged by: the objective as it holds now, and its older targets restated. */
interface Judgement extends EvaluateInput {
  readonly restated: Restated;
}

export function evaluate(given: EvaluateInput): Status {
  const { nowMs } = given;
  const input: Judgement = {
    ...given,
    objective: heldAt(given.objective, nowMs),
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
  return {
    ...figures,
    own: objective.split === null ? null : ownFigure(slices, input),
    splits,
    worstSplit: worst,
    manualReview: figures.manualReview || splits.some(isThin),
  };
}

function isThin(split: SplitStatus): boolean {
  return !split.enoughEvents;
}

function slicesOf({ tallies, restated: by }: Judgement): Slice[] {
  const bySplit = new Map<string, Record<RangeName, TallyStep[]>>();
  for (const name of RANGE_NAMES) {
    for (const step of tallies[name] ?? []) {
      let steps = bySplit.get(step.split);
      if (steps === undefined) bySplit.set(step.split, (steps = noSteps()));
      steps[name].push(step);
    }
  }
  return [...bySplit].map(([split, steps]) => {
    const whole = spanOf([...steps.edge, ...steps.hours], by);
    return { split, steps, whole, spent: consumed(whole.share, by.target) };
  });
}

const RANGE_NAMES: readonly RangeName[] = ['edge', 'hours', 'minutes', 'completeHour', 'sliding'];

function noSteps(): Record<RangeName, TallyStep[]> {
  return { edge: [], hours: [], minutes: [], completeHour: [], sliding: [] };
}

function splitStatus(slice: Slice, input: Judgement): SplitStatus {
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
    live: liveOf(slice.steps.sliding, input),
  };
}

/** All splits together. Their steps may be added up, because nothing is judged by the sum. */
function ownFigure(slices: readonly Slice[], input: Judgement): OwnFigure {
  const steps = (name: RangeName): readonly TallyStep[] => slices.flatMap((slice) => slice.steps[name]);
  const { tally, share } = spanOf([...steps('edge'), ...steps('hours')], input.restated);
  return {
    tally,
    validEvents: validEvents(tally),
    attainment: display(attainment(shareOf(tally))),
    consumed: display(consumed(share, input.restated.target)),
    live: liveOf(
      steps('sliding').toSorted((a, b) => a.atMs - b.atMs),
      input,
    ),
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

function liveOf(sliding: readonly TallyStep[], { objective, base, nowMs, restated: by }: Judgement): Status['live'] {
  const { slidingMs } = objective;
  return slidingMs === null ? null : liveWindow(sliding, stepEnd(base, nowMs) - slidingMs, by);
}

function figuresOf(slice: Slice, input: Judgement): Status {
  const { objective, base, restated: by } = input;
  const { whole, spent, steps } = slice;
  const { tally } = whole;
  const { target } = by;
  const { windowMs } = objective;
  const endMs = stepEnd(base, input.nowMs);
  const events = validEvents(tally);
  const colour = colourOf(spent);
  const windowHours = divide(fromNumber(windowMs), fromNumber(base.hourMs));
  const lookbacks = lookbackSpans(steps, base, { windowMs, endMs, restated: by });
  const burnNow = slowerBurn(lookbacks, whole, target);
  const rolloffHours = projected(steps, input, burnNow);
  const rolloff = rolloffHours === null ? null : rational(rolloffHours);
  const live = liveOf(steps.sliding, input);
  const required = blendedTarget(whole.share, tally, by);
  return {
    ...confidenceOf(tally, objective.weighing, required ?? target),
    objective,
    versions: versionsWithin(objective, endMs - windowMs, input.nowMs),
    required: display(required),
    atMs: input.nowMs,
    colour,
    unknownBecause: spent === null ? whyNoEvents(tally) : null,
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
    excludedAsBad: excludedAsBad(steps, input),
    burn: byLookback((lookback) => display(burnRate(lookbacks[lookback], target))),
    burnNow: display(burnNow),
    pairs: pairStatuses(lookbacks, target, windowHours, objective.burn),
    exhaustion: { rolloffHours, naiveHours: display(naiveExhaustion(spent, windowHours, burnNow)) },
    alert: projectionAlert(colour, rolloff),
    sev2Within24h: isViolationNear(rolloff),
    manualReview: events < objective.minEvents || (live !== null && live.valid < objective.minEvents),
    regression: regressionOf(slice, live, input),
    lastBadAtMs: lastBad(steps),
    live,
    windows: windowsOf(slice, input),
    own: null,
    splits: [],
    worstSplit: null,
  };
}

/** Old hours by the targets that held in them; what is coming by the present one. */
function projected(steps: Slice['steps'], { objective, base, nowMs, restated: by }: Judgement, burn: Rational | null) {
  const window = { windowMs: objective.windowMs, endMs: stepEnd(base, nowMs) };
  const whole = [...steps.edge, ...steps.hours];
  const hours = buckets(whole, base, { ...window, shareOf: by.share });
  const counted = by.unit === 1n ? hours : buckets(whole, base, { ...window, shareOf });
  return rollOffHours(hours, multiply(meanTraffic(counted), rational(by.unit)), burn, by.target);
}

function excludedShare(tally: Tally): number | null {
  const arrived = validEvents(tally) + tally.excluded;
  return arrived === 0 ? null : tally.excluded / arrived;
}

function borderlineOf({ borderline, bounded }: Tally, objective: Objective): Borderline | null {
  return isAge(objective) ? { events: bounded === 0 ? null : borderline, of: bounded } : null;
}

/** Availability as those see it who take a 4xx for a failure. */
function excludedAsBad(steps: Slice['steps'], { objective, restated: by }: Judgement): Status['excludedAsBad'] {
  if (objective.sli.type !== 'availability') return null;
  const all = [...steps.edge, ...steps.hours].map((step) => ({
    ...step,
    badWeight: step.badWeight + step.excludedWeight,
  }));
  const { tally, share } = spanOf(all, by);
  const spent = consumed(share, by.target);
  return { attainment: display(attainment(shareOf(tally))), consumed: display(spent), met: isMet(spent) };
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
function regressionOf(slice: Slice, live: LiveWindow | null, { restated: by }: Judgement): boolean | null {
  if (live !== null) return live.pass === true ? false : null;
  const { tally, share } = spanOf(slice.steps.completeHour, by);
  return hasRatioRegressed(attainment(shareOf(tally)), blendedTarget(share, tally, by) ?? by.target);
}

function lastBad(steps: Slice['steps']): number | null {
  const newest = (of: readonly TallyStep[]): number | null => of.findLast((step) => step.bad > 0)?.atMs ?? null;
  return newest(steps.minutes) ?? newest(steps.hours) ?? newest(steps.edge);
}

function windowsOf(slice: Slice, input: Judgement): Status['windows'] {
  const { objective, base, nowMs } = input;
  const options = input.attainmentMs === undefined ? {} : { attainmentMs: input.attainmentMs };
  const range = ranges(objective, base, nowMs, options).find(({ name }) => name === 'sliding');
  if (range === undefined || objective.slidingMs === null) return null;
  return judgeWindows(slice.steps.sliding, input.restated, {
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

/** What was known of it once says nothing of now: no figure, and the reason. */
export function unheard({ objective, versions, atMs }: Status, because: string): Status {
  return nothingKnown(objective, versions, atMs, because);
}

function unknown({ objective, nowMs }: Judgement, because: string): Status {
  return nothingKnown(objective, versionsWithin(objective, nowMs - objective.windowMs, nowMs), nowMs, because);
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
    own: null,
    splits: [],
    worstSplit: null,
  };
}
