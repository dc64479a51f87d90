/** Objectives and tallies as the store would answer them. */
import { shareOf } from '../../slo/budget.ts';
import { evaluate } from '../../slo/evaluate.ts';
import type { History, Step } from '../../slo/history.ts';
import type { Objective } from '../../slo/objective.ts';
import { hourOf, stepsOver } from '../../slo/ranges.ts';
import {
  attainmentEnds,
  countWindows,
  JUDGED,
  PASSED,
  THIN,
  windowPasses,
  type SlidingOptions,
  type WindowCounts,
} from '../../slo/sliding.ts';
import type { Status } from '../../slo/status.ts';
import { EMPTY_TALLY, sumTallies, validEvents, validWeight } from '../../slo/tally.ts';
import { restated, type Restated } from '../../slo/targets.ts';
import { timeBase, type TimeBase } from '../../slo/time-base.ts';

export interface TallyStep extends Step {
  readonly split: string;
}

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
/** 20 seconds into a minute, 10:30 into a day. */
export const NOW = 20_000 * DAY + 10.5 * HOUR + 20_000;

export function objective(change: Partial<Objective> = {}): Objective {
  return {
    id: 'slo-api-availability',
    title: 'Client API availability',
    commitment: 'slo',
    service: 'client-api',
    owners: [],
    supporting: [],
    target: '0.999',
    windowMs: 30 * DAY,
    slidingMs: null,
    sli: { type: 'availability' },
    weighing: 'time',
    split: null,
    minEvents: 1000,
    probes: ['api'],
    unknownBecause: null,
    assumptions: [],
    ...change,
  };
}

/** Runs of one minute each, in one step. */
export function runs(atMs: number, good: number, bad: number, change: Partial<TallyStep> = {}): TallyStep {
  return {
    ...EMPTY_TALLY,
    split: '',
    atMs,
    good,
    bad,
    goodWeight: BigInt(good) * 60_000_000n,
    badWeight: BigInt(bad) * 60_000_000n,
    excludedWeight: BigInt(change.excluded ?? 0) * 60_000_000n,
    faultWeight: BigInt(change.faults ?? 0) * 60_000_000n,
    squaredWeight: BigInt(good + bad) * 60_000n ** 2n,
    ...change,
  };
}

export interface Situation {
  readonly objective?: Objective;
  readonly base?: TimeBase;
  readonly nowMs?: number;
}

/** From every minute, added up anew for each question: what all quicker ways are held against. */
export function judged(steps: readonly TallyStep[], situation: Situation = {}): Status {
  const { objective: of = objective(), base = timeBase(1), nowMs = NOW } = situation;
  const splits = [...new Set(steps.map(({ split }) => split))].toSorted((a, b) => (a < b ? -1 : 1));
  const slices = splits.map((split) => {
    const own = steps.filter((step) => step.split === split).toSorted((a, b) => a.atMs - b.atMs);
    return { split, history: everyMinute(own, base), windows: windowsOf(own, of, base, nowMs) };
  });
  return evaluate({ objective: of, base, nowMs, slices });
}

function windowsOf(steps: readonly TallyStep[], of: Objective, base: TimeBase, nowMs: number): WindowCounts | null {
  const { slidingMs, minEvents, windowMs } = of;
  if (slidingMs === null) return null;
  const ends = attainmentEnds(stepsOver(base, nowMs), windowMs, base.minuteMs);
  return countWindows(eachWindow(steps, restated(of, nowMs), { ...ends, slidingMs, minEvents }, base.minuteMs));
}

/** Each window by adding and taking away what enters and leaves it, in whole numbers of any size. @param steps ascending */
export function eachWindow(
  steps: readonly Step[],
  by: Restated,
  { slidingMs, firstEndMs, lastEndMs, minEvents }: SlidingOptions,
  stepMs: number,
): Uint8Array {
  const verdicts: number[] = [];
  const held = { events: 0, weighty: 0, bad: 0n, valid: 0n };
  const put = (step: Step, times: 1 | -1): void => {
    const share = by.restate(shareOf(step), step.atMs);
    held.events += times * validEvents(step);
    if (validWeight(step) > 0n) held.weighty += times;
    held.bad += BigInt(times) * share.bad;
    held.valid += BigInt(times) * share.valid;
  };
  let [entering, leaving] = [0, 0];
  for (let end = firstEndMs; end <= lastEndMs; end += stepMs) {
    for (let step = steps[entering]; step !== undefined && step.atMs < end; step = steps[(entering += 1)]) put(step, 1);
    for (let step = steps[leaving]; step !== undefined && step.atMs < end - slidingMs; step = steps[(leaving += 1)])
      put(step, -1);
    const passes = held.bad === 0n || windowPasses(held, by.target) === true;
    verdicts.push(held.weighty === 0 ? 0 : JUDGED | (passes ? PASSED : 0) | (held.events < minEvents ? THIN : 0));
  }
  return Uint8Array.from(verdicts);
}

/** What was counted, straight from the minutes. */
export function everyMinute(steps: readonly TallyStep[], base: TimeBase): History {
  const within = (fromMs: number, toMs: number) => steps.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
  return {
    sum: (fromMs, toMs) => sumTallies(within(fromMs, toMs)),
    share: (fromMs, toMs) => shareOf(sumTallies(within(fromMs, toMs))),
    lastBad: (fromMs, toMs, byMinutesFromMs) => {
      const atMs = within(fromMs, toMs).findLast(({ bad }) => bad > 0)?.atMs ?? null;
      if (atMs === null) return null;
      const hourAtMs = hourOf(base, atMs);
      return hourAtMs < byMinutesFromMs ? Math.max(hourAtMs, fromMs) : atMs;
    },
  };
}

/** One step an hour, oldest first, the newest in the step under way; each `[good, bad]`. */
export function hourly(hours: readonly (readonly [number, number])[], nowMs = NOW): TallyStep[] {
  const last = Math.floor(nowMs / MINUTE) * MINUTE;
  return hours.map(([good, bad], index) => runs(last - (hours.length - 1 - index) * HOUR, good, bad));
}
