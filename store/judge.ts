/**
 * What one result means to one objective. Pure: the ledger calls it when a result is stored and again, on the stored
 * result, whenever an objective's definition has changed. Nothing else decides what counts.
 */
import { isTimed, isWithin, thresholdKey } from '../probes/probe.ts';
import type { CountReading, QuantityReading, Threshold } from '../probes/probe.ts';
import { multiply, ONE, parseDecimal, type Rational } from '../slo/decimal.ts';
import type { Objective } from '../slo/objective.ts';
import { addTallies, EMPTY_TALLY } from '../slo/tally.ts';
import type { Tally } from '../slo/tally.ts';
import { isSized } from '../slo/weighted.ts';
import { durationOf, limitAt, type ThresholdSli } from './limit.ts';
import { telemetryParts } from './telemetry.ts';
import { shareOut } from './share.ts';
import type { Slice } from './share.ts';
import { runsOf, type JudgedRun } from './result.ts';

/** The part of an objective that judging depends on. Targets and windows are not in it: they read tallies, later. */
export type Rule = Pick<Objective, 'id' | 'sli' | 'weighing' | 'split' | 'probes'>;

/** Why a stored result cannot be judged by a rule: a defect of the prober or its configuration, never an outage. */
export interface Problem {
  readonly code: 'threshold-not-counted' | 'counts' | 'no-stretch' | 'quantity' | 'weighing';
  readonly detail: string;
}

/** A result's share in one step of one objective. */
export interface Judged {
  /** Start of the step, wall-clock ms. */
  readonly atMs: number;
  /** '' when the objective is not split, or the run lacks the property. */
  readonly split: string;
  readonly tally: Tally;
  /**
   * The part of the weight that forms one cluster with everything else of its step (events of a continuous watch), in
   * the root of the unit of `tally.squaredWeight`, which already contains its square.
   */
  readonly cluster: bigint;
  /** Set when a reading could not be judged; it is then counted as a fault. */
  readonly problem: Problem | null;
}

/** Two shares in the same step of the same split. Commutative and associative; (a+b)² replaces a² + b² for the cluster. */
export function mergeJudged(a: Judged, b: Judged): Judged {
  const sum = addTallies(a.tally, b.tally);
  return {
    atMs: a.atMs,
    split: a.split,
    tally: { ...sum, squaredWeight: sum.squaredWeight + 2n * a.cluster * b.cluster },
    cluster: a.cluster + b.cluster,
    problem: a.problem ?? b.problem,
  };
}

/**
 * The steps to which `result` contributes under `rule`; empty when it counts nowhere (asked for by hand, weightless, of
 * another probe, or without a reading of the indicator). At most one entry a step and split.
 */
export function judge(rule: Rule, result: JudgedRun, stepMs: number): readonly Judged[] {
  if (result.cadence === 'once' || result.weightMs <= 0) return [];
  if (!isOf(rule, result.probe) || (rule.sli.type === 'telemetry') !== (result.kind === 'telemetry')) return [];
  const split = rule.split === null ? '' : (result[rule.split] ?? '');
  const found = parts(rule, result).map((part) => judgedOf(part, split, stepMs));
  if (found.length < 2) return found;
  const steps = new Map<string, Judged>();
  for (const judged of found) {
    const key = `${judged.atMs} ${judged.split}`;
    const earlier = steps.get(key);
    steps.set(key, earlier === undefined ? judged : mergeJudged(earlier, judged));
  }
  return [...steps.values()];
}

/** Of each list, as a set: a rule may have thousands of probes, and every result is held against every rule. */
const probeSets = new WeakMap<readonly string[], ReadonlySet<string>>();

function isOf({ probes }: Rule, probe: string): boolean {
  let set = probeSets.get(probes);
  if (set === undefined) probeSets.set(probes, (set = new Set(probes)));
  return set.has(probe);
}

/** Written out, figure by figure, because every result passes through here once for each rule. */
function judgedOf({ atMs, tally, whole, split, cluster, problem }: Part, splitOfRun: string, stepMs: number): Judged {
  return {
    atMs: Math.floor(atMs / stepMs) * stepMs,
    split: split ?? splitOfRun,
    tally: whole ?? {
      good: tally.good ?? 0,
      bad: tally.bad ?? 0,
      excluded: tally.excluded ?? 0,
      faults: tally.faults ?? 0,
      goodWeight: tally.goodWeight ?? 0n,
      badWeight: tally.badWeight ?? 0n,
      excludedWeight: tally.excludedWeight ?? 0n,
      faultWeight: tally.faultWeight ?? 0n,
      squaredWeight: tally.squaredWeight ?? 0n,
      borderline: tally.borderline ?? 0,
      bounded: tally.bounded ?? 0,
    },
    cluster: cluster ?? 0n,
    problem: problem ?? null,
  };
}

interface Part {
  readonly atMs: number;
  /** Where it is not the run's. */
  readonly split?: string;
  readonly tally: Partial<Tally>;
  /** The same, where no figure is left out. */
  readonly whole?: Tally;
  readonly cluster?: bigint;
  readonly problem?: Problem;
}

function parts(rule: Rule, result: JudgedRun): readonly Part[] {
  const { outcome, scheduledMs } = result;
  if (rule.sli.type === 'telemetry') return telemetryParts(rule.sli, result);
  if (outcome === 'fault' || outcome === 'skipped') {
    const runs = runsOf(result);
    return [{ atMs: scheduledMs, tally: { faults: runs, faultWeight: runWeight(rule, result, runs) } }];
  }
  const weight = (): bigint => runWeight(rule, result, 1);
  if (outcome === 'excluded') return [{ atMs: scheduledMs, tally: { excluded: 1, excludedWeight: weight() } }];
  if (isSized(rule.weighing) !== (rule.sli.type === 'quantity')) {
    return [fault(scheduledMs, weight(), 'weighing', `${rule.sli.type} events cannot be weighed by ${rule.weighing}`)];
  }
  switch (rule.sli.type) {
    case 'availability':
      return shared(rule, result, [slice(scheduledMs, outcome === 'good')]);
    case 'threshold':
      return thresholdParts(rule, result, rule.sli);
    case 'quantity':
      return result.readings.flatMap((reading) =>
        reading.type === 'quantity' ? orderPart(rule, result, reading) : [],
      );
    default:
      return [];
  }
}

/** What a run without events weighs, in the objective's unit: a result that speaks for many missed runs has the time of all of them. */
function runWeight({ weighing }: Rule, { weightMs }: JudgedRun, runs: number): bigint {
  if (isSized(weighing)) return 0n;
  return weighing === 'time' ? BigInt(weightMs) * 1000n : BigInt(runs);
}

function thresholdParts(rule: Rule, result: JudgedRun, sli: ThresholdSli): readonly Part[] {
  const found: Part[] = [];
  const slices: Slice[] = [];
  let undecided = false;
  for (const reading of result.readings) {
    if (!isTimed(reading) || reading.indicator !== sli.indicator) continue;
    const limit = limitAt(sli, reading.atMs ?? result.scheduledMs);
    if (reading.type === 'duration') {
      const ms = durationOf(reading, result);
      slices.push(slice(reading.atMs ?? result.scheduledMs, ms !== null && isWithin(ms, limit)));
      continue;
    }
    const counted = countsWithin(reading, limit);
    if (typeof counted !== 'number') {
      found.push(unjudgedPart(rule, result, reading, counted));
      continue;
    }
    if (reading.valid === 0) undecided = true;
    else if (reading.weigh === 'shared') {
      slices.push({ atMs: reading.atMs, good: counted, bad: reading.valid - counted });
    } else found.push(eachPart(rule, result, reading, counted));
    found.push(...borderlineParts(reading, limit));
  }
  // A run that failed before its event could happen: the event never happened, +∞, valid and bad. Leaving it out would
  // turn an outage into silence. A reading of no events says that the probe looked and could not tell.
  if (!undecided && found.length === 0 && slices.length === 0 && result.outcome === 'bad') {
    slices.push(slice(result.scheduledMs, false));
  }
  return [...found, ...shared(rule, result, slices)];
}

function slice(atMs: number, good: boolean): Slice {
  return { atMs, good: good ? 1 : 0, bad: good ? 0 : 1 };
}

/** Of runs that stood for so long: what one event is worth. There are as many as there are intervals, and most runs are one. */
const oneEvents = new Map<number, { readonly good: Tally; readonly bad: Tally }>();
const MOST_INTERVALS = 1000;
const ONE_COUNTED = oneEvent(1n, 1n);

function oneEvent(weight: bigint, squaredWeight: bigint): { readonly good: Tally; readonly bad: Tally } {
  return {
    good: { ...EMPTY_TALLY, good: 1, goodWeight: weight, squaredWeight },
    bad: { ...EMPTY_TALLY, bad: 1, badWeight: weight, squaredWeight },
  };
}

function oneEventOf({ weighing }: Rule, { weightMs }: JudgedRun): { readonly good: Tally; readonly bad: Tally } {
  if (weighing === 'count') return ONE_COUNTED;
  let found = oneEvents.get(weightMs);
  if (found === undefined) {
    if (oneEvents.size >= MOST_INTERVALS) oneEvents.clear();
    oneEvents.set(weightMs, (found = oneEvent(BigInt(weightMs) * 1000n, BigInt(weightMs) ** 2n)));
  }
  return found;
}

/** Events that share the weight of their run; the run is one cluster, noted in its first step. */
function shared(rule: Rule, result: JudgedRun, slices: readonly Slice[]): readonly Part[] {
  const [only] = slices;
  if (only !== undefined && slices.length === 1 && only.good + only.bad === 1) {
    const whole = oneEventOf(rule, result)[only.good === 1 ? 'good' : 'bad'];
    return [{ atMs: only.atMs, tally: whole, whole }];
  }
  const events = slices.reduce((sum, { good, bad }) => sum + good + bad, 0);
  if (rule.weighing === 'count') {
    return slices.map(({ atMs, good, bad }, index) => ({
      atMs,
      tally: {
        good,
        bad,
        goodWeight: BigInt(good),
        badWeight: BigInt(bad),
        squaredWeight: index === 0 ? BigInt(events) ** 2n : 0n,
      },
    }));
  }
  const weightMs = BigInt(result.weightMs);
  return shareOut(slices, weightMs * 1000n).map(({ atMs, ...share }, index) => ({
    atMs,
    tally: { ...share, squaredWeight: index === 0 ? weightMs ** 2n : 0n },
  }));
}

/** Events of a continuous watch: each weighs one, or the stretch of time it stands for. */
function eachPart(rule: Rule, result: JudgedRun, reading: CountReading, within: number): Part {
  const bad = reading.valid - within;
  if (rule.weighing === 'time' && (reading.eachMs === undefined || !(reading.eachMs > 0))) {
    return unjudgedPart(rule, result, reading, {
      code: 'no-stretch',
      detail: `${reading.indicator} events stand for no stretch of time, so they cannot be weighed by time`,
    });
  }
  const eachMs = rule.weighing === 'time' ? (reading.eachMs ?? 0) : null;
  const weight = eachMs === null ? 1n : BigInt(Math.round(eachMs * 1000));
  const cluster = eachMs === null ? BigInt(reading.valid) : BigInt(Math.round(eachMs * reading.valid));
  return {
    atMs: reading.atMs,
    tally: {
      good: within,
      bad,
      goodWeight: BigInt(within) * weight,
      badWeight: BigInt(bad) * weight,
      squaredWeight: cluster ** 2n,
    },
    cluster,
  };
}

/** What is known of how near the events were to the limit; none of it where the clock's bound was not known. */
function borderlineParts({ atMs, valid, borderline }: CountReading, limit: Threshold): readonly Part[] {
  const near = borderline?.[thresholdKey(limit)];
  if (valid === 0 || near === undefined) return [];
  return [{ atMs, tally: { borderline: near, bounded: valid } }];
}

/**
 * A reading that cannot be judged is one fault. It weighs what its events would have weighed; where that cannot be known, its
 * part of the run.
 */
function unjudgedPart(rule: Rule, result: JudgedRun, reading: CountReading, problem: Problem): Part {
  const { atMs, valid, weigh, eachMs = 0 } = reading;
  const isCounted = Number.isSafeInteger(valid) && valid >= 0;
  let weight: bigint | null = null;
  if (rule.weighing === 'count' && isCounted) weight = BigInt(valid);
  if (rule.weighing === 'time' && isCounted && weigh === 'each' && eachMs > 0) {
    weight = BigInt(valid) * BigInt(Math.round(eachMs * 1000));
  }
  if (weight === null) {
    const parts = result.readings.filter((each) => each.type === 'counts' && each.indicator === reading.indicator);
    weight = runWeight(rule, result, 1) / BigInt(parts.length);
  }
  return fault(atMs, weight, problem.code, problem.detail);
}

/** How many events were within the limit, counted exactly when they happened. */
function countsWithin(reading: CountReading, limit: Threshold): number | Problem {
  const key = thresholdKey(limit);
  const within = reading.within[key];
  if (within === undefined) {
    if (reading.valid === 0) return 0;
    const had = Object.keys(reading.within).join(', ') || 'none';
    const detail = `${reading.indicator} was not counted within ${key}, only within: ${had}`;
    return { code: 'threshold-not-counted', detail };
  }
  const { valid, borderline } = reading;
  for (const [what, part] of [
    ['within', within],
    ['borderline to', borderline?.[key] ?? 0],
  ] as const) {
    if (Number.isSafeInteger(part) && Number.isSafeInteger(valid) && part >= 0 && part <= valid) continue;
    return { code: 'counts', detail: `${reading.indicator}: ${part} of ${valid} events ${what} ${key}` };
  }
  return within;
}

/** One order by its size: in millionths of a unit, or of the money that the unit is valued at, times the run's milliseconds. */
function orderPart(rule: Rule, result: JudgedRun, reading: QuantityReading): readonly Part[] {
  if (rule.weighing !== 'notional') return quantityPart(result, reading, ONE);
  const price = parseDecimal(reading.price ?? '');
  if (price !== null && price.num > 0n) return quantityPart(result, reading, price);
  const { submitted, symbol = 'an unnamed symbol' } = reading;
  const found = reading.price === undefined ? 'no price' : `the price ${reading.price}`;
  return [fault(result.scheduledMs, 0n, 'quantity', `${submitted} of ${symbol}: ${found} to value it at`)];
}

/** Good when executed in full. @param price what a unit is valued at; one: quantities as they are */
function quantityPart(result: JudgedRun, reading: QuantityReading, price: Rational): readonly Part[] {
  const { scheduledMs } = result;
  const submitted = parseDecimal(reading.submitted);
  const executed = parseDecimal(reading.executed);
  if (submitted === null || executed === null) {
    return [
      fault(scheduledMs, 0n, 'quantity', `executed ${reading.executed} of ${reading.submitted}: not decimal numbers`),
    ];
  }
  // Against the service: what was asked for is rounded up to a millionth, what was delivered is rounded down.
  const [wanted, had] = [multiply(submitted, price), multiply(executed, price)];
  const asked = (wanted.num * 1_000_000n + wanted.den - 1n) / wanted.den;
  if (asked === 0n) return [];
  const delivered = (had.num * 1_000_000n) / had.den;
  const done = delivered < asked ? delivered : asked;
  const isFull = executed.num * submitted.den >= submitted.num * executed.den;
  const weightMs = BigInt(result.weightMs);
  const goodWeight = (isFull ? asked : done) * weightMs;
  return [
    {
      atMs: scheduledMs,
      tally: {
        good: isFull ? 1 : 0,
        bad: isFull ? 0 : 1,
        goodWeight,
        badWeight: asked * weightMs - goodWeight,
        squaredWeight: asked ** 2n,
      },
    },
  ];
}

function fault(atMs: number, faultWeight: bigint, code: Problem['code'], detail: string): Part {
  return { atMs, tally: { faults: 1, faultWeight }, problem: { code, detail } };
}
