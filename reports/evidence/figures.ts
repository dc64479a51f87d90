/** Every figure of a status as exact values: counts as numbers, weights and ratios as integers in decimal text. */
import { attainment, shareOf } from '../../slo/budget.ts';
import { reduced, type Rational } from '../../slo/decimal.ts';
import type { Period } from '../../slo/period.ts';
import type { LiveWindow, Status } from '../../slo/status.ts';
import { validEvents, type Tally } from '../../slo/tally.ts';
import { canonical, type Json } from './canonical.ts';
import type { Computed } from './report-data.ts';

export type Figures = { readonly objective: string } & { readonly [name: string]: Json };

/** With how much of its window was measured, where something can feed it. */
export function allFigures({ statuses, periods }: Pick<Computed, 'statuses' | 'periods'>): readonly Figures[] {
  return statuses.map((status) => {
    const period = periods.find(({ objective }) => objective === status.objective.id);
    return { ...figuresOf(status), period: period === undefined ? null : periodFigures(period) };
  });
}

function periodFigures({ fromMs, toMs, steps, silent, stretches, longest, rhythm, sinceMs }: Period): Json {
  return {
    fromMs,
    toMs,
    sinceMs,
    steps,
    silent,
    stretches,
    rhythm,
    longest: longest === null ? null : { fromMs: longest.fromMs, toMs: longest.toMs },
  };
}

export function figuresOf(status: Status): Figures {
  const { objective, tally, live, windows, borderline } = status;
  return {
    objective: objective.id,
    colour: status.colour,
    unknownBecause: status.unknownBecause,
    verdict: status.met === null ? null : status.met ? 'held' : 'missed',
    ...countsOf(tally),
    attainment: ratio(attainment(shareOf(tally))),
    required: status.required,
    consumed: ratio(status.spent),
    effectiveEvents: status.effectiveEvents,
    wilson95: bounds(status.wilson),
    clopperPearson95: bounds(status.clopperPearson),
    sureness: status.statVerdict,
    coverage: status.coverage,
    enoughEvents: status.enoughEvents,
    borderline: borderline === null ? null : { events: borderline.events, of: borderline.of },
    excludedAsBad:
      status.excludedAsBad === null
        ? null
        : {
            attainment: status.excludedAsBad.attainment,
            consumed: status.excludedAsBad.consumed,
            met: status.excludedAsBad.met,
          },
    burn: { ...status.burn, now: status.burnNow },
    exhaustionHours: { rolloff: status.exhaustion.rolloffHours, naive: status.exhaustion.naiveHours },
    regression: status.regression,
    live: liveOf(live),
    windows: windows === null ? null : { passed: windows.passed, judged: windows.judged, flagged: windows.flagged },
    governingSplit: status.worstSplit?.split ?? null,
    splits: status.splits.map((split) => ({
      split: split.split,
      colour: split.colour,
      ...countsOf(split.tally),
      attainment: ratio(attainment(shareOf(split.tally))),
      consumed: ratio(split.spent),
      live: liveOf(split.live),
    })),
    own:
      status.own === null
        ? null
        : { ...countsOf(status.own.tally), consumed: status.own.consumed, live: liveOf(status.own.live) },
  };
}

function countsOf(tally: Tally): Readonly<Record<string, Json>> {
  return {
    good: tally.good,
    bad: tally.bad,
    valid: validEvents(tally),
    excluded: tally.excluded,
    faults: tally.faults,
    goodWeight: String(tally.goodWeight),
    badWeight: String(tally.badWeight),
    excludedWeight: String(tally.excludedWeight),
    faultWeight: String(tally.faultWeight),
    squaredWeight: String(tally.squaredWeight),
  };
}

function ratio(value: Rational | null): Json {
  if (value === null) return null;
  const { num, den } = reduced(value);
  return { num: String(num), den: String(den) };
}

function bounds(interval: Status['wilson']): Json {
  return interval === null ? null : { lower: interval.lower, upper: interval.upper };
}

function liveOf(live: LiveWindow | null): Json {
  if (live === null) return null;
  const { valid, good, pass, percentile } = live;
  const { ms, samples, lowerMs, upperMs } = percentile ?? {};
  return {
    valid,
    good,
    pass,
    percentile:
      percentile === null
        ? null
        : { ms: ms ?? null, samples: samples ?? 0, lowerMs: lowerMs ?? null, upperMs: upperMs ?? null },
  };
}

export interface Difference {
  /** "slo-api-availability: consumed.num". */
  readonly figure: string;
  readonly expected: string;
  readonly found: string;
}

/** Figures that were computed in floating point may differ in their last digits from machine to machine. */
const TOLERANCE = 1e-9;

/** @param expected what was computed here @param found what is claimed */
export function differences(figure: string, expected: unknown, found: unknown): readonly Difference[] {
  if (typeof expected === 'number' && typeof found === 'number') {
    const isNear = Math.abs(expected - found) <= TOLERANCE * Math.max(Math.abs(expected), Math.abs(found));
    return expected === found || (!Number.isInteger(expected) && isNear) ? [] : [difference(figure, expected, found)];
  }
  const [a, b] = [cellsOf(expected), cellsOf(found)];
  if (a === null || b === null) return expected === found ? [] : [difference(figure, expected, found)];
  const names = new Set([...a.keys(), ...b.keys()]);
  return [...names].flatMap((name) =>
    differences(`${figure}${figure === '' ? '' : '.'}${name}`, a.get(name), b.get(name)),
  );
}

function cellsOf(value: unknown): ReadonlyMap<string, unknown> | null {
  if (typeof value !== 'object' || value === null) return null;
  return new Map<string, unknown>(Object.entries(value));
}

function difference(figure: string, expected: unknown, found: unknown): Difference {
  return { figure, expected: shown(expected), found: shown(found) };
}

function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : canonical(value);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
