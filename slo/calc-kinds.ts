/** One calculation a kind: read the input, then compute. Nothing is computed from input that had a problem. */
import { attainment, colourOf, consumed, isMet, type Share } from './budget.ts';
import { readCount, type Problem, type Reader } from './calc-input.ts';
import {
  compare,
  divide,
  fromNumber,
  multiply,
  ONE,
  rational,
  rounded,
  subtract,
  toNumber,
  type Rational,
} from './decimal.ts';
import { clopperPearson, statVerdict, wilson } from './interval.ts';
import { nearestRank, type7, totalWeight, type Sample } from './percentile.ts';
import { isTriggered, SERVICE_RULES } from './service-rules.ts';
import { isViolationNear, naiveExhaustion, projectionAlert, rollOff } from './projection.ts';
import { hasLatencyRegressed } from './regression.ts';
import type { Interval } from './status.ts';
import { sliceBudget } from './timeslice.ts';
import { fillRatio, sumStrata, type Fill } from './weighted.ts';

/** Reads its input at once, and answers with what computes the figures. */
export type Calculation = (input: Reader, problems: Problem[]) => () => Record<string, unknown>;

/** Events below which a window is flagged for manual review. */
const MIN_EVENTS = 1000n;
const HUNDRED = rational(100);

function percent(value: Rational | null): number | null {
  return value === null ? null : rounded(multiply(value, HUNDRED), 10);
}

function figure(value: Rational | null): number | null {
  return value === null ? null : rounded(value, 10);
}

function state(spent: Rational | null): string {
  return colourOf(spent).toUpperCase();
}

function bounds(interval: Interval | null): readonly [number, number] | null {
  if (interval === null) return null;
  return [rounded(fromNumber(interval.lower), 8), rounded(fromNumber(interval.upper), 8)];
}

/** Shares of quantities as integers over one denominator. */
function shareOf(bad: Rational, valid: Rational): Share {
  return { bad: bad.num * valid.den, valid: valid.num * bad.den };
}

const ratio: Calculation = (input) => {
  const target = input.share('target');
  const windowHours = input.amount('windowHours', 'above zero');
  const good = input.count('good');
  const bad = input.count('bad');
  // Excluded events leave numerator and denominator: they are read, and change nothing.
  if (input.has('excluded')) input.count('excluded');
  const last = input.objectOrNull('last1h');
  const lastHour = last === null ? null : { valid: last.count('valid'), bad: last.count('bad') };
  if (last !== null && lastHour !== null) {
    last.require(lastHour.bad <= lastHour.valid, 'bad', 'at most as many as valid');
    last.finish();
  }
  input.finish();
  return () => {
    const share = { bad, valid: good + bad };
    const spent = consumed(share, target);
    const burn = lastHour === null ? null : consumed(lastHour, target);
    const hours = naiveExhaustion(spent, windowHours, burn);
    const badShare = toNumber({ num: bad, den: share.valid === 0n ? 1n : share.valid });
    const known = spent !== null;
    const exact = known ? clopperPearson(badShare, Number(share.valid)) : null;
    return {
      valid: Number(share.valid),
      sliPct: percent(attainment(share)),
      consumedPct: percent(spent),
      state: state(spent),
      sloMet: isMet(spent),
      manualReview: share.valid < MIN_EVENTS,
      burnRate1h: figure(burn),
      naiveHoursToExhaustion: figure(hours),
      projectionAlert: projectionAlert(colourOf(spent), hours),
      sev2ViolationWithin24h: isViolationNear(hours),
      wilson95: bounds(known ? wilson(badShare, Number(share.valid)) : null),
      clopperPearson95: bounds(exact),
      statVerdict: exact === null ? null : statVerdict(exact, toNumber(target)),
    };
  };
};

interface TypedSample {
  readonly ms: Rational | null;
  readonly count: bigint;
}

const latencyWindow: Calculation = (input) => {
  const quantile = input.share('quantile');
  const limitMs = input.amount('thresholdMs', 'above zero');
  const typed = input.list('samples', 0, (item, path): TypedSample => {
    const sample = input.object(item, path);
    const read = { ms: sample.amountOrNull('ms'), count: sample.count('count') };
    sample.finish();
    return read;
  });
  input.finish();
  return () => {
    const samples: Sample[] = typed.map(({ ms, count }) => ({ ms: ms === null ? null : toNumber(ms), weight: count }));
    const valid = totalWeight(samples);
    const slow = typed.reduce(
      (sum, { ms, count }) => (ms === null || compare(ms, limitMs) > 0 ? sum + count : sum),
      0n,
    );
    const spent = consumed({ bad: slow, valid }, quantile);
    const ranked = nearestRank(samples, quantile);
    const isInfinite = ranked === Number.POSITIVE_INFINITY;
    const value = ranked === null || isInfinite ? null : fromNumber(ranked);
    const interpolated = type7(samples, quantile);
    return {
      valid: Number(valid),
      slow: Number(slow),
      consumedPct: percent(spent),
      nearestRank: value === null ? null : toNumber(value),
      nearestRankIsInf: isInfinite,
      windowPass: ranked === null ? null : value !== null && compare(value, limitMs) <= 0,
      goodRatioPass: isMet(spent),
      manualReview: valid < MIN_EVENTS,
      regressionGt2pct: ranked !== null && hasLatencyRegressed(value, limitMs),
      // Interpolating towards a sample that never ended has no meaning.
      ...(interpolated === null
        ? {}
        : { type7Interpolated: figure(interpolated), type7Pass: compare(interpolated, limitMs) <= 0 }),
    };
  };
};

const fillRatioKind: Calculation = (input, problems) =>
  (input.has('orders') ? fillByOrders : fillByTotals)(input, problems);

function isFillPolicyTriggered(spent: Rational | null): boolean {
  return SERVICE_RULES.some((rule) => rule.objective === 'kpi-fill-ratio' && isTriggered(rule, spent));
}

const fillByTotals: Calculation = (input) => {
  const target = input.share('target');
  const submitted = input.amount('submitted', 'zero or more');
  const executed = input.amount('executed', 'zero or more');
  input.require(compare(executed, submitted) <= 0, 'executed', 'at most what was submitted');
  input.finish();
  return () => {
    const share = shareOf(subtract(submitted, executed), submitted);
    const spent = consumed(share, target);
    return {
      fillPct: percent(attainment(share)),
      consumedPct: percent(spent),
      state: state(spent),
      sloMet: isMet(spent),
      fillPolicyTriggered: isFillPolicyTriggered(spent),
    };
  };
};

const fillByOrders: Calculation = (input) => {
  const target = input.share('target');
  const fills = input.list('orders', 1, (item, path): Fill => {
    const order = input.object(item, path);
    const submitted = order.amount('submitted', 'above zero');
    const executed = order.amount('executed', 'zero or more');
    order.require(compare(executed, submitted) <= 0, 'executed', 'at most what was submitted');
    const count = order.has('count') ? order.count('count') : 1n;
    order.finish();
    return { submitted, executed, count };
  });
  input.finish();
  return () => {
    const filled = fillRatio(fills);
    const spent = consumed(shareOf(subtract(filled.submitted, filled.executed), filled.submitted), target);
    return {
      fillPct: percent(filled.ratio),
      unweightedMeanPct: percent(filled.unweightedMean),
      consumedPct: percent(spent),
      state: state(spent),
      sloMet: isMet(spent),
      kishEffectiveN: figure(filled.effectiveOrders),
      orders: Number(filled.orders),
      manualReview: filled.orders < MIN_EVENTS,
      fillPolicyTriggered: isFillPolicyTriggered(spent),
    };
  };
};

const timeslice: Calculation = (input) => {
  const counts = { good: input.count('good'), bad: input.count('bad'), noData: input.count('noData') };
  const outerTarget = input.share('outerTarget');
  input.finish();
  return () => {
    const budget = sliceBudget(counts, outerTarget);
    return {
      attainmentPct: percent(attainment(budget.share)),
      consumedPct: percent(budget.consumed),
      state: state(budget.consumed),
      coveragePct: percent(budget.coverage),
    };
  };
};

const rolloffProjection: Calculation = (input, problems) => {
  const target = input.share('target');
  const validPerHour = input.count('validPerHour');
  const hourlyBad = input.list('hourlyBadOldestFirst', 1, (item, path) => {
    const bad = readCount(item, path, problems);
    if (bad > validPerHour) problems.push({ path, expected: 'at most validPerHour', found: String(bad) });
    return bad;
  });
  const forecastBad = input.amount('forecastBadPerHour', 'zero or more');
  input.finish();
  return () => {
    const window = rational(hourlyBad.length);
    const valid = validPerHour * BigInt(hourlyBad.length);
    const budget = multiply(rational(valid), subtract(ONE, target));
    const spent = consumed({ bad: hourlyBad.reduce((sum, bad) => sum + bad, 0n), valid }, target);
    const burn = consumed({ bad: hourlyBad.at(-1) ?? 0n, valid: validPerHour }, target);
    const buckets = hourlyBad.map((bad) => ({ valid: validPerHour, bad }));
    const steady = budget.num === 0n ? null : divide(multiply(forecastBad, window), budget);
    return {
      budgetEvents: figure(budget),
      consumedPct: percent(spent),
      state: state(spent),
      burnRate1h: figure(burn),
      naiveHours: figure(naiveExhaustion(spent, window, burn)),
      rolloffHours: rollOff(buckets, { valid: rational(validPerHour), bad: forecastBad }, target),
      steadyStateConsumedPct: percent(steady),
    };
  };
};

const adaptiveSampling: Calculation = (input) => {
  const target = input.share('target');
  const strata = input.list('strata', 1, (item, path) => {
    const stratum = input.object(item, path);
    const days = stratum.amount('days', 'above zero');
    const perMinute = stratum.amount('perMin', 'above zero');
    const bad = rational(stratum.count('bad'));
    const events = multiply(multiply(days, rational(1440)), perMinute);
    stratum.require(compare(bad, events) <= 0, 'bad', 'at most days × 1440 × perMin');
    stratum.finish();
    return { days, perMinute, bad };
  });
  input.finish();
  return () => {
    const totals = sumStrata(strata);
    const raw = consumed(shareOf(totals.bad, totals.events), target);
    const weighted = consumed(shareOf(totals.badMinutes, totals.minutes), target);
    return {
      unweightedErrorPct: percent(divide(totals.bad, totals.events)),
      unweightedConsumedPct: percent(raw),
      unweightedState: state(raw),
      timeWeightedErrorPct: percent(divide(totals.badMinutes, totals.minutes)),
      weightedConsumedPct: percent(weighted),
      weightedState: state(weighted),
      rawN: figure(totals.events),
      kishEffectiveN: figure(totals.effectiveEvents),
    };
  };
};

export const CALCULATIONS: ReadonlyMap<string, Calculation> = new Map([
  ['ratio', ratio],
  ['latency-window', latencyWindow],
  ['fill-ratio', fillRatioKind],
  ['timeslice', timeslice],
  ['rolloff-projection', rolloffProjection],
  ['adaptive-sampling', adaptiveSampling],
]);
