/** Objectives and tallies as the store would answer them. */
import { evaluate, type EvaluateInput } from '../../slo/evaluate.ts';
import type { Objective } from '../../slo/objective.ts';
import { ranges, type RangeName, type TallyRange, type TallyStep } from '../../slo/ranges.ts';
import type { Status } from '../../slo/status.ts';
import { EMPTY_TALLY, addTallies, type Tally } from '../../slo/tally.ts';
import { timeBase, type TimeBase } from '../../slo/time-base.ts';

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

/** What a store answers to a range: steps within it, grouped and split as asked. */
export function fetched(steps: readonly TallyStep[], range: TallyRange): readonly TallyStep[] {
  const groups = new Map<string, TallyStep>();
  for (const step of steps) {
    if (step.atMs < range.fromMs || step.atMs >= range.toMs) continue;
    const split = range.bySplit ? step.split : '';
    const { groupMs } = range;
    const group = groupMs === undefined ? step.atMs : step.atMs - ((step.atMs - range.fromMs) % groupMs);
    const sum: Tally = addTallies(groups.get(`${group} ${split}`) ?? EMPTY_TALLY, step);
    groups.set(`${group} ${split}`, { ...sum, atMs: group, split });
  }
  return [...groups.values()].toSorted((a, b) => a.atMs - b.atMs || (a.split < b.split ? -1 : 1));
}

export interface Situation {
  readonly objective?: Objective;
  readonly base?: TimeBase;
  readonly nowMs?: number;
  readonly attainmentMs?: number;
  readonly slidingPercentileMs?: number | null;
}

/** Fetches what `ranges` asks for and evaluates, as the runner does. */
export function judged(steps: readonly TallyStep[], situation: Situation = {}): Status {
  const { objective: of = objective(), base = timeBase(1), nowMs = NOW, ...rest } = situation;
  const options = rest.attainmentMs === undefined ? {} : { attainmentMs: rest.attainmentMs };
  const tallies: Partial<Record<RangeName, readonly TallyStep[]>> = {};
  for (const range of ranges(of, base, nowMs, options)) tallies[range.name] = fetched(steps, range);
  const input: EvaluateInput = { objective: of, base, nowMs, tallies, ...rest };
  return evaluate(input);
}

/** One step an hour, oldest first, the newest in the step under way; each `[good, bad]`. */
export function hourly(hours: readonly (readonly [number, number])[], nowMs = NOW): TallyStep[] {
  const last = Math.floor(nowMs / MINUTE) * MINUTE;
  return hours.map(([good, bad], index) => runs(last - (hours.length - 1 - index) * HOUR, good, bad));
}
