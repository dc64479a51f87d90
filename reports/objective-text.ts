/** How promises and states are said to people. */
import type { Indicator } from '../probes/probe.ts';
import type { Colour, Objective, SignOff, TargetVersion } from '../slo/objective.ts';
import type { LivePercentile, LiveWindow, StatVerdict, Status } from '../slo/status.ts';
import { validWeight } from '../slo/tally.ts';
import { attainmentPercent, count, latency, percentOf, plural, span, targetPercent } from './figures.ts';

const INDICATORS = {
  latency: 'latency',
  'tick-age': 'age of each tick',
  'newest-age': 'age of the newest data',
  'signal-age': 'market tick to signal',
  ack: 'submit to acknowledgement',
  'order-fill': 'submit to final fill',
  'order-cancel': 'cancel to closed',
  'signal-ack': 'signal to acknowledgement',
  'signal-fill': 'signal to final fill',
} satisfies Readonly<Record<Indicator, string>>;

/** Followed by a limit. */
const PROMISED = new Map<string, string>(
  Object.entries({
    latency: 'requests answered in',
    'tick-age': 'ticks aged',
    'newest-age': 'moments with newest data aged',
    'signal-age': 'signals within',
    ack: 'orders acknowledged in',
    'order-fill': 'orders filled in',
    'order-cancel': 'orders cancelled in',
    'signal-ack': 'signals answered by an acknowledged order in',
    'signal-fill': 'signals answered by a filled order in',
  } satisfies Readonly<Record<Indicator, string>>),
);

const NAMES = new Map<string, string>(Object.entries(INDICATORS));

export function indicatorName(indicator: string): string {
  return NAMES.get(indicator) ?? indicator;
}

/** "≤ 250 ms", "< 1.5 s" would hide what was agreed: limits are printed in milliseconds, as they were set. */
export function limitText({ ms, strict }: { readonly ms: number; readonly strict: boolean }): string {
  return `${strict ? '<' : '≤'} ${count(ms)} ms`;
}

/** "at least 95 % of requests answered in ≤ 250 ms". */
export function promise({ target, sli, weighing }: Objective): string {
  const share = `at least ${targetPercent(target)}`;
  switch (sli.type) {
    case 'availability':
      return `${share} of requests succeed`;
    case 'threshold':
      return `${share} of ${PROMISED.get(sli.indicator) ?? `events with ${sli.indicator}`} ${limitText(sli)}`;
    case 'quantity':
      return `${share} of the submitted ${weighing === 'notional' ? 'notional' : 'quantity'} executed`;
    default:
      return `${share}: ${sli.what}`;
  }
}

export function colourWord(colour: Colour): string {
  return colour.toUpperCase();
}

/** Words for the statistical verdict that a reader without statistics can act on. */
export const SURENESS: Readonly<Record<StatVerdict, string>> = {
  DEMONSTRATED: 'demonstrated',
  VIOLATED: 'violated',
  INCONCLUSIVE: 'inconclusive',
};

const BY: Readonly<Record<Objective['weighing'], string>> = {
  time: 'by time',
  count: 'by count',
  fraction: 'by count',
  quantity: 'by quantity and time',
  notional: 'by notional and time',
};

/** "99.512 % by time; 1,195 / 1,201 events (99.500 %)": the contractual figure, then the raw counts it came from. */
export function attained(status: Status): string {
  const { tally, objective, validEvents } = status;
  if (status.attainment === null) return `– (${count(tally.good)} / ${plural(validEvents, 'event')})`;
  const counts = `${count(tally.good)} / ${plural(validEvents, 'event')}`;
  const contractual = attainmentPercent(status);
  // Equal shares of weights and of counts: one figure says both.
  const alike = tally.goodWeight * BigInt(validEvents) === validWeight(tally) * BigInt(tally.good);
  if (alike) return `${contractual} (${counts})`;
  return `${contractual} ${BY[objective.weighing]} (${counts}, ${percentOf(tally.good, validEvents)} unweighted)`;
}

/** Policy time: what the clock showed, times the scale. */
export function policySpan(realMs: number, scale: number): string {
  return span(realMs * scale);
}

export function windowText({ windowMs, slidingMs }: Objective, scale: number): string {
  const sliding = slidingMs === null ? '' : `, live over ${policySpan(slidingMs, scale)}`;
  return `${policySpan(windowMs, scale)}${sliding}`;
}

/** "passes (56/57 good), p95 243 ms (95 % interval 231 ms … 262 ms)". */
export function liveText({ good, valid, pass, percentile }: LiveWindow, target: string): string {
  if (pass === null) return 'without events';
  const verdict = `${pass ? 'passes' : 'fails'} (${good}/${valid} good)`;
  return percentile === null ? verdict : `${verdict}, ${percentileText(percentile, target)}`;
}

/** By nearest rank; a bound that too few samples leave open is "–" below and "∞" above. */
export function percentileText({ ms, lowerMs, upperMs }: LivePercentile, target: string): string {
  const value = ms === null ? '+∞ (never ended)' : latency(ms);
  const upper = upperMs === null ? '∞' : latency(upperMs);
  return `p${targetPercent(target).slice(0, -2)} ${value} (95 % interval ${latency(lowerMs)} … ${upper})`;
}

/** "v2 (99.5 %, ≤ 300 ms)". */
export function versionText({ version, target, limit }: TargetVersion): string {
  const promise = [targetPercent(target), ...(limit === null ? [] : [limitText(limit)])].join(', ');
  return version === null ? promise : `${version} (${promise})`;
}

/** What an override, or a change, has not said for itself; null: nothing, it is signed off. */
export function unsignedText({ lacks }: TargetVersion): string | null {
  return lacks.length === 0 ? null : `not signed off: lacks ${lacks.join(', ')}`;
}

/** "SRE lead: their name (2026-11-20)". */
export function signOffsText(signOffs: readonly SignOff[]): string {
  return signOffs.map(({ role, name, date }) => `${role}: ${name} (${date})`).join(', ');
}
